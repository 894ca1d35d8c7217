"""Where variables are written down and set, and which are written down for nobody."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from scanners.facts.environment import is_standard
from scanners.inventory.table import Place
from scanners.tree import Tree

_ORDER: Final = ("env-example", "compose", "manifest", "dockerfile", "docs", "config-file", "yaml")
_LIBRARIES: Final = re.compile(
    r"^(WEB_CONCURRENCY|GUNICORN_\w+|UVICORN_\w+|FLASK_\w+|SENTRY_\w+|OTEL_\w+|DD_\w+|AWS_\w+|AZURE_\w+|GOOGLE_\w+|"
    r"GCLOUD_\w+|PG(HOST|PORT|USER|PASSWORD|DATABASE|SSLMODE|DATA)|POSTGRES_\w+|MYSQL_\w+|MARIADB_\w+|MONGO_INITDB_\w+|"
    r"REDIS_\w+|RABBITMQ_\w+|MINIO_\w+|CELERY_\w+|NEW_RELIC_\w+|HF_\w+|TRANSFORMERS_\w+|UV_\w+|PIP_\w+|POETRY_\w+|"
    r"NODE_\w+|NPM_\w+|DEBIAN_FRONTEND|COMPOSE_\w+|DOCKER_\w+|TRAEFIK_\w+|MALLOC_\w+|PROMETHEUS_MULTIPROC_DIR)$"
)
"""What servers and libraries read by themselves, and what images of stores are set up with."""


class Notes(NamedTuple):
    """What is known beside the code: files that name a word, and what sets a variable to what."""

    words: dict[str, list[str]]
    set_to: dict[str, list[str]]

    def documents(self, name: str) -> list[str]:
        """The files that name a variable, examples first."""
        return self.words.get(name) or self.words.get(name.upper(), [])

    def given(self, name: str) -> list[str]:
        """What sets a variable, each with its value where that is fixed and no secret."""
        return self.set_to.get(name) or self.set_to.get(name.upper(), [])


def notes(tree: Tree) -> Notes:
    """What the texts of a repository say of variables."""
    named: dict[str, list[tuple[int, str]]] = {}
    for fact in tree.facts("env-words"):
        kind = fact.path_class.kind
        rank = _ORDER.index(kind) * 2 - (fact.path_class.role == "readme") if kind in _ORDER else 99
        for word in fact["words"]:
            named.setdefault(word, []).append((rank, fact.path))
    given: dict[str, list[str]] = {}
    for fact in tree.facts("env-given"):
        text = f"{fact.path}: {fact['value']}" if fact["value"] else fact.path
        listed = given.setdefault(fact["name"], [])
        if text not in listed:
            listed.append(text)
    return Notes({word: [path for _, path in sorted(found)] for word, found in named.items()}, given)


def left_over(tree: Tree, read: set[str]) -> Iterator[tuple[str, Place]]:
    """The variables that an example or the own service of a compose file sets, and that nothing reads."""
    if not read:
        return
    used = {name.upper() for fact in tree.facts("env-used") for name in fact["names"]}
    seen: set[str] = set()
    told = [(fact, "set in the example") for fact in tree.facts("env-example")]
    told += [(fact, f"set by {fact['where']}") for fact in tree.facts("env-given") if fact["built"]]
    for fact, says in told:
        name = fact["name"]
        if name.upper() in read | used | seen or is_standard(name) or _LIBRARIES.match(name.upper()):
            continue
        seen.add(name.upper())
        yield name, Place(fact.path, fact.line, says)
