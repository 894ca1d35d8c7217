"""What a repository tells by itself: the tables of a commit, one with its rows or changes, the bill of materials."""

import json
from typing import Any
from urllib.parse import urlencode

from ninja import Path, Query, Router, Schema
from pydantic import Field

from reviews import factchanges, inventory
from reviews.api.bearer import READ, TokenRequest
from reviews.api.errors import ApiError, declared, take_only
from reviews.api.repositories import LARGEST, seen_repository
from reviews.api.shapes import RepositoryName, absolute, repository_name
from reviews.chapters import PAGE_OF
from reviews.gate import gating
from reviews.inventory import Inventory
from reviews.models import Repository
from scanners.inventory.table import Row, Table, difference
from scanners.inventory.tables import TABLES

router = Router(tags=["facts"])
_NUMBER = Path(ge=1, le=LARGEST, description="The number of the repository.")
_COMMIT = "7 to 64 hexadecimal digits; leave the parameter out to ask about the newest commit that was scanned."
_SINCE = "Another commit: the answer is then what changed since."


class PlaceOut(Schema):
    """Where a row stands."""

    path: str
    line: int
    says: str = Field(description="What that place says of the row; may be empty.")


class RowOut(Schema):
    """One row of a table."""

    key: str = Field(description="What it is, the same wherever it stands.")
    cells: dict[str, Any] = Field(description="By column; null where it cannot be told, empty where there is nothing.")
    marks: dict[str, str] = Field(description="By column: good, bad or unknown. A column without one is not judged.")
    unresolved: str = Field(description="What of the row could not be told, and why; else empty.")
    places: list[PlaceOut] = Field(description="Every place that it stands at, the one to open first at the head.")


class ChangeOut(Schema):
    """A row that both commits have."""

    before: RowOut = Field(description="As it was.")
    after: RowOut = Field(description="As it is.")
    columns: list[str] = Field(description="Those whose cells differ.")


class ColumnOut(Schema):
    """One column of a table."""

    name: str
    title: str
    about: str = Field(description="How its cells come about; may be empty.")


class TableLinks(Schema):
    """Where more is said."""

    self: str = Field(description="The table with its rows.")
    page: str = Field(description="The table, for people.")


class TableOut(Schema):
    """One table in numbers."""

    name: str
    title: str
    rows: int
    bad: int = Field(description="How many rows have something at fault.")
    unknown: int = Field(description="How many others are not fully known. They are never counted as good.")
    links: TableLinks = Field(description="The table with its rows, and its page.")


class TablesOut(Schema):
    """What a repository tells at a commit."""

    repository: RepositoryName = Field(description="Its id, name, slug, team, tier and page.")
    commit: str
    tables: list[TableOut] = Field(description="Every table there is: name, title, rows, bad, unknown and links.")
    sbom: str = Field(description="Where its bill of materials is.")


class FactsOut(Schema):
    """One table of a commit, or what changed in it."""

    repository: RepositoryName = Field(description="Its id, name, slug, team, tier and page.")
    commit: str
    since: str | None = Field(description="The commit that it was compared with; null when the rows are all there are.")
    table: str
    columns: list[ColumnOut] = Field(description="Name, title and what is said of each.")
    rows: list[RowOut] = Field(description="All rows; with `since` those that were added.")
    removed: list[RowOut] = Field(description="With `since` the rows that are gone, else empty.")
    changed: list[ChangeOut] = Field(description="With `since` the rows whose cells differ, else empty.")


@router.get(
    "/repositories/{number}/facts",
    auth=READ,
    response={200: TablesOut, **declared(404)},
    url_name="facts",
    operation_id="listFacts",
)
def tables(
    request: TokenRequest, number: int = _NUMBER, commit: str | None = Query(None, description=_COMMIT)
) -> dict[str, Any]:
    """List the tables of what a commit tells beside findings: boundaries, configuration, endpoints, jobs, data, …"""
    take_only(request, ("commit",))
    repository = seen_repository(request.auth, number)
    told = told_at(repository, commit)
    return {
        "repository": repository_name(repository),
        "commit": told.scan.commit,
        "tables": [_table(repository, one, commit) for one in inventory.summaries(told)],
        "sbom": absolute("api:sbom", repository.pk) + _query(commit),
    }


@router.get(
    "/repositories/{number}/facts/{table}",
    auth=READ,
    response={200: FactsOut, **declared(404)},
    url_name="fact-table",
    operation_id="readFacts",
)
def table(
    request: TokenRequest,
    number: int = _NUMBER,
    table: str = Path(description="The name of a table: /facts lists them."),
    commit: str | None = Query(None, description=_COMMIT),
    since: str | None = Query(None, description=_SINCE),
) -> dict[str, Any]:
    """Read the rows of one table, or with `since` what changed in it between two commits."""
    take_only(request, ("commit", "since"))
    repository, wanted = seen_repository(request.auth, number), TABLES.get(table)
    if wanted is None:
        raise ApiError(404, "table_unknown", f"There is no table {table[:40]!r}.", f"There are: {', '.join(TABLES)}.")
    told = told_at(repository, commit)
    before = None if since is None else told_at(repository, since)
    columns = [{"name": one.name, "title": one.title, "about": one.about} for one in wanted.columns]
    return {
        "repository": repository_name(repository),
        "commit": told.scan.commit,
        "since": before.scan.commit if before else None,
        "table": wanted.name,
        "columns": columns,
    } | _content(wanted, told, before)


@router.get(
    "/repositories/{number}/sbom",
    auth=READ,
    response={200: dict[str, Any], **declared(404)},
    url_name="sbom",
    operation_id="readSbom",
)
def bill(
    request: TokenRequest, number: int = _NUMBER, commit: str | None = Query(None, description=_COMMIT)
) -> dict[str, Any]:
    """Read the bill of materials of a commit: JSON of CycloneDX 1.6, the same bytes for the same commit and scan."""
    take_only(request, ("commit",))
    repository = seen_repository(request.auth, number)
    found: dict[str, Any] = json.loads(told_at(repository, commit).bill(repository.name))
    return found


def told_at(repository: Repository, commit: str | None) -> Inventory:
    """The inventory at a commit, or at the newest one that was scanned. Raises ApiError."""
    try:
        scan = (
            repository.latest_scan
            if commit is None
            else factchanges.scan_of(repository, gating.named(repository, commit))
        )
    except gating.CommitError as error:
        raise ApiError(422, error.code, error.message, error.next_step) from error
    if scan is None:
        raise ApiError(404, "commit_not_scanned", "No finished scan looked at this commit.", "Ask for a scan of it.")
    told = inventory.read(scan)
    if not told.kept:
        message = "The scan of this commit was made before facts were kept."
        raise ApiError(404, "facts_not_kept", message, "Ask for a new scan of it.")
    return told


def _table(repository: Repository, one: inventory.Summary, commit: str | None) -> dict[str, Any]:
    query = _query(commit)
    slugs = (repository.team.slug, repository.slug, PAGE_OF[one.table.name])
    return {
        "name": one.table.name,
        "title": one.table.title,
        "rows": one.rows,
        "bad": one.bad,
        "unknown": one.unknown,
        "links": {
            "self": absolute("api:fact-table", repository.pk, one.table.name) + query,
            "page": f"{absolute('repository-facts-of', *slugs)}{query}#{one.table.name}",
        },
    }


def _query(commit: str | None) -> str:
    return "" if commit is None else f"?{urlencode({'commit': commit})}"


def _content(wanted: Table, told: Inventory, before: Inventory | None) -> dict[str, Any]:
    rows = told.rows(wanted.name)
    if before is None:
        return {"rows": [_row(row) for row in rows], "removed": [], "changed": []}
    found = difference(before.rows(wanted.name), rows)
    return {
        "rows": [_row(row) for row in found.added],
        "removed": [_row(row) for row in found.removed],
        "changed": [
            {"before": _row(one.before), "after": _row(one.after), "columns": list(one.columns)}
            for one in found.changed
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    places = [{"path": place.path, "line": place.line, "says": place.says} for place in row.places]
    return row.as_json() | {"places": places}
