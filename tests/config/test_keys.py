import base64
import stat

import pytest

from config.keys import check_ed25519, stored_key


def test_the_first_key_stays(tmp_path):
    assert stored_key(tmp_path / "a.key", "first") == "first"
    assert stored_key(tmp_path / "a.key", "second") == "first"


def test_nobody_else_may_read_it_and_no_draft_is_left(tmp_path):
    stored_key(tmp_path / "a.key", "first")
    assert [path.name for path in tmp_path.iterdir()] == ["a.key"]
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_signing_key_is_32_bytes_in_either_alphabet(encode):
    text = encode(b"\xfb\xff" * 16).decode()
    assert check_ed25519(text) == text


@pytest.mark.parametrize("text", ["", "short", "c2hvcnQ=", "\N{GREEK SMALL LETTER ALPHA}" * 44, "*" * 44])
def test_anything_else_is_no_signing_key(text):
    with pytest.raises(ValueError, match="it "):
        check_ed25519(text)
