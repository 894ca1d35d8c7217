"""The pages of facts."""

import csv
import io
import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from reviews.models import AdvisoryLoad, Membership, Scan
from scanners.inventory.table import BAD, GOOD, UNKNOWN, Row
from scanners.inventory.tables import TABLES
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.inventory_rows import NEWER, OLDER, boundary, dependency, endpoint, keep, told, variable
from tests.reviews.pull_rows import judged, proposal
from tests.reviews.rows import finished, tree

pytestmark = pytest.mark.django_db
FACTS = "/repositories/payments/pay/facts/"


@pytest.fixture
def pay(team):
    return RepositoryFactory(team=team, name="pay", url="https://github.com/acme/pay")


@pytest.fixture
def get(client, viewer):
    """What a viewer gets at an address below the facts."""
    client.force_login(viewer)
    return lambda path="", **query: client.get(path if path.startswith("/") else FACTS + path, query)


@pytest.fixture
def see(get):
    return lambda path="", **query: get(path, **query).content.decode()


class TestChapters:
    def test_a_row_shows_its_cells_its_mark_and_its_line_at_the_forge(self, see, pay):
        told(pay, boundaries=[boundary(7)])
        text = see()
        assert "host7.example.org" in text
        assert '<span class="sr">at fault: </span><span>none</span>' in text
        assert f'href="https://github.com/acme/pay/blob/{NEWER}/pay/bank.py#L7"' in text
        assert "1 more place" in text
        assert "pay/refunds.py:40" in text

    def test_without_a_forge_the_place_is_text(self, see, pay):
        pay.url = "/srv/git/pay.git"
        pay.save()
        told(pay, boundaries=[boundary(7)])
        assert '<span class="spot">pay/bank.py:7</span>' in see()

    def test_what_cannot_be_told_is_said_with_its_reason_and_never_as_good(self, see, pay):
        told(pay, boundaries=[boundary(7, mark=UNKNOWN, cells={"timeout": None}, marks={"timeout": GOOD})])
        text = see()
        assert "#o-unknown" in text
        assert "<span>not known</span>" in text
        assert "The timeout comes from a variable." in text
        assert "#tick" not in text
        assert "edge-unknown" in text

    @pytest.mark.parametrize(
        ("chapter", "none"),
        [
            ("boundaries", "No call that leaves the process was found."),
            ("configuration", "No variable of the environment is read."),
            ("endpoints", "No route was found."),
            ("jobs", "No background job was found."),
            ("data", "No migration was found."),
            ("dependencies", "No dependency is declared or locked."),
        ],
    )
    def test_an_empty_table_says_what_was_looked_for(self, see, pay, chapter, none):
        told(pay)
        text = see(f"{chapter}/")
        assert none in text
        assert "CSV" not in text

    def test_the_way_through_counts_rows_and_those_at_fault(self, see, pay):
        told(pay, boundaries=[boundary(1)], endpoints=[endpoint("/a"), endpoint("/b"), endpoint("/c", GOOD)])
        text = re.sub(r"<[^>]+>", "", see())
        assert "Endpoints3 rows, 2 at fault" in text
        assert "What it talks to1 rows, 1 at fault" in text

    def test_an_unknown_chapter_is_not_there(self, get, pay):
        told(pay)
        assert get("secrets/").status_code == 404

    def test_text_of_the_repository_is_no_markup(self, see, pay):
        told(pay, boundaries=[boundary(1, cells={"target": "<script>alert(1)</script>"})])
        text = see()
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text

    def test_a_defect_in_a_key_names_no_attribute(self, see, pay):
        told(pay, boundaries=[boundary(1, key='"><b>')])
        assert '"><b>' not in see()


class TestMap:
    def test_the_map_says_what_it_shows_and_leads_to_the_rows(self, see, pay):
        told(pay, boundaries=[boundary(1), boundary(2, "sql", UNKNOWN), boundary(3, "cache", GOOD)])
        text = see()
        said = "pay talks to 3 others, 1 with a timeout or retry at fault and 1 where that is not known."
        assert f'aria-label="{said} The table below says the same."' in text
        links = re.findall(r'<a href="#(row-\w+)" aria-label="host1', text)
        assert len(links) == 2
        assert f'id="{links[0]}"' in text

    def test_a_row_that_is_not_on_the_page_is_asked_for(self, see, pay):
        kinds = ("http", "sql", "cache", "broker", "mail")
        told(pay, boundaries=[boundary(number, kinds[number % 5]) for number in range(100)])
        text = see()
        folded = re.search(r'<a href="([^"]+)" aria-label="and \d+ more', text)
        assert folded
        assert "table=boundaries&amp;facet=" in folded[1]
        row = see(folded[1].replace("&amp;", "&"))
        assert row.count("<tr id=") == 20

    def test_one_row_can_be_opened_alone(self, see, pay):
        told(pay, boundaries=[boundary(number) for number in range(60)])
        name = re.findall(r'<tr id="(row-\w+)"', see())[3]
        text = see("boundaries/", table="boundaries", row=name)
        assert text.count("<tr id=") == 1
        assert 'aria-current="true"' in text

    def test_without_boundaries_there_is_no_map(self, see, pay):
        told(pay)
        assert "<figure" not in see()


class TestFilter:
    @pytest.fixture
    def many(self, pay):
        rows = [dependency(f"brought{number}", direct=False) for number in range(240)]
        old = dependency("old", marks={"state": BAD}, cells={"state": "missing from lock"})
        return told(pay, dependencies=[*rows, dependency("asked"), old])

    def test_the_worst_come_first_and_the_rest_has_pages(self, see, many):
        text = see("dependencies/")
        assert text.index(">old<") < text.index(">brought0<")
        assert text.count("<tr id=") == 100
        assert "page=3" in text
        assert see("dependencies/", page=3).count("<tr id=") == 42

    def test_words_marks_and_facets_narrow(self, see, many):
        assert see("dependencies/", q="BROUGHT23").count("<tr id=") == 11
        assert see("dependencies/", mark="bad").count("<tr id=") == 1
        assert see("dependencies/", facet="direct").count("<tr id=") == 2
        assert "Direct: any" in see("dependencies/")
        assert "None of 242 is like that." in see("dependencies/", q="nothing of the kind")
        assert see("dependencies/", mark="nonsense").count("<tr id=") == 100

    def test_pages_keep_what_was_asked_for(self, see, many):
        assert "?q=brought&amp;mark=good&amp;page=2" in see("dependencies/", q="brought", mark="good")

    def test_a_swap_gets_the_tables_alone(self, client, viewer, many):
        client.force_login(viewer)
        text = client.get(FACTS + "dependencies/", {"q": "old"}, headers={"HX-Request": "true"}).content.decode()
        assert text.strip().startswith('<div id="tables"')
        assert text.count("<tr id=") == 1

    def test_a_table_among_others_leads_to_all_of_its_rows(self, see, pay):
        told(pay, boundaries=[boundary(number) for number in range(50)])
        assert "All 50 boundaries" in see()
        assert see().count("<tr id=") == 40
        assert see("boundaries/", table="boundaries").count("<tr id=") == 50

    def test_columns_that_no_row_fills_are_left_out(self, see, pay):
        told(pay, variables=[variable()])
        text = see("configuration/")
        assert ">Required</th>" in text
        assert ">Checked by</th>" not in text


class TestCommits:
    def test_another_commit_is_shown_as_such_and_kept_in_links(self, see, pay):
        told(pay, OLDER, variables=[variable("OLD")])
        told(pay, NEWER, variables=[variable("NEW")])
        text = see("configuration/", commit=OLDER[:7])
        assert "OLD" in text
        assert "is not the newest scan of the branch" in text
        assert f"facts/endpoints/?commit={OLDER}" in text
        assert f"tables/variables.csv?commit={OLDER}" in text
        assert "is not the newest" not in see("configuration/", commit=NEWER)

    @pytest.mark.parametrize("commit", ["e" * 40, "head", "1b2c", "'; drop"])
    def test_a_commit_that_was_not_scanned_is_not_there(self, get, pay, commit):
        told(pay)
        assert get("", commit=commit).status_code == 404

    def test_a_commit_of_another_repository_is_not_there(self, get, pay, stranger):
        other = RepositoryFactory(team=Membership.objects.get(user=stranger).team)
        told(other, "9" * 40, variables=[variable("THEIRS")])
        told(pay)
        assert get("configuration/", commit="9" * 40).status_code == 404
        assert get("changes/", since="9" * 40).context["missing"] == "9" * 40
        assert get("tables/variables.csv", since="9" * 40).status_code == 404

    def test_an_old_scan_says_so_and_offers_a_new_one(self, client, teammate, viewer, pay):
        tree(finished(pay))
        client.force_login(teammate)
        text = client.get(FACTS).content.decode()
        assert "This scan kept no facts" in text
        assert text.count(reverse("request-scan", args=["payments", "pay"])) == 2
        client.force_login(viewer)
        assert "An engineer of Payments can ask for a new scan." in client.get(FACTS).content.decode()
        assert client.get(FACTS + "changes/").status_code == 200
        assert client.get(FACTS + "tables/jobs.csv").status_code == 404
        assert client.get(FACTS + "sbom/").status_code == 404

    def test_before_the_first_scan_it_says_what_will_be_here(self, see, pay):
        assert "No scan yet" in see()
        scan = ScanFactory(repository=pay)
        assert "The first scan is under way" in see()
        Scan.objects.filter(pk=scan.pk).update(state="failed", error_message="The server is silent.")
        assert "The server is silent." in see()


class TestChanges:
    def test_cells_are_shown_before_and_after(self, see, pay):
        told(pay, OLDER, variables=[variable("GONE"), variable("KEPT")])
        told(pay, NEWER, variables=[variable("CAME"), variable("KEPT", required=False)])
        text = see("changes/")
        assert "1 added, 1 removed, 1 changed" in text
        assert "(scanned before it)" in text
        assert re.search(r"<dt>Required</dt><dd><del>.*yes.*</del>.*<ins>.*no.*</ins>", text, re.DOTALL)
        assert f"variables.csv?commit={NEWER}&amp;since={OLDER}" in text

    def test_without_a_change_or_a_commit_before_it_says_so(self, see, pay):
        told(pay, OLDER, variables=[variable()])
        assert "Nothing to compare with" in see("changes/")
        told(pay, NEWER, variables=[variable()])
        assert "Nothing changed" in see("changes/")

    def test_a_commit_that_kept_nothing_or_was_not_scanned_is_told(self, see, pay):
        tree(finished(pay, commit=OLDER))
        told(pay, NEWER)
        assert "kept no facts" in see("changes/", since=OLDER)
        assert "eeeeeee was not scanned" in see("changes/", since="e" * 40)

    def test_thousands_are_cut_and_counted(self, see, pay):
        told(pay, OLDER)
        told(pay, NEWER, dependencies=[dependency(f"d{number}") for number in range(250)])
        text = see("changes/")
        assert text.count("diff-sign") == 200
        assert "50 more stand in the CSV." in text

    def test_a_pull_request_leads_to_what_it_changes(self, see, pay):
        pull = proposal(pay)
        judged(pull)
        scan = pull.latest_scan
        keep(scan, {})
        text = see("/repositories/payments/pay/pulls/7/")
        assert f"facts/changes/?commit={scan.commit}&amp;since={scan.comparison.base_commit}" in text
        assert see("changes/", commit=scan.commit, since=scan.comparison.base_commit).count("was not scanned") == 1


class TestExport:
    def test_csv_has_a_name_a_type_and_no_formula(self, get, pay):
        told(pay, variables=[variable("A", default="=1+1"), variable("B", default=None)])
        answer = get("tables/variables.csv")
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Content-Disposition"] == 'attachment; filename="pay-variables-7ac01d9.csv"'
        first, second = csv.DictReader(io.StringIO(answer.content.decode()))
        assert (first["name"], first["default"], second["default"]) == ("A", "'=1+1", "?")

    def test_json_has_the_rows_as_they_are(self, get, pay):
        told(pay, boundaries=[boundary(1)])
        answer = get("tables/boundaries.json")
        assert answer.headers["Content-Type"] == "application/json"
        (row,) = json.loads(answer.content)["boundaries"]["rows"]
        assert Row.read(row) == boundary(1)

    def test_a_difference_says_what_became_of_each_row(self, get, pay):
        told(pay, OLDER, variables=[variable("GONE")])
        told(pay, NEWER, variables=[variable("CAME")])
        answer = get("tables/variables.csv", since=OLDER)
        assert "pay-variables-7ac01d9-since-1b2c3d4.csv" in answer.headers["Content-Disposition"]
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        assert [(row["change"], row["name"]) for row in rows] == [("added", "CAME"), ("removed", "GONE")]

    @pytest.mark.parametrize("path", ["tables/secrets.csv", "tables/jobs.xlsx", "tables/jobs.html"])
    def test_other_tables_and_forms_are_not_there(self, get, pay, path):
        told(pay)
        assert get(path).status_code == 404

    def test_the_bill_of_materials_is_cyclonedx(self, get, pay):
        told(pay, dependencies=[dependency("httpx")])
        answer = get("sbom/")
        assert answer.headers["Content-Type"].startswith("application/vnd.cyclonedx+json")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="pay-7ac01d9.cdx.json"'
        assert [one["name"] for one in json.loads(answer.content)["components"]] == ["httpx"]

    def test_the_page_of_dependencies_says_with_what_they_were_compared(self, see, pay):
        scan = told(pay, dependencies=[dependency("httpx")])
        assert "No advisories were loaded" in see("dependencies/")
        now = timezone.now()
        load = {"source": "osv.zip", "loaded_at": now, "as_of": now.date(), "read_on": now.date(), "digest": "d"}
        scan.compared = AdvisoryLoad.objects.create(**load)
        scan.save()
        assert f"advisories of {now:%-d %b %Y}" in see("dependencies/")


class TestElsewhere:
    def test_the_scorecard_sums_them_up(self, see, pay):
        told(pay, boundaries=[boundary(1), boundary(2, mark=UNKNOWN)], endpoints=[endpoint("/a")])
        text = see("/repositories/payments/pay/")
        assert f'<a href="{FACTS}boundaries/#boundaries">2 boundaries</a>, 1 without a sound timeout' in text
        assert "1 endpoint</a>" in text
        assert "0 jobs" not in text

    def test_the_scorecard_of_an_old_scan_says_nothing(self, see, pay):
        tree(finished(pay))
        assert "What it tells" not in see("/repositories/payments/pay/")

    def test_a_scan_leads_to_its_facts(self, see, pay):
        older, newest = told(pay, OLDER), told(pay, NEWER)
        assert f'href="{FACTS}?commit={OLDER}">Facts</a>' in see(reverse("scan", args=[older.pk]))
        assert f'class="btn" href="{FACTS}">Facts</a>' in see(reverse("scan", args=[newest.pk]))


class TestCost:
    @pytest.mark.parametrize(
        "path", ["", "configuration/", "endpoints/", "jobs/", "data/", "dependencies/", "changes/", "tables/jobs.csv"]
    )
    def test_few_queries_however_many_rows(self, get, pay, path, django_assert_max_num_queries):
        tables = {name: [boundary(number) for number in range(60)] for name in TABLES}
        told(pay, OLDER, **{name: rows[:9] for name, rows in tables.items()})
        told(pay, NEWER, **tables)
        with django_assert_max_num_queries(17):
            assert get(path).status_code == 200
