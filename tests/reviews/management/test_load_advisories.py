"""The command says what changed, how old it is and what to do next."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.factories import RepositoryFactory
from tests.reviews.advisories.osv import days_ago, folder, record
from tests.reviews.rows import finished

pytestmark = pytest.mark.django_db


@pytest.fixture
def repository_of_old(team):
    """One that was scanned when nobody had loaded advisories."""
    return finished(RepositoryFactory(team=team)).repository


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("load_advisories", *arguments, stdout=out)
    return out.getvalue()


def test_it_says_what_changed_and_what_to_do(tmp_path, team):
    folder(tmp_path, record("A-1"), record("A-2"))
    assert said(str(tmp_path)).splitlines() == [
        f"2 advisories as of {days_ago(0)}: 2 new, 0 changed, 0 gone.",
        "They say the same of 0 repositories; scans of 0 are queued.",
        "To do: Nothing.",
    ]
    assert "nothing new" in said(str(tmp_path))


def test_it_names_what_cannot_be_read_and_warns_of_age(tmp_path):
    folder(tmp_path, record("A-1", day=days_ago(15)))
    (tmp_path / "broken.json").write_text("{")
    told = said(str(tmp_path))
    assert "1 files cannot be read, so nothing counts as gone: broken.json." in told
    assert "To do: They are older than 14 days and prove nothing: load newer ones." in told


def test_it_speaks_json(tmp_path, repository_of_old):
    told = json.loads(said(str(folder(tmp_path, record("A-1"))), "--json"))
    assert told["as_of"] == told["current_on"] == str(days_ago(0))
    assert (told["new"], told["records"], told["unreadable"], told["is_news"]) == (1, 1, [], True)
    assert (told["repositories_same"], told["scans_asked"], bool(told["next_step"])) == (0, 1, True)


def test_replace_forgets_other_sources(tmp_path):
    said(str(folder(tmp_path / "one", record("A-1"))))
    told = json.loads(said(str(folder(tmp_path / "two", record("B-1"))), "--replace", "--json"))
    assert (told["records"], told["gone"]) == (1, 1)


@pytest.mark.parametrize(
    ("source", "code"),
    [("/nowhere", "source_missing"), ("https://127.0.0.1/x.git", "address_not_public")],
)
def test_a_mistake_ends_with_its_name(source, code):
    with pytest.raises(CommandError, match=rf"\({code}\)"):
        said(source)
