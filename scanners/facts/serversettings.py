"""What Python files say of the server that runs them: the port that it binds, and paths that probes may ask for."""

import re
from typing import Final

from scanners.constants import fold
from scanners.context import Context
from scanners.rule import Collector
from scanners.semantics.environment.probes import TEXT, last_part
from scanners.text import lines_with

_PROBES: Final = ("health", "ready", "live", "ping", "status", "alive", "heartbeat")
_UP: Final = ('"up', "'up", "^up", "/up", ".up", "-up")  # On its own it stands in too many words.


class ServerSettings(Collector):
    """Fact `server-bind`: the port that a settings file of gunicorn binds, "" where it is computed.
    Fact `health-text`: last parts of what reads like the path of a probe.
    """

    def visit_module(self, ctx: Context) -> None:
        """Record the last `bind` of the module body, and the paths."""
        if any(word in ctx.source for word in _PROBES):
            spans = lines_with(ctx.source, (*_PROBES, *_UP), ctx.lowered)
            paths = sorted({last_part(match) for span in spans for match in TEXT.findall(ctx.source, *span)})
            if paths:
                ctx.fact("health-text", 1, paths=paths[:50])
        bound = [binding for binding in ctx.module.names.get("bind", ()) if binding.kind == "assign"]
        if bound:
            value = fold(bound[-1].value, ctx.module)
            found = re.search(r":(\d{2,5})$", value) if isinstance(value, str) else None
            ctx.fact("server-bind", bound[-1].line, port=found[1] if found else "")
