"""What pipelines and the recipes that they call check: tests, static checks."""

import re
from typing import Any, Final

from scanners.context import Context
from scanners.regex import regex
from scanners.rule import Collector
from scanners.semantics.environment.pipelines import provider, steps
from scanners.text import TextFile

TESTS: Final = regex(
    r"\b(pytest|py\.test|unittest|nose2?|nosetests|trial|stestr|behave|ward|zope-testrunner|runtests?(\.py|\.sh)?|run[-_]tests?(\.\w+)?"
    r"|coverage\s+run|ctest|testflo|pants\s+\S*test|bazel\s+test|setup\.py\s+test|cargo\s+test|npm\s+(run\s+)?test)\b"
    r"|manage\.py\s+test\b|-m\s+(django|twisted\.trial)\s.*\btest\b|-m\s+test\b|\bhatch\s+(run\s+\S*)?test"
    r"|\b(invoke|inv|rake|task|just|poe|pdm run|rye)\s+\S*test"
)
STATIC: Final = regex(
    r"\b(ruff|flake8|pylint|mypy|dmypy|pyright|basedpyright|bandit|pycodestyle|pyflakes|prospector|pytype|pyre|semgrep|pre-commit|prek|lefthook"
    r"|pyrefly|import-linter|lint-imports|codespell|yamllint|vulture|wemake|pylama|zuban|codeql|sonar\w*|hatch\s+fmt|autoflake\s.*--check|isort\b.*--?c"
    r"|black\b.*--(check|diff))\b|\bty\s+check\b|\b(invoke|inv|task|just|poe|pdm run|rye"
    r"|hatch run)\s+\S*(lint|check|mypy|typ|fmt)|\brye\s+lint\b"
    r"|black-action|/black@|super-linter|reviewdog|megalinter|\bblack\s+--check"
)
_CALLED: Final = regex(
    r"\b(make|just|task)\s+((?:-\w+\s+|\w+=\S+\s+)*[\w. /-]+)|\b(tox|nox)\b([^|;&\n]*)|(?:^|[\s\"'])(?:\./"
    r"|(?:ba|z|da)?sh\s+(?:-\w+\s+)*(?:\./)?|\.\s+)?([\w./-]+\.(?:sh|bash|py)|\.?ci/[\w-]+|scripts?/[\w-]+"
    r"|bin/[\w-]+)"
)
_TARGET: Final = regex(r"^([\w./ -]+?)\s*:(?!=)([^=#\n]*)")
_SPARED: Final = regex(r"\|\|\s*(true|:|exit\s+0|echo\b[^\n]*)\s*$|--exit-zero\b|^-\s*(?=\w)", re.MULTILINE)


def checks(script: str) -> dict[str, bool]:
    """Which of both sorts a script runs, by the tools that it names outside of installations and comments."""
    lines = [line for line in _joined(script) if not _INSTALLS.search(line) and not line.lstrip().startswith("#")]
    text = "\n".join(lines)
    return {"tests": bool(TESTS.search(text)), "static": bool(STATIC.search(text))}


_INSTALLS: Final = regex(
    r"^\s*(-\s+)?(\w+=\S+\s+)*(sudo\s+)?(python3?\s+-m\s+)?(uv\s+)?(pip3?|pipx|uv|poetry|pdm|pipenv|apt(-get)?|apk|conda|mamba|brew|npm|deps\s*=)\s+"
    r"(install|add|tool install|sync)\b[^&;|]*$"
)


def called(script: str) -> list[str]:
    """The recipes that a script calls, as "make:test", "tox:", "nox:", "file:scripts/test.sh"."""
    found = []
    for match in _CALLED.finditer("\n".join(_joined(script))):
        if match[1]:
            found += [f"make:{name}" for name in match[2].split() if not name.startswith("-") and "=" not in name]
        elif match[3]:
            found.append(f"{match[3]}:{match[4].strip()[:80]}")
        elif match[5]:
            found.append(f"file:{match[5]}")
    return found[:20]


class PipelineSteps(Collector):
    """Fact `ci-step`: one step of a pipeline: what it checks, what it calls, whether its failure stops a change.

    Fact `ci-file`: that there is a pipeline at all, and whether its steps could be read.
    """

    files = ("workflow", "ci")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record the steps, or the whole of a file of another provider as one."""
        whose = provider(text) if text.kind == "workflow" else ""
        elsewhere = (
            bool(re.search(r"^[^\S\n]*+(include|extends):|template:", text.text, re.MULTILINE)) and whose != "github"
        )
        ctx.fact("ci-file", 1, provider=whose, elsewhere=elsewhere)
        if not whose:
            ctx.fact("ci-step", 1, **_said(text.text), review=True, ignored=False, text=text.lines[0].strip()[:160])
        for step in steps(text):
            said = _said(f"{step.script}\n{step.uses}")
            ignored = step.ignored or (bool(_SPARED.search(step.script)) and _all_spared(step.script))
            shown = text.lines[step.line - 1].strip()[:160]
            foreign = bool(step.uses) and ".github/workflows/" in step.uses and not step.uses.startswith("./")
            ctx.fact("ci-step", step.line, **said, review=step.review, ignored=ignored, foreign=foreign, text=shown)


class Recipes(Collector):
    """Fact `recipe`: a target of a Makefile, the commands of tox or nox, a script: what it checks and calls."""

    files = ("recipe", "shell", "ci")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record each recipe of the file."""
        if text.kind != "recipe":
            ctx.fact("recipe", 1, kind="file", name="", **_said(text.text))
        elif "[tox]" in text.text or "[testenv" in text.text:
            commands = "\n".join(line for line in text.lines if "==" not in line and not line.lstrip().startswith("-r"))
            ctx.fact("recipe", 1, kind="tox", name="", **_said(commands))
        else:
            for number, name, body in _targets(text.lines):
                ctx.fact("recipe", number, kind="make", name=name, **_said(body))

    def visit_module(self, ctx: Context) -> None:
        """Record the sessions of nox, and scripts that run tests."""
        if ctx.imports("nox"):
            said = checks(ctx.source.replace('", "', " "))
            ctx.fact("recipe", 1, kind="nox", name="", **said, calls=[])


def _targets(lines: list[str]) -> list[tuple[int, str, str]]:
    found: list[tuple[int, str, str]] = []
    for number, line in enumerate(lines, 1):
        match = _TARGET.match(line)
        if match is not None:
            needs = "".join(f"make {name}\n" for name in match[2].split() if re.match(r"^[\w./-]+$", name))
            found += [(number, name, needs) for name in match[1].split()[:3]]
        elif found and line[:1].isspace():
            at, name, body = found[-1]
            found[-1] = (at, name, body + line.strip().lstrip("@-+").replace("$(MAKE)", "make") + "\n")
    return found


def _said(script: str) -> dict[str, Any]:
    return {**checks(script), "calls": called(script)}


def _joined(script: str) -> list[str]:
    return re.sub(r"\\\n\s*", " ", script).split("\n")


def _all_spared(script: str) -> bool:
    """Whether each line that checks something goes on after a failure."""
    lines = [line for line in _joined(script) if any(checks(line).values()) or called(line)]
    return bool(lines) and all(_SPARED.search(line) for line in lines)
