import base64

import pytest

from scanners.git.credential import Credential
from scanners.git.errors import SourceError


@pytest.mark.parametrize(
    ("text", "plain"),
    [("ghp_abc", "x-access-token:ghp_abc"), ("ada:word", "ada:word"), ("x-token-auth:a:b", "x-token-auth:a:b")],
)
def test_a_token_becomes_a_header(text: str, plain: str) -> None:
    assert Credential.parse(text).header == "Basic " + base64.b64encode(plain.encode()).decode()


@pytest.mark.parametrize("text", ["", "a b", "a\nb", "a\r\nX-Evil: 1", "a\0", "tökén", "x" * 5000])
def test_what_cannot_be_a_token_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        Credential.parse(text)
    assert caught.value.code == "credential_malformed"


def test_a_token_does_not_show_when_printed() -> None:
    assert "canary" not in f"{Credential('canary')} {Credential.parse('ada:canary')!r}"
