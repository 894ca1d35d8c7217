"""The command line, as a person or a pipeline uses it: real processes over a real folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from scanners import registry
from scanners.fixes.offered import fixes

SCHEMAS = list((Path(__file__).parents[3] / "shared" / "data" / "sarif").glob("*.json"))


def plimsoll(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [sys.executable, "-m", "scanners", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small service with one fault, one file that cannot be read and one link."""
    (tmp_path / "pay.py").write_text("import requests\nrequests.get('https://bank.example')\n", encoding="utf-8")
    (tmp_path / "old.py").write_text("print 'hello'\n", encoding="utf-8")
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "x.py").write_text("import requests\nrequests.get('x')\n", encoding="utf-8")
    return tmp_path


def test_text_names_the_place_the_rule_and_the_file_that_was_not_read(folder: Path) -> None:
    done = plimsoll("check", str(folder))
    assert "pay.py:2: high request-without-timeout:" in done.stdout
    assert "old.py:1: not read (python-2)" in done.stdout
    assert ".venv" not in done.stdout
    assert done.returncode == 1


def test_json_holds_the_whole_report(folder: Path) -> None:
    report = json.loads(plimsoll("check", str(folder), "--format", "json").stdout)
    assert [skip["code"] for skip in report["skipped"]] == ["symlink"]
    assert report["counts"]["request-without-timeout"]["bad"] == {"high": 1}
    assert report["rule_set"] == registry.digest()


def test_facts_are_tables_of_what_the_folder_tells(folder: Path) -> None:
    done = plimsoll("facts", str(folder), "--format", "json", "--table", "jobs", "--table", "endpoints")
    assert list(json.loads(done.stdout)) == ["jobs", "endpoints"]
    assert done.returncode == 0
    nowhere = plimsoll("facts", str(folder / "nowhere"))
    assert (nowhere.returncode, "is not a folder" in nowhere.stderr) == (2, True)


def test_sarif_holds_results_rules_and_notifications(folder: Path) -> None:
    (run,) = json.loads(plimsoll("check", str(folder), "--format", "sarif").stdout)["runs"]
    result = next(result for result in run["results"] if result["ruleId"] == "request-without-timeout")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "request-without-timeout"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 2
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["descriptor"]["id"] == "python-2"


def test_columns_of_sarif_are_in_letters(tmp_path: Path) -> None:
    (tmp_path / "pay.py").write_text("import requests\nx = 'é😀'; requests.get('u')\n", encoding="utf-8")
    (run,) = json.loads(plimsoll("check", str(tmp_path), "--format", "sarif").stdout)["runs"]
    result = next(result for result in run["results"] if result["ruleId"] == "request-without-timeout")
    assert result["locations"][0]["physicalLocation"]["region"]["startColumn"] == 11


@pytest.mark.parametrize(
    ("form", "shown"), [("text", r"caf\udce9.py"), ("json", r"caf\udce9.py"), ("sarif", "caf%E9.py")]
)
def test_a_name_that_is_no_text_is_shown_and_a_pipe_is_no_file(form: str, shown: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.py")).write_text(
        "import requests\nrequests.get('u')\n", "utf-8"
    )
    done = plimsoll("check", str(tmp_path), "--format", form)
    assert done.returncode == 1
    assert shown in done.stdout


def test_two_runs_say_the_same(folder: Path) -> None:
    first, second = (plimsoll("check", str(folder), "--format", "json").stdout for _ in range(2))
    assert first == second


def test_the_exit_code_follows_the_severity_that_was_asked_for(folder: Path) -> None:
    assert plimsoll("check", str(folder), "--fail-on", "critical").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "/no/such/folder"], "is not a folder"),
        (["explain", "no-such-rule"], "`plimsoll rules` lists them"),
        (["check", ".", "--kind", "boat"], "invalid choice"),
    ],
)
def test_bad_input_ends_with_2_and_the_next_step(arguments: list[str], words: str) -> None:
    done = plimsoll(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_the_rules_are_listed_for_people_and_for_programs() -> None:
    listed = json.loads(plimsoll("rules", "--format", "json").stdout)
    assert [rule["id"] for rule in listed["rules"]] == list(registry.rules())
    assert all(rule["why"] and rule["bad"] and rule["good"] and rule["fix"] for rule in listed["rules"])
    shown = plimsoll("rules").stdout
    assert [rule_id for rule_id in registry.rules() if rule_id not in shown] == []
    assert {rule["id"] for rule in listed["rules"] if rule["mending"]} == set(fixes())


def test_a_rule_explains_itself() -> None:
    rule = registry.rules()["request-without-timeout"]
    shown = plimsoll("explain", rule.id).stdout
    words = " ".join(shown.split())
    mending = " ".join(fixes()[rule.id].about)
    said = [rule.why, rule.scope, rule.fix, mending, "item T1", *(example.title for example in (*rule.bad, *rule.good))]
    assert [text for text in said if " ".join(text.split()) not in words] == []
    marked = [line for line in shown.split("\n") if line.startswith("    > ")]
    assert len(marked) == sum(len(example.at) for example in rule.bad)


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = [sys.executable, "-m", "scanners", "rules", "--format", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:
        listing.stdout.read(10)
        listing.stdout.close()
        assert (listing.stderr.read(), listing.wait(timeout=60)) == (b"", 0)


def test_locked_versions_are_compared_with_the_advisories_that_are_given(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("shop-client==1.0\n", encoding="utf-8")
    record = {"id": "PYSEC-0-1", "modified": "2026-01-02T00:00:00Z"}
    record["affected"] = [{"package": {"ecosystem": "PyPI", "name": "shop-client"}, "versions": ["1.0"]}]
    known = tmp_path / "known.json"
    known.write_text(json.dumps(record), encoding="utf-8")
    shown = plimsoll("check", str(tmp_path), "--advisories", str(known)).stdout
    assert (
        "shop-client 1.0 has a published fault: PYSEC-0-1; no version fixes it (advisories up to 2026-01-02)." in shown
    )
    assert "published fault" not in plimsoll("check", str(tmp_path)).stdout


def test_advisories_that_cannot_be_read_are_bad_input(tmp_path: Path) -> None:
    done = plimsoll("check", str(tmp_path), "--advisories", str(tmp_path / "nothing.zip"))
    assert (done.returncode, "The advisories cannot be read" in done.stderr) == (2, True)


def test_sarif_follows_the_schema_of_oasis_where_it_is_at_hand(folder: Path) -> None:
    report = json.loads(plimsoll("check", str(folder), "--format", "sarif").stdout)
    assert report["version"] == "2.1.0"
    for schema in SCHEMAS:
        jsonschema.validate(report, json.loads(schema.read_text(encoding="utf-8")))
