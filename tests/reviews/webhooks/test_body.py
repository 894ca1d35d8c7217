"""Bytes of a body: what becomes a payload, and what is refused by name."""

import json
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviews.webhooks import body
from reviews.webhooks.errors import BadBodyError

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def refusal(raw, content_type=JSON):
    with pytest.raises(BadBodyError) as caught:
        body.read(raw, content_type)
    assert caught.value.next_step
    return caught.value.code


@pytest.mark.parametrize(
    "content_type",
    [
        *(
            "application/json",
            "Application/JSON; charset=UTF-8",
            'application/json; charset="utf-8"',
            "application/json;",
        ),
        *("application/vnd.forge+json", " application/json ; boundary=x", ""),
    ],
)
def test_json_is_read_whatever_it_is_called(content_type):
    assert body.read('{"ref": "größe", "n": 1}'.encode(), content_type) == {"ref": "größe", "n": 1}


@pytest.mark.parametrize("content_type", [FORM, f"{FORM}; charset=utf-8"])
def test_a_form_carries_the_payload_in_a_field(content_type):
    raw = urlencode({"payload": '{"title": "Größe & mehr=1+1"}', "other": "1"}).encode()
    assert body.read(raw, content_type) == {"title": "Größe & mehr=1+1"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"payload",
        b"payload=",
        b"payload={}&payload={}",
        b"other=1",
        b"payload=%ff",
        "payload=ü".encode(),
        b"payload=%7B%22a%22%3A",
        b"&".join(b"a%d=1" % number for number in range(100)) + b"&payload={}",
    ],
)
def test_a_form_without_one_payload_is_refused(raw):
    assert refusal(raw, FORM) == "payload_malformed"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/html; charset=utf-8",
        "application/xml",
        "multipart/form-data",
        "json",
        "application/json; charset=latin-1",
    ],
)
def test_another_content_type_is_refused(content_type):
    assert refusal(b"{}", content_type) == "payload_type_unknown"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"null",
        b"1",
        b'"text"',
        b"[]",
        b"{",
        b'{"a": 1}{}',
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 123456789012345678901234567890}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1, "a": 2}',
        b'{"b": {"a": 1, "a": [1]}}',
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\x00"}',
        b'{"a": "\n"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
        b"payload=%7B%7D",
    ],
)
def test_what_is_no_json_object_is_refused(raw):
    assert refusal(raw) == "payload_malformed"


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b'{"a":' + b"[" * 64 + b"]" * 64 + b"}",
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":' * 3000,
    ],
)
def test_deep_nesting_is_refused(raw):
    assert refusal(raw) == "payload_too_deep"


def test_what_is_just_deep_enough_is_read():
    assert body.read(b'{"a":' * 64 + b"1" + b"}" * 64, JSON)
    assert body.read(b'{"a":' + b"[" * 63 + b"]" * 63 + b"}", JSON)


def test_a_body_of_five_megabytes_is_read_and_a_larger_one_refused():
    raw = b'{"a": "' + b"x" * (body.MOST_BYTES - 9) + b'"}'
    assert len(body.read(raw, JSON)["a"]) == body.MOST_BYTES - 9
    assert refusal(raw + b" ") == "payload_too_large"


def test_a_key_that_comes_twice_with_one_value_is_read():
    assert body.read(b'{"a": {"url": "x", "url": "x"}}', JSON) == {"a": {"url": "x"}}


def test_what_no_database_keeps_is_replaced():
    raw = rb'{"a\u0000": ["\ud800", {"b": "\udfff\u0000", "whole": "\ud83d\ude00", "n": 1, "none": null}]}'
    instead = "\ufffd"
    whole = {"b": instead * 2, "whole": "😀", "n": 1, "none": None}
    assert body.read(raw, JSON) == {f"a{instead}": [instead, whole]}
    assert refusal(rb'{"a\u0000": 1, "a\ud800": 2}') == "payload_malformed"


def test_a_refusal_tells_nothing_of_the_body():
    with pytest.raises(BadBodyError) as caught:
        body.read(b'{"a": "hunter2', JSON)
    assert "hunter2" not in f"{caught.value} {caught.value.next_step} {caught.value.args}"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
bodies = st.one_of(
    st.binary(),
    st.builds(lambda value: json.dumps(value).encode(), values),
    st.builds(lambda value: json.dumps({"a": value}).encode(), values),
    st.builds(lambda value: f"payload={quote_plus(json.dumps({'a': value}))}".encode(), values),
)


def outcome(raw, content_type):
    """The payload, or the code of a refusal."""
    try:
        return body.read(raw, content_type)
    except BadBodyError as error:
        return error.code


@given(bodies, st.one_of(st.sampled_from([JSON, FORM, ""]), st.text()))
def test_any_body_is_refused_by_name_or_can_be_kept(raw, content_type):
    found = outcome(raw, content_type)
    kept = json.dumps(found, ensure_ascii=False, allow_nan=False)
    assert isinstance(found, dict) or found in body.TEXTS
    assert "\\u0000" not in kept
    assert json.loads(kept.encode()) == found
