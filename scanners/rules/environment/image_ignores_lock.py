from typing import Final

from scanners.dependencies.locking import LOCKS
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.semantics.environment.locked import judged
from scanners.tree import Tree, TreeContext

_PROJECT: Final = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["flask"]\n'
_LOCK: Final = 'version = 1\n[[package]]\nname = "flask"\nversion = "3.1.0"\n'


class ImageIgnoresLock(Rule):
    """
    An image that chooses versions when it is built is another image each day: what was tested is not what is shipped, and
    going back to an old commit does not bring the old image back.

    Looks at pip, uv, poetry, pipenv and pdm in Dockerfiles and in pipelines: packages by bare name, requirement files that
    pin nothing, the project by its ranges, locks that are made anew or not copied. Tools that only build or check weigh less.
    Wheels, hashes, constraints and exports of a lock are good, and so are locks that a pipeline makes anew to propose them.
    Pipelines of libraries are not asked.
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
                "RUN pip install -r requirements.txt\nCOPY . .\nRUN pip install .\nRUN uv pip install -r pyproject.toml\n",
                "requirements.txt": "redis\nflask==3.1.0\n",
            },
            at=[("Dockerfile", 2), ("Dockerfile", 4), ("Dockerfile", 6), ("Dockerfile", 7)],
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
        Example(
            "a lock that is made anew to be proposed",
            {
                ".github/workflows/bump.yml": "on: push\njobs:\n  bump:\n    steps:\n      - run: |\n          uv lock --upgrade\n          git commit -am bump\n",
                "uv.lock": _LOCK,
            },
        ),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        has_lock = bool(tree.of_kind(*LOCKS))
        for install in tree.facts("install"):
            if install["dev"] or install.path_class.name not in ("service", "script"):
                continue
            if install["source"] == "ci" and (tree.kind == "library" or not has_lock):
                continue
            state, message = judged(install, tree)
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
