import pytest

from scanners.text import words_with


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("HTTP_TIMEOUT = timeout + read_timeouts", ["HTTP_TIMEOUT", "timeout", "read_timeouts"]),
        ("timeout_retries(a.max_retries)", ["timeout_retries", "max_retries"]),
        ("ﬁle_Timeout İ timeout", ["ﬁle_timeout", "timeout"]),
    ],
)
def test_words_are_whole_and_counted_once_whatever_their_case(text: str, words: list[str]) -> None:
    assert words_with(text, ("timeout", "retries"), text.lower()) == words
