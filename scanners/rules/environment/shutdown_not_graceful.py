import posixpath
import re
from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.deployed import images, services
from scanners.semantics.servers import plain
from scanners.semantics.shell import commands
from scanners.semantics.stopping import CELERY, is_lasting, seconds
from scanners.tree import Fact, Tree, TreeContext

_WORKER: Final = """\
import time
from shop.queue import queue
def main():
    while True:
        job = queue.get(timeout=5)
        job.run()
if __name__ == "__main__":
    main()
"""


class ShutdownNotGraceful(Rule):
    """
    A deploy sends SIGTERM and kills what is left some seconds later. A process that never sees the signal loses what it had
    in hand, on each deploy.

    Looks at commands of images that a shell runs and does not hand over to (`exec`), also inside an entry script; at loops
    without end of a program that handles no signal; at pools and clients that a module or an application keeps and nobody
    closes; and at grace periods shorter than the limit of the jobs. Servers in exec form are good, and so are programs
    that end by themselves.
    """

    id = "shutdown-not-graceful"
    area = "environment"
    item = "V4"
    title = "Process that does not stop well"
    severity = Severity.MEDIUM
    confidence = Confidence.MEDIUM
    effort = Effort.MINUTES
    fix = "Start it in exec form (or with `exec`), handle SIGTERM, close pools in the lifespan, and let the grace outlast a job."
    kinds = frozenset({"http-api", "worker", "cron"})
    bad = [
        Example(
            "a shell in between",
            {
                "Dockerfile": "FROM python:3.13\nCMD gunicorn shop.wsgi --bind 0.0.0.0:8000\n",
                "b.dockerfile": 'FROM python:3.13\nCMD ["sh", "-c", "python manage.py migrate && uvicorn a:app"]\n',
                "c.dockerfile": 'FROM python:3.13\nCOPY run.sh /\nENTRYPOINT ["/run.sh"]\n',
                "run.sh": "#!/bin/sh\npython manage.py migrate\ncelery -A shop worker\n",
            },
            at=[("Dockerfile", 2), ("b.dockerfile", 2), ("run.sh", 3)],
        ),
        Example(
            "a loop that no signal ends",
            {"worker.py": _WORKER, "Dockerfile": 'FROM python:3.13\nCMD ["python", "worker.py"]\n'},
            at=[("worker.py", 4)],
            kind="worker",
        ),
        Example(
            "a pool that nobody closes",
            {
                "db.py": "import asyncpg\nimport httpx\nclient = httpx.AsyncClient()\nasync def start(app):\n"
                "    app.state.pool = await asyncpg.create_pool(timeout=5)\n"
            },
            at=[("db.py", 3), ("db.py", 5)],
        ),
        Example(
            "a grace that is shorter than a job",
            {
                "docker-compose.yml": "services:\n  worker:\n    build: .\n    command: celery -A shop worker\n    stop_grace_period: 30s\n",
                "tasks.py": "from celery import shared_task\n@shared_task(time_limit=300)\ndef f(): ...\n",
            },
            at=[("docker-compose.yml", 5)],
        ),
    ]
    good = [
        Example(
            "exec",
            {
                "Dockerfile": 'FROM python:3.13\nCMD ["gunicorn", "shop.wsgi"]\n',
                "b.dockerfile": "FROM python:3.13\nCMD python manage.py migrate && exec uvicorn a:app\n",
                "c.dockerfile": 'FROM python:3.13\nENTRYPOINT ["/run.sh"]\n',
                "run.sh": '#!/bin/sh\nif [ "$1" = web ]; then\n  exec celery worker\nfi\nexec "$@"\n',
                "d.dockerfile": "FROM python:3.13\nCMD python manage.py migrate\n",
            },
        ),
        Example(
            "signals and hooks",
            {
                "worker.py": "import signal\nsignal.signal(signal.SIGTERM, print)\n" + _WORKER,
                "db.py": "import asyncpg\nasync def start(app):\n    app.state.pool = await asyncpg.create_pool(timeout=5)\n"
                "async def stop(app):\n    await app.state.pool.close()\n",
                "Dockerfile": 'FROM python:3.13\nCMD ["python", "worker.py"]\n',
                "docker-compose.yml": "services:\n  worker:\n    build: .\n    command: celery -A shop worker\n    stop_grace_period: 6m\n",
                "tasks.py": "from celery import shared_task\n@shared_task(time_limit=300)\ndef f(): ...\n",
            },
            kind="worker",
        ),
        Example(
            "closed by a block",
            {
                "a.py": "import aiohttp\nasync def f(u):\n    async with aiohttp.ClientSession() as s:\n        return s\n"
            },
        ),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        shipped = images(tree)
        for image in shipped:
            self._command(image, ctx)
        self._scripts(tree, shipped, ctx)
        self._loops(tree, ctx)
        self._pools(tree, ctx)
        self._grace(tree, ctx)

    def _command(self, image: Fact, ctx: TreeContext) -> None:
        for part in (image["entrypoint"], image["cmd"]):
            if not part or not is_lasting(plain(part["text"])):
                continue
            wrapped = not part["exec"] or re.match(r"^(/bin/)?(ba|da)?sh$", (part["words"] or [""])[0])
            script = part["text"] if not part["exec"] else next(iter(part["words"][-1:]), "")
            lasting = [command for command in commands(script) if is_lasting(command.text)]
            if wrapped and lasting and not any("exec" in command.wrappers for command in lasting):
                message = "A shell runs this and gets the SIGTERM in its place; use the exec form, or `exec`."
                ctx.report(image.path, part["line"], message, anchor="command", text=part["text"][:160])
            else:
                ctx.site(image.path, part["line"])

    def _scripts(self, tree: Tree, shipped: list[Fact], ctx: TreeContext) -> None:
        parts = [part for image in shipped for part in (image["entrypoint"], image["cmd"]) if part]
        started = {posixpath.basename(word) for part in parts for word in re.split(r"[\s\"']+", part["text"])}
        for script in tree.facts("entry-script"):
            if posixpath.basename(script.path) not in started:
                continue
            if script["exec"]:
                ctx.site(script.path, script.line)
            else:
                message = "The script waits for this and gets the SIGTERM in its place; write `exec` before it."
                ctx.report(script.path, script.line, message, anchor="script", text=script["text"])

    def _loops(self, tree: Tree, ctx: TreeContext) -> None:
        handled = bool(tree.facts("signal-handled"))
        started = " ".join(plain(command["text"]) for command in tree.facts("image-command"))
        for loop in tree.facts("endless-loop"):
            module = loop.path.removesuffix(".py").replace("/", ".")
            name = posixpath.basename(loop.path)
            if handled:
                ctx.site(loop.path, loop.line)
            elif re.search(rf"(^|[\s/]){re.escape(name)}(\s|$)|-m\s+(\S+\.)?{re.escape(module)}(\s|$)", started):
                message = (
                    "Nothing in the program handles SIGTERM, so a deploy cuts this loop off in the middle of a round."
                )
                ctx.report(loop.path, loop.line, message, anchor="loop", text=loop["text"])
            else:
                ctx.unresolved(loop.path, loop.line, "Whether a server runs this loop, and who ends it, is not seen.")

    def _pools(self, tree: Tree, ctx: TreeContext) -> None:
        closed = {name for fact in tree.facts("closed-names", tests=False) for name in fact["names"]}
        for pool in tree.facts("pool-made"):
            if pool["name"] in closed or pool.path_class.name != "service":
                ctx.site(pool.path, pool.line)
            else:
                message = f"Nothing closes `{pool['name']}` when the process stops; close it in the lifespan or a shutdown hook."
                ctx.report(pool.path, pool.line, message, anchor=pool["name"], text=pool["text"])

    def _grace(self, tree: Tree, ctx: TreeContext) -> None:
        limits = [fact["seconds"] for fact in tree.facts("job-seconds")]
        for service in services(tree):
            if not limits or not service["grace"] or not CELERY.search(plain(service["command"])):
                continue
            grace, longest = seconds(service["grace"]), max(limits)
            if grace is None:
                ctx.unresolved(service.path, service["grace_line"], "A variable decides the grace period.")
            elif grace < longest:
                message = (
                    f"A job may take {longest:g} s, but `{service['name']}` is killed {grace:g} s after the signal."
                )
                ctx.report(service.path, service["grace_line"], message, anchor=service["name"])
            else:
                ctx.site(service.path, service["grace_line"])
