"""Rows of the inventory as pages show them, and what changed between two commits."""

import pytest

from reviews import factchanges, inventory
from reviews.chapters import PAGE_OF, WORDINGS
from reviews.codelinks import lines_of
from reviews.inventory import Wish, cell, facets, lines, narrowed, read, summaries, summary, worst
from reviews.models import Scan
from scanners.inventory.table import BAD, GOOD, UNKNOWN, Column, Place, Row, Table
from scanners.inventory.tables import TABLES
from tests.factories import RepositoryFactory, ScanFactory
from tests.reviews.filled import review_of
from tests.reviews.inventory_rows import NEWER, OLDER, boundary, dependency, endpoint, keep, told, variable
from tests.reviews.pull_rows import proposal
from tests.reviews.rows import finished, tree

BOUNDARIES = TABLES["boundaries"]


def nowhere(path, line):
    return ""


def shown(*rows, wish=Wish(), table=BOUNDARIES):  # noqa: B008 - a wish is frozen
    return [line.row.key for line in narrowed(table.name, lines(table, rows, nowhere), wish)]


@pytest.fixture
def pay(team):
    return RepositoryFactory(team=team, name="pay", url="https://github.com/acme/pay")


class TestCells:
    @pytest.mark.parametrize("mark", ["", GOOD, BAD, UNKNOWN])
    def test_what_cannot_be_told_is_never_good(self, mark):
        assert (cell("timeout", "Timeout", None, mark).kind, cell("timeout", "Timeout", None, mark).mark) == (
            "unknown",
            UNKNOWN,
        )

    @pytest.mark.parametrize(
        ("value", "kind", "text"),
        [
            ("5 s", "text", "5 s"),
            (True, "text", "yes"),
            (False, "text", "no"),
            (0, "number", 0),
            (["a", "b"], "list", ["a", "b"]),
            ("", "nothing", ""),
            ([], "nothing", ""),
        ],
    )
    def test_each_kind_of_value_is_told_apart(self, value, kind, text):
        found = cell("name", "Name", value, "")
        assert (found.kind, found.value) == (kind, text)

    def test_an_absent_cell_is_nothing_and_not_unknown(self):
        (row,) = lines(BOUNDARIES, [Row("a", {})], nowhere)
        assert {one.kind for one in row.cells} == {"nothing"}
        assert row.mark == ""

    def test_long_words_are_known(self):
        assert cell("target", "Target", "settings.PAYMENTS_GATEWAY_URL", "").long
        assert not cell("target", "Target", "many short words of one cell", "").long


class TestOrder:
    def test_what_is_at_fault_comes_first_then_what_is_not_known(self):
        rows = [boundary(1, mark=GOOD), boundary(2, mark=UNKNOWN), boundary(3), Row("z", {"kind": "http"})]
        assert [key.rpartition(" ")[2][:5] for key in shown(*rows)] == ["host3", "host2", "host1", "z"]

    def test_a_row_is_as_bad_as_its_worst_cell(self):
        assert worst(boundary(marks={"timeout": GOOD, "retry": BAD})) == BAD
        assert worst(boundary(marks={"timeout": GOOD, "retry": UNKNOWN})) == UNKNOWN
        assert worst(boundary(mark=GOOD)) == GOOD
        assert worst(boundary(mark=GOOD, unresolved="The retry is elsewhere.")) == UNKNOWN
        assert worst(boundary(mark=GOOD, cells={"target": None})) == UNKNOWN

    def test_rows_of_one_key_have_names_of_their_own_that_last(self):
        first, second = lines(BOUNDARIES, [boundary(1), boundary(1)], nowhere)
        (again,) = lines(BOUNDARIES, [boundary(1, places=(Place("elsewhere.py", 99),))], nowhere)
        assert first.id != second.id
        assert again.id == first.id


class TestNarrowing:
    rows = (boundary(1), boundary(2, "sql", UNKNOWN), boundary(3, "sql", GOOD))

    @pytest.mark.parametrize(
        ("wish", "keys"),
        [
            (Wish(words="HOST2"), ["sql requests host2.example.org"]),
            (Wish(words="requests host3"), ["sql requests host3.example.org"]),
            (Wish(words="refunds.py host1"), ["http requests host1.example.org"]),
            (Wish(words="variable"), ["sql requests host2.example.org"]),
            (Wish(words="nowhere"), []),
            (Wish(mark=BAD), ["http requests host1.example.org"]),
            (Wish(mark=UNKNOWN), ["sql requests host2.example.org"]),
            (Wish(facet="http"), ["http requests host1.example.org"]),
            (Wish(facet="sql", mark=GOOD), ["sql requests host3.example.org"]),
            (Wish(row="row-0000000000"), []),
        ],
    )
    def test_a_wish_keeps_what_it_names(self, wish, keys):
        assert shown(*self.rows, wish=wish) == keys

    def test_one_row_is_found_by_its_name(self):
        name = lines(BOUNDARIES, self.rows, nowhere)[0].id
        assert len(shown(*self.rows, wish=Wish(row=name))) == 1

    def test_facets_are_counted_in_words(self):
        rows = [dependency("a"), dependency("b", direct=False), dependency("c", cells={"direct": None})]
        assert facets("dependencies", rows) == {"brought in by others": 1, "direct": 1, "not known": 1}

    def test_one_value_alone_is_no_choice(self):
        assert facets("boundaries", [boundary(1), boundary(2)]) == {}


class TestSummary:
    def test_says_how_many_and_what_is_wrong_with_them(self):
        table = Table("boundaries", "", (Column("timeout", "Timeout"), Column("retry", "Retry")), lambda tree: ())
        found = summary(table, [boundary(1), boundary(2), boundary(3, mark=UNKNOWN), boundary(4, mark=GOOD)])
        assert (found.counted, found.rows, found.bad, found.unknown) == ("4 boundaries", 4, 2, 1)
        assert found.notes == ((BAD, "2 without a sound timeout"), (UNKNOWN, "1 not fully known"))

    def test_a_column_without_words_of_its_own_is_told_too(self):
        table = Table("boundaries", "", (Column("library", "Library"),), lambda tree: ())
        assert summary(table, [boundary(marks={"library": BAD})]).notes[0] == (BAD, "1 with an unsound library")

    def test_one_is_spoken_of_as_one(self):
        assert summary(TABLES["endpoints"], [endpoint()]).counted == "1 endpoint"

    def test_every_table_has_words_and_a_page(self):
        assert set(WORDINGS) == set(PAGE_OF) == set(TABLES)

    @pytest.mark.parametrize("name", TABLES)
    def test_words_are_about_columns_that_there_are(self, name):
        columns = {column.name for column in TABLES[name].columns}
        wording = WORDINGS[name]
        assert {*wording.bad, *wording.named, wording.facet} <= columns


@pytest.mark.django_db
class TestReading:
    def test_rows_come_back_as_they_were_kept(self, pay):
        scan = told(pay, boundaries=[boundary(1), boundary(2, mark=UNKNOWN)])
        assert read(scan).rows("boundaries") == [boundary(1), boundary(2, mark=UNKNOWN)]
        assert read(scan).rows("jobs") == []

    def test_an_empty_inventory_is_kept_and_an_old_scan_kept_none(self, pay):
        assert read(told(pay)).kept
        assert not read(finished(pay, commit=OLDER)).kept
        old = finished(pay, commit="3" * 40)
        tree(old)
        assert not read(old).kept
        assert summaries(read(old))[0].rows == 0

    def test_a_table_that_is_younger_than_the_scan_has_no_rows(self, pay):
        told_now = inventory.Inventory(Scan(), {"boundaries": []})
        assert told_now.kept
        assert told_now.rows("jobs") == []

    def test_places_have_addresses_at_the_forge(self, pay):
        (line,) = lines(BOUNDARIES, [boundary(3)], lines_of(pay, NEWER))
        assert line.spots[0].href == f"https://github.com/acme/pay/blob/{NEWER}/pay/bank.py#L3"
        assert [spot.place.path for spot in line.others] == ["pay/refunds.py"]


@pytest.mark.django_db
class TestChoosing:
    def test_commits_are_offered_once_and_only_with_facts(self, pay):
        tree(finished(pay, commit="3" * 40))
        first = told(pay, OLDER)
        again = told(pay, NEWER)
        ScanFactory(repository=pay, commit="4" * 40, state="failed")
        newest = ScanFactory(repository=pay, commit=NEWER, state="done", rule_set="rules-2")
        keep(newest, {})
        assert factchanges.offered(pay) == [newest, first]
        assert again not in factchanges.offered(pay)

    def test_scans_of_pull_requests_are_not_offered_and_can_be_named(self, pay):
        told(pay, OLDER)
        scan = ScanFactory(repository=pay, pull_request=proposal(pay), commit=NEWER, state="done", branch="x")
        keep(scan, {})
        assert [one.commit for one in factchanges.offered(pay)] == [OLDER]
        assert factchanges.scan_of(pay, NEWER) == scan

    def test_the_last_approved_commit_is_compared_with_first(self, pay):
        approved, between, now = told(pay, "3" * 40), told(pay, OLDER), told(pay, NEWER)
        offers = factchanges.offered(pay)
        before = factchanges.former(pay, now, offers)
        assert before is not None
        assert (before.scan, before.why) == (between, "scanned before it")
        review_of(pay, state="approved", commit=approved.commit, valid_until="2030-01-01T00:00Z")
        before = factchanges.former(pay, now, offers)
        assert before is not None
        assert (before.scan, before.why) == (approved, "approved in review 1")

    def test_the_first_commit_has_nothing_to_compare_with(self, pay):
        scan = told(pay)
        assert factchanges.former(pay, scan, factchanges.offered(pay)) is None


class TestChanges:
    def differing(self, before, after, table="variables"):
        return factchanges.changed(TABLES[table], before, after, nowhere, nowhere)

    def test_rows_come_go_and_change(self):
        before = [variable("GONE"), variable("KEPT"), variable("SAME")]
        found = self.differing(before, [variable("CAME"), variable("KEPT", required=False), variable("SAME")])
        assert [line.named for line in found.added] == ["CAME"]
        assert [line.named for line in found.removed] == ["GONE"]
        (pair,) = found.changed
        ((was, now),) = pair.cells
        assert (pair.line.named, was.title, was.value, now.value) == ("KEPT", was.title, "yes", "no")
        assert found.total == 3

    def test_lines_that_moved_are_no_change(self):
        moved = Row("variable A", variable("A").cells, (Place("elsewhere.py", 99),))
        assert self.differing([variable("A")], [moved]).total == 0

    def test_what_cannot_be_told_any_more_is_a_change_to_unknown(self):
        found = self.differing([variable("A", default="5")], [variable("A", default=None)])
        assert found.changed[0].cells[0][1].mark == UNKNOWN

    def test_an_export_says_what_became_of_each_row(self):
        before, after = [variable("GONE"), variable("KEPT")], [variable("CAME"), variable("KEPT", read=2)]
        table = factchanges.as_table(TABLES["variables"])
        rows = list(factchanges.as_rows(before, after))
        assert table.columns[0].name == "change"
        assert [(row.cells["change"], row.cells["name"]) for row in rows] == [
            ("added", "CAME"),
            ("removed", "GONE"),
            ("before", "KEPT"),
            ("after", "KEPT"),
        ]
