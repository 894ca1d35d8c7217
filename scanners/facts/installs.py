"""What images and pipelines install with the tools of Python, and whether a lock decides the versions."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from scanners.context import Context
from scanners.dockerfile import Instruction
from scanners.regex import regex
from scanners.rule import Collector
from scanners.semantics.environment.pipelines import steps
from scanners.semantics.environment.shell import Command, commands
from scanners.text import TextFile

_TOOLS: Final = frozenset(
    "pip setuptools wheel uv poetry pipenv pdm hatch hatchling build tox nox twine pre-commit prek "
    "virtualenv flit cython pip-tools "
    "poetry-core poetry-dynamic-versioning poetry-plugin-export setuptools-scm maturin scikit-build "
    "cibuildwheel invoke pipx rye conda mamba "
    "tox-gh-actions tox-uv nox-uv auditwheel conan meson ninja cmake packaging keyring artifacts-keyring "
    "ruff black isort flake8 mypy pylint "
    "bandit pyright codespell pytest pytest-cov coverage coveralls codecov yamllint semgrep pip-audit "
    "safety check-manifest "
    "readme-renderer awscli aws-sam-cli ansible ansible-lint bump2version bumpversion mkdocs "
    "mkdocs-material sphinx gitlint pip-licenses "
    "towncrier zizmor interrogate vulture commitizen python-semantic-release devpi-client cyclonedx-bom nodeenv".split()
)
"""Packages that build, check or publish: what they install does not run in production."""
_VALUED: Final = frozenset(
    "-c --constraint -i --index-url --extra-index-url -t --target --prefix --root --python -p --platform "
    "--python-version --no-binary "
    "--only-binary -f --find-links --trusted-host --cache-dir --src --progress-bar --upgrade-strategy "
    "--timeout --retries --report --group "
    "--with --extra --default-index --index --proxy --cert --use-feature --config-settings -C "
    "--implementation --abi --index-strategy "
    "--torch-backend --build-option --global-option --log --keyring-provider --exists-action "
    "--root-user-action --override "
    "--build-constraint --prerelease --resolution --exclude-newer --link-mode".split()
)
_PINNED: Final = regex(
    r"===?\s*[^*\s]+$|==\$|@\s*(git\+)?https?://\S+@[0-9a-f]{7,40}\b|@[0-9a-f]{40}\b|\.whl\b|\.tar\.gz\b|\.zip\b"
)
_PROJECTS: Final = ("pyproject.toml", "setup.py", "setup.cfg")
_PROPOSES: Final = regex(r"\bgit (commit|push)\b|create-pull-request|\bgh pr create\b|git-auto-commit")
"""What a pipeline does with a change that it made itself."""
_NAME: Final = regex(r"^[A-Za-z0-9][\w.-]*")


class Installs(Collector):
    """Fact `install`: one installing command of an image or a pipeline.

    `tool` is pip, uv, poetry, pipenv or pdm; `loose` the packages without a pinned version, `tools` those of them that
    are no part of what runs; `files` the requirement files; `project` whether a directory is installed by its ranges;
    `locked` whether the command itself says that a lock decides; `unknown` whether a variable does; `copies` what the
    image copied before.
    """

    files = ("dockerfile", "workflow")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record the commands."""
        if text.kind == "workflow":
            run = [command for step in steps(text) for command in commands(step.script, step.script_line)]
            for at, command in enumerate(run):
                if not _renews(command, run[at + 1 :], text):
                    self._note(command, "ci", "", True, text, ctx)
            return
        parsed = text.dockerfile
        final = parsed.line_of(parsed.stages[-1]) if parsed.stages else []
        for stage in parsed.stages:
            line_of = [entry for below in reversed(parsed.line_of(stage)) for entry in below.instructions]
            copies = " ".join(_sources(entry) for entry in line_of if entry.name in ("COPY", "ADD"))
            env = " ".join(entry.value for entry in line_of if entry.name in ("ENV", "ARG"))
            shipped = stage in final or any(
                entry.flag("from") == stage.name for entry in parsed.stages[-1].instructions if stage.name
            )
            for entry in stage.all("RUN"):
                mounts = " ".join(value for name, value in entry.flags if name == "mount")
                for command in commands(entry.script, entry.script_line):
                    self._note(command, "image", f"{copies} {mounts} {env}", shipped and not stage.is_dev, text, ctx)

    def _note(self, command: Command, source: str, seen: str, shipped: bool, text: TextFile, ctx: Context) -> None:
        said = read(command)
        if said is not None:
            shown = text.lines[command.line - 1].strip()[:160] if command.line <= len(text.lines) else ""
            dev = text.role in ("dev", "test") or not shipped
            ctx.fact("install", command.line, source=source, seen=seen[:2000], dev=dev, text=shown, **said)


def _renews(command: Command, later: list[Command], text: TextFile) -> bool:
    """Whether a pipeline makes the lock anew to propose it, or to look at it: nothing is installed from it here."""
    said = read(command)
    if said is None or said["locked"] != "no" or not {"lock", "update", "--upgrade", "-U"} & set(command.words):
        return False
    installs = any(
        after["tool"] == said["tool"] and after["locked"] == "copy" for after in filter(None, map(read, later))
    )
    return bool(_PROPOSES.search(text.text)) or ("lock" in command.words and not installs)


def _sources(copy: Instruction) -> str:
    """What a COPY takes from the context of the build."""
    words = copy.words or tuple(copy.value.split())
    return "" if copy.flag("from") else " ".join(words[:-1])


def read(command: Command) -> dict[str, Any] | None:
    """What a command installs, or None for any other command."""
    words = list(command.words)
    if words and re.match(r"^(\S*/)?python[\d.]*$", words[0]) and words[1:2] == ["-m"]:
        words = words[2:]
    name = words[0].rpartition("/")[2] if words else ""
    if name == "uv" and words[1:2] == ["pip"]:
        name, words = "pip", words[1:]
    name = "pip" if re.match(r"^pip[\d.]*$", name) else name
    verb = next((word for word in words[1:] if not word.startswith("-")), "")
    if name == "pip" and verb == "install":
        return _pip(words[words.index("install") + 1 :], command)
    if (name, verb) in _LOCKING:
        return _said(_LOCKING[name, verb], locked=_states_lock(name, verb, words))
    if (name, verb) in (("pipx", "install"), ("uv", "tool")) and (name == "pipx" or "install" in words):
        return _packages("pip", list(_positional(words[words.index("install") + 1 :]))[:1])
    return None


_LOCKING: Final = {
    ("uv", "sync"): "uv",
    ("poetry", "install"): "poetry",
    ("poetry", "sync"): "poetry",
    ("poetry", "update"): "poetry",
    ("poetry", "lock"): "poetry",
    ("pipenv", "install"): "pipenv",
    ("pipenv", "sync"): "pipenv",
    ("pipenv", "update"): "pipenv",
    ("pipenv", "lock"): "pipenv",
    ("pdm", "install"): "pdm",
    ("pdm", "sync"): "pdm",
    ("pdm", "update"): "pdm",
    ("uv", "lock"): "uv",
}


def _states_lock(name: str, verb: str, words: list[str]) -> str:
    """Whether the lock decides: "yes" (or it fails), "no" (versions are chosen anew), "copy" (if the lock is there)."""
    if "--check" in words or "--locked" in words or "--frozen" in words or "--frozen-lockfile" in words:
        return "yes"
    if verb in ("update", "lock") or "--upgrade" in words or "-U" in words or "--skip-lock" in words:
        return "no"
    if name == "pipenv" and verb == "install":
        return "yes" if {"--deploy", "--ignore-pipfile"} & set(words) else "no"
    return "copy"


def _said(tool: str, **more: Any) -> dict[str, Any]:
    fields = {"tool": tool, "loose": [], "tools": [], "files": [], "project": "", "locked": "", "unknown": False}
    return fields | more


def _packages(tool: str, specs: Iterable[str]) -> dict[str, Any]:
    loose: list[str] = []
    tools: list[str] = []
    unknown = False
    for spec in specs:
        name = _NAME.match(spec)
        if _PINNED.search(spec):
            continue
        if name is None or "$" in spec or spec.startswith(("git+", "http")):
            unknown = unknown or not spec.startswith(("git+", "http"))
            loose += [spec] if spec.startswith(("git+", "http")) and "$" not in spec else []
        else:
            plain = name[0].lower().replace("_", "-")
            (tools if plain in _TOOLS or plain.startswith(("pytest-", "flake8-", "types-")) else loose).append(spec)
    return _said(tool, loose=loose, tools=tools, unknown=unknown)


def _pip(words: list[str], command: Command) -> dict[str, Any]:
    options, rest = dict(_options(words)), list(_positional(words))
    files = [value for key, value in _options(words) if key in ("-r", "--requirement", "--requirements")]
    ranges = [name for name in files if name.endswith(_PROJECTS)]
    files = [name for name in files if name not in ranges]
    local = [word for word in rest if word.startswith((".", "/")) or word.endswith("/") or re.match(r"^\w+/\w+", word)]
    wheels = all(".whl" in word or "wheel" in word or "dist/" in word for word in local)
    said = _packages("pip", [word for word in rest if word not in local])
    held = (
        {"--no-index", "--require-hashes", "--no-deps"} & set(options) or "-c" in options or "--constraint" in options
    )
    said |= {"files": files, "locked": "yes" if held else "", "project": "" if wheels else next(iter(local), "")}
    said["project"] = said["project"] or next(iter(ranges), "")
    said["unknown"] = said["unknown"] or any("PIP_CONSTRAINT" in entry for entry in command.assigned)
    return said


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    for at, word in enumerate(words):
        if word.startswith("-"):
            key, _, value = word.partition("=")
            yield key, value or (words[at + 1] if at + 1 < len(words) else "")
            if word.startswith("-r") and len(word) > 2:
                yield "-r", word[2:]


def _positional(words: list[str]) -> Iterator[str]:
    skip = False
    for word in words:
        if skip or re.match(r"^\d?[<>]", word):
            skip = False
        elif word.startswith("-"):
            editable = word in ("-e", "--editable")
            skip = not editable and word in _VALUED | {"-r", "--requirement", "--requirements"}
        else:
            yield word
