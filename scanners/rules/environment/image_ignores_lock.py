import posixpath
import re
from typing import Final

from scanners.dependencies.locking import LOCKS
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.tree import Fact, Tree, TreeContext

_FILES: Final = {"uv": "uv.lock", "poetry": "poetry.lock", "pipenv": "Pipfile.lock", "pdm": "pdm.lock"}
_ALL: Final = re.compile(r"(^|\s)(--\S+\s+)*\.{1,2}/?(\s|$)|\*|\.lock|source=\.|\$\{?\w+\}?/?\s")
_PROJECT: Final = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\n'
_LOCK: Final = 'version = 1\n[[package]]\nname = "flask"\nversion = "3.1.0"\n'


class ImageIgnoresLock(Rule):
    """
    An image that chooses versions when it is built is another image each day: what was tested is not what is shipped, and
    going back to an old commit does not bring the old image back.

    Looks at pip, uv, poetry, pipenv and pdm in Dockerfiles and in pipelines: packages by bare name, requirement files that
    pin nothing, the project by its ranges, locks that are made anew or not copied. Tools that only build or check weigh less.
    Wheels, hashes, constraints and exports of a lock are good. Pipelines of libraries are not asked.
    """

    id = "image-ignores-lock"
    area = "environment"
    item = "V2"
    title = "Install that ignores the lock"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = (
        "Copy the lock and install from it: `uv sync --locked`, `poetry install`, or `pip install --require-hashes -r`."
    )
    bad = [
        Example(
            "bare names and ranges",
            {
                "Dockerfile": "FROM python:3.13\nRUN pip install --no-cache-dir gunicorn 'flask>=3'\nCOPY requirements.txt .\n"
                "RUN pip install -r requirements.txt\nCOPY . .\nRUN pip install .\n",
                "requirements.txt": "redis\nflask==3.1.0\n",
            },
            at=[("Dockerfile", 2), ("Dockerfile", 4), ("Dockerfile", 6)],
        ),
        Example(
            "the lock stays outside, or is made anew",
            {
                "a/Dockerfile": "FROM python:3.13\nCOPY pyproject.toml ./\nRUN poetry install --without dev\n",
                "b/Dockerfile": "FROM python:3.13\nCOPY . .\nRUN pipenv install --system\n",
                "c/Dockerfile": "FROM python:3.13\nCOPY . .\nRUN poetry update && uv sync --upgrade\n",
            },
            at=[("a/Dockerfile", 3), ("b/Dockerfile", 3), ("c/Dockerfile", 3), ("c/Dockerfile", 3)],
        ),
        Example(
            "a tool",
            {"Dockerfile": "FROM python:3.13\nRUN pip install -U pip poetry\n"},
            at=[("Dockerfile", 2)],
        ),
        Example(
            "pipeline",
            {
                ".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    steps:\n      - run: |\n          pip install -e .[test]\n          pytest\n",
                "pyproject.toml": _PROJECT,
                "uv.lock": _LOCK,
            },
            at=[(".github/workflows/ci.yml", 6)],
        ),
    ]
    good = [
        Example(
            "from the lock",
            {
                "Dockerfile": "FROM python:3.13 AS build\nRUN pip install uv==0.9.2\nCOPY pyproject.toml uv.lock ./\nRUN uv sync --locked --no-dev\n"
                "COPY . .\nRUN pip install --no-deps .\nFROM build\nRUN pip install --no-index --find-links=/wheels shop\n"
                "RUN pip install /wheels/*.whl 'flask==3.1.0'\n",
                "other/Dockerfile": "FROM python:3.13\nCOPY . .\nRUN poetry install --only main\nRUN uv sync\n",
            },
        ),
        Example(
            "pinned requirements, constraints, export",
            {
                "Dockerfile": "FROM python:3.13\nCOPY . .\nRUN pip install --require-hashes -r requirements.txt\nRUN pip install -r base.in -c constraints.txt\n"
                'RUN poetry export -o /tmp/req.txt && pip install -r /tmp/req.txt\nRUN pip install -r $REQS "$PACKAGE" x==${VERSION}\n',
                "requirements.txt": "redis==6.0.0\n",
            },
        ),
        Example(
            "the matrix of a library",
            {".github/workflows/ci.yml": "on: push\njobs:\n  test:\n    steps:\n      - run: pip install -e .[test]\n"},
            kind="library",
        ),
        Example("for development", {"Dockerfile.dev": "FROM python:3.13\nRUN pip install ipython\n"}),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        has_lock = bool(tree.of_kind(*LOCKS))
        for install in tree.facts("install"):
            if install["dev"] or install.path_class.name not in ("service", "script"):
                continue
            if install["source"] == "ci" and (tree.kind == "library" or not has_lock):
                continue
            state, message = _judge(install, tree)
            if state == "good":
                ctx.site(install.path, install.line)
            elif state == "unknown":
                ctx.unresolved(install.path, install.line, message)
            else:
                low = state == "tool" or install["source"] == "ci"
                ctx.report(
                    install.path,
                    install.line,
                    message,
                    text=install["text"],
                    severity=Severity.LOW if state == "tool" else None,
                    confidence=Confidence.MEDIUM if low else None,
                )


def _judge(install: Fact, tree: Tree) -> tuple[str, str]:
    if install["tool"] != "pip":
        return _locking(install)
    if install["locked"] == "yes" or "PIP_CONSTRAINT" in install["seen"]:
        return "good", ""
    if install["loose"]:
        return "bad", f"{_listed(install['loose'])} are taken in whatever version is newest on the day of the build."
    unpinned = [_file(name, install, tree) for name in install["files"]]
    if "bad" in unpinned:
        name = install["files"][unpinned.index("bad")]
        return "bad", f"`{name}` does not pin what it names, so each build chooses versions anew."
    if install["project"] and not install["files"]:
        return "bad", "The project is installed by the ranges it declares; the lock has no say."
    if install["unknown"] or "unknown" in unpinned:
        return "unknown", "What is installed stands in a variable or in a file that is made during the build."
    if install["tools"]:
        return (
            "tool",
            f"{_listed(install['tools'])} are taken in whatever version is newest; pin what builds the image, too.",
        )
    return "good", ""


def _locking(install: Fact) -> tuple[str, str]:
    lock = _FILES[install["tool"]]
    if install["locked"] == "no":
        return "bad", f"This chooses versions anew instead of taking those of `{lock}`."
    if install["locked"] == "yes" or install["source"] == "ci":
        return "good", ""
    if (
        lock in install["seen"]
        or _ALL.search(install["seen"])
        or "UV_FROZEN" in install["seen"]
        or "UV_LOCKED" in install["seen"]
    ):
        return "good", ""
    if not install["seen"].strip() or "/" in install["seen"].replace("./", ""):
        return "unknown", "Whether the lock is in the image at this point cannot be told."
    return "bad", f"`{lock}` is not copied before, so `{install['tool']}` chooses versions anew."


def _file(name: str, install: Fact, tree: Tree) -> str:
    """Whether a requirement file pins all it names: good, bad or unknown."""
    base = posixpath.basename(name)
    paths = [path for path in tree.of_kind("requirements", "constraints") if posixpath.basename(path) == base]
    paths = [path for path in paths if path.endswith(name.lstrip("./"))] or paths
    if "$" in name or not paths or name.startswith("/"):
        return "unknown"
    listed = [fact for fact in tree.facts("requirement") if fact.path in paths]
    named = [fact for fact in listed if not fact["name"].startswith(("pip", "setuptools", "wheel")) and not fact["url"]]
    return "bad" if any(not fact["pinned"] for fact in named) else "good"


def _listed(specs: list[str]) -> str:
    shown = ", ".join(f"`{spec}`" for spec in specs[:3])
    return shown + (f" and {len(specs) - 3} more" if len(specs) > 3 else "")
