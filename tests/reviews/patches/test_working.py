"""Patches through a real repository, the child that mends, and git, which has to take them."""

from pathlib import Path

import pytest
from pytest_django import Settings

from reviews.models import BlobResult, Patch, Repository, Team
from reviews.patches import asking, questions, turns, working
from reviews.patches.questions import Question
from scanners.scan import scan_files
from tests.factories import RepositoryFactory
from tests.origin import commit_files
from tests.reviews.patches.mended import BOUNDED, DROPS, RULE, WAITS, applied, clone, made
from tests.reviews.running import scanned

HANDED_ON = """\
import requests


async def read(loop, url):
    await loop.run_in_executor(None, requests.get, url)
"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def repository(team: Team, origin: Path) -> Repository:
    return RepositoryFactory(team=team, name="pay", url=f"file://{origin}")


def left(folder: Path, rule: str = RULE) -> list[str]:
    """The places where a rule still finds something in a folder."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.py")}
    return [f"{found.path}:{found.line}" for found in scan_files(files).findings if found.rule == rule]


class TestPatch:
    def test_of_a_rule_clears_all_its_findings_on_a_clone(self, repository, origin, tmp_path) -> None:
        commit = commit_files(origin, {"pay.py": WAITS, "deep/down/send.py": WAITS, "load.py": DROPS})
        scanned(repository)
        patch = made(repository, RULE)
        assert (patch.state, patch.files, patch.commit, patch.holds_at) == ("ready", 2, commit, commit)
        assert sorted(one["path"] for one in patch.fixed) == ["deep/down/send.py", "pay.py"]
        folder = applied(patch, clone(origin, tmp_path / "clone"))
        assert (folder / "pay.py").read_text(encoding="utf-8") == BOUNDED
        assert left(folder) == []

    def test_of_the_repository_holds_every_rule_that_may_be_mended_in_bulk(self, repository, origin, tmp_path) -> None:
        commit_files(origin, {"pay.py": WAITS, "load.py": DROPS})
        scanned(repository)
        patch = made(repository)
        assert {one["rule"] for one in patch.fixed} == {RULE, "cause-dropped"}
        folder = applied(patch, clone(origin, tmp_path / "clone"))
        assert left(folder) == left(folder, "cause-dropped") == []

    def test_of_a_finding_changes_its_place_alone(self, repository, origin, tmp_path) -> None:
        twice = WAITS + "\n\ndef send(url):\n    return requests.post(url)\n"
        commit_files(origin, {"pay.py": twice})
        scanned(repository)
        second = repository.findings.get(rule=RULE, qualname="send")
        patch = made(repository, finding=second.pk)
        assert [one["finding"] for one in patch.fixed] == [second.pk]
        assert left(applied(patch, clone(origin, tmp_path / "clone"))) == ["pay.py:5"]

    def test_a_fix_that_may_change_what_code_means_stands_alone(self, repository, origin, tmp_path) -> None:
        runs = "import subprocess\n\n\ndef run():\n    subprocess.run(['true'], check=True)\n"
        commit_files(origin, {"run.py": runs, "pay.py": WAITS})
        scanned(repository)
        alone = repository.findings.get(rule="subprocess-without-timeout")
        assert {one["rule"] for one in made(repository).fixed} == {RULE}
        patch = made(repository, finding=alone.pk)
        assert [one["finding"] for one in patch.fixed] == [alone.pk]
        assert left(applied(patch, clone(origin, tmp_path / "clone")), "subprocess-without-timeout") == []

    def test_names_are_those_that_git_knows_whatever_they_hold(self, repository, origin, tmp_path) -> None:
        names = ["a b/two words.py", "caf\u00e9.py", 'say "so".py', "it's.py", "deep/ünder.py", "-n.py"]
        commit_files(origin, dict.fromkeys(names, WAITS))
        scanned(repository)
        patch = made(repository, RULE)
        assert patch.files == len(names)
        assert left(applied(patch, clone(origin, tmp_path / "clone"))) == []

    def test_a_name_that_nobody_can_read_is_refused(self, repository, origin) -> None:
        commit_files(origin, {"pay\u202e.py": WAITS})
        scanned(repository)
        patch = made(repository, RULE)
        assert (patch.state, patch.refused[0]["why"][-10:]) == ("nothing", "Rename it.")

    def test_starts_from_the_root_of_the_repository(self, repository, origin, tmp_path) -> None:
        commit_files(origin, {"services/pay now/main.py": WAITS, "other/main.py": WAITS})
        Repository.objects.update(sub_path="services/pay now")
        repository.refresh_from_db()
        scanned(repository)
        assert left(applied(made(repository), clone(origin, tmp_path / "clone"))) == ["other/main.py:5"]

    def test_bytes_stay_what_they_are(self, repository, origin, tmp_path) -> None:
        latin = b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + WAITS.encode()
        files = {"latin.py": latin, "windows.py": WAITS.replace("\n", "\r\n"), "end.py": WAITS.rstrip("\n")}
        commit_files(origin, files)
        scanned(repository)
        folder = applied(made(repository, RULE), clone(origin, tmp_path / "clone"))
        assert (folder / "latin.py").read_bytes() == latin.replace(b"get(url)", b"get(url, timeout=(3.05, 10))")
        assert (folder / "windows.py").read_bytes() == BOUNDED.replace("\n", "\r\n").encode()
        assert (folder / "end.py").read_bytes() == BOUNDED.rstrip("\n").encode()

    def test_equal_files_are_each_changed(self, repository, origin, tmp_path) -> None:
        commit_files(origin, {"pay.py": WAITS, "twin.py": WAITS})
        scanned(repository)
        assert left(applied(made(repository), clone(origin, tmp_path / "clone"))) == []

    def test_what_is_not_of_a_plain_shape_is_refused_with_the_reason(self, repository, origin) -> None:
        commit_files(origin, {"pay.py": HANDED_ON})
        scanned(repository)
        patch = made(repository, finding=repository.findings.get(rule=RULE).pk)
        assert (patch.state, patch.fixed) == ("nothing", [])
        assert "takes no keywords" in patch.refused[0]["why"]


class TestWorker:
    def test_one_fetch_serves_all_patches_of_a_repository(self, repository, origin) -> None:
        commit_files(origin, {"pay.py": WAITS, "load.py": DROPS})
        scanned(repository)
        asking.prepare(repository.latest_scan_id)
        assert Patch.objects.count() == 3
        assert working.do_one()
        assert not working.do_one()
        assert set(Patch.objects.values_list("state", flat=True)) == {"ready"}

    def test_a_server_that_is_away_is_asked_again_later_and_once(self, repository, origin, settings: Settings) -> None:
        commit_files(origin, {"pay.py": WAITS, "load.py": DROPS})
        scanned(repository)
        asking.prepare(repository.latest_scan_id)
        Repository.objects.update(url="https://git.invalid/pay.git")
        assert working.do_one()
        assert not turns.due().exists()
        assert Patch.objects.exclude(error_code="").count() == 3

    def test_a_commit_that_is_gone_ends_all_with_its_name(self, repository, origin) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scan = scanned(repository)
        asking.prepare(scan.pk)
        type(scan).objects.filter(pk=scan.pk).update(commit="1" * 40)
        working.do_one()
        assert set(Patch.objects.values_list("state", "error_code")) == {("failed", "commit_gone")}

    def test_what_was_asked_anew_meanwhile_is_not_written_over(self, repository, origin) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        asked = asking.ask(repository, Question(RULE))
        held = turns.take()
        Patch.objects.filter(pk=asked.pk).update(fence=held.fence + 1, state="wanted")
        with pytest.raises(turns.LostError):
            turns.finish(held, Patch.State.READY, body=b"old")
        assert made(repository, RULE).state == "ready"

    def test_nothing_to_mend_needs_no_fetch(self, repository, origin) -> None:
        commit_files(origin, {"fine.py": "VALUE = 1\n"})
        scanned(repository)
        Repository.objects.update(url="https://git.invalid/pay.git")
        repository.refresh_from_db()
        assert made(repository).state == "nothing"

    def test_a_patch_that_is_too_large_fails_with_what_to_do(self, repository, origin) -> None:
        long = f"def pay(url):\n    return requests.get(url, params={{'{'x' * 280_000}': 1}})\n"
        commit_files(origin, {f"p{number}.py": "import requests\n\n\n" + long for number in range(4)})
        scanned(repository)
        patch = made(repository)
        assert (patch.state, patch.error_code, bytes(patch.body)) == ("failed", "patch_too_large", b"")

    def test_answers_of_mended_files_make_the_next_scan_cheap(self, repository, origin) -> None:
        commit_files(origin, {"pay.py": WAITS})
        scanned(repository)
        made(repository, RULE)
        commit_files(origin, {"pay.py": BOUNDED})
        known = BlobResult.objects.count()
        assert scanned(repository).progress["scanned"] == 0
        assert BlobResult.objects.count() == known


class TestQuestions:
    def test_no_more_files_than_can_be_read_at_once(self, repository, origin, monkeypatch) -> None:
        monkeypatch.setattr(questions, "MOST_FILES", 2)
        commit_files(origin, {f"p{number}.py": WAITS for number in range(4)})
        scanned(repository)
        patch = made(repository, RULE)
        assert (patch.files, len(patch.fixed), len(patch.refused)) == (2, 2, 2)
        assert "ask for the next" in patch.refused[0]["why"]
