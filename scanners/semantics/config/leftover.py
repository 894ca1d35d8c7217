"""Variables that are written down for whoever deploys, and that nothing reads any more."""

from collections.abc import Iterator, Set
from typing import Final

from scanners.facts.environment import is_standard
from scanners.finding import Confidence
from scanners.regex import regex
from scanners.tree import Fact, Tree

_LIBRARIES: Final = regex(
    r"^(WEB_CONCURRENCY|GUNICORN_\w+|UVICORN_\w+|FLASK_\w+|SENTRY_\w+|OTEL_\w+|DD_\w+|AWS_\w+|AZURE_\w+|GOOGLE_\w+|"
    r"GCLOUD_\w+|PG(HOST|PORT|USER|PASSWORD|DATABASE|SSLMODE|DATA)|POSTGRES_\w+|MYSQL_\w+|MARIADB_\w+|MONGO_INITDB_\w+|"
    r"REDIS_\w+|RABBITMQ_\w+|MINIO_\w+|CELERY_\w+|NEW_RELIC_\w+|HF_\w+|TRANSFORMERS_\w+|UV_\w+|PIP_\w+|POETRY_\w+|"
    r"NODE_\w+|NPM_\w+|DEBIAN_FRONTEND|COMPOSE_\w+|DOCKER_\w+|TRAEFIK_\w+|MALLOC_\w+|PROMETHEUS_MULTIPROC_DIR)$"
)
"""What servers and libraries read by themselves, and what images of stores are set up with."""


def left_over(tree: Tree, read: Set[str], computed: bool) -> Iterator[tuple[Fact, str, Confidence]]:
    """The variables of examples and of compose services built here that neither code nor a script reads.

    `read` are those that the code reads; where it computes names too, or another text has the name, it is a guess.
    """
    used = {name.upper() for fact in tree.facts("env-used") for name in fact["names"]}
    told = _words(tree, ("env-example",))
    for example in tree.facts("env-example"):
        name = example["name"]
        if name not in read | used and not _is_of_others(name):
            yield example, name, Confidence.LOW if computed or name in told else Confidence.MEDIUM
    run = {
        name.upper() for fact in tree.facts("env-used") if fact.path_class.kind != "compose" for name in fact["names"]
    }
    told = _words(tree, ("env-example", "compose", "docs"))
    families, seen = {name.partition("_")[0] for name in read if "_" in name}, set[str]()
    for given in tree.facts("env-given"):
        name = given["name"].upper()
        family, _, rest = name.partition("_")
        ours = given["built"] and given.path_class.kind == "compose" and rest and family in families
        if ours and name not in read | run | seen and not _is_of_others(name) and "__" not in name:
            seen.add(name)
            yield given, name, Confidence.LOW if computed or name in told else Confidence.MEDIUM


def _is_of_others(name: str) -> bool:
    return is_standard(name) or _LIBRARIES.match(name) is not None


def _words(tree: Tree, without: tuple[str, ...]) -> set[str]:
    """The words in capitals of all texts but those of these kinds."""
    facts = [fact for fact in tree.facts("env-words") if fact.path_class.kind not in without]
    return {word for fact in facts for word in fact["words"]}
