"""Calendar text as RFC 5545 wants it."""

from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from reviews.waivers.ical import LONGEST_LINE, Event, calendar, escaped, folded

EVENT = Event(
    uid="waiver-1@plimsoll.example.org",
    day=date(2026, 12, 31),
    changed=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    summary="pay: waiver ends, a rule",
    description="One; two, three\\four\nfive",
    url="https://plimsoll.example.org/waivers/1/",
    sequence=2,
)
texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=300)


def test_an_event_is_a_whole_day_that_keeps_its_uid():
    lines = calendar("Ends", [EVENT]).split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    wanted = ["UID:waiver-1@plimsoll.example.org", "DTSTAMP:20260301T093000Z", "SEQUENCE:2"]
    wanted += ["DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101"]
    assert [line for line in lines if line in wanted] == wanted


def test_texts_are_escaped():
    assert escaped("a;b,c\\d\r\ne\rf\x07") == "a\\;b\\,c\\\\d\\ne\\nf"


@given(texts)
def test_what_was_folded_unfolds_to_the_same(text):
    line = f"SUMMARY:{escaped(text)}"
    parts = list(folded(line))
    assert parts[0] + "".join(part[1:] for part in parts[1:]) == line
    assert all(part.startswith(" ") for part in parts[1:])
    assert all(len(part.encode()) <= LONGEST_LINE for part in parts)


@given(texts)
def test_no_text_adds_a_line_of_its_own(text):
    plain = Event("u", EVENT.day, EVENT.changed, text, text, "https://a.example/")
    whole = calendar(text, [plain]).replace("\r\n ", "")
    assert whole.count("\r\n") == 20
    assert "\n" not in whole.replace("\r\n", "")
