import ast

from scanners.context import Context
from scanners.facts.clients import tell
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.boundaries.programs import managed
from scanners.semantics.outbound import HANDED, PROCESSES, bounded_outside, handed, weigh
from scanners.semantics.terminals import is_command_line

_LOCAL_GIT = frozenset("rev-parse describe status log diff config show branch ls-files rev-list symbolic-ref".split())


class SubprocessWithoutTimeout(Rule):
    """
    A child process that hangs takes the worker that waits for it along, and leaves nothing in the log.

    Looks at `subprocess.run`, `call`, `check_call` and `check_output`, and at `wait` and `communicate` of a `Popen`
    that is made in sight. A process that the same file terminates or kills is managed and counts as bounded.
    At a command line it is a minor finding: the person who waits can end it. A command that only says something of this
    machine, such as a version or the state of a local repository, has low confidence.
    """

    id = "subprocess-without-timeout"
    area = "timeouts"
    item = "T1"
    title = "Wait for a child process without a timeout"
    severity = Severity.MEDIUM
    fix = "Pass `timeout=` in seconds and handle `subprocess.TimeoutExpired`; kill the process when it fires."
    bad = (
        Example(
            "run, check_output, and a Popen that is waited for",
            {
                "thumbs.py": """\
import subprocess
from subprocess import check_output
def render(path):
    subprocess.run(["convert", path, "out.png"], check=True)
    size = check_output(["identify", path])
    child = subprocess.Popen(["optipng", "out.png"])
    child.wait()
    return size
"""
            },
            at=[("thumbs.py", 4), ("thumbs.py", 5), ("thumbs.py", 7)],
        ),
        Example(
            "communicate, and None given by hand",
            {
                "backup.py": """\
import subprocess
def dump(name):
    with subprocess.Popen(["pg_dump", name], stdout=subprocess.PIPE) as child:
        data, _ = child.communicate()
    subprocess.run(["sync"], timeout=None, check=False)
    return data
"""
            },
            at=[("backup.py", 4), ("backup.py", 5)],
        ),
    )
    good = (
        Example(
            "bounded, or managed by the code itself",
            {
                "thumbs.py": """\
import subprocess
def render(path):
    subprocess.run(["convert", path, "out.png"], check=True, timeout=30)
    child = subprocess.Popen(["optipng", "out.png"])
    try:
        child.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
"""
            },
        ),
        Example(
            "options unpacked from elsewhere",
            {
                "run.py": """\
import subprocess
def run(command, **options):
    return subprocess.run(command, **options)
"""
            },
        ),
    )
    calls = (*PROCESSES, *HANDED)

    def visit_call(self, call: Call, ctx: Context) -> None:
        inner = call if call.dotted in PROCESSES else handed(call)
        if inner is None or inner.dotted not in PROCESSES:
            return
        ended = inner.dotted.startswith("subprocess.Popen.") and managed(inner, ctx)
        if ended or bounded_outside(call, inner):
            ctx.site(inner)
        else:
            light = Severity.LOW if is_command_line(ctx) else None
            sure = Confidence.LOW if _answers_at_once(inner, ctx) else None
            tell(ctx, inner, weigh(inner, PROCESSES[inner.dotted]), light, sure)


def _answers_at_once(call: Call, ctx: Context) -> bool:
    """Whether the command only says something of this machine: its version, or what a local repository holds."""
    given = call.argument(0, "args")
    words = [ctx.constant(item, call) for item in given.elts] if isinstance(given, (ast.List, ast.Tuple)) else []
    plain = [word for word in words if isinstance(word, str)]
    if plain[:1] == ["git"]:
        return bool(_LOCAL_GIT & set(plain))
    return plain[:1] in (["uname"], ["hostname"], ["which"], ["whoami"]) or plain[-1:] in (["--version"], ["-version"])
