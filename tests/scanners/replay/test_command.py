"""A commit replayed on real repositories, in processes that differ in all in which machines do."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scanners import registry
from scanners.__main__ import main

ROOT = Path(__file__).parents[3]
COMMITTED = {"GIT_AUTHOR_DATE": "2026-03-01T23:30:00+0000", "GIT_COMMITTER_DATE": "2026-03-01T23:30:00+0000"}
WHO = {f"GIT_{role}_{what}": "ada@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
FILES = {
    "services/pay/pay.py": "import requests\n\nrequests.get('https://bank.example')\n",
    "services/pay/grüße.py": "import os\n\nTOKEN = os.environ['TOKEN']\nprint('\\N{BULLET}', TOKEN)\n",
    "services/pay/old.py": "print 'hello'\n",
    "services/pay/newer.py": "type Amount = int\n",
    "services/pay/requirements.txt": "requests\nuvloop; platform_release >= '4'\n",
    "services/pay/Dockerfile": "FROM python:3.9\nCMD python pay.py\n",
    "other.py": "import this\n",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it says."""
    command = ["git", "-C", str(folder), "-c", "init.defaultBranch=main", *arguments]
    environment = os.environ | WHO | COMMITTED
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a working tree, two commits and a sub-path."""
    folder = tmp_path_factory.mktemp("origin") / "shop"
    folder.mkdir()
    git(folder, "init", "-q")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "First")
    (folder / "services/pay/pay.py").write_text(FILES["services/pay/pay.py"].replace(")", ", timeout=5)"), "utf-8")
    git(folder, "commit", "-q", "-a", "-m", "Second")
    git(folder, "tag", "v2")
    return folder


@pytest.fixture(scope="module")
def made(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report and the seal of the second commit, and the report of the first."""
    folder = tmp_path_factory.mktemp("made")
    replay(repository, "main~1", "--output", folder / "first.json")
    (folder / "seal.json").write_bytes(replay(repository, "v2", "--output", folder / "report.json").stdout)
    return folder


def replay(*arguments: object, **changed: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end in a process of its own; `changed` are variables of its environment."""
    command = [sys.executable, "-m", "scanners", "replay", *map(str, arguments)]
    cwd = changed.pop("CWD", str(ROOT))
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | changed
    return subprocess.run(command, capture_output=True, timeout=120, check=False, cwd=cwd, env=environment)


def test_a_replay_is_the_same_bytes_wherever_and_however_it_is_made(repository: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where.git"
    shutil.copytree(repository / ".git", elsewhere)
    options = ("main", "--sub-path", "services/pay", "--kind", "worker")
    here, there = tmp_path / "here.json", tmp_path / "there.json"
    first = replay(
        repository, *options, "--processes", 1, "--output", here, PYTHONHASHSEED="0", TZ="UTC", LANG="C", LC_ALL="C"
    )
    second = replay(
        elsewhere.name, *options, "--processes", 2, "--output", there,
        PYTHONHASHSEED="77", TZ="Pacific/Kiritimati", LANG="de_DE.UTF-8", LC_ALL="C.UTF-8", CWD=str(tmp_path),
    )  # fmt: skip
    assert (first.returncode, second.returncode) == (0, 0), (first.stderr, second.stderr)
    assert first.stdout == second.stdout
    assert here.read_bytes() == there.read_bytes()


def test_the_seal_says_what_was_asked(repository: Path, made: Path) -> None:
    assert json.loads((made / "seal.json").read_bytes())["asked"] == {
        "commit": git(repository, "rev-parse", "HEAD"),
        "tree": git(repository, "rev-parse", "HEAD^{tree}"),
        "date": "2026-03-01",
        "kind": "http-api",
        "sub_path": "",
        "rule_set": registry.digest(),
        "compared": False,
    }


def test_nothing_of_the_machine_stands_in_the_report(repository: Path, made: Path) -> None:
    text = (made / "report.json").read_text("ascii")
    assert str(repository) not in text
    assert str(ROOT) not in text
    assert '"cached"' not in text
    assert "services/pay/grüße.py" in [file["path"] for file in json.loads(text)["parts"]["files"]]


@pytest.mark.parametrize("name", ["report.json", "seal.json"])
def test_the_same_commit_is_what_was_expected(repository: Path, made: Path, name: str, capfd) -> None:
    assert main(["replay", str(repository), "main", "--processes", "1", "--expect", str(made / name)]) == 0
    out, said = capfd.readouterr()
    assert "The same as expected." in said
    assert f"SHA-256 {hashlib.sha256(out.encode()).hexdigest()}" in said


def test_what_differs_is_said_in_words(repository: Path, made: Path, capfd) -> None:
    assert main(["replay", str(repository), "main", "--processes", "1", "--expect", str(made / "first.json")]) == 1
    said = capfd.readouterr().err
    assert "asked: commit is" in said
    assert "findings: 1 gone" in said
    assert '"rule":"request-without-timeout"' in said


@pytest.mark.parametrize(
    ("arguments", "code", "next_step"),
    [
        (["main", "--rule-set", "0123456789abcdef"], "rule_set_differs", "Install the versions of Plimsoll"),
        (["gone"], "commit_not_found", "Fetch it first"),
        (["--", "-x"], "commit_not_found", "Fetch it first"),
        (["main", "--sub-path", "services/none"], "sub_path_not_found", "Correct the sub-path"),
        (["main", "--expect", "abc"], "expectation_unreadable", "a file that `plimsoll replay` wrote"),
        (["main", "--advisories", "/nowhere"], "advisories_unreadable", "download of OSV"),
    ],
)
def test_what_cannot_be_done_has_a_name_and_a_next_step(repository: Path, arguments, code, next_step, capfd) -> None:
    assert main(["replay", str(repository), *arguments]) == 2
    said = capfd.readouterr().err
    assert f"({code})" in said
    assert next_step in said


def test_a_folder_without_a_repository_is_refused(tmp_path: Path, capfd) -> None:
    assert main(["replay", str(tmp_path), "main"]) == 2
    assert "(not_a_local_repository)" in capfd.readouterr().err


def test_another_rule_set_in_what_is_expected_is_refused_before_the_scan(repository, made, tmp_path, capfd) -> None:
    seal = tmp_path / "seal.json"
    seal.write_bytes((made / "seal.json").read_bytes().replace(registry.digest().encode(), b"fedcba9876543210"))
    assert main(["replay", str(repository), "main", "--expect", str(seal)]) == 2
    assert "(rule_set_differs)" in capfd.readouterr().err
