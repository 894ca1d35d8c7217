import base64

import pytest
from cryptography.fernet import Fernet

from reviews.audit import signing
from reviews.audit.signing import SignatureError


@pytest.fixture
def signed() -> dict:
    return signing.sign("greeting", {"hello": "wörld"})


def test_what_was_signed_is_read_back_with_its_kind_and_key(signed):
    payload = signing.check("greeting", signed)
    assert payload["hello"] == "wörld"
    assert payload["type"] == "greeting"
    assert payload["key"] == signing.key_id(base64.b64decode(signed["key"]))


def test_the_order_of_keys_in_a_file_does_not_matter(signed):
    payload = dict(reversed(signed["payload"].items()))
    assert signing.check("greeting", signed | {"payload": payload})["hello"] == "wörld"


def test_a_changed_payload_is_refused(signed):
    with pytest.raises(SignatureError, match="The signature does not fit"):
        signing.check("greeting", signed | {"payload": signed["payload"] | {"hello": "you"}})


def test_a_statement_is_not_taken_for_one_of_another_kind(signed):
    with pytest.raises(SignatureError, match="another kind: greeting"):
        signing.check("farewell", signed)


@pytest.mark.parametrize(
    "statement",
    [None, [], "x", {}, {"payload": {}, "signature": 5, "key": ""}, {"payload": [], "signature": "", "key": ""}],
)
def test_what_is_no_statement_is_refused(statement):
    with pytest.raises(SignatureError, match="This is not a signed statement"):
        signing.check("greeting", statement)


def test_a_signature_that_is_cut_off_is_refused(signed):
    with pytest.raises(SignatureError, match="The signature does not fit"):
        signing.check("greeting", signed | {"signature": "AAAA"})


def test_a_foreign_key_is_named_and_nothing_it_signed_is_believed(signed, settings):
    settings.SIGNING_KEY = Fernet.generate_key().decode()
    with pytest.raises(SignatureError, match=r"none of ours.*PLIMSOLL_FORMER_SIGNERS") as refusal:
        signing.check("greeting", signed)
    assert signed["key"] in str(refusal.value)


def test_after_a_new_key_the_former_ones_signatures_stay_valid(signed, settings):
    settings.SIGNING_KEY = Fernet.generate_key().decode()
    settings.FORMER_SIGNERS = [signed["key"]]
    assert signing.check("greeting", signed)["hello"] == "wörld"
    assert signing.sign("greeting", {})["key"] != signed["key"]
