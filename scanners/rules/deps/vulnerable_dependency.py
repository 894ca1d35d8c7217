from collections.abc import Sequence

from scanners.advisories import Advisory, Known
from scanners.dependencies.advised import told, weight
from scanners.dependencies.locking import is_aside, lock_of, unread_locks
from scanners.dependencies.ranges import installable
from scanners.dependencies.scopes import Pinned, Scope, scopes
from scanners.finding import Effort, Severity
from scanners.rule import Example, Rule
from scanners.tree import Fact, Tree, TreeContext

_LOCK = 'version = 1\n\n[[package]]\nname = "django"\nversion = "5.2.1"\n'
_EVENTS = '{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.1.10"}, {"introduced": "5.2"}, {"fixed": "5.2.2"}]}'
_KNOWN = f"""[
  {{"id": "PYSEC-0-1", "modified": "2026-01-02T00:00:00Z", "aliases": ["CVE-0-1"],
    "affected": [{{"package": {{"ecosystem": "PyPI", "name": "Django"}}, "ranges": [{_EVENTS}]}}]}},
  {{"id": "GHSA-0-1", "aliases": ["CVE-0-1"],
    "affected": [{{"package": {{"ecosystem": "PyPI", "name": "django"}}, "versions": ["5.2.1"]}}]}},
  {{"id": "MAL-0-1", "affected": [{{"package": {{"ecosystem": "PyPI", "name": "djang0"}}, "versions": ["1.0"]}}]}},
  {{"id": "PYSEC-0-2", "withdrawn": "2026-01-03T00:00:00Z",
    "affected": [{{"package": {{"ecosystem": "PyPI", "name": "redis"}}, "versions": ["6.0.0"]}}]}}
]"""

_NOTHING_LOADED = "No advisories are loaded, so nothing is known of the versions here, good or bad."


class VulnerableDependency(Rule):
    """
    A published fault comes with its recipe: scanners try it on every service they can reach, within days.

    Compares the versions in lock files, and those that a requirements file pins where no lock speaks for it, with the
    advisories that were loaded (`plimsoll check --advisories PATH`): ranges and listed versions as OSV defines them, records
    that are aliases counted once, withdrawn ones left out. Without advisories every lock is unresolved, and so is a range
    that no lock decides. A package whose markers never hold on Linux is not installed. A finding weighs what the record says,
    else high; known malware weighs most, what only tools need one step less.
    """

    id = "vulnerable-dependency"
    area = "deps"
    item = "D2"
    title = "Locked version with a published fault"
    severity = Severity.HIGH
    effort = Effort.HOUR
    fix = "Move to the fixed version that is named, lock again, and run the tests on it."
    bad = (
        Example("locked by uv", {"uv.lock": _LOCK}, at=[("uv.lock", 4)], advisories=_KNOWN),
        Example(
            "locked by pipenv",
            {
                "Pipfile.lock": '{\n    "default": {\n        "django": {\n            "version": "==5.2.1"\n        }\n    }\n}\n'
            },
            at=[("Pipfile.lock", 3)],
            advisories=_KNOWN,
        ),
        Example(
            "pinned",
            {"requirements.txt": "redis==6.0.0\nDjango[argon2]==5.1.9\n"},
            at=[("requirements.txt", 2)],
            advisories=_KNOWN,
        ),
        Example("malware", {"requirements.txt": "djang0==1.0\n"}, at=[("requirements.txt", 1)], advisories=_KNOWN),
    )
    good = (
        Example("no advisories were given", {"uv.lock": _LOCK}),
        Example("the fixed version", {"uv.lock": _LOCK.replace("5.2.1", "5.2.19")}, advisories=_KNOWN),
        Example("a withdrawn record", {"requirements.txt": "redis==6.0.0\n"}, advisories=_KNOWN),
        Example("only a range", {"requirements.txt": "django>=5\n"}, advisories=_KNOWN),
        Example(
            "never installed on a server",
            {"requirements.txt": "django==5.2.1; sys_platform == 'win32'\n"},
            advisories=_KNOWN,
        ),
        Example(
            "the lock speaks for the requirements",
            {"uv.lock": _LOCK.replace("5.2.1", "5.2.19"), "requirements.txt": "django==5.2.1\n"},
            advisories=_KNOWN,
        ),
        Example("nothing is locked", {"app.py": "import django\n"}),
    )

    def visit_tree(self, tree: Tree, ctx: TreeContext) -> None:
        asked = [fact for fact in tree.facts("requirement") if not fact["url"] and lock_of(tree, fact.path) is None]
        for path, reason in unread_locks(tree):
            ctx.unresolved(path, 1, reason)
        if tree.advisories is None:
            for path in {lock.path for lock in _locks(tree)} | {fact.path for fact in asked if fact["pinned"]}:
                ctx.unresolved(path, 1, _NOTHING_LOADED)
            ctx.not_applicable("No version is locked or pinned here.")
            return
        for scope in scopes(tree):
            for pin in (pin for pins in scope.packages.values() for pin in pins if scope.lock in _locks(tree)):
                _judge_locked(pin, scope, tree.advisories, ctx)
        for fact in asked:
            if fact["marker"] and not installable([fact["marker"]]):
                continue
            if fact["pinned"] and "," not in fact["specifier"]:
                _judge_pinned(fact, tree.advisories, ctx)
            elif tree.advisories.knows(fact["name"]):
                ctx.unresolved(fact.path, fact.line, f"No version of {fact['name']} is locked.")


def _locks(tree: Tree) -> list[Fact]:
    return [lock for lock in tree.facts("lock") if lock.path_class.name == "service"]


def _judge_locked(pin: Pinned, scope: Scope, known: Known, ctx: TreeContext) -> None:
    package = pin.package
    if package.source != "index" or not package.version or not installable(package.markers):
        return
    ctx.site(pin.path, pin.line)
    found = known.of(package.name, package.version)
    if found:
        reached = scope.reached.get((package.name, package.version))
        through = reached.path[:-1] if reached and scope.edges else ()
        way = f"; it comes in through {' > '.join(through)}" if through else ""
        aside = is_aside(pin.path) or (reached is not None and reached.groups == ("dev",))
        message = f"{package.name} {package.version} {told(found)}{way} (advisories up to {known.date})."
        ctx.report(pin.path, pin.line, message, anchor=_anchor(package.name, found), severity=weight(found, aside))


def _judge_pinned(fact: Fact, known: Known, ctx: TreeContext) -> None:
    version = fact["specifier"].lstrip("=")
    ctx.site(fact.path, fact.line)
    found = known.of(fact["name"], version)
    if found:
        severity = weight(found, fact["group"] == "dev" or is_aside(fact.path))
        message = f"{fact['name']} {version} {told(found)} (advisories up to {known.date})."
        anchor = _anchor(fact["name"], found)
        ctx.report(fact.path, fact.line, message, anchor=anchor, text=fact["text"], severity=severity)


def _anchor(name: str, found: Sequence[Advisory]) -> str:
    return f"{name} {' '.join(advisory.id for advisory in found)}"
