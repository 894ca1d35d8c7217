import pytest
from django.urls import reverse

from reviews.views.findings import PER_PAGE
from tests.factories import RepositoryFactory
from tests.reviews.rows import RULE, changed, finished, found

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository(team):
    made = RepositoryFactory(team=team, name="pay")
    finished(made)
    return made


def page(client, person, url, **headers) -> str:
    client.force_login(person)
    return client.get(url, headers=headers).content.decode()


def test_findings_stand_in_groups_of_their_rule_with_their_sites(client, viewer, repository):
    found(repository)
    text = page(client, viewer, reverse("repository-findings", args=["payments", "pay"]))
    assert "Outgoing HTTP request without a timeout" in text
    assert "3 of 44 sites at fault, 2 unresolved" in text
    assert "capture/bank.py:118" in text


def test_the_filter_works_as_a_plain_form(client, viewer, repository):
    found(repository, path="a.py")
    found(repository, path="b.py", state="fixed")
    url = reverse("findings")
    assert "a.py:118" in page(client, viewer, url)
    assert "b.py:118" not in page(client, viewer, url)
    assert "b.py:118" in page(client, viewer, url + "?state=fixed")


def test_htmx_gets_the_list_alone(client, viewer, repository):
    found(repository)
    for url in (reverse("findings"), reverse("repository-findings", args=["payments", "pay"])):
        text = page(client, viewer, url, **{"hx-request": "true"})
        assert text.strip().startswith('<div id="findings"')
        assert "<html" not in text


def test_findings_of_other_teams_are_not_there(client, stranger, repository):
    found(repository)
    assert "capture/bank.py" not in page(client, stranger, reverse("findings"))
    assert "capture/bank.py" not in page(client, stranger, reverse("findings") + "?team=payments&q=bank")


def test_pages_keep_the_filter(client, viewer, repository):
    for line in range(PER_PAGE + 1):
        found(repository, line=line)
    text = page(client, viewer, reverse("findings") + "?severity=high")
    assert 'href="?state=open&amp;severity=high&amp;page=2"' in text
    assert f"capture/bank.py:{PER_PAGE}" in page(client, viewer, reverse("findings") + "?severity=high&page=2")


@pytest.mark.parametrize(
    ("query", "said"),
    [("", "Every decided site of pay is good as of 7ac01d9"), ("?q=nothing", "No finding fits the filter")],
)
def test_zero_is_a_word_of_its_own(client, viewer, repository, query, said):
    assert said in page(client, viewer, reverse("repository-findings", args=["payments", "pay"]) + query)


def test_a_finding_shows_its_code_its_fix_and_its_history(client, viewer, repository):
    finding = found(repository)
    changed(finding, repository.latest_scan, "reopened", "from a.py:1 to capture/bank.py:118")
    text = page(client, viewer, reverse("finding", args=[finding.pk]))
    for said in ("session", "Why it matters", "The fix", "from a.py:1 to capture/bank.py:118", "Reopened"):
        assert said in text
    assert '<li class="hit"><span class="ln">118</span>' in text
    assert f"# plimsoll: ignore[{RULE}] " in text


def test_opened_in_a_list_only_the_part_below_the_row_is_sent(client, viewer, repository):
    text = page(client, viewer, reverse("finding", args=[found(repository).pk]), **{"hx-request": "true"})
    assert text.strip().startswith('<div class="stack">')
    assert "The page of this finding" in text


def test_a_finding_of_a_rule_that_is_gone_still_has_a_page(client, viewer, repository):
    finding = found(repository, rule="gone-rule", snippet=[], first_scan=None, last_scan=None, state="gone")
    assert "no longer part of the rule set" in page(client, viewer, reverse("finding", args=[finding.pk]))
