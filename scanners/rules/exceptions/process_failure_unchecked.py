import ast
from typing import Any, Final

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.exceptions.probes import is_best_effort, is_probe
from scanners.semantics.exceptions.uses import reads
from scanners.semantics.handlers import short

_CODE: Final = frozenset({"returncode", "check_returncode", "poll"})
_SCREEN: Final = regex(r"^(clear|cls|reset|pause|chcp\b.*|stty\b.*|tput\b.*|color|title\b.*)$")


class ProcessFailureUnchecked(Rule):
    """
    A command that failed and a command that worked look the same when nobody reads the return code.

    Looks at `subprocess` (run, call, Popen and the checked forms), `os.system` and the processes of asyncio. Right are
    `check=`, also False, and a return code that is read, returned or handed on. A process that other code gets, or that
    runs on, is not followed. A command that is only tried, or run to see whether it is there, is only suspected.
    """

    id = "process-failure-unchecked"
    area = "exceptions"
    item = "E3"
    title = "Return code of a process ignored"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = "Pass check=True to subprocess.run, or look at the return code; say check=False where failure is fine."
    calls = (
        *("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.Popen"),
        *("os.system", "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"),
    )
    bad = (
        Example(
            "results dropped",
            {
                "dump.py": "import os\nimport subprocess\n\n\ndef dump(path):\n"
                '    subprocess.run(["pg_dump", "-f", path])\n    subprocess.call(["gzip", path])\n    code = os.system("sync")\n'
            },
            at=[("dump.py", 6), ("dump.py", 7), ("dump.py", 8)],
        ),
        Example(
            "only the output is read",
            {
                "sha.py": "import subprocess\n\n\ndef head():\n"
                '    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True)\n'
                "    return done.stdout.strip()\n\n\ndef branch():\n"
                '    return subprocess.run(["git", "branch"], capture_output=True).stdout\n'
            },
            at=[("sha.py", 5), ("sha.py", 10)],
        ),
        Example(
            "a process that is waited for",
            {
                "encode.py": "import asyncio\nimport subprocess\n\n\ndef encode(path):\n"
                '    process = subprocess.Popen(["ffmpeg", path], stderr=subprocess.PIPE)\n    process.communicate()\n'
                '\n\nasync def thumb(path):\n    process = await asyncio.create_subprocess_exec("convert", path)\n'
                "    await process.wait()\n"
            },
            at=[("encode.py", 6), ("encode.py", 11)],
        ),
    )
    good = (
        Example(
            "checked, or left on purpose",
            {
                "dump.py": "import subprocess\n\n\ndef dump(path):\n"
                '    subprocess.run(["pg_dump", "-f", path], check=True)\n    subprocess.run(["sync"], check=False)\n'
                '    subprocess.check_call(["gzip", path])\n'
            },
        ),
        Example(
            "the code is read",
            {
                "dump.py": "import asyncio\nimport os\nimport subprocess\n\n\ndef dump(path):\n"
                '    done = subprocess.run(["pg_dump", "-f", path])\n    if done.returncode:\n'
                '        raise RuntimeError(path)\n    if os.system("sync") != 0:\n'
                '        raise RuntimeError("sync")\n    return subprocess.call(["gzip", path])\n\n\n'
                'async def thumb(path):\n    process = await asyncio.create_subprocess_exec("convert", path)\n'
                "    if await process.wait():\n        raise RuntimeError(path)\n"
            },
        ),
        Example(
            "handed on, passed through, or in the background",
            {
                "run.py": "import subprocess\n\n\ndef run(command, report, **options):\n"
                "    report(subprocess.run(command))\n    done = subprocess.run(command)\n    report(done)\n"
                "    subprocess.run(command, **options)\n    return subprocess.Popen(command)\n"
            },
        ),
    )

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.last.startswith("check_") or call.keyword("check") is not None:
            ctx.site(call)
        elif call.unpacks and call.last == "run":
            ctx.unresolved(call, "Its arguments are put together elsewhere; check may be among them.")
        elif call.last in ("call", "system"):
            unread = call.dropped or (call.function and reads(call) == [])
            self._judge(call, ctx, at_fault=bool(unread) and not _only_draws(call, ctx), sure=Confidence.HIGH)
        elif call.last == "run":
            self._judge_run(call, ctx)
        else:
            self._judge_process(call, ctx)

    def _judge_run(self, call: Call, ctx: Context) -> None:
        above = call.parent()
        if call.dropped:
            self._judge(call, ctx, at_fault=not _only_draws(call, ctx), sure=Confidence.HIGH)
        elif isinstance(above, ast.Attribute):
            self._judge(call, ctx, at_fault=above.attr not in _CODE, sure=Confidence.HIGH)
        else:
            uses = reads(call)
            read = uses is None or any(name in _CODE or name == "" for name in uses)
            self._judge(call, ctx, at_fault=not read, sure=Confidence.HIGH)

    def _judge_process(self, call: Call, ctx: Context) -> None:
        above = call.parent()
        uses = reads(call)
        if isinstance(above, ast.Attribute):  # Asked on the spot: `Popen(...).wait()`.
            kept = above.attr == "wait" and not isinstance(call.parent(call.parent(above)), ast.Expr)
            uses = [above.attr, "wait()"] if kept else [above.attr]
        waits = isinstance(above, ast.withitem) or any(name in ("wait", "communicate") for name in uses or ())
        if uses is None or not waits:
            return  # It runs on in the background, or other code looks after it.
        self._judge(call, ctx, at_fault=(_CODE | {"", "wait()"}).isdisjoint(uses), sure=Confidence.MEDIUM)

    def _judge(self, call: Call, ctx: Context, *, at_fault: bool, sure: Confidence) -> None:
        if at_fault:
            what = short(call.node.args[0], 40) if call.node.args else "the command"
            message = f"Nobody reads the return code of {call.dotted}({what}): a command that failed looks like one that worked."
            ctx.report(call, message, confidence=Confidence.LOW if is_probe(call) or is_best_effort(call) else sure)
        else:
            ctx.site(call)


def _only_draws(call: Call, ctx: Context) -> bool:
    """Commands for the terminal, whose failure changes nothing."""
    command: Any = ctx.constant(call.argument(0, "args", "command"), call)
    text = " ".join(map(str, command)) if isinstance(command, tuple) else str(command)
    return bool(_SCREEN.match(text))
