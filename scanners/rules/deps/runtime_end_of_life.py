import datetime as dt
import re
from typing import Final

from scanners.context import Context
from scanners.dependencies import endoflife
from scanners.finding import Effort, Severity
from scanners.regex import regex
from scanners.rule import Example, Rule
from scanners.text import TextFile
from scanners.tree import Tree, TreeContext

_IMAGE: Final = regex(r"^\s*+(?:-\s*+)?image:\s*+[\"']?([^\s\"'#]+)")
_PRODUCTS: Final = frozenset("python node debian ubuntu alpine centos postgres mysql mariadb mongo".split(" "))
_SUITES: Final = regex(r"(jessie|stretch|buster|bullseye|bookworm|trixie|focal|bionic|jammy|noble)|alpine(\d+\.\d+)")
_SOON: Final = dt.timedelta(days=90)


class RuntimeEndOfLife(Rule):
    """
    A release past its end gets no fixes: the next hole that is found in it stays open.

    Looks at the Python that is pinned (.python-version, runtime.txt, Pipfile, conda), at images of Dockerfiles, compose
    files and manifests and the Debian or Alpine below them, and at the locked or pinned Django, against a dated table.
    The day is the commit's, or the table's own where that is not known. A tag without a version is unresolved; less than
    ninety days left weigh less.
    """

    id = "runtime-end-of-life"
    area = "deps"
    item = "D2"
    title = "Runtime past its end of support"
    severity = Severity.HIGH
    effort = Effort.DAYS
    fix = "Move to a supported release; run the tests on it first."
    files = ("dockerfile", "compose", "manifest", "python-version", "pipfile")
    bad = [
        Example("Python", {".python-version": "3.8.19\n"}, at=[(".python-version", 1)]),
        Example(
            "base images",
            {
                "Dockerfile": "FROM node:16-alpine AS web\nFROM docker.io/library/python:3.12-slim-buster\nCOPY --from=web /x /x\n"
            },
            at=[("Dockerfile", 1), ("Dockerfile", 2)],
        ),
        Example(
            "database",
            {"docker-compose.yml": "services:\n  db:\n    image: postgres:11-alpine\n"},
            at=[("docker-compose.yml", 3)],
        ),
        Example(
            "conda, and a pod",
            {
                "environment.yml": "name: shop\ndependencies:\n  - python=3.8\n  - numpy\n",
                "k8s/db.yaml": "apiVersion: apps/v1\nkind: StatefulSet\nspec:\n  template:\n    spec:\n      containers:\n"
                "        - name: db\n          image: postgres:11\n",
            },
            at=[("environment.yml", 3), ("k8s/db.yaml", 8)],
        ),
        Example("Django", {"requirements.txt": "redis==6.0.0\ndjango==3.2.25\n"}, at=[("requirements.txt", 2)]),
    ]
    good = [
        Example("supported", {".python-version": "3.13\n", "Dockerfile": "FROM python:3.13-slim-bookworm\n"}),
        Example(
            "no version in sight", {"Dockerfile": "ARG TAG\nFROM python:${TAG}\nFROM python:latest\nFROM scratch\n"}
        ),
        Example(
            "a range is no runtime",
            {"pyproject.toml": '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.8"\n'},
        ),
        Example("locked Django", {"uv.lock": 'version = 1\n[[package]]\nname = "django"\nversion = "5.2.19"\n'}),
    ]

    def visit_text(self, text: TextFile, ctx: Context) -> None:
        if text.kind in ("python-version", "pipfile"):
            _python(text, ctx)
            return
        if text.kind == "dockerfile":
            for stage in text.dockerfile.stages:
                _image(stage.image, stage.line, text.lines[stage.line - 1], ctx)
            return
        for number, line in enumerate(text.lines, 1):
            if found := _IMAGE.match(line):
                _image(found[1], number, line, ctx)

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        today = tree.date or endoflife.checked()
        for fact in tree.facts("runtime"):
            _judge(fact.path, fact.line, fact["product"], fact["version"], fact["text"], today, ctx)
        for requirement in tree.facts("requirement"):
            if requirement["name"] == "django" and requirement["pinned"] and requirement["specifier"]:
                version = requirement["specifier"].lstrip("=")
                _judge(requirement.path, requirement.line, "django", version, requirement["text"], today, ctx)
        for lock in tree.facts("lock"):
            for version in lock["versions"].get("django", ()):
                _judge(lock.path, 1, "django", version, "", today, ctx)


def _python(text: TextFile, ctx: Context) -> None:
    for number, line in enumerate(text.lines, 1):
        found = re.match(r"^\s*(?:python-|python_(?:full_)?version\s*=\s*\")?(\d+\.\d+(?:\.\d+)?)", line)
        if found is not None:
            ctx.fact("runtime", number, product="python", version=found[1], text=line)
            return


def _image(image: str, line: int, text: str, ctx: Context) -> None:
    product, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    if product not in _PRODUCTS:
        return
    ctx.fact("runtime", line, product=product, version=tag, text=text)
    below = _SUITES.search(tag)
    if below is not None and product not in ("debian", "ubuntu", "alpine"):
        suite = below[1] or below[2]
        system = "alpine" if below[2] else "ubuntu" if suite in ("focal", "bionic", "jammy", "noble") else "debian"
        ctx.fact("runtime", line, product=system, version=suite, text=text)


def _judge(path: str, line: int, product: str, version: str, text: str, today: dt.date, ctx: TreeContext) -> None:
    end = endoflife.ends(product, version)
    if end is None:
        ctx.unresolved(path, line, f"No date is known for {product} {version or 'of no version'}.")
        return
    ctx.site(path, line)
    if end < today:
        ctx.report(path, line, f"{product} {version} has had no fixes since {end}.", anchor=product, text=text)
    elif end < today + _SOON:
        message = f"{product} {version} gets no fixes after {end}."
        ctx.report(path, line, message, anchor=product, text=text, severity=Severity.LOW)
