"""
A bill of materials of one commit in CycloneDX 1.6, as JSON, made of the rows of the table of dependencies.

    text = sbom(rows, name="shop", commit="0a1b2c3d...", made=commit_date)

Nothing of it depends on the day or the machine: the same rows give the same bytes. Licences are not known. Where a lock
does not tell who brings whom along, the graph of dependencies says less, and nothing wrong.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from typing import Any, Final

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.tool import ToolRepository
from cyclonedx.model.vulnerability import (
    BomTarget,
    Vulnerability,
    VulnerabilityRating,
    VulnerabilityReference,
    VulnerabilitySeverity,
    VulnerabilitySource,
)
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from scanners.inventory.table import Row
from scanners.regex import regex

_SERIAL: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://cyclonedx.org/docs/1.6/json/#serialNumber plimsoll")
_SCOPES: Final = {"run": ComponentScope.REQUIRED, "dev": ComponentScope.EXCLUDED}
_DIGESTS: Final = {
    "md5": HashAlgorithm.MD5,
    "sha1": HashAlgorithm.SHA_1,
    "sha256": HashAlgorithm.SHA_256,
    "sha384": HashAlgorithm.SHA_384,
    "sha512": HashAlgorithm.SHA_512,
}
_HEX: Final = regex(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}")
_OSV: Final = "https://osv.dev/vulnerability/"


def sbom(rows: Iterable[Row], *, name: str, commit: str = "", made: dt.datetime | None = None) -> str:
    """The bill of materials of the repository `name` at a commit made at `made`, an aware time.

    Rows of files that could not be read are no components; they are named in the properties of the bill.
    """
    listed = list(rows)
    packages = [row for row in listed if "locked" in row.cells]
    root = Component(
        name=name, version=commit or None, type=ComponentType.APPLICATION, bom_ref=f"commit:{commit or name}"
    )
    bom = Bom(
        components=_components(packages),
        metadata=BomMetaData(tools=_tools(), component=root, timestamp=made or dt.datetime.fromtimestamp(0, dt.UTC)),
        dependencies=_dependencies(root, packages),
        vulnerabilities=_vulnerabilities(packages),
        properties=[
            Property(name="plimsoll:unread", value=f"{row.cells['name']}: {row.unresolved}")
            for row in listed
            if "locked" not in row.cells
        ],
        serial_number=_serial(listed, name, commit, made),
    )
    content = json.loads(JsonV1Dot6(bom).output_as_string())
    if made is None:
        del content["metadata"]["timestamp"]
    return json.dumps(content, indent=2) + "\n"


def _serial(rows: Sequence[Row], name: str, commit: str, made: dt.datetime | None) -> uuid.UUID:
    told = json.dumps([name, commit, str(made), [row.as_json() for row in rows]], sort_keys=True)
    return uuid.uuid5(_SERIAL, hashlib.sha256(told.encode()).hexdigest())


def _tools() -> ToolRepository:
    version = metadata.version("plimsoll")
    own = Component(
        name="plimsoll", version=version, type=ComponentType.APPLICATION, bom_ref=f"tool:plimsoll@{version}"
    )
    return ToolRepository(components=[own])


def _ref(row: Row) -> str:
    """What a component is called in the bill: its package URL, or its place for what lies in the repository itself."""
    purl = _purl(row)
    return purl.to_string() if purl else f"path:{row.cells['name']}@{row.cells['locked']}"


def _purl(row: Row) -> PackageURL | None:
    source, address = row.cells.get("source"), str(row.cells.get("address") or "")
    if source == "path":
        return None
    kinds = {"index": "repository_url", "git": "vcs_url", "url": "download_url"}
    shown = f"git+{address}" if source == "git" and not address.startswith(("git+", "git@", "hg+", "svn+")) else address
    qualifiers = {kinds[str(source)]: shown} if address and source in kinds else None
    kind = "conda" if source == "conda" else "pypi"
    return PackageURL(kind, None, str(row.cells["name"]), str(row.cells["locked"]) or None, qualifiers)


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each component: several locks may hold the same."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(_ref(row), []).append(row)
    return found


def _components(rows: Iterable[Row]) -> Iterator[Component]:
    for ref, same in _grouped(rows).items():
        groups = {str(row.cells["group"]) for row in same if row.cells["group"] is not None}
        scope = next((_SCOPES[group] for group in ("run", "dev") if group in groups), None)
        if groups and not groups & {"run"} and groups != {"dev"}:
            scope = ComponentScope.OPTIONAL
        yield Component(
            name=str(same[0].cells["name"]),
            version=str(same[0].cells["locked"]) or None,
            type=ComponentType.LIBRARY,
            bom_ref=ref,
            purl=_purl(same[0]),
            scope=scope,
            external_references=[one for row in same for one in _files(row)],
            properties=[one for row in same for one in _properties(row)],
        )


def _files(row: Row) -> Iterator[ExternalReference]:
    """The files whose digests are recorded, at the index that they come from."""
    name, index = row.cells["name"], str(row.cells.get("address") or "") or "https://pypi.org/simple"
    for entry in _texts(row, "files"):
        file, _, digest = entry.rpartition(" ")
        kind, _, value = digest.lower().partition(":")
        if kind in _DIGESTS and _HEX.fullmatch(value):
            url = XsUri(f"{index.rstrip('/')}/{name}/" + (f"#{file}" if file else ""))
            hashes = [HashType(alg=_DIGESTS[kind], content=value)]
            yield ExternalReference(type=ExternalReferenceType.DISTRIBUTION, url=url, hashes=hashes)


def _properties(row: Row) -> Iterator[Property]:
    shown = {"group": row.cells["group"], "state": row.cells["state"], "wanted": row.cells["wanted"]}
    shown |= {"locked_in": row.cells["locked_in"], "direct": {True: "yes", False: "no"}.get(bool(row.cells["direct"]))}
    for name, value in shown.items():
        if value and not (name == "direct" and row.cells["direct"] is None):
            yield Property(name=f"plimsoll:{name}", value=str(value))
    for path in _texts(row, "declared_in"):
        yield Property(name="plimsoll:declared_in", value=path)


def _dependencies(root: Component, rows: Sequence[Row]) -> list[Dependency]:
    """Who brings whom along. What a lock tells nothing of is only there where the project itself asks for it."""
    refs: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        for wanted in (str(row.cells["name"]), f"{row.cells['name']} {row.cells['locked']}"):
            refs.setdefault((str(row.cells["locked_in"]), wanted), set()).add(_ref(row))
    edges: dict[str, set[str]] = {str(root.bom_ref.value): {_ref(row) for row in rows if row.cells["direct"]}}
    for row in rows:
        if row.cells["through"] is not None:
            lock = str(row.cells["locked_in"])
            brought = {ref for wanted in _texts(row, "requires") for ref in refs.get((lock, wanted), ())}
            edges.setdefault(_ref(row), set()).update(brought - {_ref(row)})
    return [
        Dependency(BomRef(ref), [Dependency(BomRef(other)) for other in sorted(others)])
        for ref, others in sorted(edges.items())
    ]


def _vulnerabilities(rows: Iterable[Row]) -> list[Vulnerability]:
    affected: dict[str, list[str]] = {}
    told: dict[str, list[str]] = {}
    for row in rows:
        for fault in _texts(row, "faults"):
            ident = fault.split()[0]
            told.setdefault(ident, fault.split())
            affected.setdefault(ident, []).append(_ref(row))
    return [_vulnerability(words, sorted(set(affected[ident]))) for ident, words in sorted(told.items())]


def _vulnerability(words: Sequence[str], refs: Iterable[str]) -> Vulnerability:
    ident, severity, fixed, *aliases = words
    known = VulnerabilitySeverity(severity) if severity != "-" else VulnerabilitySeverity.UNKNOWN
    return Vulnerability(
        bom_ref=f"advisory:{ident}",
        id=ident,
        source=VulnerabilitySource(name="OSV", url=XsUri(f"{_OSV}{ident}")),
        references=[VulnerabilityReference(id=alias, source=_source(alias)) for alias in aliases],
        ratings=[VulnerabilityRating(severity=known)],
        recommendation=f"Move to {fixed}." if fixed != "-" else None,
        affects=[BomTarget(ref=ref) for ref in refs],
    )


def _source(alias: str) -> VulnerabilitySource:
    return VulnerabilitySource(name="OSV", url=XsUri(f"{_OSV}{alias}"))


def _texts(row: Row, name: str) -> list[str]:
    value: Any = row.cells.get(name)
    return value if isinstance(value, list) else []
