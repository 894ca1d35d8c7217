"""What programs are told of the facts of a commit."""

import pytest

from reviews.chapters import CHAPTERS
from scanners.inventory.table import GOOD, UNKNOWN
from scanners.inventory.tables import TABLES
from tests.factories import RepositoryFactory, TeamFactory
from tests.reviews.api.asking import Program, made, refusal
from tests.reviews.inventory_rows import NEWER, OLDER, boundary, dependency, told, variable
from tests.reviews.rows import finished, tree

pytestmark = pytest.mark.django_db


def facts(repository, table=""):
    return f"/repositories/{repository.pk}/facts" + (f"/{table}" if table else "")


def test_every_table_is_counted(program, pay):
    told(pay, boundaries=[boundary(1), boundary(2, mark=UNKNOWN), boundary(3, mark=GOOD)], variables=[variable()])
    answer = program.get(facts(pay)).json()
    assert [one["name"] for one in answer["tables"]] == list(TABLES)
    assert answer["commit"] == NEWER
    first = answer["tables"][0]
    assert (first["rows"], first["bad"], first["unknown"]) == (3, 1, 1)
    assert first["links"]["self"] == f"http://testserver/api/v1{facts(pay, 'boundaries')}"
    assert first["links"]["page"].endswith("/repositories/payments/pay/facts/boundaries/#boundaries")


def test_a_table_has_its_rows_with_places_and_marks(program, pay):
    told(pay, boundaries=[boundary(7, mark=UNKNOWN)])
    answer = program.get(facts(pay, "boundaries")).json()
    (row,) = answer["rows"]
    assert row["cells"]["timeout"] is None
    assert row["marks"] == {"timeout": "unknown", "retry": "good"}
    assert row["places"][0] == {"path": "pay/bank.py", "line": 7, "says": "requests.get"}
    assert row["unresolved"] == "The timeout comes from a variable."
    assert (answer["since"], answer["removed"], answer["changed"]) == (None, [], [])
    assert [column["name"] for column in answer["columns"]] == [one.name for one in TABLES["boundaries"].columns]


def test_another_commit_is_asked_for_by_its_first_digits(program, pay):
    told(pay, OLDER, variables=[variable("OLD")])
    told(pay, NEWER, variables=[variable("NEW")])
    answer = program.get(facts(pay, "variables"), commit=OLDER[:7]).json()
    assert (answer["commit"], [row["key"] for row in answer["rows"]]) == (OLDER, ["variable OLD"])


def test_since_another_commit_only_what_changed_is_told(program, pay):
    told(pay, OLDER, variables=[variable("GONE"), variable("KEPT"), variable("SAME")])
    told(pay, NEWER, variables=[variable("CAME"), variable("KEPT", required=False), variable("SAME")])
    answer = program.get(facts(pay, "variables"), since=OLDER).json()
    assert answer["since"] == OLDER
    assert [row["key"] for row in answer["rows"]] == ["variable CAME"]
    assert [row["key"] for row in answer["removed"]] == ["variable GONE"]
    (change,) = answer["changed"]
    assert (change["columns"], change["before"]["cells"]["required"]) == (["required"], True)


def test_the_bill_of_materials_is_cyclonedx_of_the_commit(program, pay):
    told(pay, OLDER, dependencies=[dependency("httpx")])
    told(pay, NEWER, dependencies=[dependency("requests")])
    bill = program.get(f"/repositories/{pay.pk}/sbom", commit=OLDER).json()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert [(one["name"], one["version"]) for one in bill["components"]] == [("httpx", "2.32.0")]
    assert bill["metadata"]["component"]["version"] == OLDER
    assert program.get(facts(pay)).json()["sbom"] == f"http://testserver/api/v1/repositories/{pay.pk}/sbom"


def test_what_is_not_there_is_refused(program, pay):
    assert refusal(program.get(facts(pay))) == (404, "commit_not_scanned")
    told(pay)
    assert refusal(program.get(facts(pay, "secrets"))) == (404, "table_unknown")
    assert refusal(program.get(facts(pay), commit="e" * 40)) == (404, "commit_not_scanned")
    assert refusal(program.get(facts(pay), commit="head")) == (422, "commit_malformed")
    assert refusal(program.get(facts(pay, "jobs"), since="e" * 40)) == (404, "commit_not_scanned")
    assert refusal(program.get(facts(pay), table="jobs")) == (422, "parameter_unknown")
    assert refusal(program.get("/repositories/999999/facts")) == (404, "repository_unknown")


def test_a_scan_that_is_older_than_facts_says_so(program, pay):
    tree(finished(pay))
    assert refusal(program.get(facts(pay))) == (404, "facts_not_kept")
    assert refusal(program.get(facts(pay, "jobs"))) == (404, "facts_not_kept")
    assert refusal(program.get(f"/repositories/{pay.pk}/sbom")) == (404, "facts_not_kept")


def test_another_team_learns_nothing(program, owner, pay):
    other = RepositoryFactory(team=TeamFactory(name="Search"))
    told(other, boundaries=[boundary()])
    assert refusal(program.get(facts(other))) == (404, "repository_unknown")
    assert refusal(program.get(facts(other, "boundaries"))) == (404, "repository_unknown")


def test_the_scope_read_is_needed(team, owner, pay):
    told(pay)
    program = Program(made(team, owner, "scan"))
    assert refusal(program.get(facts(pay))) == (403, "scope_missing")
    assert refusal(program.get(facts(pay, "jobs"))) == (403, "scope_missing")


def test_few_queries_however_many_rows(program, pay, django_assert_max_num_queries):
    told(pay, OLDER, dependencies=[dependency(f"a{number}") for number in range(400)])
    told(pay, NEWER, dependencies=[dependency(f"b{number}") for number in range(400)])
    with django_assert_max_num_queries(8):
        assert len(program.get(facts(pay, "dependencies"), since=OLDER).json()["rows"]) == 400


def test_every_table_has_a_page():
    assert {table for chapter in CHAPTERS.values() for table in chapter.tables} == set(TABLES)
