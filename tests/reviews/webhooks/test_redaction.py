"""A payload for people: no secret in it, and never large."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviews.webhooks.redaction import LEFT_OUT, MOST_SHOWN, shown

CANARY = "canary-4711-zwitschert"
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(st.characters(codec="utf-8"), max_size=600),
    lambda inner: (
        st.lists(inner, max_size=40) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=90)
    ),
    max_leaves=25,
)


def size(payload):
    return len(json.dumps(payload))


@pytest.mark.parametrize(
    "name",
    [
        *("secret", "token", "password", "private_key", "access_token", "client_secret", "runners_token", "apiKey"),
        *("email", "Email", "emailAddress", "uniqueName", "signature", "authorization", "Cookie", "variables"),
    ],
)
@pytest.mark.parametrize("value", [CANARY, [CANARY], {"value": CANARY}, 47110815])
def test_what_is_private_by_its_name_is_left_out(name, value):
    assert shown({"hook": [{name: value}]}) == {"hook": [{name: LEFT_OUT}]}


def test_nobody_thinks_about_a_very_long_name():
    assert shown({"n" * 81: CANARY, "n" * 80: "plain"}) == {"n" * 81: LEFT_OUT, "n" * 80: "plain"}


def test_whether_there_is_a_secret_may_be_shown():
    assert shown({"token": None, "password": False}) == {"token": None, "password": False}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to eve.o+1@example.org today", f"write to {LEFT_OUT} today"),
        ("root@localhost", LEFT_OUT),
        ("git@example.org:team/pay.git", "git@example.org:team/pay.git"),
        (f"https://bot:{CANARY}@git.example.org/pay.git", "https://git.example.org/pay.git"),
        (f"https://{CANARY}@git.example.org/pay.git", "https://git.example.org/pay.git"),
        (f"https://x.org/a?private_token={CANARY}&page=2", f"https://x.org/a?private_token={LEFT_OUT}&page=2"),
        (f"https://x.org/a?page=2&sig={CANARY}", f"https://x.org/a?page=2&sig={LEFT_OUT}"),
        (f"Bearer {CANARY}", LEFT_OUT),
        ("see ghp_1234567EXAMPLE1234567EXAMPLE12345678.", f"see {LEFT_OUT}"),
        ("glpat-abcdefgh12345678ijkl", LEFT_OUT),
        ("AKIA" + "ABCDEFGHIJKLMNOP", LEFT_OUT),
        ("whsec_bm90IGEgc2VjcmV0IGF0IGFsbA==", LEFT_OUT),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", LEFT_OUT),
        (f"-----BEGIN RSA PRIVATE KEY-----\n{CANARY}\n".replace("-4711-", "4711"), LEFT_OUT),
        ("main", "main"),
        ("da1560886d4f094c3e6c9ef40349f7d38b5d27d7", "da1560886d4f094c3e6c9ef40349f7d38b5d27d7"),
    ],
)
def test_what_is_private_by_its_shape_is_left_out(text, left):
    assert shown({"a": [{"b": text}]}) == {"a": [{"b": left}]}


def test_the_secrets_of_the_hook_are_left_out_wherever_they_stand():
    payload = {"note": f"<{CANARY}>", f"key {CANARY}": [CANARY, {"deep": {"deeper": CANARY}}]}
    assert CANARY not in json.dumps(shown(payload, ["", CANARY]))


@pytest.mark.parametrize("place", [0, 350, 376, 383, 390, 399, 400, 2000])
def test_a_cut_leaves_no_part_of_a_secret(place):
    for secret in (CANARY, "ghp_abcdefghijkl4711mnopqrstuvwxyz4711zw", f"https://bot:{CANARY}@x.org"):
        text = "word " * (place // 5) + "x" * (place % 5) + " " + secret + " more" * 200
        left = json.dumps(shown({"message": text}, [CANARY]))
        assert "4711" not in left
        assert "canary" not in left


def test_addresses_for_programs_are_dropped_and_pages_stay():
    payload = {"html_url": "https://x.org/p", "keys_url": "https://x.org/api{/k}", "clone_url": "https://x.org/p.git"}
    assert shown(payload) == {"html_url": "https://x.org/p", "clone_url": "https://x.org/p.git"}


def test_lists_texts_and_objects_are_cut_and_say_so():
    left = shown({"list": list(range(30)), "text": "word " * 200, "many": dict.fromkeys(map(str, range(200)), 1)})
    assert left["list"][-1] == "… 10 more"
    assert left["text"].endswith("word …")
    assert len(left["text"]) <= 401
    assert left["many"]["…"] == "120 more"


@pytest.mark.parametrize(
    "payload",
    [
        {"a": "x" * 5_000_000},
        {"a": "x y" * 1_000_000},
        {"x" * 1_000_000: 1},
        {str(number): "word " * 100 for number in range(1000)},
        {str(number): {str(inner): "word " * 30 for inner in range(100)} for number in range(100)},
        {"a": [[["word " * 30] * 100] * 100] * 100},
        {"😀" * 30 + str(number): "😀" * 30 for number in range(100)},
        {"commits": [{"message": "word " * 90, "files": [f"src/{n}.py" for n in range(300)]}] * 2000},
    ],
)
def test_the_size_is_bounded(payload):
    assert 10 < size(shown(payload)) <= MOST_SHOWN


def test_it_is_nested_no_deeper_than_it_says():
    payload = {}
    for _ in range(60):
        payload = {"a": payload}
    assert size(shown(payload)) < 200


@settings(max_examples=40)
@given(st.dictionaries(st.text(st.characters(codec="utf-8")), ANY, max_size=60))
def test_anything_can_be_shown(payload):
    payload["planted"] = f"see {CANARY}"
    left = json.dumps(shown(payload, [CANARY]))
    assert len(left) <= MOST_SHOWN
    assert CANARY not in left


def test_texts_made_to_be_slow_are_not():
    start = time.process_time()
    for text in ("a.", "a@", "-----BEGIN A-----", "?a&key", "://", "eyJ", "a_url", "://a@"):
        long = (text * 200)[:400]
        shown({str(number): {str(inner): long for inner in range(80)} for number in range(80)})
    assert time.process_time() - start < 10
