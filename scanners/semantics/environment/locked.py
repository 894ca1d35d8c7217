"""Whether an installing command takes its versions from a lock."""

import posixpath
from functools import partial
from typing import Final

from scanners.regex import regex
from scanners.tree import Fact, Tree

_FILES: Final = {"uv": "uv.lock", "poetry": "poetry.lock", "pipenv": "Pipfile.lock", "pdm": "pdm.lock"}


_ALL: Final = regex(r"(^|\s)(--\S+\s+)*\.{1,2}/?(\s|$)|\*|\.lock|source=\.|\$\{?\w+\}?/?\s")


def judged(install: Fact, tree: Tree) -> tuple[str, str]:
    """What one installing command is (good, bad, tool or unknown), and for all but good the reason."""
    if install["tool"] != "pip":
        return _locking(install)
    if install["locked"] == "yes" or "PIP_CONSTRAINT" in install["seen"]:
        return "good", ""
    if install["loose"]:
        return "bad", f"The build takes {_listed(install['loose'])} in whatever version is newest on its day."
    unpinned = [tree.once(f"whether {name} pins", partial(_file, name, tree)) for name in install["files"]]
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
            f"The build takes {_listed(install['tools'])} in whatever version is newest; pin what builds, too.",
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


def _file(name: str, tree: Tree) -> str:
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
