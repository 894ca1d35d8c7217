"""Mending a tree with the real children: proofs over files, patches that git takes, and the command line."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from scanners.__main__ import main
from scanners.caches import MemoryCache
from scanners.finding import Report
from scanners.fixes.command import MEND_SECONDS, WORKER
from scanners.fixes.tree import Outcome, Read, mend_tree, target_of
from scanners.folder import Folder
from scanners.pool import Pool
from scanners.scan import scan_commit
from scanners.wanted import Entry

CALL = b"import requests\n\n\ndef fetch(url):\n    return requests.get(url)\n"
MENDED = CALL.replace(b"get(url)", b"get(url, timeout=(3.05, 10))")
NAMES = ["plain.py", "with space.py", "ta\tb.py", 'quo"te.py', "b\\ack.py", "größe.py", "nested/deep/file.py"]


@pytest.fixture(scope="module")
def pools() -> Iterator[tuple[Pool, Pool]]:
    with Pool(1) as pool, Pool(1, MEND_SECONDS, WORKER) as menders:
        yield pool, menders


@pytest.fixture
def mend(pools: tuple[Pool, Pool], tmp_path: Path) -> Callable[[dict[str, bytes]], Outcome]:
    pool, menders = pools

    def run(files: dict[str, bytes]) -> Outcome:
        for name, raw in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(raw)
        folder, cache = Folder(tmp_path), MemoryCache()
        entries = list(folder.entries())

        def scan(listed: Iterable[Entry], read: Read) -> Report:
            return scan_commit("", listed, read, kind="http-api", children=pool, cache=cache, progress=lambda _: None)

        before = scan(entries, folder.read)
        wanted = [
            (found.path, target_of(found))
            for found in before.findings
            if found.rule in ("request-without-timeout", "log-message-preformatted")
        ]
        return mend_tree(before, entries, folder.read, wanted, menders=menders, rescan=scan, tick=lambda: None)

    return run


def _git(folder: Path, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=folder, input=given, capture_output=True, check=False, timeout=30)


def test_git_applies_a_patch_of_files_with_any_name(mend: Callable[..., Outcome], tmp_path: Path) -> None:
    crlf = CALL.replace(b"\n", b"\r\n")
    bare = CALL.rstrip(b"\n")
    latin = b"# -*- coding: latin-1 -*-\nNAME = '\xe9'\n" + CALL
    outcome = mend(dict.fromkeys(NAMES, CALL) | {"crlf.py": crlf, "bare.py": bare, "latin.py": latin})
    _git(tmp_path, "init", "-q", ".")
    applied = _git(tmp_path, "apply", "-", given=outcome.patch())
    assert applied.returncode == 0, applied.stderr
    assert {name: (tmp_path / name).read_bytes() for name in NAMES} == dict.fromkeys(NAMES, MENDED)
    assert (tmp_path / "crlf.py").read_bytes() == MENDED.replace(b"\n", b"\r\n")
    assert (tmp_path / "bare.py").read_bytes() == MENDED.rstrip(b"\n")
    assert (tmp_path / "latin.py").read_bytes() == latin.replace(CALL, MENDED)


def test_the_prefix_is_the_sub_path_in_the_repository(mend: Callable[..., Outcome], tmp_path: Path) -> None:
    outcome = mend({"app.py": CALL})
    root = tmp_path / "root"
    (root / "services/pay").mkdir(parents=True)
    (root / "services/pay/app.py").write_bytes(CALL)
    _git(root, "init", "-q", ".")
    assert _git(root, "apply", "-", given=outcome.patch("services/pay/")).returncode == 0
    assert (root / "services/pay/app.py").read_bytes() == MENDED


def test_equal_files_are_mended_wherever_they_stand(mend: Callable[..., Outcome]) -> None:
    assert sorted(mend({"a.py": CALL, "b/c.py": CALL}).mended) == ["a.py", "b/c.py"]


def test_a_file_that_crashes_the_child_costs_itself_alone(mend: Callable[..., Outcome]) -> None:
    outcome = mend({"a.py": CALL, "chain.py": CALL + b"x = " + b" or ".join([b"a"] * 20_000) + b"\n", "z.py": CALL})
    assert sorted(outcome.mended) == ["a.py", "z.py"]
    assert [refused.path for refused in outcome.refused] == ["chain.py"]


def test_what_makes_joined_rules_report_more_is_left_out(mend: Callable[..., Outcome]) -> None:
    """Ten seconds are longer than the server gives a request."""
    view = b'import httpx\nfrom flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get("/rates")\ndef rates():\n'
    view += b"    return httpx.get(URL, timeout=None).text\n"
    outcome = mend({"app.py": view, "gunicorn.conf.py": b"workers = 4\ntimeout = 5\n", "b.py": CALL})
    assert list(outcome.mended) == ["b.py"]
    assert {refused.why for refused in outcome.refused} == {
        "With the change, a scan of the whole repository has a new finding of timeouts-disagree."
    }


LOGS = b"import logging\n\nlogger = logging.getLogger('shop')\n"
KEPT = b"from .logs import logger\n\n\ndef pay(order):\n    logger.info(f'{order} paid')\n"


def test_a_logger_that_another_file_makes_is_known(mend: Callable[..., Outcome]) -> None:
    files = {"src/shop/__init__.py": b"", "src/shop/logs.py": LOGS, "src/shop/pay.py": KEPT}
    files["src/shop/take.py"] = KEPT.replace(b"from .logs", b"from shop.logs")
    outcome = mend(files)
    assert sorted(outcome.mended) == ["src/shop/pay.py", "src/shop/take.py"]
    assert "+    logger.info('%s paid', order)" in outcome.patch().decode()


@pytest.mark.parametrize("other", [b"logger = Teller()\n", b"logger: object = make()\n"])
def test_a_logger_of_a_name_that_is_something_else_elsewhere_is_not(mend: Callable[..., Outcome], other: bytes) -> None:
    outcome = mend({"shop/logs.py": LOGS, "jobs/logs.py": other, "shop/pay.py": KEPT})
    assert not outcome.mended
    assert "cannot be seen" in outcome.refused[0].why


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_bytes(CALL)
    (tmp_path / "app.py").chmod(0o755)
    (tmp_path / "load.py").write_text("import yaml\n\n\ndef read(raw):\n    return yaml.load(raw, yaml.Loader)\n")
    return tmp_path


def test_check_diff_prints_a_patch_and_changes_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(folder), "--diff", "--processes", "1"]) == 0
    told = capfd.readouterr()
    assert "+    return requests.get(url, timeout=(3.05, 10))" in told.out
    assert told.err.endswith("2 of 2 findings mended in 2 files\n")
    assert (folder / "app.py").read_bytes() == CALL


def test_check_fix_writes_and_keeps_the_mode(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(folder), "--fix", "--rule", "request-without-timeout", "--processes", "1"]) == 0
    assert (folder / "app.py").read_bytes() == MENDED
    assert (folder / "app.py").stat().st_mode & 0o777 == 0o755
    assert "yaml.Loader" in (folder / "load.py").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["app.py", "load.py"]
    assert capfd.readouterr().out == ""


def test_what_may_change_the_meaning_is_mended_at_a_named_place_only(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = "def add(row, rows=[]):\n    rows.append(row)\n    return rows\n"
    (folder / "cart.py").write_text(source)
    main(["check", str(folder), "--fix", "--rule", "state-shared-by-accident", "--processes", "1"])
    assert (folder / "cart.py").read_text() == source
    main(["check", str(folder), "--fix", "--at", "./cart.py:1", "--processes", "1"])
    assert "rows=None" in (folder / "cart.py").read_text()
    assert (folder / "app.py").read_bytes() == CALL
    assert "1 of 1 findings mended" in capfd.readouterr().err


def test_a_rule_without_a_fix_is_refused_with_those_that_have_one(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(folder), "--fix", "--rule", "tests-missing"]) == 2
    assert "No program can mend tests-missing. These have a fix: " in capfd.readouterr().err


def test_a_place_without_a_line_is_bad_usage(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["check", str(folder), "--fix", "--at", "app.py"])
    assert "Write PATH:LINE" in capfd.readouterr().err
