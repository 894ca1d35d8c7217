from scanners.dependencies.fitting import fit, speaks_for
from scanners.dependencies.locking import lock_of
from scanners.dependencies.ranges import same_range
from scanners.finding import Confidence, Effort, Severity
from scanners.rule import Example, Rule
from scanners.tree import Fact, Tree, TreeContext

_PROJECT = '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.12"\ndependencies = [\n  "redis>=6",\n]\n'
_LOCK = (
    'version = 1\nrequires-python = ">=3.12"\n\n[[package]]\nname = "shop"\nversion = "1"\nsource = { virtual = "." }\n\n'
    '[package.metadata]\nrequires-dist = [{ name = "redis", specifier = ">=6" }]\n\n[[package]]\nname = "redis"\nversion = "6.1.0"\n'
)


class LockFileStale(Rule):
    """
    A lock that no longer fits its manifest is either ignored or refused by the installer: the build is not what was tested.

    Looks at each direct requirement and whether the lock beside it holds it in its range, at the ranges, hash and Python that
    uv, poetry and pipenv record. Requirements under a marker may be left out by it; those from git are unresolved.
    """

    id = "lock-file-stale"
    area = "deps"
    item = "D1"
    title = "Lock file that does not fit its manifest"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    fix = "Lock again (`uv lock`, `poetry lock`, `pipenv lock`) and commit both files together."
    bad = [
        Example(
            "not in the lock",
            {"pyproject.toml": _PROJECT.replace('  "redis', '  "httpx",\n  "redis'), "uv.lock": _LOCK},
            at=[("pyproject.toml", 6)],
        ),
        Example(
            "outside the range",
            {
                "pyproject.toml": '[tool.poetry.dependencies]\npython = "^3.12"\nredis = "^6.2"\n',
                "poetry.lock": '[[package]]\nname = "redis"\nversion = "5.0.1"\n',
            },
            at=[("pyproject.toml", 3)],
        ),
        Example(
            "made from another range",
            {"pyproject.toml": _PROJECT.replace(">=6", ">=6.1"), "uv.lock": _LOCK},
            at=[("pyproject.toml", 6)],
        ),
        Example(
            "another Python",
            {"pyproject.toml": _PROJECT.replace(">=3.12", ">=3.13"), "uv.lock": _LOCK},
            at=[("pyproject.toml", 1)],
        ),
        Example(
            "another hash",
            {
                "Pipfile": '[packages]\nredis = "*"\n',
                "Pipfile.lock": '{"_meta": {"hash": {"sha256": "00"}}, "default": {"redis": {"version": "==6.1.0"}}}',
            },
            at=[("Pipfile", 1)],
        ),
    ]
    good = [
        Example("fits", {"pyproject.toml": _PROJECT, "uv.lock": _LOCK}),
        Example(
            "left out by a marker",
            {
                "pyproject.toml": _PROJECT.replace('  "redis', '  "pywin32; sys_platform == \'win32\'",\n  "redis'),
                "uv.lock": _LOCK,
            },
        ),
        Example(
            "more than needed",
            {"pyproject.toml": _PROJECT, "uv.lock": _LOCK + '\n[[package]]\nname = "idna"\nversion = "3"\n'},
        ),
        Example(
            "from git",
            {
                "pyproject.toml": '[tool.poetry.dependencies]\ncore = { git = "https://git.shop.io/core.git", branch = "main" }\n',
                "poetry.lock": '[[package]]\nname = "core"\nversion = "1"\n\n[package.source]\ntype = "git"\nurl = "https://git.shop.io"\n',
            },
        ),
    ]

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        for manifest in tree.facts("manifest"):
            lock = lock_of(tree, manifest.path) if manifest["kind"] in ("pyproject", "pipfile") else None
            if lock is None or not speaks_for(lock, manifest):
                continue  # Whether a lock further up covers a project below it is not in sight.
            found = [fact for fact in tree.facts("requirement") if fact.path == manifest.path]
            wrong = [_judge(fact, lock, ctx) for fact in found]
            fault = _made_from_other(manifest, lock) if not any(wrong) else ""
            if fault:
                ctx.report(manifest.path, 1, fault, anchor="manifest", confidence=Confidence.MEDIUM)


def _judge(fact: Fact, lock: Fact, ctx: TreeContext) -> bool:
    found = fit(fact, lock)
    if found.asked:
        ctx.site(fact.path, fact.line)
    if found.fault:
        ctx.report(fact.path, fact.line, found.says, anchor=fact["name"], text=fact["text"])
    elif found.asked and found.says:
        ctx.unresolved(fact.path, fact.line, found.says)
    return bool(found.fault)


def _made_from_other(manifest: Fact, lock: Fact) -> str:
    """What else tells that a lock was made from another manifest, empty for nothing."""
    if lock["kind"] in ("pipfile-lock", "poetry-lock") and lock["hash"] and manifest["hashes"]:
        return "" if lock["hash"] in manifest["hashes"] else f"{lock.path} records another hash of this file."
    if lock["kind"] == "uv-lock" and manifest["python"] and lock["python"] and lock["roots"] is not None:
        same = same_range(manifest["python"], lock["python"])
        return "" if same else f"{lock.path} was made for Python {lock['python']}, this says {manifest['python']}."
    return ""
