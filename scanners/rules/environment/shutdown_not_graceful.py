from typing import Final

from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.environment.stopping import endings
from scanners.tree import Tree, TreeContext

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
            {
                "worker.py": _WORKER,
                "src/mail/__main__.py": _WORKER,
                "Dockerfile": 'FROM python:3.13\nCMD ["python", "worker.py"]\n',
                "mail.dockerfile": 'FROM python:3.13\nCMD ["python", "-m", "mail"]\n',
            },
            at=[("src/mail/__main__.py", 4), ("worker.py", 4)],
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
        for ending in endings(tree):
            if ending.wrong:
                ctx.report(ending.path, ending.line, ending.wrong, anchor=ending.anchor, text=ending.text)
            elif ending.unknown:
                ctx.unresolved(ending.path, ending.line, ending.unknown)
            else:
                ctx.site(ending.path, ending.line)
