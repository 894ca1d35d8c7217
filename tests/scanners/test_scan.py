"""A commit through the rules: what is looked at, what is left out by name, what the cache saves, what is counted."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from scanners import registry
from scanners.caches import MemoryCache
from scanners.finding import Progress, Report
from scanners.pool import Pool
from scanners.scan import blob_sha, scan_commit, scan_files, sites

FILES = {
    "pay/client.py": b"import requests\n\n\ndef pay():\n    requests.post('https://bank.example/pay')\n",
    "pay/again.py": b"import requests\n\n\ndef ask():\n    requests.get('https://bank.example/', timeout=5)\n",
    "tests/test_pay.py": b"import requests\nrequests.get('http://localhost')\n",
    "vendor/x.py": b"import requests\nrequests.get('http://x')\n",
    "broken.py": b"def f(:\n",
    "notes.bin": b"\0\1",
    "typed.pyi": b"def f() -> int: ...\n",
}


@dataclass(frozen=True)
class Entry:
    """A row of a listing."""

    path: str
    sha: str
    mode: str = "100644"
    size: int | None = 10


def scan(files: Mapping[str, bytes], cache: MemoryCache, *more: Entry, seen: list[Progress] | None = None) -> Report:
    """Scan files with one child."""
    blobs = {blob_sha(raw): raw for raw in files.values()}
    entries = [Entry(path, blob_sha(raw), size=len(raw)) for path, raw in files.items()]
    states = [] if seen is None else seen
    with Pool(1) as pool:
        return scan_commit(
            "c" * 40, [*entries, *more], blobs.get, kind="http-api", children=pool, cache=cache, progress=states.append
        )


def test_service_code_is_reported_and_tests_and_vendored_code_are_not() -> None:
    report = scan(FILES, MemoryCache())
    found = [(finding.path, finding.line) for finding in report.findings if finding.rule == "request-without-timeout"]
    assert found == [("pay/client.py", 5)]
    assert report.counts["request-without-timeout"].good == 1
    assert report.counts["request-without-timeout"].sites == 2


def test_everything_that_is_not_looked_at_is_listed_with_its_reason() -> None:
    report = scan(
        FILES,
        MemoryCache(),
        Entry("link.py", "d" * 40, mode="120000"),
        Entry("sub.py", "e" * 40, mode="160000", size=None),
        Entry("huge.py", "f" * 40, size=5_000_000),
        Entry("filtered.py", "a" * 40, size=None),
    )
    assert {(skip.path, skip.code) for skip in report.skipped} == {
        ("vendor/x.py", "vendored"),
        ("typed.pyi", "stub"),
        ("link.py", "symlink"),
        ("sub.py", "submodule"),
        ("huge.py", "too-large"),
        ("filtered.py", "too-large"),
    }


def test_a_file_that_cannot_be_parsed_is_named_and_lowers_the_coverage() -> None:
    report = scan(FILES, MemoryCache())
    assert [(file.path, file.problem.code) for file in report.files if file.problem] == [("broken.py", "syntax-error")]
    assert 0.5 < report.coverage < 1


def test_the_second_scan_of_the_same_tree_asks_no_child_and_says_the_same() -> None:
    cache, seen = MemoryCache(), []
    first = scan(FILES, cache)
    second = scan(FILES, cache, seen=seen)
    assert (second.findings, second.counts, second.facts) == (first.findings, first.counts, first.facts)
    assert all(file.cached for file in second.files)
    assert max(state.scanned for state in seen) == 0


def test_a_change_of_one_file_scans_one_blob_and_equals_a_full_scan() -> None:
    cache, seen = MemoryCache(), []
    scan(FILES, cache)
    changed = FILES | {"pay/again.py": FILES["pay/again.py"].replace(b", timeout=5", b"")}
    report = scan(changed, cache, seen=seen)
    assert max(state.scanned for state in seen) == 1
    assert report.findings == scan(changed, MemoryCache()).findings


def test_progress_goes_on_while_files_are_joined() -> None:
    seen: list[Progress] = []
    scan({f"pay/{number}.py": b"A = 1\n" for number in range(300)}, MemoryCache(), seen=seen)
    assert sum(state.step == "match" for state in seen) > 300


def test_progress_names_the_steps_in_order() -> None:
    seen: list[Progress] = []
    scan(FILES, MemoryCache(), seen=seen)
    assert list(dict.fromkeys(state.step for state in seen)) == ["list", "scan", "match"]
    assert max(state.total for state in seen) == 4


def test_sites_of_a_finished_scan_are_reopened_from_the_cache() -> None:
    cache = MemoryCache()
    report = scan(FILES, cache)
    (site,) = sites("request-without-timeout", "http-api", report.files, cache)
    assert (site.path, site.line, site.good) == ("pay/again.py", 5, True)


def test_a_rule_without_a_site_does_not_apply_and_says_why() -> None:
    count = scan_files({"a.py": b"x = 1\n"}).counts["request-without-timeout"]
    assert not count.applicable
    assert count.reason


def test_a_repository_excludes_paths_and_they_are_listed() -> None:
    files = FILES | {".plimsoll.toml": b'exclude = ["pay/**"]\n[classes]\n"tests" = "service"\n'}
    report = scan(files, MemoryCache())
    assert {skip.path for skip in report.skipped if skip.code == "excluded"} == {"pay/client.py", "pay/again.py"}
    assert [found.path for found in report.findings if found.rule == "request-without-timeout"] == ["tests/test_pay.py"]


def test_equal_faults_in_one_function_are_numbered() -> None:
    twice = b"import requests\n\n\ndef f():\n    requests.get(u)\n    requests.get(u)\n"
    findings = [found for found in scan_files({"a.py": twice}).findings if found.rule == "request-without-timeout"]
    assert [found.ordinal for found in findings] == [0, 1]
    assert len({found.anchor for found in findings}) == 1


@pytest.mark.parametrize("kind", ["http-api", "worker", "cron", "library"])
def test_rules_that_are_not_asked_of_a_kind_say_so(kind: str) -> None:
    report = scan_files(FILES, kind)
    for rule in registry.rules().values():
        assert (kind in rule.kinds) or not report.counts[rule.id].applicable


def test_a_finding_that_joins_files_is_excused_where_it_stands() -> None:
    read = "import os\nKEY = os.environ['PAY_API_URL']"
    plain = scan_files({"pay/app.py": f"{read}\n".encode(), "README.md": b"# Pay\n"})
    excused = scan_files({"pay/app.py": f"{read}  # plimsoll: ignore[env-var-undocumented] internal\n".encode()})
    assert [found.line for found in plain.findings if found.rule == "env-var-undocumented"] == [2]
    assert [found.line for found in excused.findings if found.rule == "env-var-undocumented"] == []
    assert [ignore.used for ignore in excused.suppressions] == [True]
    assert not excused.counts["env-var-undocumented"].applicable


def test_a_lock_file_over_the_size_limit_is_not_called_missing() -> None:
    files = {"pyproject.toml": b'[project]\nname = "pay"\ndependencies = ["redis"]\n', "pay/app.py": b"import redis\n"}
    report = scan(files, MemoryCache(), Entry("uv.lock", "f" * 40, size=5_000_000))
    assert [found.rule for found in report.findings if found.rule == "lock-file-missing"] == []
    assert report.counts["lock-file-missing"].unresolved == 1
    assert [found.path for found in scan(files, MemoryCache()).findings if found.rule == "lock-file-missing"] == [
        "pyproject.toml"
    ]


@pytest.mark.parametrize(("kind", "severity"), [("http-api", "medium"), ("library", "low")])
def test_some_findings_weigh_less_in_a_library(kind: str, severity: str) -> None:
    report = scan_files({"pay/sync.py": b"def sync():\n    print('synced')\n"}, kind)
    assert [found.severity for found in report.findings if found.rule == "print-in-service"] == [severity]
