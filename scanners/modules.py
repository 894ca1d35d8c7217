"""Dotted names of modules, as imports write them and as paths tell them."""

from functools import lru_cache


@lru_cache(maxsize=65536)
def module_of(path: str) -> str:
    """The dotted name of a file below the root, without a leading src."""
    dotted = path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/")
    return dotted.replace("/", ".")


def absolute(name: str, path: str) -> str:
    """A name as imported in a file, relative ones made absolute."""
    if not name.startswith("."):
        return name
    level = len(name) - len(name.lstrip("."))
    package = module_of(path).split(".")[:-level] if not path.endswith("__init__.py") else module_of(path).split(".")
    return ".".join([*package, name.lstrip(".")])
