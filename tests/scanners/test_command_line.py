"""The command line, as a person or a pipeline uses it: real processes over a real folder."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from scanners import registry

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


def test_sarif_holds_results_rules_and_notifications(folder: Path) -> None:
    (run,) = json.loads(plimsoll("check", str(folder), "--format", "sarif").stdout)["runs"]
    result = next(result for result in run["results"] if result["ruleId"] == "request-without-timeout")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "request-without-timeout"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 2
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["descriptor"]["id"] == "python-2"


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
    assert all(rule_id in plimsoll("rules").stdout for rule_id in registry.rules())


def test_a_rule_explains_itself() -> None:
    rule = registry.rules()["request-without-timeout"]
    assert {rule.why, rule.scope, f"Fix: {rule.fix}"} <= set(plimsoll("explain", rule.id).stdout.split("\n\n"))


def test_sarif_follows_the_schema_of_oasis_where_it_is_at_hand(folder: Path) -> None:
    report = json.loads(plimsoll("check", str(folder), "--format", "sarif").stdout)
    assert report["version"] == "2.1.0"
    for schema in SCHEMAS:
        jsonschema.validate(report, json.loads(schema.read_text(encoding="utf-8")))
