import json
import subprocess
import sys

import pytest

from config.logging import hide_tokens, visible

HOSTILE = "a\nINFO approved by root \x1b[31m \u202e \x85 é"
PROGRAM = f"""
import logging.config, structlog
from config.logging import configure
logging.config.dictConfig(configure("INFO", FORMAT))
structlog.contextvars.bind_contextvars(request_id="r-1")
structlog.get_logger("ours").info("said", name={HOSTILE!r})
logging.getLogger("theirs").warning("said %s", {HOSTILE!r})
try:
    1 / 0
except ZeroDivisionError:
    structlog.get_logger("ours").exception("failed")
"""


def lines_of(log_format: str) -> list[str]:
    program = PROGRAM.replace("FORMAT", repr(log_format))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return done.stderr.split("\n")[:-1]


def test_json_is_one_object_a_line_whoever_speaks():
    ours, theirs, failed = map(json.loads, lines_of("json"))
    assert (ours["event"], ours["level"], ours["logger"], ours["request_id"]) == ("said", "info", "ours", "r-1")
    assert (theirs["level"], theirs["logger"], theirs["request_id"]) == ("warning", "theirs", "r-1")
    assert "ZeroDivisionError" in failed["exception"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_control_or_direction_character_gets_out(log_format):
    lines = lines_of(log_format)[:2]
    assert [visible(line) for line in lines] == lines
    assert all("approved by root" in line for line in lines)


def test_what_can_be_seen_stays_as_it_is():
    assert visible("café 你好 {}") == "café 你好 {}"
    assert visible("a\tb\u202ec") == "a\\tb\\u202ec"


@pytest.mark.parametrize(
    ("request_", "logged"),
    [
        ("GET /waivers/calendar.ics?token=abc:def", "GET /waivers/calendar.ics?token=..."),
        ("GET /a?x=1&token=abc&y=2", "GET /a?x=1&token=...&y=2"),
        ("GET /a?tokens=1", "GET /a?tokens=1"),
    ],
)
def test_what_an_address_lets_in_by_is_not_logged(request_, logged):
    assert hide_tokens(None, "info", {"request": request_, "code": 404}) == {"request": logged, "code": 404}
    assert hide_tokens(None, "info", {"event": "said"}) == {"event": "said"}
