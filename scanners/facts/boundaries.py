"""What leaves the process: the clients that a file makes, and the calls that go out, with what surrounds them."""

import ast
from typing import Any, Final

from scanners.context import Context
from scanners.facts.boundaries_held import note_held
from scanners.place import Call
from scanners.rule import Collector
from scanners.semantics.boundaries.addresstexts import Target
from scanners.semantics.boundaries.again import Again, of_adapter, of_client
from scanners.semantics.boundaries.clients import client_fact, holder, limit_of
from scanners.semantics.boundaries.heldcalls import held_calls
from scanners.semantics.boundaries.httpcalls import (
    SESSIONS,
    limit_of_stub,
    limit_of_wait,
    method_of,
    session_library,
    surroundings,
    url_position,
)
from scanners.semantics.boundaries.libraries import CLIENTS, HTTP_LIBRARIES, MORE_HTTP, PROCESS_CALLS, Library
from scanners.semantics.boundaries.limits import of_http, shown
from scanners.semantics.boundaries.poolsizes import pool_of
from scanners.semantics.boundaries.programs import managed, program
from scanners.semantics.boundaries.surroundings import place_in, scope_around
from scanners.semantics.boundaries.targets import target, web_address
from scanners.semantics.boundaries.uses import Use, from_elsewhere, in_file
from scanners.semantics.connections import grpc_calls
from scanners.semantics.outbound import (
    HANDED,
    HTTP,
    PROCESSES,
    SESSION_CALLS,
    Verdict,
    bounded_outside,
    handed,
    in_process,
    weigh,
)
from scanners.semantics.timeouts.sessions import MOUNTS, Sessions
from scanners.syntax import unparse

_VERBS: Final = ("get", "head", "options", "post", "put", "patch", "delete")
_LATER: Final = frozenset({"ftplib.FTP", "ftplib.FTP_TLS"})
_WAITS: Final = frozenset({"subprocess.Popen.wait", "subprocess.Popen.communicate"})


class Boundaries(Collector):
    """Facts `boundary-client` (a client that is made, with the name that holds it), `boundary-call` (a call that goes
    out) and `boundary-use` (a call through a client that is no HTTP session of the same file).


    A call that goes through a client of the same file has that client's address, limits and retries already.
    """

    calls = (*CLIENTS, *HTTP_LIBRARIES, *MORE_HTTP, *PROCESS_CALLS, *SESSIONS, *HANDED, *MOUNTS)
    _file: "_File | None" = None

    def visit_call(self, call: Call, ctx: Context) -> None:
        """Note a client or a call; what is known of them is put together at the end of the file."""
        if call.dotted in MOUNTS:
            self._of(ctx).mount(call)
        elif call.dotted in SESSIONS:
            self._of(ctx).sessions.append(call)
        elif call.dotted in CLIENTS:
            self._of(ctx).clients.append(call)
        elif call.dotted in HTTP_LIBRARIES or call.dotted in MORE_HTTP or call.dotted in PROCESS_CALLS:
            self._of(ctx).calls.append((call, call))
        else:
            inner = handed(call)
            if inner is not None and (inner.dotted in HTTP or inner.dotted in PROCESS_CALLS):
                self._of(ctx).calls.append((inner, call))

    def visit_module(self, ctx: Context) -> None:
        """Record what was noted."""
        self._of(ctx).record()
        self._file = None

    def _of(self, ctx: Context) -> "_File":
        if self._file is None or self._file.ctx is not ctx:
            self._file = _File(ctx)
        return self._file


class _File:
    """What one file makes and calls."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.clients: list[Call] = []
        self.sessions: list[Call] = []
        self.calls: list[tuple[Call, Call]] = []
        self._used: set[int] = set()
        self._told: set[int] = set()
        self._tuned = Sessions(ctx)
        self._mounted: dict[str, tuple[Again | None, str]] = {}

    def mount(self, call: Call) -> None:
        """Take in `session.mount(prefix, adapter)`."""
        self._tuned.mounted(call)
        adapter = call.argument(1, "adapter")
        if adapter is not None and call.receiver is not None:
            made = adapter if isinstance(adapter, ast.Call) else None
            pool = pool_of(made, "", "", call) if made is not None else ""
            self._mounted[unparse(call.receiver)] = (of_adapter(adapter, call), pool)

    def record(self) -> None:
        """Write the facts of the file."""
        for call in self.clients:
            if call.dotted in _LATER and not call.node.args and call.keyword("host") is None:
                continue  # It is told where to go by connect().
            library = CLIENTS[call.dotted]
            fact = client_fact(call, library, self.ctx)
            around = self._around(call, "")
            self.ctx.fact("boundary-client", call, **(around | fact | {"again": fact["again"] or around["again"]}))
        for call, outer in self.calls:
            if call.dotted in PROCESS_CALLS:
                self._process(call, outer)
            elif not in_process(call):
                self._http(call, outer)
        self._uses()
        self._held()
        for call in self.sessions:
            self.ctx.fact("boundary-client", call, **self._session(call), used=id(call.node) in self._used)
        if "_pb2_grpc" in self.ctx.source and self.ctx.tree is not None:
            self._stubs(self.ctx.tree)

    def _held(self) -> None:
        """The calls that the names of the walk did not tell."""
        made = {id(call.node): (call, CLIENTS[call.dotted]) for call in self.clients}
        made |= {id(call.node): (call, session_library(call.dotted)) for call in self.sessions}
        self._told.update(id(each.node) for pair in self.calls for each in pair)
        for found in held_calls(self.ctx, {node: library for node, (_, library) in made.items()}):
            if id(found.node) not in self._told and id(found.node) not in made:
                self._told.add(id(found.node))
                self._used.add(id(found.held.made))
                note_held(found, made, self.ctx)

    def _stubs(self, tree: ast.Module) -> None:
        """The calls of gRPC stubs, with the address of the file's channel where it has one alone."""
        channels = [call for call in self.clients if call.dotted.startswith("grpc.")]
        where = client_fact(channels[0], CLIENTS[channels[0].dotted], self.ctx) if len(channels) == 1 else {}
        for place, verdict in grpc_calls(tree, self.ctx.module):
            scope = scope_around(place.node, self.ctx)
            self.ctx.fact(
                "boundary-call",
                place,
                kind="rpc",
                library="grpc",
                target=where.get("target", ""),
                given=where.get("given", ""),
                why=where.get("why", "The channel comes from elsewhere."),
                state=verdict.state,
                timeout=limit_of_stub(place.node, scope, self.ctx),
                name=scope.qualname,
                client="",
                **surroundings(place.node, scope, self.ctx, ""),
            )

    def _uses(self) -> None:
        known = {call.node: (CLIENTS[call.dotted], holder(call), call) for call in self.clients}
        if known:
            for use in in_file(self.ctx, known.keys(), [name for _, name, _ in known.values()]):
                line = use.made.lineno if use.made is not None else 0
                self._use(use, known[use.made][1] if use.made is not None else use.client, line)
        for use in from_elsewhere(self.ctx):
            self._use(use, use.client, 0)

    def _use(self, use: Use, client: str, line: int) -> None:
        self._told.add(id(use.node))
        limit = next((word.value for word in use.node.keywords if word.arg == "timeout"), None)
        method = str(getattr(use.node.func, "attr", ""))
        verb = method.upper() if method in _VERBS else ""
        self.ctx.fact(
            "boundary-use",
            use.node,
            client=client,
            made=line,
            call=method,
            name=use.scope.qualname,
            timeout=shown(limit, place_in(use.node, use.scope, self.ctx)) if limit is not None else "",
            **surroundings(use.node, use.scope, self.ctx, verb),
        )

    def _session(self, call: Call) -> dict[str, Any]:
        fact = client_fact(call, session_library(call.dotted), self.ctx)
        again, pool = self._by_mount(call)
        fact |= {"again": again or fact["again"], "pool": pool or fact["pool"], "session": True}
        return fact

    def _by_mount(self, call: Call) -> tuple[Again | None, str]:
        """What an adapter adds that is mounted on the session made here."""
        above = call.parent()
        to = getattr(above, "targets", [getattr(above, "target", getattr(above, "optional_vars", None))])[0]
        return self._mounted.get(unparse(to), (None, "")) if to is not None else (None, "")

    def _http(self, call: Call, outer: Call) -> None:
        library = HTTP_LIBRARIES.get(call.dotted) or MORE_HTTP[call.dotted]
        made = call.origin if call.origin is not None and call.ref is not None and call.ref.via != "param" else None
        self._used.add(id(made))
        where = self._address(call, library, made)
        state, text = self._limit(call, outer, library)
        method = method_of(call)
        own = self._around(call, method)
        self.ctx.fact(
            "boundary-call",
            outer,
            kind=library.kind,
            library=library.name,
            target=where.name,
            given=where.given,
            why=where.why,
            state=state,
            timeout=text,
            name=call.qualname,
            client=self._client(call, made),
            **(own | {"again": own["again"] or self._own_retry(call, made)}),
        )

    def _client(self, call: Call, made: ast.Call | None) -> str:
        if call.ref is not None and call.ref.via == "param":
            return "?"
        if made is None or call.dotted.count(".") < 2 or call.dotted.startswith(("urllib.", "http.")):
            return ""
        found = next((each for each in self.sessions if each.node is made), None)
        return (holder(found) or "local") if found is not None else "local"

    def _own_retry(self, call: Call, made: ast.Call | None) -> Again | None:
        held = self._mounted.get(unparse(call.receiver)) if call.receiver is not None else None
        if held is not None and held[0] is not None:
            return held[0]
        return of_client(made, call) if made is not None else None

    def _address(self, call: Call, library: Library, made: ast.Call | None) -> Target:
        if library.position < 0 and library.host:
            return Target(library.host)
        position = library.position if library.position >= 0 else url_position(call)
        given = call.argument(position, "url", "fullurl", "str_or_url") if position >= 0 else call.keyword("url")
        if call.dotted.startswith("http.client"):
            given = call.argument(0, "host")
        found = (
            web_address(given, call.scope, self.ctx)
            if given is not None
            else Target(library.host, "" if library.host else "No address is given here.", relative=True)
        )
        if found.name or made is None:
            return found
        base = call.keyword("base_url", of=made)
        if base is None and call.dotted.startswith("aiohttp") and made.args:
            base = made.args[0]
        on_client = target(base, call.scope, self.ctx) if base is not None else found
        return on_client if on_client.name or found.relative else found

    def _limit(self, call: Call, outer: Call, library: Library) -> tuple[str, str]:
        if call.dotted not in HTTP:
            return limit_of(call, library, self.ctx)
        verdict = Verdict("good") if bounded_outside(outer, call) else weigh(call, HTTP[call.dotted])
        if verdict.state == "bad" and outer.dotted == "functools.partial" and not isinstance(outer.parent(), ast.Call):
            verdict = Verdict("unresolved", "The calls of the partial may pass a timeout.")
        if verdict.state == "bad" and call.dotted in SESSION_CALLS:
            by_session = self._tuned.bound(call)
            if by_session is not None:
                return by_session.state, "set by the session" if by_session.state == "good" else by_session.text
        if verdict.state == "good":
            return "good", of_http(call) if not bounded_outside(outer, call) else "deadline"
        return verdict.state, verdict.text if verdict.state == "unresolved" else ""

    def _process(self, call: Call, outer: Call) -> None:
        name = program(call, self.ctx)
        if call.dotted in PROCESSES:
            verdict = weigh(call, PROCESSES[call.dotted])
            good = bounded_outside(outer, call) or (call.dotted in _WAITS and managed(call, self.ctx))
            state = "good" if good else verdict.state
            text = "ended by hand" if good and verdict.state != "good" else limit_of_wait(call)
        else:
            state, text = ("started", "")
        self.ctx.fact(
            "boundary-call",
            outer,
            kind="process",
            library="subprocess",
            target=name.name,
            given="",
            why=name.why,
            state=state,
            timeout=text,
            client="",
            wait=call.dotted in _WAITS,
            name=call.qualname,
            **self._around(call, ""),
        )

    def _around(self, call: Call, method: str) -> dict[str, Any]:
        """What surrounds a call in its def."""
        return surroundings(call.node, call.scope, self.ctx, method)
