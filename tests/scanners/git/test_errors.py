import pickle
import re
from pathlib import Path

import pytest

import scanners.git
from scanners.git.diagnosis import SIGNALS, SIGNS
from scanners.git.errors import OPERATOR, US, USER, WHO, error
from scanners.git.probe import NAMED

ALL = USER | OPERATOR | US
SOURCES = [path.read_text() for path in Path(scanners.git.__path__[0]).glob("*.py") if path.name != "errors.py"]


def test_each_code_has_one_text() -> None:
    assert len(ALL) == sum(len(texts) for texts in WHO.values())


def test_each_code_that_is_raised_has_a_text_and_the_other_way_round() -> None:
    quoted = {word for source in SOURCES for word in re.findall(r'"([a-z]+(?:_[a-z0-9]+)+)"', source)}
    raised = {word for source in SOURCES for word in re.findall(r'error\(\s*"([a-z_0-9]+)"', source)}
    raised |= {code for _, code in SIGNS} | set(SIGNALS.values()) | set(NAMED.values())
    assert raised <= set(ALL)
    assert set(ALL) <= quoted


@pytest.mark.parametrize("code", sorted(ALL))
def test_a_text_is_a_sentence_and_a_next_step(code: str) -> None:
    text = ALL[code]
    assert re.fullmatch(r"[A-Z{].+\.", text.message)
    assert re.fullmatch(r"[A-Z].+\.", text.next_step)


def test_an_error_knows_who_must_act_and_when_to_retry() -> None:
    failure = error("rate_limited", retry_after=30)
    assert (failure.who, failure.retry, failure.retry_after) == ("operator", True, 30)
    assert (
        str(error("url_port_not_allowed", port=22)) == "url_port_not_allowed: Port 22 is not one that git is served on."
    )


def test_an_error_survives_the_way_between_processes() -> None:
    sent = error("rate_limited", retry_after=30)
    received = pickle.loads(pickle.dumps(sent))
    assert vars(received) == vars(sent)
    assert str(received) == str(sent)


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(StopIteration):
        error("no_such_code")
