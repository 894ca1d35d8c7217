import datetime as dt
import json
from enum import StrEnum

import pytest

from reviews.audit.chain import canonical, digest, plain, storable
from tests.reviews.corruptions import intact


class Colour(StrEnum):
    RED = "red"


def test_the_digest_covers_every_value_but_itself():
    (row,) = intact(1)
    others = [row._replace(**{name: "other"}) for name in row._fields[:-1]]
    assert len({digest(row), *map(digest, others)}) == 11
    assert digest(row._replace(digest="other")) == digest(row)


def test_the_digest_stays_what_it_was_in_earlier_versions():
    (row,) = intact(1)
    assert row.digest == "50531c77a31f71e2d1f87b85fed21702d19aa2c69c72cb87f355d0a474b4b52a"


def test_a_number_and_its_text_differ():
    (row,) = intact(1)
    assert digest(row._replace(actor_key=1)) != digest(row._replace(actor_key="1"))


def test_what_has_no_json_has_no_digest():
    (row,) = intact(1)
    assert digest(row._replace(text=b"bytes")) == ""
    assert digest(row._replace(actor_key=float("nan"))) == ""


def test_canonical_json_has_one_form_in_ascii():
    assert (
        canonical({"b": [1, None, True], "a": "\N{SNOWMAN}\ud800\0"}) == r'{"a":"\u2603\ud800\u0000","b":[1,null,true]}'
    )


def test_data_may_hold_texts_whole_numbers_truth_nothing_and_lists():
    data = {"a": [1, "x", None, True, (2, Colour.RED)], "b": {"c": 10**30}}
    assert json.loads(plain(data)) == {"a": [1, "x", None, True, [2, "red"]], "b": {"c": 10**30}}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"score": 0.5}, "data.score is the float 0.5"),
        ({"a": [{"b": float("nan")}]}, r"data.a\[0\].b is the float nan"),
        ({"at": dt.date(2026, 1, 1)}, "data.at is a date"),
        ({"a": {1: "x"}}, "data.a has the key 1"),
        ({"a": {"x"}}, "data.a is a set"),
        ({"a": b"x"}, "data.a is a bytes"),
    ],
)
def test_other_data_is_refused_with_its_place(data, said):
    with pytest.raises(TypeError, match=said):
        plain(data)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("ça \N{SNOWMAN} \U0001f600", "ça \N{SNOWMAN} \U0001f600"),
        ("a\0b", "a\\x00b"),
        ("a\ud800b\udcff", "a\\ud800b\\udcff"),
    ],
)
def test_what_a_database_refuses_is_written_as_an_escape(text, stored):
    assert storable(text) == stored
    stored.encode("utf-8")
