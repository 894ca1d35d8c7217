from packaging.version import Version

from scanners.advisories import Advisories, Advisory
from scanners.dependencies.locking import is_aside, lock_of
from scanners.dependencies.ranges import installable
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


class VulnerableDependency(Rule):
    """
    A published fault comes with its recipe: scanners try it on every service they can reach, within days.

    Compares the versions in lock files, and those that a requirements file pins where no lock speaks for it, with the
    advisories that were given (`plimsoll check --advisories PATH`): ranges and listed versions as OSV defines them, records
    that are aliases counted once, withdrawn ones left out. A package whose markers never hold on Linux is not installed. A
    range without a lock is unresolved; where no advisories were given the rule is not asked. Known malware weighs most; what
    only tools need weighs one step less.
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
        locks = [lock for lock in tree.facts("lock") if lock.path_class.name == "service"]
        asked = [fact for fact in tree.facts("requirement") if not fact["url"] and lock_of(tree, fact.path) is None]
        if tree.advisories is None:
            ctx.not_applicable("No advisories were given to compare versions with: nothing is known, good or bad.")
            return
        for lock in locks:
            for name, versions in lock["versions"].items():
                if installable(lock["markers"].get(name, ())):
                    _judge(lock, lock["lines"].get(name, 1), name, versions, tree.advisories, ctx)
        for fact in asked:
            versions = [fact["specifier"].lstrip("=")] if fact["pinned"] else []
            if fact["marker"] and not installable([fact["marker"]]):
                continue
            if versions and "," not in versions[0]:
                _judge(fact, fact.line, fact["name"], versions, tree.advisories, ctx)
            elif tree.advisories.knows(fact["name"]):
                ctx.unresolved(fact.path, fact.line, f"No version of {fact['name']} is locked.")


def _judge(fact: Fact, line: int, name: str, versions: list[str], advisories: Advisories, ctx: TreeContext) -> None:
    known = {version: found for version in versions if (found := advisories.of(name, version))}
    ctx.site(fact.path, line)
    for version, found in known.items():
        message = f"{name} {version} {_told(found)} (advisories up to {advisories.date})."
        aside = fact.get("group") == "dev" or is_aside(fact.path)
        severity = Severity.MEDIUM if aside else Severity.HIGH
        if any(advisory.malicious for advisory in found):
            severity = Severity.CRITICAL
        anchor = f"{name} {' '.join(advisory.id for advisory in found)}"
        ctx.report(fact.path, line, message, anchor=anchor, text=fact.get("text", ""), severity=severity)


def _told(found: tuple[Advisory, ...]) -> str:
    """What is known of a version: its faults by their usual names, and where they end."""
    names = [next((name for name in sorted(one.names) if name.startswith("CVE-")), one.id) for one in found]
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if any(advisory.malicious for advisory in found):
        return f"is known malware: {shown}"
    fixed = [advisory.fixed for advisory in found]
    end = (
        f"fixed in {_latest(fixed)}"
        if all(fixed)
        else "not all of them fixed in any version"
        if len(found) > 1
        else "no version fixes it"
    )
    what = "a published fault" if len(found) == 1 else f"{len(found)} published faults"
    return f"has {what}: {shown}; {end}"


def _latest(versions: list[str]) -> str:
    return str(max(map(Version, versions)))
