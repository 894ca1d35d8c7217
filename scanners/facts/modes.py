"""Development modes: settings, calls that run a server, and the commands of images."""

import ast
import re
from collections.abc import Iterator
from typing import Any, Final

from scanners.constants import fold
from scanners.context import Context
from scanners.place import Call
from scanners.regex import regex
from scanners.rule import Collector
from scanners.syntax import unparse
from scanners.text import TextFile

RUNNERS: Final[dict[str, tuple[str, ...]]] = {
    "flask.Flask.run": ("debug", "use_reloader", "use_debugger"),
    "quart.Quart.run": ("debug", "use_reloader"),
    "sanic.Sanic.run": ("debug", "auto_reload", "dev"),
    "bottle.run": ("debug", "reloader"),
    "dash.Dash.run": ("debug",),
    "dash.Dash.run_server": ("debug",),
    "uvicorn.run": ("reload", "debug"),
    "fastapi.FastAPI": ("debug",),
    "starlette.applications.Starlette": ("debug",),
    "tornado.web.Application": ("debug", "autoreload"),
    "flask_socketio.SocketIO.run": ("debug", "use_reloader"),
}
"""Calls that run or make a web application, with what switches their development mode on."""

_SETTINGS: Final = ("DEBUG", "TESTING", "FLASK_DEBUG")
_DEV_CLASS: Final = regex(r"dev|test|local|debug", re.IGNORECASE)
_DEV_COMMAND: Final = regex(r"\brunserver(?:_plus)?\b|\bflask\b.*\brun\b|(?<!\w)--reload\b|\bfastapi\b.*\bdev\b")
_DEV_VARIABLE: Final = regex(
    r"^ENV\s++.*\b(?:FLASK_ENV[= ][\"']?development|(?:FLASK_|DJANGO_)?DEBUG[= ][\"']?(?:1|true)\b)",
    re.IGNORECASE,
)


class Modes(Collector):
    """Fact `debug-setting`: a module or a configuration class that sets DEBUG or TESTING to a fixed value."""

    def visit_module(self, ctx: Context) -> None:
        """Record settings of the module and of its configuration classes."""
        scopes = {"": ctx.module} if ctx.role.startswith("settings") else {}
        scopes |= {
            name: scope
            for name, scope in ctx.module.classes.items()
            if "config" in name.lower() or "settings" in name.lower()
        }
        for owner, scope in scopes.items():
            for name in _SETTINGS:
                for binding in scope.names.get(name, ()):
                    value = fold(binding.value, scope) if binding.kind == "assign" else None
                    if isinstance(value, bool):
                        dev = bool(_DEV_CLASS.search(owner)) or ctx.role in ("settings-dev", "settings-test")
                        self._note(ctx, binding.line, name, value, dev)

        if ctx.tree is not None and ctx.imports("flask", "quart"):
            for line, name in _switched_on(ctx.tree):
                self._note(ctx, line, name, True, ctx.role in ("settings-dev", "settings-test"))

    def _note(self, ctx: Context, line: int, name: str, on: bool, dev: bool) -> None:
        text = ctx.source_lines[line - 1].strip()
        ctx.fact("debug-setting", line, name=name, on=on, dev=dev, text=text)


def _switched_on(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Where `app.debug` or `app.config["DEBUG"]` is set to True outside a condition."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is True:
            target = unparse(node.targets[0])
            if target.endswith((".debug", ".config['DEBUG']", ".config['TESTING']")):
                yield node.lineno, target


class ImageCommands(Collector):
    """Fact `image-command`: what the last stage of an image, or a process of a platform, starts."""

    files = ("dockerfile", "procfile", "compose", "manifest")

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        """Record the commands, and whether they switch a development mode on."""
        lines = _last_stage(text) if text.kind == "dockerfile" else list(enumerate(text.lines, 1))
        for number, line in lines:
            shown = line.strip()
            command = text.kind != "dockerfile" or shown.upper().startswith(("CMD", "ENTRYPOINT"))
            if not shown or shown.startswith("#"):
                continue
            dev = bool(_DEV_COMMAND.search(_spaced(shown))) if command else bool(_DEV_VARIABLE.search(shown))
            if dev or (command and text.kind in ("dockerfile", "procfile")):
                ctx.fact("image-command", number, kind=text.kind, role=text.role, dev=dev, text=shown[:200])


def _spaced(line: str) -> str:
    """A command in brackets and quotes as it would be typed."""
    return re.sub(r"[\"',\[\]]+", " ", line)


def _last_stage(text: TextFile) -> list[tuple[int, str]]:
    """The instructions of the stage that is shipped; none when that stage is for development. The last CMD counts."""
    stage = text.dockerfile.final
    if stage is None or stage.is_dev:
        return []
    kept = [
        entry for entry in stage.all("ENTRYPOINT", "ENV", "CMD") if entry.name != "CMD" or entry is stage.last("CMD")
    ]
    return [(entry.line, f"{entry.name} {' '.join(entry.value.split())}") for entry in kept]


def debug_of(call: Call) -> bool | None:
    """Whether a call of RUNNERS switches a development mode on; None when unpacked arguments may."""
    given = [word.value for word in call.node.keywords if word.arg in RUNNERS.get(call.dotted, ())]
    values = [fold(value, call.scope) for value in given]
    if any(value is True for value in values):
        return True
    return None if call.unpacks else False


def started_by(commands: list[Any], path: str) -> bool:
    """Whether one of the commands starts this file: `python shop/main.py` or `python -m shop.main`."""
    module = path.removesuffix(".py").replace("/", ".")
    name = path.rpartition("/")[2]
    return any(
        re.search(rf"(^|[\s/]){re.escape(name)}(\s|$)", _spaced(str(command["text"])))
        or re.search(rf"-m\s+(\S+\.)?{re.escape(module)}(\s|$)", _spaced(str(command["text"])))
        for command in commands
    )
