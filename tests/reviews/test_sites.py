import pytest

from reviews.cache import DatabaseCache
from reviews.sites import sites_of
from scanners import registry
from scanners.engine import Engine
from scanners.finding import BlobKey, FileReport
from scanners.paths import classify
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, finished, found, tree

pytestmark = pytest.mark.django_db
SOURCE = b"import requests\nrequests.get(url)\nrequests.get(url, timeout=5)\nrequests.get(url, **options)\n"


@pytest.fixture
def scanned(db):
    """A repository whose newest scan looked at SOURCE, its answer still in the cache."""
    repository = RepositoryFactory()
    path_class = classify("pay.py")
    cache = DatabaseCache("rules-1")
    cache.put_many({BlobKey("a" * 40, str(path_class)): Engine(registry.collectors()).answer(SOURCE, path_class)})
    tree(finished(repository), files=(FileReport("pay.py", "a" * 40, str(path_class), 4, False),))
    found(repository, path="pay.py", line=2)
    return repository


def test_every_number_of_a_ratio_opens_to_its_places(scanned):
    sites = sites_of(scanned, registry.rules()[RULE])
    assert [finding.line for finding in sites.bad] == [2]
    assert [(site.path, site.line) for site in sites.good] == [("pay.py", 3)]
    assert [site.line for site in sites.unresolved] == [4]
    assert not sites.forgotten


def test_a_finding_of_low_confidence_stands_with_what_could_not_be_told(scanned):
    doubtful = found(scanned, line=9, confidence="low")
    found(scanned, line=10, state="fixed")
    sites = sites_of(scanned, registry.rules()[RULE])
    assert (list(sites.doubtful), [finding.line for finding in sites.bad]) == ([doubtful], [2])


def test_a_scan_whose_answers_were_dropped_says_so(db):
    repository = RepositoryFactory()
    tree(finished(repository))
    assert sites_of(repository, registry.rules()[RULE]).forgotten
