"""Names of container images: what they pin, and what is known of the user that they run as."""

import re
from typing import Final, NamedTuple

from scanners.regex import regex
from scanners.yamltree import TEMPLATED

_DEFAULT: Final = regex(r"\$\{\w+:?-([^}]*)\}")
_UNKNOWN: Final = regex(rf"[$<>]|{TEMPLATED}|\{{|%|@@|__")
_MOVING: Final = frozenset(
    "latest stable edge main master nightly dev develop development current head testing lts alpine slim "
    "rolling".split()
)
_MAJOR: Final = regex(r"^v?\d+(?:[-+][a-z]\w*(?:[-.]\w+)*)?$")
_DATED: Final = regex(r"^v?\d{5,}")
_PLACEHOLDER: Final = regex(r"^[A-Z_]{3,}$|(?i:placeholder|replace|changeme|your-?tag)")
_NONROOT: Final = regex(
    r"nonroot|non-root|unprivileged|rootless|(^|/)(bitnami|bitnamilegacy|chainguard|jupyter|selenium|selenoid|locustio|prom|grafana|jenkins|"
    r"apache/airflow|astronomer|quay\.io/astronomer|kong|sonarqube|elasticsearch|kibana|logstash|opensearch\w*|solr|hashicorp|"
    r"keycloak|superset|circleci|cimg|rootlesskit)(/|:|$|-)|^cgr\.dev/|micromamba|redhat\.com/|^ubi\d|/ubi\d|lambda/python|"
    r"apache/(spark|superset|airflow)"
)
_DROPS: Final = frozenset(
    "postgres mysql mariadb mongo redis valkey rabbitmq memcached nginx httpd caddy traefik cassandra "
    "neo4j nats haproxy "
    "influxdb couchdb zookeeper eclipse-mosquitto consul vault postgis pgvector timescaledb".split()
)
_ROOT: Final = frozenset(
    "python pypy debian ubuntu alpine fedora centos rockylinux almalinux amazonlinux busybox "
    "buildpack-deps node golang ruby "
    "openjdk eclipse-temurin php perl rust archlinux opensuse oraclelinux uv cuda pytorch tensorflow "
    "miniconda3 anaconda3 "
    "mambaforge miniforge3 playwright uvicorn-gunicorn-fastapi uvicorn-gunicorn meinheld-gunicorn-flask "
    "uwsgi-nginx-flask "
    "cc python3 java static-debian12 python3-debian12".split()
)
_PUBLIC: Final = regex(
    r"^((docker\.io/|public\.ecr\.aws/docker/)?(library/)?|ghcr\.io/astral-sh/|(nvcr\.io/)?nvidia/|pytorch/|tensorflow/|tiangolo/"
    r"|continuumio/|condaforge/|gcr\.io/distroless/|mcr\.microsoft\.com/)[\w-]+$"
)


class Image(NamedTuple):
    """A reference in parts: `name` holds registry and path; `known` is false when a variable or a template decides."""

    name: str
    tag: str
    digest: str
    known: bool

    @property
    def short(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]


def parse(reference: str) -> Image:
    """The parts of a reference, defaults of compose variables (`${X:-y}`) filled in."""
    text = _DEFAULT.sub(lambda found: found[1], reference.strip())
    plain, _, digest = text.partition("@")
    head, colon, tag = plain.rpartition(":")
    if not colon or "/" in tag:
        head, tag = plain, ""
    pinned = digest.startswith("sha256:")
    return Image(head, tag, digest, pinned or not (_UNKNOWN.search(text) or bool(_PLACEHOLDER.search(tag))))


def movement(image: Image) -> tuple[str, bool]:
    """Why a reference may stand for another image tomorrow, and whether it surely will: ("", False) if it may not."""
    if image.digest:
        return "", False
    if not image.tag:
        return f"`{image.name}` has no tag, so it is whatever is newest on the day of the build", True
    shown = f"`{image.name}:{image.tag}`"
    first = re.split(r"[-_.]", image.tag.lower())[0]
    if image.tag.lower() in _MOVING or (first in _MOVING and not re.search(r"\d", image.tag)):
        return f"{shown} is moved to each new release", True
    if _MAJOR.match(image.tag) and not _DATED.match(image.tag):
        return f"{shown} names a major version only", False
    return f"{shown} has no digest: its owner can move it", False


def runs_as(reference: str) -> str:
    """Who a container of a foreign image runs as if nothing is said: "root", "other", or "" where it is unknown."""
    image = parse(reference)
    whole = f"{image.name}:{image.tag}".lower()
    if _NONROOT.search(whole):
        return "other"
    if not image.known:
        return "root" if re.match(r"^(docker\.io/)?(library/)?(python|node|debian|ubuntu|alpine):", whole) else ""
    if image.short in _DROPS:
        return "other"
    return "root" if _PUBLIC.match(image.name) and image.short in _ROOT else ""
