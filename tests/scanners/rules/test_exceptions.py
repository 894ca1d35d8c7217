"""Cases from real services that the pages of the rules on exceptions have no room for."""

import sys
from types import FrameType

import pytest

from scanners.engine import Engine
from scanners.paths import PathClass
from scanners.registry import collectors
from scanners.scan import scan_files


def found(rule: str, source: str, path: str = "shop/orders.py") -> list[tuple[int, str, str]]:
    """The line, severity and confidence of each finding of a rule in one file."""
    report = scan_files({path: source.encode()})
    assert [file.path for file in report.files if file.problem] == []
    return [(each.line, str(each.severity), str(each.confidence)) for each in report.findings if each.rule == rule]


def counts(rule: str, source: str) -> tuple[int, int, int]:
    """How many sites of a rule are good, bad and unresolved in one file."""
    count = scan_files({"shop/orders.py": source.encode()}).counts[rule]
    return count.good, sum(count.bad.values()), count.unresolved


TRY = "def f(api, item, log):\n    try:\n        api.send(item)\n    except Exception{name}:\n        {body}\n"


@pytest.mark.parametrize(
    "body",
    [
        "raise",
        "sys.exit(1)",
        "capture_exception()",
        "log.warning('x')",
        "statsd.incr('failed')",
        "traceback.print_exc()",
        "self.retry(countdown=3)",
        "warnings.warn('x')",
    ],
)
def test_each_way_to_react_leaves_a_trace(body: str) -> None:
    assert found("swallowed-exception", TRY.format(name="", body=body)) == []


@pytest.mark.parametrize("body", ["return error", "self.error = error", "queue.put(error)", "print(f'no: {error}')"])
def test_an_exception_that_is_handed_on_is_not_swallowed(body: str) -> None:
    assert found("swallowed-exception", TRY.format(name=" as error", body=body)) == []


@pytest.mark.parametrize(
    ("body", "confidence"),
    [
        ("pass", "high"),
        ("...", "high"),
        ("return None", "medium"),
        ("return JsonResponse({'ok': False}, status=500)", "medium"),
        ("log.info('failed')", "medium"),
        ("print('failed')", "low"),
        ("log.debug('failed', exc_info=True)", "low"),
    ],
)
def test_a_silent_clause_is_reported_as_surely_as_it_is_silent(body: str, confidence: str) -> None:
    assert found("swallowed-exception", TRY.format(name="", body=body)) == [(4, "high", confidence)]


def test_a_call_out_of_sight_leaves_the_clause_unresolved() -> None:
    assert counts("swallowed-exception", TRY.format(name="", body="self.on_failure(item)")) == (0, 0, 1)


def test_a_helper_of_the_same_file_is_read() -> None:
    source = TRY.format(name="", body="note(item)") + "\n\ndef note(item):\n    logger.error('lost %s', item)\n"
    assert counts("swallowed-exception", source) == (1, 0, 0)


def test_a_broad_clause_around_a_remote_lookup_is_no_fallback() -> None:
    source = (
        "def f(session, url):\n    try:\n        return session.get(url)\n    except Exception:\n        return None\n"
    )
    assert found("swallowed-exception", source) == [(4, "high", "medium")]


def test_a_narrow_clause_around_a_local_lookup_stays_silent() -> None:
    source = "def f(row):\n    try:\n        return row['a']\n    except KeyError:\n        pass\n"
    assert counts("swallowed-exception", source) == (1, 0, 0)


def test_a_failed_statement_of_change_must_be_seen() -> None:
    source = (
        "import sqlite3\ndef f(db, sql):\n    try:\n        db.execute('{sql}')\n"
        "    except sqlite3.OperationalError:\n        pass\n"
    )
    assert found("swallowed-exception", source.replace("{sql}", "UPDATE a SET b = 1")) == [(5, "medium", "medium")]
    assert found("swallowed-exception", source.replace("{sql}", "SELECT 1")) == []


def test_an_object_that_tells_the_caller_leaves_doubt() -> None:
    source = "def f(api):\n    try:\n        api.send()\n    except Exception:\n        return Answer({})\n"
    assert counts("swallowed-exception", source.replace("{}", "ok=False, error_message='not sent'")) == (0, 0, 1)
    assert found("swallowed-exception", source.replace("{}", "None")) == [(4, "high", "medium")]


def test_interrupts_that_are_raised_first_make_a_bare_clause_an_ordinary_broad_one() -> None:
    source = (
        "def f(api, log):\n    try:\n        api.send()\n    except (KeyboardInterrupt, SystemExit):\n        raise\n"
        "    except:\n        log.warning('x')\n"
    )
    assert found("broad-except", source) == [(6, "medium", "medium")]
    assert found("broad-except", source.replace("raise", "stop()")) == [(6, "medium", "medium")]


def test_a_traceback_that_is_logged_outside_a_boundary_is_a_guess() -> None:
    source = (
        "import logging\nlogger = logging.getLogger(__name__)\ndef price(api):\n    try:\n        return api.price()\n"
        "    except Exception:\n        logger.exception('x')\n        return 0\n"
    )
    assert found("broad-except", source) == [(6, "medium", "low")]
    assert found("broad-except", source.replace("price(api)", "handle(api)")) == []


def test_a_traceback_at_another_level_of_the_same_clause_is_kept() -> None:
    source = TRY.format(name="", body="log.debug('x', exc_info=True); log.error('x')")
    assert found("traceback-lost", source) == []


def test_loguru_is_given_the_exception_by_opt() -> None:
    source = "from loguru import logger\n" + TRY.format(name="", body="logger.opt(exception=True).error('x')")
    assert found("traceback-lost", source) == []


def test_options_passed_on_may_hold_the_traceback() -> None:
    assert counts("traceback-lost", TRY.format(name="", body="log.error('x', **options)")) == (0, 0, 1)


def test_one_expected_type_around_one_step_is_a_guess() -> None:
    source = "def f(log, text):\n    try:\n        int(text)\n    except ValueError:\n        log.error('bad')\n"
    assert found("traceback-lost", source) == [(5, "medium", "low")]
    steps = source.replace("ValueError", "OSError").replace("int(text)", "log.info('now'); int(text)")
    assert found("traceback-lost", steps) == [(5, "medium", "low")]
    assert found("traceback-lost", steps.replace("log.info('now')", "len(text)")) == [(5, "medium", "medium")]


def test_an_alias_has_the_hierarchy_of_the_class_that_it_names() -> None:
    source = "try:\n    f()\nexcept IOError:\n    g()\nexcept FileNotFoundError:\n    h()\n"
    assert found("except-never-matches", source) == [(5, "medium", "high")]


def test_types_that_are_computed_are_compared_with_nothing() -> None:
    source = "A = tuple(load('a'))\nB = tuple(load('b'))\ntry:\n    f()\nexcept A:\n    g()\nexcept B:\n    h()\n"
    assert counts("except-never-matches", source) == (1, 0, 1)


def test_timeouts_that_became_aliases_are_apart() -> None:
    source = "import asyncio\ntry:\n    f()\nexcept TimeoutError:\n    g()\nexcept asyncio.TimeoutError:\n    h()\n"
    assert found("except-never-matches", source) == []


def test_an_error_class_from_elsewhere_that_is_built_and_dropped_is_a_guess() -> None:
    assert found("broken-raise", "from a import LimitError\nLimitError('x')\n") == [(2, "high", "medium")]


def test_the_class_of_an_exception_may_be_raised() -> None:
    assert found("broken-raise", "def f(error):\n    raise type(error)('x') from error\n") == []


def test_a_process_with_its_own_variable_is_followed() -> None:
    source = "import subprocess\ndef f(cmd):\n    done = subprocess.run(cmd)\n    done.check_returncode()\n"
    assert counts("process-failure-unchecked", source) == (1, 0, 0)


def test_a_script_is_one_step_less_severe() -> None:
    source = TRY.format(name="", body="pass")
    assert found("swallowed-exception", source, "scripts/load.py") == [(4, "medium", "high")]


def test_an_exit_that_never_answers_true_is_good() -> None:
    source = "class A:\n    def __exit__(self, *exc):\n        self.end()\n        return False\n"
    assert counts("exception-discarded-on-exit", source) == (1, 0, 0)


def test_a_condition_that_only_logs_does_not_decide_what_exit_answers() -> None:
    source = (
        "class A:\n    def __exit__(self, kind, error, trace):\n        if kind:\n            log(error)\n"
        "        return True\n"
    )
    assert found("exception-discarded-on-exit", source) == [(5, "high", "high")]


@pytest.mark.parametrize("made", ["('x', 1)", "{'code': 1}", "f'bad {x}'", "404"])
def test_values_are_no_exceptions(made: str) -> None:
    assert found("broken-raise", f"def f(x):\n    raise {made}\n") == [(2, "high", "high")]


def test_a_process_that_nobody_holds_cannot_be_asked_for_its_code() -> None:
    source = "import subprocess\nout, _ = subprocess.Popen(['a'], stdout=subprocess.PIPE).communicate()\n"
    assert found("process-failure-unchecked", source) == [(2, "medium", "medium")]


def test_a_code_that_is_asked_for_on_the_spot_is_read() -> None:
    source = "import subprocess\nif subprocess.Popen(['a']).wait() != 0:\n    raise RuntimeError('a')\n"
    assert counts("process-failure-unchecked", source) == (1, 0, 0)


def test_a_result_in_the_module_body_is_followed() -> None:
    source = "import subprocess\ndone = subprocess.run(['a'], capture_output=True)\nprint(done.stdout)\n"
    assert found("process-failure-unchecked", source) == [(2, "medium", "high")]


@pytest.mark.parametrize("made", ["InternalServerError('x')", "RestError(404, 'x')", "RestError(status=503)"])
def test_an_answer_to_a_client_may_leave_its_cause_out(made: str) -> None:
    source = f"from werkzeug.exceptions import InternalServerError\ntry:\n    f()\nexcept OSError:\n    raise {made}\n"
    assert found("cause-dropped", source) == [(5, "low", "low")]


@pytest.mark.parametrize("shown", ["sys.stderr.write('x')", "os.write(sys.stderr.fileno(), b'x')", "print('x')"])
def test_a_terminal_that_is_gone_is_no_loss(shown: str) -> None:
    source = f"def f():\n    try:\n        {shown}\n    except Exception:\n        pass\n"
    assert found("swallowed-exception", source) == []
    assert found("swallowed-exception", source.replace(shown, "disk.write('x')")) == [(4, "high", "high")]


def test_a_wait_for_another_process_reads_nothing_of_this_one() -> None:
    source = (
        "import subprocess\ndef f():\n    one = subprocess.Popen(['a'])\n    one.wait()\n"
        "    two = subprocess.Popen(['b'])\n    if two.wait():\n        raise OSError\n"
    )
    assert found("process-failure-unchecked", source) == [(3, "medium", "medium")]


def test_a_clause_costs_the_same_below_many_others() -> None:
    assert _calls(400) / _calls(100) < 4.4


def _calls(clauses: int) -> int:
    """How many calls a scan of that many clauses of one `try` takes."""
    count = 0

    def counted(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    engine, path_class = Engine(collectors()), PathClass("python", "service")
    engine.answer(b"x = 1\n", path_class)
    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        engine.answer(b"try:\n    f()\n" + b"except A: pass\n" * clauses, path_class)
    finally:
        sys.setprofile(before)
    return count
