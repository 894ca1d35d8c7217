"""The hashes by which pipenv and poetry tell that a lock was made from another manifest."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from scanners.dependencies.requirements import table

_PYPI: Final = [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}]


def pipfile_hash(data: Mapping[str, Any]) -> str:
    """The hash that pipenv records for a Pipfile."""
    content = {
        "_meta": {"sources": data.get("source", _PYPI), "requires": data.get("requires", {})},
        "default": data.get("packages", {}),
        "develop": data.get("dev-packages", {}),
    }
    known = ("source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop")
    content |= {name: values for name, values in data.items() if name not in known}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":"), default=str).encode()).hexdigest()


def poetry_hashes(data: Mapping[str, Any]) -> list[str]:
    """The hashes that poetry 2 and poetry 1 record for a pyproject.toml; empty for a project without poetry."""
    poetry, project = table(table(data, "tool"), "poetry"), table(data, "project")
    legacy = ("dependencies", "source", "extras", "dev-dependencies")
    own = {
        name: project[name] for name in ("requires-python", "dependencies", "optional-dependencies") if name in project
    }
    hashes = []
    for groups in ({}, table(data, "dependency-groups")):
        bare = not own and not groups
        tool = {name: poetry.get(name) for name in legacy if name in poetry or bare}
        tool |= {"group": poetry["group"]} if "group" in poetry else {}
        content: dict[str, Any] = ({"project": own} if own else {}) | ({"dependency-groups": groups} if groups else {})
        content = content | {"tool": {"poetry": tool}} if content else tool
        hashes.append(_sha256(content))
    return [*dict.fromkeys(hashes)]


def _sha256(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
