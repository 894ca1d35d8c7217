"""Cases from real services that the pages of the rules on logging have no room for."""

import pytest

from scanners.scan import scan_files

HEAD = "import logging\nlogger = logging.getLogger(__name__)\ndef f(a, b, request, token, self):\n    "


def found(rule: str, line: str, head: str = HEAD, path: str = "shop/orders.py") -> list[str]:
    """The confidence of each finding of a rule in one file."""
    report = scan_files({path: (head + line + "\n").encode()})
    assert [file.path for file in report.files if file.problem] == []
    return [str(each.confidence) for each in report.findings if each.rule == rule]


def counts(rule: str, files: dict[str, str]) -> tuple[int, int, int]:
    """How many sites of a rule are good, bad and unresolved in a small repository."""
    count = scan_files({path: text.encode() for path, text in files.items()}).counts[rule]
    return count.good, sum(count.bad.values()), count.unresolved


@pytest.mark.parametrize(
    "line",
    [
        "logger.info('%s %%', a)",
        "logger.info('%(x)s', a)",
        "logger.info('%*d', a, b)",
        "logger.log(20, '%s', a)",
        "logger.info(a, b)",
        "logger.info('50% of all')",
        "logger.error('x', extra={'order': a})",
        "logger.error('x', exc_info=a)",
    ],
)
def test_sound_log_calls(line: str) -> None:
    assert found("log-call-broken", line) == []


@pytest.mark.parametrize(
    "line",
    [
        "logger.info('%s', a, b)",
        "logger.info('%y', a)",
        "logger.info('lost %s')",
        "logger.info('x', extra=dict(args=1))",
    ],
)
def test_log_calls_that_cannot_work(line: str) -> None:
    assert found("log-call-broken", line) == ["high"]


def test_a_logger_from_elsewhere_may_format_otherwise() -> None:
    assert found("log-call-broken", "log.info('{}', a)", "from shop.logs import log\ndef f(a):\n    ") == ["low"]
    assert found("log-message-preformatted", "log.info(f'{a}')", "from shop.logs import log\ndef f(a):\n    ") == [
        "low"
    ]


def test_an_error_handler_may_log_the_exception_that_it_is_given() -> None:
    head = "import logging\nlogger = logging.getLogger(__name__)\ndef answer(error):\n    "
    assert found("log-call-broken", "logger.exception('failed')", head) == []


@pytest.mark.parametrize(
    "line",
    [
        "logger.info('%s', request.headers['Authorization'])",
        "logger.info('%s', self.config.db_password)",
        "logger.info('%s', a['client_secret'])",
        "logger.info('token: %s', token)",
        "logger.info('cookies %s', request.COOKIES)",
        "logger.info(str(a.private_key))",
        "print(a.api_key)",
    ],
)
def test_secrets_in_the_line(line: str) -> None:
    assert found("secret-logged", line) == ["medium"]


@pytest.mark.parametrize(
    "line",
    [
        "logger.info('from %d', self.from_token)",
        "logger.info('%d', token)",
        "logger.info('password changed for %s', a)",
        "logger.info('%s', hash_of(token))",
        "logger.info('%s', a.token_type)",
        "logger.info('%s', self.page_token)",
        "logger.info('%s', token is None)",
    ],
)
def test_lines_that_only_speak_of_secrets(line: str) -> None:
    assert found("secret-logged", line) == []


def test_a_bare_token_without_a_hint_is_a_guess() -> None:
    assert found("secret-logged", "logger.info('got %s', token)") == ["low"]


@pytest.mark.parametrize(
    ("head", "confidence"),
    [
        ("def create(order):\n    ", ["high"]),
        ("def create(order):\n    if settings.DEBUG:\n        ", ["low"]),
        ("def print_summary(order):\n    ", ["low"]),
        ("def printer(order):\n    ", ["low"]),
        ("def start_list_orders(order):\n    ", ["low"]),
        ("if '__main__' == __name__:\n    test()\ndef test():\n    ", ["low"]),
        ("import click\ndef create(order):\n    ", []),
        ("import sys\ndef f():\n    sys.argv[1]\n    ", []),
        ("if __name__ == '__main__':\n    ", []),
    ],
)
def test_prints_by_where_they_stand(head: str, confidence: list[str]) -> None:
    assert found("print-in-service", "print('x')", head) == confidence


def test_scripts_may_print() -> None:
    assert found("print-in-service", "print('x')", path="scripts/load.py") == []


def test_a_module_without_a_debugger_is_one_good_site() -> None:
    assert counts("debugger-left-in", {"a.py": "x = 1\n", "b.py": "breakpoint()\n"}) == (1, 1, 0)


def test_a_level_on_a_condition_about_logging_is_decided_elsewhere() -> None:
    head = "import logging\ndef f(options):\n    if options.verbose:\n        "
    assert found("logging-fixed-in-code", "logging.basicConfig(level=logging.DEBUG)", head) == []


def test_a_script_decides_its_own_level() -> None:
    line = "import logging\nlogging.basicConfig(level=logging.INFO)"
    assert found("logging-fixed-in-code", line, "", "scripts/load.py") == []


def test_handlers_that_write_structured_lines_count() -> None:
    settings = 'LOGGING = {"version": 1, "handlers": {"gelf": {"class": "graypy.GELFTLSHandler"}}}\n'
    assert counts("structured-logging-missing", {"shop/settings.py": settings}) == (1, 0, 0)


def test_settings_read_from_a_file_are_unresolved() -> None:
    source = "import logging.config\nlogging.config.fileConfig('logging.ini')\n"
    assert counts("structured-logging-missing", {"app.py": source}) == (0, 0, 1)


def test_a_library_that_reads_its_formatters_from_a_file_is_unresolved() -> None:
    source = "from oslo_log import log\ndef main(conf):\n    log.setup(conf, 'shop')\n"
    assert counts("structured-logging-missing", {"shop/cmd/api.py": source}) == (0, 0, 1)


def test_the_format_of_the_service_is_shown_rather_than_that_of_a_script() -> None:
    source = "import logging\nlogging.basicConfig(format='%(message)s')\n"
    report = scan_files({"bin/load.py": source.encode(), "shop/main.py": source.encode()})
    assert [each.path for each in report.findings if each.rule == "structured-logging-missing"] == ["shop/main.py"]


def test_loggers_without_any_start_are_a_guess() -> None:
    source = "import logging\nlogger = logging.getLogger(__name__)\n"
    assert counts("structured-logging-missing", {"orders.py": source}) == (0, 0, 1)


def test_a_comment_binds_no_id() -> None:
    source = "from flask import Flask\n# request_id comes later\napp = Flask(__name__)\n"
    assert counts("correlation-id-missing", {"app.py": source}) == (0, 1, 0)


def test_a_header_that_is_read_is_an_id() -> None:
    source = "from flask import Flask\napp = Flask(__name__)\nname = 'X-Request-ID'\n"
    assert counts("correlation-id-missing", {"app.py": source}) == (1, 0, 0)


def test_setup_modules_may_use_the_root_logger() -> None:
    source = "import logging\nlogging.basicConfig(level=LEVEL)\nlogging.info('started')\n"
    assert counts("log-without-module-logger", {"shop/logs.py": source}) == (1, 0, 0)


@pytest.mark.parametrize("line", ["log.info('in', password=a)", "log.info('in', extra={'api_key': b})"])
def test_a_value_under_the_name_of_a_secret(line: str) -> None:
    assert found("secret-logged", line, "import structlog\nlog = structlog.get_logger()\ndef f(a, b):\n    ") == [
        "medium"
    ]


def test_a_root_function_by_its_own_name() -> None:
    assert found("log-without-module-logger", "info('x')", "from logging import info\ndef f():\n    ") == ["high"]


def test_a_wrapper_of_logging_is_known() -> None:
    head = "from oslo_log import log\nLOG = log.getLogger(__name__)\ndef f(a):\n    "
    assert found("log-message-preformatted", "LOG.info(f'{a}')", head) == ["high"]


def test_code_that_attaches_a_debugger_on_request_is_a_guess() -> None:
    assert found("debugger-left-in", "ptvsd.enable_attach()", "import ptvsd\ndef enable_ptvsd():\n    ") == ["low"]
