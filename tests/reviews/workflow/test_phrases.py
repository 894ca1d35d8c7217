import pytest

from reviews.checklist import read
from reviews.workflow import phrases
from reviews.workflow.hints import Found, Material
from reviews.workflow.phrases import CONDITIONS, SOURCES, concerns, said
from scanners import registry
from scanners.paths import classify
from tests.reviews.scanned import SERVICE, report_of

CHECKLIST = read()
ASKED = [item for item in CHECKLIST.items if item.asked]
RISKY = "migration-unsafe-while-running"


def material(files=SERVICE, **parts) -> Material:
    """What a scan of these files keeps, without a scorecard."""
    report = report_of(files)
    return Material(facts=report.facts, files={path: classify(path) for path in files}, **parts)


def lines(ref: str, of: Material) -> list[str]:
    return [hint.line for hint in said(CHECKLIST.item(ref), of)]


def anchors(ref: str, of: Material) -> set[str]:
    return {hint.anchor for hint in said(CHECKLIST.item(ref), of)} - {""}


def row(ref: str, outcome: str, *rules: dict[str, str]) -> dict[str, object]:
    """An item of a scorecard."""
    title = CHECKLIST.item(ref).title
    said = {"outcome": outcome, "raw_outcome": outcome, "reason": "As counted."}
    return {"ref": ref, "title": title, "asked": ref[0] == "Q", "rules": rules} | said


@pytest.mark.parametrize("item", [item for item in ASKED if item.prefill], ids=lambda item: item.ref)
def test_every_phrase_of_the_checklist_is_understood(item):
    refs = {item.ref for item in CHECKLIST.items}
    known = SOURCES.keys() | registry.rules().keys() | refs
    assert [phrase for phrase in phrases.phrases(item.prefill) if phrase not in known] == []


def test_every_condition_of_the_checklist_is_understood():
    assert {item.when for item in ASKED if item.when} == set(CONDITIONS)


def test_no_source_is_kept_that_the_checklist_does_not_name():
    named = {phrase for item in ASKED for phrase in phrases.phrases(item.prefill)}
    assert set(SOURCES) - named == set()


@pytest.mark.parametrize(
    ("ref", "line"),
    [
        ("Q6", "pay/main.py:9 requests in rates"),
        ("Q6", "compose.yaml:2 postgres container"),
        ("Q33", "pay/main.py:8 GET /rates, asks nobody who they are"),
        ("Q10", "pay/main.py:8 GET /rates"),
        ("Q26", "docs/runbook.md:1 When it is down, reviewed 2026-03-02"),
        ("Q30", "docs/runbook.md:1 When it is down, reviewed 2026-03-02"),
        ("Q13", "compose.yaml:2 db: memory limit missing, cpu limit missing"),
        ("Q1", ".github/CODEOWNERS:1 owner by codeowners *"),
        ("Q16", "compose.yaml:2 postgres container"),
    ],
)
def test_a_fact_stands_beside_the_question_with_its_place(ref, line):
    assert line in lines(ref, material())


@pytest.mark.parametrize(
    ("ref", "files", "line"),
    [
        (
            "Q36",
            {
                "shop/models.py": "from django.db import models\n\n\n"
                "class Buyer(models.Model):\n    email = models.CharField()\n"
            },
            "shop/models.py:4 Buyer.email",
        ),
        ("Q34", {"app.py": "import os\n\nKEY = os.environ['BANK_TOKEN']\n"}, "app.py:3 BANK_TOKEN"),
        ("Q18", {"t.py": "from celery import shared_task\n\n\n@shared_task\ndef pay():\n    pass\n"}, "t.py:5 job pay"),
        ("Q12", {"load_tests/peak.py": "import locust\n"}, "load_tests/peak.py:1 load test"),
        ("Q26", {"alerts/disk.yaml": "groups: []\n"}, "alerts/disk.yaml:1 alert rules"),
        ("Q22", {"k8s/canary.yaml": "kind: Rollout\n"}, "k8s/canary.yaml:1 rollout"),
        ("Q25", {"m.py": "import prometheus_client\n"}, "m.py:1 records metrics"),
        (
            "Q25",
            {"README.md": "# Pay\n\n[Board](https://grafana.example.org/d/abc)\n"},
            "README.md:1 https://grafana.example.org/d/abc",
        ),
        ("Q21", {"Dockerfile": "FROM python:3.12\nCMD run\n"}, "Dockerfile:1 base image by tag"),
        ("Q35", {"Dockerfile": "FROM python:3.12\nUSER pay\nCMD run\n"}, "Dockerfile:1 image runs as pay"),
        ("Q9", {"w.py": "from pathlib import Path\n\nPath('a').write_text('b')\n"}, "w.py:3 writes a file in w.py"),
    ],
)
def test_what_each_question_is_shown(ref, files, line):
    assert line in lines(ref, material(files))


def test_a_secret_of_a_default_is_never_shown():
    of = material({"app.py": "import os\n\nKEY = os.environ.get('API_TOKEN', 'hunter2-hunter2')\n"})
    assert "hunter2" not in " ".join(line for item in ASKED for line in lines(item.ref, of))


def test_what_only_tests_do_is_no_boundary():
    of = material(
        {"tests/test_pay.py": "import requests\n\n\ndef test_it():\n    requests.get('http://a', timeout=1)\n"}
    )
    assert lines("Q6", of) == []


def test_a_rule_that_fails_is_part_of_what_an_answer_rests_on():
    rule = {"rule": "slo-missing", "outcome": "fail", "reason": "None is written."}
    of = Material(
        items={"O4": row("O4", "fail", rule)}, findings={"slo-missing": [Found("1a 1", "README.md:1", "None.")]}
    )
    assert anchors("Q2", of) == {"slo-missing fail", "slo-missing 1a 1"}
    assert lines("Q2", of) == ["slo-missing: fail. None is written.", "README.md:1 slo-missing: None."]


@pytest.mark.parametrize("outcome", ["pass", "not-applicable", "warn"])
def test_more_good_code_changes_nothing_that_an_answer_rests_on(outcome):
    rule = {"rule": "slo-missing", "outcome": outcome, "reason": "Well."}
    assert anchors("Q2", Material(items={"O4": row("O4", outcome, rule)})) == set()


def test_an_item_that_is_named_says_how_it_stands():
    assert anchors("Q40", Material(items={"S1": row("S1", "fail")})) == {"S1 fail"}
    assert lines("Q40", Material(items={"S1": row("S1", "pass"), "Q1": row("Q1", "pass")})) == [
        "S1 The repository holds no secrets: pass. As counted."
    ]


def test_one_more_call_of_a_known_peer_is_no_other_peer():
    more = SERVICE | {
        "pay/fees.py": "import requests\n\n\ndef fees():\n    return requests.get('http://fees', timeout=1)\n"
    }
    assert anchors("Q6", material(more)) == anchors("Q6", material())
    assert anchors("Q7", material(more)) - anchors("Q7", material()) == {"outward requests in fees"}


@pytest.mark.parametrize(
    ("files", "so"),
    [
        (SERVICE, True),
        ({"a.py": "import psycopg\n"}, True),
        ({"a.py": "import boto3\n"}, True),
        ({"a.py": "import requests\n"}, False),
    ],
)
def test_whether_there_is_a_data_store_is_seen_in_the_code(files, so):
    assert concerns(CHECKLIST.item("Q16"), material(files)) is so


@pytest.mark.parametrize(("outcome", "so"), [("fail", True), ("warn", True), ("unknown", True), ("pass", False)])
def test_whether_a_migration_is_risky_is_what_its_rule_says(outcome, so):
    rule = {"rule": RISKY, "outcome": outcome, "reason": "As counted."}
    assert concerns(CHECKLIST.item("Q38"), material(items={"B4": row("B4", outcome, rule)})) is so


def test_without_facts_nothing_is_told():
    assert concerns(CHECKLIST.item("Q16"), Material()) is None
    assert concerns(CHECKLIST.item("Q38"), material()) is None
    assert concerns(CHECKLIST.item("Q1"), material()) is None
