"""Exceptions that tell a client or a caller something, instead of reporting a failure of this code."""

import ast
from typing import Final

from scanners.place import Place
from scanners.regex import regex

_ANSWERS: Final = regex(
    r"^(HTTP\w*|Http404|NotFound|PermissionDenied|Forbidden|BadRequest|Unauthorized|MethodNotAllowed|Conflict|APIException|ApiError|APIError"
    r"|ParseError|AuthenticationFailed|NotAuthenticated|Throttled|SuspiciousOperation|\w*ValidationError|Empty|Full|SynapseError"
    r"|StopIteration|StopAsyncIteration|SystemExit|KeyboardInterrupt|GeneratorExit|Exit|Abort|ClickException|UsageError|BadParameter"
    r"|CommandError|ArgumentTypeError|Retry|Ignore|Reject|SkipTest|abort|WebSocketException)$"
)


_OF_WEB: Final = regex(
    r"^(werkzeug|rest_framework|django\.http|starlette|fastapi|litestar|sanic|falcon|aiohttp\.web|tornado\.web|pyramid"
    r"|webob|bottle|cherrypy|ninja|connexion|pecan)\b"
)
"""Where exceptions come from that are answers to a client."""
_FIRST_STATUS, _LAST_STATUS = 400, 599


def is_answer(name: str, made: ast.expr, func: ast.expr, place: Place[ast.Raise]) -> bool:
    """Whether it is control flow, the end of a command, or an answer to a client: as its name says, because a web
    framework has it, or because it is made with a status.
    """
    return bool(_ANSWERS.match(name)) or _has_status(made) or bool(_OF_WEB.match(place.name(func)))


def _has_status(made: ast.expr) -> bool:
    given = [*made.args[:1], *(word.value for word in made.keywords)] if isinstance(made, ast.Call) else []
    numbers = [value.value for value in given if isinstance(value, ast.Constant) and type(value.value) is int]
    return any(_FIRST_STATUS <= number <= _LAST_STATUS for number in numbers)
