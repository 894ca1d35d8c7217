import re
from collections.abc import Iterator
from typing import Final

from scanners.context import Context
from scanners.dockerfile import Instruction, Stage
from scanners.finding import Effort, Severity
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.semantics.environment.downloads import CHECKS, KEY, fetches
from scanners.semantics.environment.pipelines import steps
from scanners.semantics.environment.shell import commands
from scanners.text import TextFile

_REMOTE: Final = regex(r"^(https?|ftp)://")


class RemoteFetchUnverified(Rule):
    """
    What a server sends today is built into the image and runs with its rights. Without a checksum nobody notices when
    the file, the server or the account that owns it is another one tomorrow.

    Looks at ADD of a URL and at files that curl and wget fetch in a RUN of a Dockerfile; and at everything that is piped
    into a shell, there and in steps of pipelines, which weighs more. Images for development weigh less. A checksum or a signature that is checked in the same
    stage is good, and so are keys that packages are checked with, and answers of an address that are only read.
    """

    id = "remote-fetch-unverified"
    area = "environment"
    item = "V2"
    title = "Downloaded file that nothing verifies"
    severity = Severity.MEDIUM
    effort = Effort.MINUTES
    fix = 'Name the version and check it: `ADD --checksum=sha256:...`, or `echo "<sha256>  file" | sha256sum -c -` in the same RUN.'
    files = ("dockerfile", "workflow")
    bad = [
        Example(
            "download",
            {
                "Dockerfile": "FROM python:3.13\nADD https://dl.shop.io/tool.tgz /opt/\n"
                "RUN apt-get update && apt-get install -y curl \\\n    && curl -fsSL https://dl.shop.io/t.tgz | tar xz -C /opt\n"
                "RUN wget -q https://dl.shop.io/app.deb && dpkg -i app.deb\nRUN curl -o /bin/jq https://dl.shop.io/jq\n"
            },
            at=[("Dockerfile", 2), ("Dockerfile", 4), ("Dockerfile", 5), ("Dockerfile", 6)],
        ),
        Example(
            "piped to a shell",
            {
                "Dockerfile": "FROM python:3.13\nRUN curl -LsSf https://astral.sh/uv/install.sh | sh\n"
                'RUN bash -c "$(curl -fsSL https://get.shop.io)"\nRUN <<EOF\nset -e\nwget -qO- https://x.io/i.py | python3 -\nEOF\n',
                ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n"
                "      - run: |\n          curl -sSL https://install.python-poetry.org | python3 -\n          poetry install\n",
            },
            at=[(".github/workflows/ci.yml", 7), ("Dockerfile", 2), ("Dockerfile", 3), ("Dockerfile", 6)],
        ),
    ]
    good = [
        Example(
            "checked",
            {
                "Dockerfile": "FROM python:3.13\nADD --checksum=sha256:24454f83 https://dl.shop.io/tool.tgz /opt/\n"
                "RUN curl -fsSLO https://dl.shop.io/t.tgz \\\n && echo '24454f83  t.tgz' | sha256sum -c - \\\n && tar xf t.tgz\n"
                "RUN curl -fsSL https://deb.shop.io/key.gpg | gpg --dearmor -o /etc/apt/keyrings/shop.gpg\n"
                "RUN wget https://dl.shop.io/x.run https://dl.shop.io/x.run.sig && gpg --verify x.run.sig x.run && sh x.run\n"
            },
        ),
        Example(
            "no download",
            {
                "Dockerfile": "FROM python:3.13\nADD app.tgz /opt/\nRUN apt-get install -y curl wget\n"
                "RUN VERSION=$(curl -s https://api.shop.io/latest) && echo $VERSION\n"
                "HEALTHCHECK CMD curl -f http://localhost:8000/ || exit 1\n",
                ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    steps:\n      - run: curl -X POST https://hooks.shop.io/done\n",
            },
        ),
    ]

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        if text.kind == "workflow":
            for step in steps(text):
                for command, run in fetches(commands(step.script, step.script_line)):
                    if run:
                        _judge(command.line, command.text, True, False, ctx)
            return
        for stage in text.dockerfile.stages:
            _stage(stage, text.role in ("dev", "test") or stage.is_dev, ctx)


def _stage(stage: Stage, dev: bool, ctx: Context) -> None:
    checks = [entry.line for entry in stage.all("RUN") if CHECKS.search(entry.script)]
    for entry in stage.all("ADD", "RUN"):
        checked = any(line >= entry.line for line in checks)
        for line, text, run in _fetched(entry):
            ctx.site(line)
            if run or not (checked or entry.flag("checksum")):
                _judge(line, text, run, dev, ctx)


def _fetched(entry: Instruction) -> Iterator[tuple[int, str, bool]]:
    """What an instruction fetches: on which line, by what, and whether it is run as it comes."""
    if entry.name == "RUN":
        for command, run in fetches(commands(entry.script, entry.script_line)):
            yield command.line, command.text, run
        return
    source = next((word for word in entry.value.split() if _REMOTE.match(word)), "")
    if source and not re.search(r"\.git(#|$)|#", source) and not KEY.search(source):
        yield entry.line, source, False


def _judge(line: int, text: str, run: bool, dev: bool, ctx: Context) -> None:
    shown = next((word for word in re.split(r"[\s'\"()]+", text) if "://" in word), "the download")[:80]
    heavy, light = (Severity.HIGH, Severity.MEDIUM) if run else (Severity.MEDIUM, Severity.LOW)
    if run:
        message = f"What `{shown}` sends is run at once, unread and unchecked."
    else:
        message = f"Nothing checks that `{shown}` is the file that was meant."
    ctx.report(line, message, severity=light if dev else heavy)
