"""`plimsoll gate` against a stand-in: how it ends, what it says, and what it asks."""

import argparse
import json

import pytest

from scanners.gate import command, usage
from scanners.gate.clock import Clock
from tests.scanners.gate.stand_in import COMMIT, NO_SCAN, SCAN, TOKEN, Answer, StandIn, gate, problem

PENDING = gate("pending", "scan-running", again=5)


class Hands:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.at, self.slept = 1000.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, self.sleep)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def ask(hands):
    """Run the command with some arguments against some answers. Returns its exit code and the stand-in."""

    def asking(*answers, arguments=(), **environment):
        with StandIn(*answers) as server:
            given = {"PLIMSOLL_SERVER": server.url, "PLIMSOLL_REPOSITORY": "42", "PLIMSOLL_TOKEN": TOKEN}
            return run([*arguments], {"GITHUB_SHA": COMMIT, **given, **environment}, hands), server

    return asking


def run(arguments, environment, hands):
    parser = argparse.ArgumentParser()
    usage.add_to(parser.add_subparsers(), environment)
    return command.run(parser.parse_args(["gate", *arguments]), environment, hands.clock)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("pass", 0), ("pass-with-conditions", 0), ("fail", 1), ("stale", 1), ("pending", 3), ("unknown", 4), ("new", 4)],
)
def test_each_verdict_has_its_exit_code(ask, verdict, code):
    assert ask(gate(verdict))[0] == code


def test_the_answer_is_printed_with_reasons_and_next_steps(ask, capsys):
    ask(gate("fail", text="Level is none, tier B asks for silver."))
    assert capsys.readouterr().out.split("\n") == [
        "Gate of pay for 7ac01d900000: fail",
        "- fail: Level is none, tier B asks for silver.",
        "  Next: Do it.",
        "Level: gold; tier B asks for silver.",
        "More: https://plimsoll.example.org/gate",
        "",
    ]


def test_json_is_the_answer_of_the_server(ask, capsys):
    answer = gate("pass")
    ask(answer, arguments=["--format", "json"])
    assert json.loads(capsys.readouterr().out) == answer.body


def test_the_commit_and_the_token_are_sent_as_the_api_wants_them(ask):
    _, server = ask(gate("pass"))
    assert server.asked == [f"GET /api/v1/repositories/42/gate?commit={COMMIT}"]
    assert server.requests[0].token == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "name", ["GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "BUILD_SOURCEVERSION", "BITBUCKET_COMMIT"]
)
def test_the_commit_comes_from_the_variable_of_the_ci_system(ask, name):
    _, server = ask(gate("pass"), **{"GITHUB_SHA": "", name: "b" * 40})
    assert server.asked[0].endswith("b" * 40)


def test_a_commit_that_is_named_wins(ask):
    _, server = ask(gate("pass"), arguments=["--commit", "abcdef0"])
    assert server.asked[0].endswith("commit=abcdef0")


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"GITHUB_SHA": ""}, "Pass --commit"),
        ({"PLIMSOLL_TOKEN": ""}, "PLIMSOLL_TOKEN is not set"),
        ({"PLIMSOLL_TOKEN": "ghp_secretsecretsecretsecret"}, "holds no token of a Plimsoll"),
        ({"PLIMSOLL_TOKEN": "plm_" + "é" * 30}, "holds no token of a Plimsoll"),
        ({"PLIMSOLL_REPOSITORY": "pay"}, "The repository is no number"),
        ({"PLIMSOLL_REPOSITORY": ""}, "The repository is no number"),
        ({"PLIMSOLL_SERVER": ""}, "--server"),
        ({"PLIMSOLL_SERVER": "plimsoll.example.org"}, "--server"),
        ({"PLIMSOLL_SERVER": "file:///etc"}, "--server"),
        ({"PLIMSOLL_SERVER": "https://ann:pw@plimsoll.example.org"}, "--server"),
        ({"PLIMSOLL_SERVER": "https://plimsoll.example.org:70000"}, "--server"),
        ({"PLIMSOLL_SERVER": "https://[::1"}, "--server"),
        ({"PLIMSOLL_SERVER": "https://plimsoll.example.org/?x=y"}, "--server"),
    ],
)
def test_bad_usage_ends_with_2_asks_nothing_and_says_what_to_do(ask, capsys, environment, words):
    code, server = ask(gate("pass"), **environment)
    said = capsys.readouterr().err
    assert (code, server.asked) == (2, [])
    assert words in said
    assert "secretsecret" not in said


def test_a_line_end_behind_the_token_does_no_harm(ask):
    assert ask(gate("pass"), PLIMSOLL_TOKEN=f"{TOKEN}\n")[0] == 0


@pytest.mark.parametrize("wait", ["0", "-5", "x", "1e3", "90000"])
def test_a_wait_that_is_none_is_refused(ask, wait):
    with pytest.raises(SystemExit) as end:
        ask(gate("pass"), arguments=[f"--wait={wait}"])
    assert end.value.code == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "token_expired"), (403, "scope_missing"), (404, "repository_unknown"), (422, "commit_malformed")],
)
def test_a_refusal_ends_with_2_at_once_and_is_passed_on(ask, capsys, hands, status, code):
    ended, server = ask(problem(status, code), arguments=["--wait", "--format", "json"])
    out, err = capsys.readouterr()
    assert (ended, len(server.asked), hands.slept) == (2, 1, [])
    assert json.loads(out) == {"code": code, "message": "It happened.", "next": "Do this."}
    assert "It happened. Do this." in err


def test_without_wait_a_pending_gate_ends_with_3_at_once(ask, hands):
    code, server = ask(PENDING)
    assert (code, len(server.asked), hands.slept) == (3, 1, [])


def test_waiting_asks_when_the_server_says_so_until_the_answer_is_there(ask, hands, capsys):
    code, server = ask(PENDING, PENDING, gate("pass"), arguments=["--wait"])
    assert (code, len(server.asked)) == (0, 3)
    assert [5 <= seconds <= 6.25 for seconds in hands.slept] == [True, True]
    assert capsys.readouterr().err == "plimsoll: Waiting: Because.\n"


def test_the_time_is_up_with_a_last_question(ask, hands):
    code, server = ask(PENDING, arguments=["--wait", "20"])
    assert code == 3
    assert 18.9 < sum(hands.slept) < 20
    assert len(server.asked) == len(hands.slept) + 1


def test_a_pause_is_never_longer_than_the_time_that_is_left(ask, hands):
    assert ask(gate("pending", again=60), arguments=["--wait", "10"])[0] == 3
    assert sum(hands.slept) <= 10


def test_a_scan_is_asked_for_once_when_there_is_none(ask, hands):
    code, server = ask(NO_SCAN, SCAN, PENDING, PENDING, gate("pass"), arguments=["--scan", "--wait"])
    posted = [request for request in server.requests if request.method == "POST"]
    assert code == 0
    assert [(request.path, request.body) for request in posted] == [
        ("/api/v1/repositories/42/scans", {"commit": COMMIT})
    ]
    assert hands.slept[0] <= 6.25


def test_no_scan_is_asked_for_when_one_is_under_way_or_nobody_wished_it(ask):
    assert "POST" not in " ".join(ask(PENDING, arguments=["--scan"])[1].asked)
    assert "POST" not in " ".join(ask(NO_SCAN)[1].asked)


def test_a_scan_that_went_away_is_asked_for_again_after_a_minute(ask):
    answers = [NO_SCAN, SCAN, *[gate("pending", "no-scan", again=30)] * 3, SCAN, gate("pass")]
    code, server = ask(*answers, arguments=["--scan", "--wait"])
    posts = [number for number, asked in enumerate(server.asked) if asked.startswith("POST")]
    assert (code, posts) == (0, [1, 5])


def test_asking_for_a_scan_without_waiting_ends_as_pending(ask, capsys):
    assert ask(NO_SCAN, SCAN, arguments=["--scan"])[0] == 3
    assert "Asked for a scan: https://plimsoll.example.org/scans/7/" in capsys.readouterr().err


def test_a_full_queue_is_waited_for(ask):
    answers = (NO_SCAN, problem(409, "scans_waiting"), gate("pass"))
    assert ask(*answers, arguments=["--scan", "--wait"])[0] == 0


def test_a_token_that_may_not_scan_says_so(ask):
    assert ask(NO_SCAN, problem(403, "scope_missing"), arguments=["--scan", "--wait"])[0] == 2


@pytest.mark.parametrize("form", ["text", "json"])
def test_texts_of_others_give_no_orders_to_what_keeps_the_log(ask, capsys, form):
    orders = "x\n::set-env name=A::b\r\n##vso[task.complete]\x1b[2J\u202e ##[error]"
    ask(gate("fail", text=orders), arguments=["--format", form])
    out = capsys.readouterr().out
    assert [line for line in out.split("\n") if line.lstrip().startswith("::")] == []
    assert [mark for mark in ("##", "\x1b", "\r", "\u202e") if mark in out] == []


def test_a_text_without_end_is_cut(ask, capsys):
    ask(gate("fail", text="x" * 5000))
    assert max(map(len, capsys.readouterr().out.split("\n"))) < 1100


def test_an_answer_that_lacks_what_it_must_hold_is_none(ask):
    assert ask(Answer(200, {"verdict": "pass"}))[0] == 5
