"""Whether a requirement and the lock that speaks for it say the same."""

from typing import NamedTuple

from scanners.dependencies.ranges import allows, same_range
from scanners.tree import Fact

MISSING, OUT_OF_STEP = "missing from lock", "out of step"


class Fit(NamedTuple):
    """How a requirement fits a lock. `fault` is MISSING, OUT_OF_STEP or empty; `says` is why, or why it is not known.

    `asked` is false where a lock may leave the requirement out, so that there is nothing to compare.
    """

    fault: str = ""
    says: str = ""
    asked: bool = True


def fit(wanted: Fact, lock: Fact) -> Fit:
    """Compare one requirement with a lock."""
    name, versions = wanted["name"], lock["versions"].get(wanted["name"])
    if versions is None and (
        wanted["marker"] or (wanted["group"] and lock["kind"] in ("pylock", "pdm-lock", "conda-lock"))
    ):
        return Fit(says="Its marker or group may leave it out of the lock.", asked=False)
    if versions is None and wanted["source"] == "path":
        return Fit(says="It lies in a directory, which a lock may leave out.", asked=False)
    if versions is None:
        return Fit(MISSING, f"{name} is not in {lock.path}.")
    if wanted["url"] or not versions:
        return Fit(says="It comes from an address, which a lock records in its own way.")
    if not wanted["marker"] and all(allows(wanted["specifier"], version) is False for version in versions):
        return Fit(OUT_OF_STEP, f"{lock.path} holds {name} {', '.join(versions)}, outside {wanted['specifier']}.")
    told = wanted["group"] or wanted["marker"] or wanted.path_class.kind != "pyproject"
    roots = lock["roots"] if not told else None
    if roots is not None and name not in roots:
        return Fit(OUT_OF_STEP, f"{lock.path} was made before {name} was required.")
    if roots and roots[name] != "?" and not same_range(roots[name], wanted["specifier"]):
        return Fit(OUT_OF_STEP, f"{lock.path} was made from {name}{roots[name] or ' in any version'}.")
    return Fit()


def speaks_for(lock: Fact, manifest: Fact) -> bool:
    """Whether a lock was made from a manifest: they lie side by side, and the tool of one reads the other."""
    if manifest["kind"] not in ("pyproject", "pipfile") or manifest.path_class.name == "example":
        return False
    if (manifest["kind"] == "pipfile") != (lock["kind"] == "pipfile-lock"):
        return False
    return lock.path.rpartition("/")[0] == manifest.path.rpartition("/")[0]
