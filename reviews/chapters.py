"""The tables of the inventory as pages tell them: which stand together, and what is said of each. Pure."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Chapter:
    """One page: its tables, the first of them the reason for it."""

    name: str
    title: str
    tables: tuple[str, ...]
    lead: str


@dataclass(frozen=True, slots=True)
class Wording:
    """How a table is spoken of.

    `one` and `many` are its rows, `named` the columns that name one, `bad` says of a column what is wrong where a cell
    of it is bad, `facet` is the column that rows can be narrowed by, and the two last texts stand where no row is.
    """

    one: str
    many: str
    named: tuple[str, ...]
    bad: dict[str, str]
    facet: str
    none: str
    shape: str


CHAPTERS: Final = {
    chapter.name: chapter
    for chapter in (
        Chapter(
            "boundaries",
            "What it talks to",
            ("boundaries", "mocks"),
            "Every place where the code leaves its process, what bounds the wait there, "
            "and what happens when the other side fails.",
        ),
        Chapter(
            "configuration",
            "Configuration",
            ("variables",),
            "Every variable that the code reads from its environment, and where it is documented. "
            "Defaults of what may be a secret are never shown.",
        ),
        Chapter("endpoints", "Endpoints", ("endpoints",), "Every route that it serves, and what guards it."),
        Chapter("jobs", "Jobs", ("jobs",), "Everything that runs without anybody asking by HTTP."),
        Chapter("data", "Data", ("stores", "migrations", "caches"), "Where it keeps data, and how that changes."),
        Chapter(
            "dependencies",
            "Dependencies",
            ("dependencies",),
            "Every distribution that is declared or locked, and why it is there.",
        ),
    )
}
PAGE_OF: Final = {table: chapter.name for chapter in CHAPTERS.values() for table in chapter.tables}

WORDINGS: Final = {
    "boundaries": Wording(
        "boundary",
        "boundaries",
        ("library", "target"),
        {
            "timeout": "without a sound timeout",
            "retry": "with unsound retries",
            "pool": "without a bounded pool",
            "fallback": "whose failures nobody sees",
            "tests": "that no test lets fail",
        },
        "kind",
        "No call that leaves the process was found.",
        "HTTP clients, databases, caches, brokers, mail, object stores and started programs stand here, each with its "
        "timeout, retry and pool.",
    ),
    "mocks": Wording(
        "thing that tests replace",
        "things that tests replace",
        ("target",),
        {"failure": "never made to fail", "spec": "without a spec", "side": "of its own code"},
        "side",
        "No test replaces anything.",
        "Targets of patch, monkeypatch and mocker stand here, each with the boundary behind it.",
    ),
    "variables": Wording(
        "variable",
        "variables",
        ("name",),
        {
            "documented": "documented nowhere",
            "default": "with an unsound default",
            "read": "set and never read",
            "validator": "never checked",
        },
        "required",
        "No variable of the environment is read.",
        "What os, settings classes, environ and decouple read of it stands here.",
    ),
    "endpoints": Wording(
        "endpoint",
        "endpoints",
        ("methods", "path"),
        {"authentication": "open where others ask", "input": "with a body read by hand", "throttle": "without a limit"},
        "framework",
        "No route was found.",
        "Routes of Django, DRF, Flask, FastAPI, Starlette, aiohttp and others stand here.",
    ),
    "jobs": Wording(
        "job",
        "jobs",
        ("name",),
        {
            "limit": "without a time limit",
            "retries": "tried again for ever",
            "acknowledged": "lost when the process ends",
            "overlap": "that may overlap",
            "payload": "handed objects or pickles",
        },
        "kind",
        "No background job was found.",
        "Tasks of Celery and RQ, schedules and management commands stand here.",
    ),
    "stores": Wording(
        "data store",
        "data stores",
        ("engine", "name"),
        {"versions": "of versions that disagree", "timeout": "without a timeout", "pool": "without a bounded pool"},
        "engine",
        "No data store was found.",
        "Databases, caches and search engines of settings, compose files and code stand here.",
    ),
    "migrations": Wording(
        "migration",
        "migrations",
        ("app", "name"),
        {"reversible": "that cannot be undone", "locks": "that hold a lock", "drops": "that drop what is still read"},
        "app",
        "No migration was found.",
        "Migrations of Django and Alembic stand here, each with what it does and whether it can be undone.",
    ),
    "caches": Wording(
        "cache or queue",
        "caches and queues",
        ("name",),
        {"bound": "without a bound", "eviction": "that never evict"},
        "kind",
        "No cache and no queue was found.",
        "Caches of functions, Django's caches, queues between threads and pools of work stand here.",
    ),
    "dependencies": Wording(
        "dependency",
        "dependencies",
        ("name",),
        {
            "state": "not as declared and locked",
            "advisories": "with advisories",
            "end_of_life": "past their end of life",
        },
        "direct",
        "No dependency is declared or locked.",
        "What pyproject.toml, requirements files and lock files name stands here.",
    ),
}
FACETS: Final = {"required": ("required", "optional"), "direct": ("direct", "brought in by others")}
"""What yes and no of a facet are called."""
