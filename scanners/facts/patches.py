"""What tests replace and what they run for real, and which functions of the repository leave the process."""

import ast
import re
from bisect import bisect_left
from functools import lru_cache
from typing import Any, Final

from scanners.context import Context, per_file
from scanners.facts.tests import TEST
from scanners.place import Call, Place
from scanners.regex import regex
from scanners.rule import Collector
from scanners.scopes import Scope, arguments
from scanners.semantics.connections import CALLS as CONNECTIONS
from scanners.semantics.outbound import HTTP, NETWORK, PROCESSES, REDIS
from scanners.semantics.tests.mocks import PATCHES, is_patch, is_shaped, target_of
from scanners.syntax import descendants
from scanners.text import TextFile, matches

_REAL: Final = regex(
    r"^(testcontainers|pytest_httpserver|pytest_localserver|http\.server|wsgiref|moto|fakeredis|localstack\w*|vcr|pytest_recording"
    r"|responses|respx|requests_mock|pytest_httpx|aioresponses|aiosmtpd|mongomock|mockserver\w*|wiremock|pact|pytest_docker|mailhog"
    r"|pytest_postgresql|pytest_redis|pytest_mysql|testing\.postgresql|betamax|httpretty|pook|grpc_testing|birdisle|birdhouse|ephemeral_port_reserve)(\.|$)"
)
_FIXTURES: Final = frozenset(
    "httpserver httpbin requests_mock httpx_mock respx_mock mock_aws live_server redisdb postgresql docker_services "
    "aiohttp_server test_server unused_tcp_port smtpd mailoutbox rsps".split()
)
_ADDRESS: Final = regex(r"://([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_DEFS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_RAISES: Final = regex(
    r"side_effect\s*=\s*+[\[(]*+\s*+[\w.]*(Error|Exception|Timeout|TimeOut|Refused|Disconnected|Fault|Failure|Unavailable|Expired"
    r"|Throttled|NotFound)\b|raise_for_status\.side_effect|throw\("
)
_RAISERS: Final = ("side_effect", "raise_for_status.side_effect", "throw(")
_STATUS: Final = regex(r"\bstatus(_code)?\s*=\s*[45]\d\d\b|returncode\s*=\s*[1-9]")
_FAILS: Final = tuple(
    (starts, regex(pattern))
    for starts, pattern in (
        (("side_effect",), r"side_effect\s*="),
        (("Error",), r"(?<=Connection)Error|(?<=HTTP)Error|(?<=Client)Error|(?<=\bOS)Error"),
        (("Timeout", "RequestException"), ""),
        (("status",), r"(?<=raise_for_)status|status(_code)?\s*=\s*[45]\d\d|(?<=set_)status\([^)\n]*\b[45]\d\d\b"),
        (("send_", "respond_with_"), r"(send_response|send_error|respond_with_\w+)\([^)\n]*\b[45]\d\d\b"),
        (
            ("raises(",),
            (
                r"raises\(\s*(smtplib|redis|psycopg2?|pymysql|pymongo|requests|httpx|aiohttp|socket|grpc|sqlalchemy|botocore|pika|kafka)"
                r"\.[\w.]*(Error|Exception|Refused|Disconnected|Fault)"
            ),
        ),
        (("'4", "'5", '"4', '"5'), r".[45]\d\d [A-Za-z]"),
    )
)
"""What a boundary that fails looks like, and the texts that it begins with: these are found in a tenth of the time."""


class Patches(Collector):
    """Facts of test files: `patch` (its target), `test-real` (a fake server, a container, a recorded wire) and
    `test-failure` (a file that makes a boundary fail).
    """

    classes = TEST
    calls = (*PATCHES, "*.patch", "*.object", "*.setattr")

    def visit_call(self, call: Call, ctx: Context) -> None:
        mock = is_patch(call)
        target = target_of(call) if mock else _set(call)
        known = ctx.facts.get("patch", [])
        if target and not (known and (known[-1]["line"], known[-1]["target"]) == (call.line, target)):
            ctx.fact(
                "patch",
                call,
                target=target,
                test=call.qualname,
                text=ctx.source_lines[call.line - 1].strip()[:160],
                spies=any(word.arg in ("side_effect", "wraps") for word in call.node.keywords),
                shaped=mock and is_shaped(call),
                mock=mock,
                fails=_fails(call, ctx),
                inside=".".join(part for part in (call.qualname, getattr(call.stmt, "name", "")) if part),
                runs=target.rpartition(".")[2] in _called(ctx),
            )

    def visit_import(self, place: Place[ast.Import], ctx: Context) -> None:
        _note(ctx, place, [alias.name for alias in place.node.names])

    def visit_import_from(self, place: Place[ast.ImportFrom], ctx: Context) -> None:
        if place.node.level == 0:
            _note(ctx, place, [f"{place.node.module}.{alias.name}" for alias in place.node.names])

    def visit_module(self, ctx: Context) -> None:
        if any(map(_takes_fixture, ctx.module.functions)):
            ctx.fact("test-real", 1, name="fixture")
        if _makes_fail(ctx.source):
            ctx.fact("test-failure", 1)
        hosts = sorted({match[1] for match in matches(_ADDRESS, "://", ctx.source)})[:40]
        if hosts:
            ctx.fact("test-hosts", 1, hosts=hosts)


@per_file
def _called(ctx: Context) -> frozenset[str]:
    """The last names of all that a file calls: what one test replaces, another may run."""
    calls = descendants(ctx.tree, ast.Call) if ctx.tree is not None else ()
    return frozenset(getattr(call.func, "attr", getattr(call.func, "id", "")) for call in calls)


def _takes_fixture(function: Any) -> bool:
    args = function.args
    others = args.posonlyargs or args.kwonlyargs or args.vararg or args.kwarg
    return any(arg.arg in _FIXTURES for arg in (arguments(function) if others else args.args))


def _fails(call: Call, ctx: Context) -> bool:
    """Whether the test that a patch stands in has what it replaces raise an error, or answer with one."""
    around: Any = call.function or (call.stmt if isinstance(call.stmt, _DEFS) else call.cls)
    failures = _failures(ctx) if around is not None else []
    if not failures:
        return False
    first = min([around.lineno, *(decorator.lineno for decorator in getattr(around, "decorator_list", ()))])
    inside = failures[bisect_left(failures, (first, 0)) : bisect_left(failures, (around.end_lineno + 1, 0))]
    return any(end <= around.end_lineno for _, end in inside)


@per_file
def _failures(ctx: Context) -> list[tuple[int, int]]:
    """The first and last lines of what makes something fail in a file, in order."""
    source = ctx.source
    states = [match for word in ("status", "returncode") for match in matches(_STATUS, word, source)]
    if not states and "side_effect" not in source:
        return []
    raised = (match for word in _RAISERS for match in matches(_RAISES, word, source))
    found, line, counted = [], 1, 0
    for start, end in sorted(match.span() for match in (*raised, *states)):
        line += source.count("\n", counted, start)
        found.append((line, line + source.count("\n", start, end)))
        counted = start
    return found


def _makes_fail(source: str) -> bool:
    """Whether a test has a boundary fail."""
    return any(True for starts, pattern in _FAILS for start in starts for _ in matches(pattern, start, source))


def _note(ctx: Context, place: Place[Any], names: list[str]) -> None:
    for name in names:
        if _is_real(name):
            parts = name.split(".")
            ctx.fact("test-real", place, name=".".join(parts[: 2 if parts[0] == "testcontainers" else 1]))


@lru_cache(maxsize=4096)  # Tests import the same few names.
def _is_real(name: str) -> bool:
    return _REAL.match(name) is not None


def _set(call: Call) -> str:
    """What `monkeypatch.setattr` replaces; empty for any other call."""
    if call.last != "setattr" or getattr(call.receiver, "id", "") != "monkeypatch":
        return ""
    args = call.node.args
    first = _text_of(args[0]) if args else ""
    if first:
        return first if "." in first else ""
    holder = call.resolve(args[0]) if args else None
    attribute = _text_of(args[1]) if len(args) > 2 else ""
    return f"{holder.dotted}.{attribute}" if holder is not None and attribute and not holder.local else ""


def _text_of(expr: ast.expr) -> str:
    """The text that an expression is, empty for anything else."""
    return expr.value if isinstance(expr, ast.Constant) and isinstance(expr.value, str) else ""


class RealServices(Collector):
    """Fact `test-real`: services that a pipeline or a compose file for tests starts."""

    files = ("workflow", "compose")
    classes = frozenset({"service", "script", "test"})

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        tested = text.kind == "workflow" or text.role == "test"
        if tested and re.search(r"^[^\S\n]*+services:|docker[- ]compose", text.text, re.MULTILINE):
            for match in re.finditer(r"image:\s*+['\"]?(?:[\w./-]*[./-])?(\w+)[:'\"\s]", text.text):
                ctx.fact("test-real", 1, name=match[1])


class Outward(Collector):
    """Fact `outward`: a def of the repository that leaves the process itself, by its qualified name, with what."""

    calls = tuple({*HTTP, *NETWORK, *PROCESSES, *REDIS, *CONNECTIONS, "boto3.client", "boto3.resource"})

    def visit_call(self, call: Call, ctx: Context) -> None:
        library = call.dotted.partition(".")[0]
        ctx.fact("outward", call, name=call.qualname, library=library)


class Reaching(Collector):
    """Fact `reaching`: a def of the repository that works on files, sockets or the machine itself, by its name."""

    calls = (
        *("open", "io.open", "os.open", "os.listdir", "os.scandir", "os.walk", "os.stat", "os.statvfs", "os.kill"),
        *("os.remove", "os.rename", "os.makedirs", "os.getloadavg", "shutil.rmtree", "shutil.copy", "shutil.move"),
        *("socket.socket", "socket.gethostname", "socket.getaddrinfo", "select.select", "os.popen", "os.system"),
        *("*.recv", "*.recv_into", "*.recvfrom", "*.sendall", "*.sendto", "*.read_text", "*.write_text"),
        *(
            "*.read_bytes",
            "*.write_bytes",
            "pyroute2.IPRoute",
            "pyroute2.NetNS",
            "psutil.Process",
            "psutil.cpu_percent",
        ),
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        known = ctx.facts.get("reaching", ())
        if call.qualname and not (known and known[-1]["name"] == call.qualname):
            ctx.fact("reaching", call, name=call.qualname)


class TestOutward(Collector):
    """Fact `test-real`: a test that makes a client of its own, and so talks to something real."""

    classes = TEST
    calls = Outward.calls

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.fact("test-real", call, name=call.dotted.partition(".")[0])


class Defined(Collector):
    """Fact `defined` (one a file): the names of its functions and methods."""

    def visit_module(self, ctx: Context) -> None:
        names = _defs(ctx.module)
        for scope in ctx.module.classes.values():
            names += [f"{scope.qualname}.{name}" for name in _defs(scope)]
        if names:
            ctx.fact("defined", 1, names=names)


def _defs(scope: Scope) -> list[str]:
    """The names that a scope gives to functions."""
    return list({name: 0 for name, found in scope.names.items() for binding in found if binding.kind == "def"})
