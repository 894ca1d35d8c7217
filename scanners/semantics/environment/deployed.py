"""Which of the services and images of a repository a server runs."""

import posixpath

from scanners.tree import Fact, Tree


def _kept(fact: Fact) -> bool:
    return fact.path_class.name in ("service", "script")


def services(tree: Tree) -> list[Fact]:
    """The long-running services that are deployed: those of manifests, or else of compose files.

    A compose file counts as one for developers when its name says so, when a service of it mounts the source, or when
    nothing in it is built from the repository.
    """
    found = [fact for fact in tree.facts("service") if _kept(fact)]
    manifests = [fact for fact in found if fact["kind"] == "manifest" and not fact["dev"]]
    if manifests:
        return [fact for fact in manifests if not fact["once"]]
    by_path: dict[str, list[Fact]] = {}
    for fact in found:
        by_path.setdefault(fact.path, []).append(fact)
    named = {path for path in by_path if any(word in path.lower() for word in ("prod", "deploy", "stag"))}
    kept = []
    for path, listed in by_path.items():
        dev = any(fact["dev"] for fact in listed) or (named and path not in named)
        own = any(fact["build"] for fact in listed) or path in named
        if own and not dev:
            kept += [fact for fact in listed if not fact["once"]]
    return kept


def images(tree: Tree) -> list[Fact]:
    """The images that are shipped: without those for development, tests and continuous integration."""
    words = (".github", ".circleci", "devcontainer", "/ci/", "benchmark", "/hack/", ".gitlab")
    return [
        fact
        for fact in tree.facts("image")
        if _kept(fact) and not fact["dev"] and not any(word in f"/{fact.path}" for word in words)
    ]


def image_of(service: Fact, tree: Tree) -> Fact | None:
    """The image of the repository that a compose service is built from."""
    if not service["build"]:
        return None
    folder = posixpath.join(posixpath.dirname(service.path), service["build"])
    path = posixpath.normpath(posixpath.join(folder, service["dockerfile"]))
    return next((fact for fact in tree.facts("image") if fact.path == path), None)
