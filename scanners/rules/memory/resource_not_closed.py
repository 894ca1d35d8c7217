from scanners.context import Context
from scanners.finding import Confidence, Severity
from scanners.place import Call
from scanners.rule import Example, Rule
from scanners.semantics.memory.resources import BRIEF, RESOURCES, Resource, fate, is_forever, outlives


class ResourceNotClosed(Rule):
    """
    What is opened and not closed stays open until the collector happens to find it: descriptors, connections and threads run out
    under load, and written data is missing from a file that nobody flushed.

    Looks at calls that open a file, an archive, a socket, a connection or session of a database, a mail or SSH server, a client
    session or an executor, and follows the local name: `with`, `closing`, an exit stack, `finally`, handed to a caller, an object
    or another call are good; `json.load`, `csv.reader` and builtins read and leave it open. Never closed is a fault, so is a close
    that a return or an exception before it skips. A name that is bound several times, or closed in a branch only, is unresolved.
    """

    id = "resource-not-closed"
    area = "memory"
    item = "M2"
    title = "Resource is not closed"
    severity = Severity.MEDIUM
    fix = "Open it in a `with` statement (`contextlib.closing` for what has none), or close it in `finally`."
    bad = (
        Example(
            "opened and forgotten",
            {
                "shop/export.py": "import sqlite3\nimport smtplib\nimport socket\nimport tarfile\n"
                "from concurrent.futures import ThreadPoolExecutor\nimport aiohttp\nimport json\ndef load(path):\n"
                '    return json.loads(open(path).read())\ndef save(path, rows):\n    out = open(path, "w")\n'
                "    out.writelines(rows)\ndef count(path):\n    db = sqlite3.connect(path)\n"
                '    return db.execute("SELECT count(*) FROM orders").fetchone()\ndef mail(message):\n'
                '    server = smtplib.SMTP("mail.shop.io", timeout=5)\n    server.send_message(message)\n'
                "def ping(host):\n    peer = socket.create_connection((host, 80), timeout=3)\n"
                "    return peer.recv(4)\ndef all_of(urls, fetch):\n    pool = ThreadPoolExecutor(4)\n"
                "    return list(pool.map(fetch, urls))\nasync def fetch(url):\n"
                "    session = aiohttp.ClientSession()\n    return await (await session.get(url)).text()\n"
                "def names(path):\n    return tarfile.open(path).getnames()\ndef copy(path, rows):\n"
                '    out = open(path, "w")\n    out.writelines(rows)\n    out.close()\n'
                "import tempfile\ndef spool(rows):\n    kept = tempfile.NamedTemporaryFile('w', delete=False)\n"
                "    gone = tempfile.NamedTemporaryFile()\n    kept.writelines(rows)\n    return kept.name, gone.name\n"
            },
            at=[("shop/export.py", line) for line in (9, 11, 14, 17, 20, 23, 26, 29, 31, 36)],
        ),
    )
    good = (
        Example(
            "with, finally, stacks, closing",
            {
                "shop/export.py": "import contextlib\nimport sqlite3\nimport aiohttp\ndef load(path):\n"
                "    with open(path) as file, contextlib.closing(sqlite3.connect(path)) as db:\n"
                '        return file.read(), db\ndef save(path, rows):\n    out = open(path, "w")\n    try:\n'
                "        out.writelines(rows)\n    finally:\n        out.close()\ndef several(paths, stack):\n"
                '    with stack:\n        db = sqlite3.connect("x")\n        stack.callback(db.close)\n'
                "        return [stack.enter_context(open(path)) for path in paths]\ndef touch(path):\n"
                '    open(path, "w").close()\nasync def fetch(url):\n'
                "    async with aiohttp.ClientSession() as session:\n        return await session.get(url)\n"
            },
        ),
        Example(
            "handed to somebody who closes it",
            {
                "shop/store.py": "import sqlite3\nfrom django.http import FileResponse\nclass Store:\n"
                "    def __init__(self, path):\n        self.db = sqlite3.connect(path)\ndef opened(path):\n"
                "    file = open(path)\n    return file\ndef lines(path):\n    db = sqlite3.connect(path)\n"
                '    yield db\n    db.close()\ndef download(path):\n    return FileResponse(open(path, "rb"))\n'
                "def connected(path):\n    db = sqlite3.connect(path)\n    prepare(db)\n    return db\n"
            },
        ),
    )
    calls = tuple(RESOURCES)

    def visit_call(self, call: Call, ctx: Context) -> None:
        found = RESOURCES[call.dotted]
        if call.keyword("fileobj") is not None:
            return  # It wraps what somebody else has opened.
        if call.dotted.startswith("tempfile.") and not outlives(call):
            return  # It is there for as long as the object is, which may be what is wanted.
        became = fate(call, found, ctx)
        if became == "unknown":
            ctx.unresolved(call, "It may be closed elsewhere, or on some ways only.")
        elif became in ("leaks", "dropped") and not is_forever(call, found):
            self._say(call, found, became, ctx)
        elif became == "skipped":
            message = f"The {found.what} is closed at the end, but a return before that leaves it open."
            ctx.report(call, message, confidence=Confidence.MEDIUM)
        elif became == "risky":
            message = f"The {found.what} is closed, but not when something before that raises."
            ctx.report(call, message, severity=Severity.LOW, confidence=Confidence.MEDIUM)
        else:
            ctx.site(call)

    def _say(self, call: Call, found: Resource, became: str, ctx: Context) -> None:
        how = "Nothing closes the" if became == "leaks" else "Nobody keeps, so nobody closes, the"
        sure = Confidence.HIGH if found.what not in BRIEF or became == "leaks" else Confidence.MEDIUM
        light = found.what == "HTTP session" or (became == "dropped" and found.what in BRIEF) or call.under_main
        message = f"{how} {found.what} that `{call.dotted.removesuffix('()')}` opens."
        level = Severity.LOW if light or ctx.path_class == "script" else None
        ctx.report(call, message, severity=level, confidence=sure)
