"""Each forge is told what its documentation asks for: a stand-in checks every call against it."""

import pytest

from reviews.forges.client import MOST_PAGES, Client, mark
from reviews.forges.clients import client
from reviews.forges.errors import ForgeError
from reviews.forges.messages import Comment, State
from reviews.models import Repository, Team
from tests.forge_server import ForgeServer
from tests.reviews.forges.telling import COMMIT, URL, a_status, told

pytestmark = pytest.mark.django_db

WORDS = {
    "github": ["pending", "success", "failure", "error"],
    "gitea": ["pending", "success", "failure", "error"],
    "gitlab": ["pending", "success", "failed", "failed"],
    "bitbucket": ["INPROGRESS", "SUCCESSFUL", "FAILED", "FAILED"],
    "bitbucket-server": ["INPROGRESS", "SUCCESSFUL", "FAILED", "FAILED"],
    "azure": ["pending", "succeeded", "failed", "error"],
}


@pytest.fixture
def repository(team: Team, forge: ForgeServer) -> Repository:
    return told(team, forge)


@pytest.fixture
def teller(repository: Repository) -> Client:
    return client(repository)


def put(repository: Repository, text: str = "**2 new**", known: str = "", *, only_update: bool = False) -> str:
    return client(repository).put_comment(Comment(7, text, only_update), known)


class TestStatus:
    @pytest.mark.parametrize("number", range(4))
    def test_each_state_has_the_forges_own_word(self, forge: ForgeServer, teller: Client, number: int) -> None:
        teller.set_status(a_status(list(State)[number], "Level silver; 2 findings fixed."))
        (kept,) = forge.statuses
        assert (kept.commit, kept.name, kept.url) == (COMMIT, "plimsoll/gate", URL)
        assert (kept.state, kept.text) == (WORDS[forge.provider][number], "Level silver; 2 findings fixed.")
        assert forge.violations == []

    def test_the_same_again_is_no_error(self, forge: ForgeServer, teller: Client) -> None:
        for state in (State.PENDING, State.PENDING, State.SUCCESS, State.SUCCESS, State.FAILURE, State.PENDING):
            teller.set_status(a_status(state))
        assert forge.statuses[-1].state == WORDS[forge.provider][0]
        assert forge.violations == []

    def test_a_long_name_and_text_fit(self, forge: ForgeServer, teller: Client) -> None:
        for part in ("a", "b"):
            teller.set_status(a_status(text="x" * 400, name=f"plimsoll/gate/{60 * 's'}{part}"))
        assert len({kept.name for kept in forge.statuses}) == 2
        assert forge.violations == []

    def test_an_unknown_commit_has_a_name(self, forge: ForgeServer, teller: Client) -> None:
        forge.kept.commits = set()
        with pytest.raises(ForgeError) as found:
            teller.set_status(a_status())
        assert found.value.code in ("forge_not_found", "forge_refused_content")
        assert (found.value.retry, "No commit found for SHA" in found.value.said) == (False, True)


class TestComment:
    def test_is_made_once_and_then_changed(self, forge: ForgeServer, repository: Repository) -> None:
        name = put(repository)
        again = put(repository, "**1 new**", name)
        (comment,) = forge.comments(7)
        assert (again, comment.version) == (name, 1)
        assert comment.text == f"**1 new**\n\n{mark(repository.pk, 7)}"
        assert forge.violations == []

    def test_one_whose_name_was_lost_is_found_again(self, forge: ForgeServer, repository: Repository) -> None:
        for number in range(70):
            forge.kept.write(7, f"remark {number}")
        name = put(repository)
        for number in range(70):
            forge.kept.write(7, f"remark {number}\n\n> {mark(repository.pk, 7)}")
        assert put(repository, "newer") == name
        assert len(forge.comments(7)) == 141
        assert forge.violations == []

    def test_one_that_somebody_deleted_is_made_again(self, forge: ForgeServer, repository: Repository) -> None:
        name = put(repository)
        forge.comments(7)[0].deleted = True
        assert put(repository, "newer", name) != name
        assert [comment.text.partition("\n")[0] for comment in forge.comments(7)] == ["newer"]

    def test_that_only_updates_makes_none(self, forge: ForgeServer, repository: Repository) -> None:
        assert put(repository, only_update=True) == ""
        assert forge.comments(7) == []
        name = put(repository)
        assert put(repository, "newer", only_update=True) == name
        assert forge.comments(7)[0].text.startswith("newer")

    def test_that_is_too_long_is_cut_and_stays_findable(self, forge: ForgeServer, repository: Repository) -> None:
        text = "```\n" + "a line of code\n" * 100_000
        name = put(repository, text)
        (comment,) = forge.comments(7)
        assert comment.text.endswith(f"a line of code\n```\n\n…\n\n{mark(repository.pk, 7)}")
        assert (put(repository, text), forge.violations) == (name, [])

    def test_one_of_another_sub_path_is_left_alone(
        self, team: Team, forge: ForgeServer, repository: Repository
    ) -> None:
        put(repository)
        other = told(team, forge, sub_path="worker")
        put(other, "other")
        assert [comment.text.partition("\n")[0] for comment in forge.comments(7)] == ["**2 new**", "other"]

    def test_looks_through_a_bounded_number_of_pages(self, forge: ForgeServer, repository: Repository) -> None:
        for number in range(50 * MOST_PAGES + 10):
            forge.kept.write(7, f"remark {number}")
        put(repository)
        assert len(forge.calls) <= MOST_PAGES + 1
        assert forge.violations == []

    def test_of_an_unknown_pull_request_has_a_name(self, forge: ForgeServer, repository: Repository) -> None:
        forge.kept.pulls = set()
        with pytest.raises(ForgeError) as found:
            put(repository)
        assert found.value.code == "forge_not_found"


class TestCheck:
    def test_changes_nothing(self, forge: ForgeServer, teller: Client) -> None:
        teller.check()
        assert [call.split(" ")[0] for call in forge.calls] == ["GET"]
        assert forge.violations == []

    def test_a_wrong_token_has_a_name(self, forge: ForgeServer, teller: Client) -> None:
        forge.kept.token = "another"
        with pytest.raises(ForgeError) as found:
            teller.check()
        assert (found.value.code, found.value.retry) == ("forge_refused_token", False)
