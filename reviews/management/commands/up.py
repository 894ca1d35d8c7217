import errno
import fcntl
import http.client
import ipaddress
import json
import socket
import sys
import time
from collections.abc import Callable
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews.management.supervisor import Service, Supervisor

PYTHON = [sys.executable, "-m"]
CELERY = [*PYTHON, "celery", "--quiet", "--app", "config"]
WEB = [*PYTHON, "gunicorn", "--config", "python:config.gunicorn", "config.wsgi:application"]
_PLAIN = ["--without-gossip", "--without-mingle"]
WORKER = [*CELERY, "worker", *_PLAIN, "--queues", "scans"]
ERRANDS = [*CELERY, "worker", *_PLAIN, "--queues", "errands", "--concurrency", "1", "--hostname", "errands@%h"]
# People and forges wait for the web server, on the same processors as the scans.
AFTER_WEB = ["nice", "-n", "10"]
BEAT = [*CELERY, "beat"]
DEMO = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", "--stay"]


class Command(BaseCommand):
    help = "Get ready (see bootstrap), then run the web server, the workers and the scheduler until told to stop."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="Make the demo team as well, once the site answers.")

    def handle(self, *args: Any, **options: Any) -> None:
        with _only_one_here():
            _check_port()
            call_command("collectstatic", interactive=False, verbosity=0)
            call_command("bootstrap", stdout=self.stdout)
            services = [Service("web", WEB)]
            # The first answer comes sooner when nothing else starts at the same time.
            later = [Service("worker", AFTER_WEB + WORKER), Service("errands", AFTER_WEB + ERRANDS)]
            later += [Service("beat", BEAT)]
            demo = [Service("demo", DEMO, once=True)] if options["demo"] else []
            readiness = Readiness(self._say, lambda: services.extend(later + demo))
            Supervisor(services, settings.STOP_SECONDS, self._say).run(readiness)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


class Readiness:
    """Called now and then: asks /healthz until it answers 200, then says where to open the site and calls `when_ready`.

    Until then it says what is missing, each thing once.
    """

    def __init__(self, say: Callable[[str], None], when_ready: Callable[[], None]) -> None:
        self.say = say
        self.when_ready = when_ready
        self.ready = False
        self.told = ""
        self.next_look = 0.0

    def __call__(self) -> None:
        if self.ready or time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + 0.3
        status, body = _ask_health()
        if status == 200:
            self.ready = True
            self.say(f"Open {settings.BASE_URL}/")
            self.when_ready()
        elif status == 503:
            self._tell(" ".join(f"{reason['message']} {reason['next']}" for reason in body["reasons"]))

    def _tell(self, text: str) -> None:
        if text != self.told:
            self.told = text
            self.say(text)


def _ask_health() -> tuple[int, dict[str, Any]]:
    """The status and the body of /healthz; status 0 while nobody answers."""
    host = "127.0.0.1" if ipaddress.ip_address(settings.BIND).is_unspecified else settings.BIND
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return 0, {}
    finally:
        connection.close()


def _only_one_here() -> IO[str]:
    """The held lock of the data directory. Raises CommandError when another `up` holds it: two schedulers would run."""
    lock = (settings.DATA_DIR / "up.lock").open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise CommandError(
            f"Plimsoll already runs on {settings.DATA_DIR}. Stop it first, or set PLIMSOLL_DATA to another directory."
        ) from None
    return lock


def _check_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.BIND, settings.PORT))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            what = "is taken by another program" if taken else f"cannot be used ({error.strerror})"
            hint = "Choose another one, such as: make run PORT=8001"
            raise CommandError(f"Port {settings.PORT} {what}. {hint}") from None
