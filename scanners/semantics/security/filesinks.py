"""Calls that act on a file by its path, and what makes a path of the request harmless."""

import ast
import re
from typing import Final

from scanners.context import Context
from scanners.place import Call
from scanners.scopes import arguments
from scanners.semantics.requestdata import Taint, taint
from scanners.semantics.routes import routes_of

_FIRST: Final = (
    "open io.open os.open codecs.open aiofiles.open gzip.open bz2.open os.remove os.unlink os.listdir os.scandir "
    "os.walk "
    "os.mkdir os.makedirs os.rmdir os.removedirs os.chmod os.truncate shutil.rmtree flask.send_file quart.send_file "
    "starlette.responses.FileResponse fastapi.responses.FileResponse aiohttp.web.FileResponse sanic.response.file "
    "flask.render_template quart.render_template flask.send_from_directory quart.send_from_directory"
).split()
_NO_SLASH: Final = ("flask", "quart", "django", "fastapi")
_BOTH: Final = (
    "os.rename os.replace os.link os.symlink shutil.copy shutil.copy2 shutil.copyfile shutil.copytree shutil.move"
).split()
_SECOND: Final = ("django.shortcuts.render",)
_METHODS: Final = frozenset(
    "read_text read_bytes write_text write_bytes unlink rmdir mkdir iterdir touch rename open save".split()
)
CLEANERS: Final = frozenset(
    "secure_filename basename safe_join get_valid_filename get_valid_name sanitize_filename slugify is_relative_to "
    "relative_to commonpath commonprefix startswith name stem suffix hexdigest isalnum safe_path generate_filename "
    "get_available_name file_digest".split()
)
"""Functions and attributes after which a path stays inside."""

CALLS: Final = (*_FIRST, *_BOTH, *_SECOND, *(f"*.{name}" for name in sorted(_METHODS)))


def is_one_part(source: ast.AST, ctx: Context) -> bool:
    """Whether request data is one part of a route's path, which takes no slash: `<name>`, but not `<path:name>`."""
    if not isinstance(source, ast.arg):
        return False
    routes = [route for node, route in routes_of(ctx).items() if any(source is arg for arg in arguments(node))]
    part = re.compile(rf"<(str:|string:)?{source.arg}>|{{{source.arg}}}")
    return any(route.framework in _NO_SLASH and part.search(route.path or "") for route in routes)


def paths_of(call: Call, ctx: Context) -> list[ast.expr]:
    """The paths that a call acts on; none for a call that touches no file."""
    if call.dotted in _FIRST or call.dotted in _SECOND:
        position = 1 if call.dotted in _SECOND else 0
        words = (
            "path",
            "file",
            "path_or_file",
            "filename_or_fp",
            "template_name",
            "directory",
            "template_name_or_list",
        )
        first = call.argument(position, *words)
        return [first] if first is not None else []
    if call.dotted in _BOTH:
        return list(call.node.args[:2])
    return _of_method(call, ctx)


def _of_method(call: Call, ctx: Context) -> list[ast.expr]:
    """The path that a method acts on: its receiver, or for an upload what it is saved as."""
    receiver = call.receiver
    if receiver is None or call.last not in _METHODS:
        return []
    if call.last == "save":
        held: Taint | None = taint(receiver, call, ctx) if call.node.args else None
        return [call.node.args[0]] if held is not None else []
    return [receiver] if call.dotted.startswith(("pathlib.", "anyio.Path")) or call.ref is None else []
