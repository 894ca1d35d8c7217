"""Calls that load values from bytes, and which of them run code."""

import ast
from typing import Any

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence
from scanners.place import Call
from scanners.syntax import descendants, unparse

_PICKLES = "pickle _pickle cPickle cloudpickle dill marshal".split()


LOADS = frozenset(
    [f"{module}.{name}" for module in _PICKLES for name in ("load", "loads", "Unpickler", "Unpickler.load")]
    + "jsonpickle.decode jsonpickle.loads joblib.load pandas.read_pickle shelve.open dill.load_module".split()
)


YAML_LOADS = frozenset({"yaml.load", "yaml.load_all", "ruamel.yaml.load", "ruamel.yaml.load_all"})


RUAMEL = frozenset({"ruamel.yaml.YAML.load", "ruamel.yaml.YAML.load_all"})


_RESTRICTED = "def find_class("


YAML_UNSAFE = frozenset({"yaml.unsafe_load", "yaml.unsafe_load_all"})


YAML_SAFE = frozenset({"yaml.safe_load", "yaml.safe_load_all", "yaml.full_load", "yaml.full_load_all"})


_SAFE_LOADERS = frozenset("SafeLoader CSafeLoader BaseLoader CBaseLoader FullLoader CFullLoader".split())


_PROOFS = frozenset("compare_digest unsign verify verify_signature check_signature decrypt".split())


def load_fault(call: Call, ctx: Context) -> Any:
    """How sure it is that the load runs code: None when it does not, UNKNOWN when it cannot be told."""
    if call.last == "load" and "Unpickler" in call.dotted and _RESTRICTED in ctx.source:
        made = ctx.definition(call.resolve(call.origin.func)) if call.origin is not None else None
        return None if isinstance(made, ast.ClassDef) else Confidence.HIGH
    if call.dotted in RUAMEL:
        kind = call.keyword("typ", of=call.origin) if call.origin is not None else None
        return Confidence.HIGH if ctx.constant(kind, call) == "unsafe" else None
    if call.dotted in LOADS or call.dotted in YAML_UNSAFE:
        return None if isinstance(call.argument(0), ast.Constant) and call.dotted != "shelve.open" else Confidence.HIGH
    if call.dotted in YAML_LOADS:
        return _yaml(call, ctx)
    if call.dotted == "numpy.load":
        return Confidence.HIGH if ctx.constant(call.argument(2, "allow_pickle"), call) is True else None
    if call.dotted == "torch.load":
        given = call.keyword("weights_only")
        only = ctx.constant(given, call)
        if given is None:
            return UNKNOWN if call.unpacks else Confidence.MEDIUM
        return {True: None, False: Confidence.HIGH}.get(only, UNKNOWN)
    return None


def _yaml(call: Call, ctx: Context) -> Any:
    loader = call.argument(1, "Loader")
    if loader is None:
        return UNKNOWN if call.unpacks else Confidence.HIGH
    name = call.name(loader)
    made = ctx.definition(call.resolve(loader))
    if isinstance(made, ast.ClassDef) and len(made.bases) == 1:
        name = call.name(made.bases[0])  # What a class of the file adds does not tame its base.
    if name.rpartition(".")[2] in _SAFE_LOADERS:
        return None
    return (
        Confidence.HIGH
        if name in ("yaml.Loader", "yaml.UnsafeLoader", "yaml.CLoader", "yaml.CUnsafeLoader")
        else UNKNOWN
    )


def written_here(call: Call, ctx: Context) -> bool:
    """Whether the same module writes what it loads: a file of its own, or for marshal its own store."""
    module = call.dotted.rpartition(".")[0]
    if call.last == "load":
        return f"{module}.dump(" in ctx.source or (module == "torch" and "torch.save(" in ctx.source)
    return module == "marshal" and "marshal.dumps(" in ctx.source


def made_or_checked_here(call: Call) -> bool:
    """Whether the function made these bytes itself, or checked a signature before it loads them."""
    names = {inner.id for argument in call.node.args for inner in descendants(argument) if isinstance(inner, ast.Name)}
    for node in descendants(call.function or call.node):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in _PROOFS and node.lineno < call.line:
                return True
        if isinstance(node, ast.Assign) and _dumps(node.value) and {unparse(each) for each in node.targets} & names:
            return True
    return any(_dumps(argument) for argument in call.node.args)


def _dumps(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Call) and getattr(expr.func, "attr", getattr(expr.func, "id", "")) == "dumps"
