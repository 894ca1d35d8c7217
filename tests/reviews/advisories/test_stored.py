"""What scans compare with: a few queries, the answers of the command line, and a note of all that was asked."""

import pytest

from reviews.advisories.loading import load
from reviews.advisories.stored import answers_differ, current, names_in
from scanners.advisories import load as read_from_disk
from tests.reviews.advisories.osv import days_ago, folder, record

pytestmark = pytest.mark.django_db

RECORDS = (
    record("A-1", aliases=["CVE-0-1"]),
    record("A-2", aliases=["CVE-0-1"], severity=[{"score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]),
    record("A-3", "Buoy_Line", fixed="0.9", day=days_ago(3)),
    record("A-4", "buoy-line", withdrawn="2026-01-01T00:00:00Z"),
)


@pytest.fixture
def source(tmp_path):
    load(str(folder(tmp_path, *RECORDS)))
    return tmp_path


def test_there_is_nothing_to_compare_with_before_the_first_load():
    assert current() is None


@pytest.mark.parametrize(
    ("name", "version"), [("Tackle", "1.9"), ("tackle", "2.0"), ("buoy.line", "0.1"), ("rope", "1"), ("tackle", "x")]
)
def test_it_answers_as_the_records_on_disk_do(source, name, version):
    known, on_disk = current(), read_from_disk(source)
    assert known.of(name, version) == on_disk.of(name, version)
    assert known.knows(name) == on_disk.knows(name)
    assert known.date == on_disk.date


def test_many_packages_take_one_query(source, django_assert_num_queries):
    known = current()
    with django_assert_num_queries(1):
        known.expect([f"package-{number}" for number in range(300)] + ["Tackle"])
        assert known.of("tackle", "1")
        assert not known.of("package-7", "1")
        assert (known.knows("tackle"), known.knows("package-8")) == (True, False)


def test_a_stamp_says_how_far_they_reach(source):
    assert current().stamp == {
        "digest": current().row.digest,
        "as_of": str(days_ago(0)),
        "current": str(days_ago(0)),
    }


class TestAsked:
    @pytest.fixture
    def asked(self, source):
        known = current()
        known.of("Tackle", "1.9")
        known.of("rope", "1.0")
        known.knows("buoy-line")
        return known.asked

    def test_names_every_question(self, asked):
        assert names_in(asked) == {"tackle", "rope", "buoy-line"}
        assert [(name, version) for name, version, _ in asked["of"]] == [("rope", "1.0"), ("tackle", "1.9")]
        assert asked["knows"] == [["buoy-line", True]]

    @pytest.mark.parametrize(
        "news",
        [
            (record("A-5", "harbour"),),
            (record("A-6", "rope", fixed="0.5"),),
            (record("A-1", aliases=["CVE-0-1"], references=["https://example.org"]),),
        ],
        ids=["another package", "another version", "only words"],
    )
    def test_news_about_something_else_change_no_answer(self, asked, tmp_path, news):
        load(str(folder(tmp_path / "news", *news)))
        assert not answers_differ(asked, current())

    @pytest.mark.parametrize(
        "news",
        [
            record("A-5", "rope"),
            record("A-1", fixed="2.1", aliases=["CVE-0-1"]),
            record("A-1", aliases=["CVE-0-0", "CVE-0-1"]),
            record("A-3", "buoy-line", withdrawn="2026-02-02T00:00:00Z"),
        ],
        ids=["a new fault", "another fixed version", "another name", "withdrawn"],
    )
    def test_news_about_what_was_asked_do(self, asked, tmp_path, news):
        load(str(folder(tmp_path / "news", news)))
        assert answers_differ(asked, current())
