"""`plimsoll gate` as a process, and a server that restarts, hangs, sends elsewhere or is none."""

import os
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from scanners.gate.clock import Clock, Deadline, backoff
from scanners.gate.server import RefusedError, Server, UnreachableError
from tests.certificates import make_certificate
from tests.scanners.gate.stand_in import COMMIT, DRIP, DROP, HANG, TOKEN, Answer, StandIn, gate, problem
from tests.services import free_port


@contextmanager
def started(*arguments: str, **environment: str):
    """The command as a process, with nothing in its environment but what is given."""
    given = {"PATH": os.environ["PATH"], "NO_PROXY": "*", "PLIMSOLL_TOKEN": TOKEN, "CI_COMMIT_SHA": COMMIT}
    command = [sys.executable, "-m", "scanners", "gate", "--repository", "42", *arguments]
    with subprocess.Popen(
        command, env=given | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def ended(*arguments: str, **environment: str) -> tuple[int, str]:
    """How it ended, and what it said on the way."""
    with started(*arguments, **environment) as process:
        _, said = process.communicate(timeout=60)
        return process.returncode, said


@contextmanager
def asking(server: StandIn | str, seconds: float = 2.0):
    """Our side of a server, with a real clock and little time."""
    lines = list[str]()
    url = server if isinstance(server, str) else server.url
    with Server(url, TOKEN, Deadline.after(seconds, Clock()), say=lines.append) as plimsoll:
        yield plimsoll, lines


def test_a_process_ends_as_the_gate_says():
    with StandIn(gate("pass"), gate("fail")) as server:
        assert [ended("--server", server.url)[0] for _ in range(2)] == [0, 1]


def test_waiting_survives_a_restart_of_the_server():
    port = free_port()
    with started("--server", f"http://127.0.0.1:{port}", "--wait", "60") as process:
        time.sleep(1.5)
        with StandIn(
            gate("pending", again=1), DROP, problem(503, "database_unreachable", again=1), gate("pass"), port=port
        ):
            out, said = process.communicate(timeout=60)
    assert (process.returncode, out.startswith("Gate of pay")) == (0, True)
    assert "cannot be reached. Asking again" in said


def test_nobody_there_ends_with_5_within_the_time():
    start = time.monotonic()
    code, said = ended("--server", f"http://127.0.0.1:{free_port()}", "--wait", "3")
    assert (code, time.monotonic() - start < 10) == (5, True)
    assert "Check the address in --server" in said


def test_the_token_is_in_no_argument_and_in_no_word():
    with StandIn(problem(401, "token_unknown")) as server:
        code, said = ended("--server", server.url)
    assert (code, TOKEN in said) == (2, False)
    assert (
        "plm_"
        not in subprocess.run(
            [sys.executable, "-m", "scanners", "gate", "--help"], capture_output=True, text=True, check=True, timeout=60
        ).stdout
    )


@pytest.mark.parametrize(
    "trouble", [DROP, problem(500, "x"), problem(503, "x"), problem(429, "x"), Answer(502, raw=b"<html>")]
)
def test_what_may_pass_is_tried_again(trouble):
    with StandIn(trouble, trouble, gate("pass")) as server, asking(server, 10) as (plimsoll, said):
        assert plimsoll.gate("42", COMMIT)[0]["verdict"] == "pass"
        assert (len(server.asked), len(said)) == (3, 2)


@pytest.mark.parametrize("trouble", [HANG, DRIP, DROP, Answer(200, raw=b"<html>a portal</html>"), Answer(200, [])])
def test_what_does_not_pass_is_given_up_at_the_deadline(trouble):
    with StandIn(trouble) as server, asking(server, 1.5) as (plimsoll, _):
        start = time.monotonic()
        with pytest.raises(UnreachableError):
            plimsoll.gate("42", COMMIT)
        assert time.monotonic() - start < 15


def test_an_answer_without_end_is_not_read_to_its_end():
    with (
        StandIn(Answer(200, raw=b" " * 3_000_000)) as server,
        asking(server, 0.4) as (ours, _),
        pytest.raises(UnreachableError),
    ):
        ours.gate("42", COMMIT)


def test_retry_after_is_honoured():
    with StandIn(problem(503, "x", again=1), gate("pass")) as server, asking(server, 10) as (plimsoll, _):
        start = time.monotonic()
        plimsoll.gate("42", COMMIT)
        assert time.monotonic() - start >= 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_token_follows_no_redirect(status):
    with StandIn(gate("pass")) as elsewhere:
        moved = Answer(status, {}, (("Location", f"{elsewhere.url}/x?secret=1"),))
        with StandIn(moved) as server, asking(server) as (plimsoll, _), pytest.raises(RefusedError) as refusal:
            plimsoll.gate("42", COMMIT)
    assert (refusal.value.code, elsewhere.asked) == ("server_moved", [])
    assert "secret=1" not in refusal.value.message


def test_an_address_without_a_plimsoll_is_refused():
    nothing = Answer(404, raw=b"<html>Not Found")
    with StandIn(nothing) as server, asking(server) as (plimsoll, _), pytest.raises(RefusedError) as refusal:
        plimsoll.gate("42", COMMIT)
    assert refusal.value.code == "server_unknown"


def test_http_to_another_machine_is_warned_of():
    with asking("http://plimsoll.example.org") as (_, said):
        assert said == ["Warning: http carries the token in the open. Use https."]
    with asking("http://127.0.0.1:9") as (_, said):
        assert said == []


def test_a_certificate_that_nobody_signed_is_refused_at_once(tmp_path):
    with StandIn(gate("pass"), tls=trusting(tmp_path)) as server:  # noqa: SIM117 - one line would be too long
        with asking(server, 10) as (plimsoll, _), pytest.raises(UnreachableError) as refusal:
            plimsoll.gate("42", COMMIT)
    assert (refusal.value.code, server.asked) == ("certificate_untrusted", [])
    assert "SSL_CERT_FILE" in refusal.value.next_step


def test_a_certificate_of_ones_own_authority_is_trusted_when_it_is_named(tmp_path):
    with StandIn(gate("pass"), tls=trusting(tmp_path)) as server:
        assert ended("--server", server.url, SSL_CERT_FILE=str(tmp_path / "forge.pem"))[0] == 0


def test_pauses_grow_and_have_a_limit():
    assert [backoff(tries) for tries in (1, 2, 3, 6, 7, 10_000)] == [0.5, 1, 2, 15, 15, 15]


def trusting(place) -> ssl.SSLContext:
    """What a server needs to show the certificate in `place`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(place))
    return context
