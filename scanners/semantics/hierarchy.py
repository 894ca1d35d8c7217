"""What is known of exception classes: of builtins, of the standard library, of the same file."""

import ast
import asyncio
import binascii
import builtins
import concurrent.futures
import configparser
import csv
import ftplib
import http.client
import imaplib
import json
import multiprocessing
import pickle
import poplib
import queue
import shutil
import smtplib
import socket
import sqlite3
import ssl
import struct
import subprocess
import tarfile
import types
import urllib.error
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from typing import Final

from scanners.context import Context
from scanners.names import Ref, resolve
from scanners.regex import regex
from scanners.scopes import Scope

_MODULES: Final = (
    *(asyncio, binascii, concurrent.futures, configparser, csv, ftplib, http.client, imaplib, json, multiprocessing),
    *(pickle, poplib, queue, shutil, smtplib, socket, sqlite3, ssl, struct, subprocess, tarfile, urllib.error, zipfile),
    zlib,
)
_DEPTH: Final = 10
_ORDINARY: Final = regex(r"(Error|Exception|DoesNotExist|NotFound|Timeout)$")


def _identity(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _known(module: types.ModuleType, prefix: str) -> dict[str, tuple[str, ...]]:
    classes = {
        name: kind for name, kind in vars(module).items() if isinstance(kind, type) and issubclass(kind, BaseException)
    }
    return {prefix + name: tuple(_identity(above) for above in kind.__mro__) for name, kind in classes.items()}


_ROOTS: Final = ("Exception", "BaseException", "object")
_CLASSES: Final[dict[str, tuple[str, ...]]] = {
    **_known(builtins, ""),
    **{name: above for module in _MODULES for name, above in _known(module, f"{module.__name__}.").items()},
    # Aliases of the builtin TimeoutError since some version, and other classes before.
    "asyncio.TimeoutError": ("asyncio.TimeoutError", *_ROOTS),
    "concurrent.futures.TimeoutError": ("concurrent.futures.TimeoutError", *_ROOTS),
    "socket.timeout": ("socket.timeout", "OSError", *_ROOTS),
    "requests.RequestException": ("requests.RequestException", "OSError", *_ROOTS),
    **{
        f"requests.{name}": (f"requests.{name}", "requests.RequestException", "OSError", *_ROOTS)
        for name in ("HTTPError", "ConnectionError", "TooManyRedirects", "Timeout", "URLRequired", "ReadTimeout")
    },
    "requests.ConnectTimeout": (
        "requests.ConnectTimeout",
        "requests.Timeout",
        "requests.ConnectionError",
        "requests.RequestException",
        "OSError",
        *_ROOTS,
    ),
}


def ancestors(ref: Ref | None, ctx: Context, depth: int = 0) -> tuple[tuple[str, ...], bool]:
    """The names of a class, its own first, and of all its bases; and whether these are all that there are.

    An alias (`IOError`, `socket.error`) has the name of the class that it stands for.
    """
    if ref is None or depth > _DEPTH:
        return (), False
    dotted = ref.dotted.removeprefix("builtins.").replace("requests.exceptions.", "requests.")
    if dotted in _CLASSES:
        return _CLASSES[dotted], True
    if ref.via == "builtin":
        return (dotted, "object"), True
    found, complete = [dotted], False
    definition = ctx.definition(ref)
    if isinstance(definition, ast.ClassDef):
        complete = not definition.keywords and not definition.decorator_list
        for base in definition.bases:
            above, whole = ancestors(ctx.resolve(base, ctx.module), ctx, depth + 1)
            found += above
            complete = complete and whole
    return tuple(found), complete


def is_exception(ref: Ref | None, ctx: Context) -> bool | None:
    """Whether a name stands for an exception class; None when that cannot be told."""
    above, complete = ancestors(ref, ctx)
    if "BaseException" in above:
        return True
    return False if complete else None


_VALUES: Final = (
    ast.Constant,
    ast.JoinedStr,
    ast.List,
    ast.Dict,
    ast.Set,
    ast.Lambda,
    ast.Compare,
    ast.ListComp,
    ast.DictComp,
)


def never_an_exception(expr: ast.expr, scope: Scope, ctx: Context) -> bool:
    """Whether `expr` is proven to be neither an exception class nor an instance of one."""
    if isinstance(expr, _VALUES):
        return True
    ref = resolve(expr, scope, expr.lineno) if isinstance(expr, (ast.Name, ast.Attribute)) else None
    if ref is None or ref.via not in ("builtin", "class", "def"):
        return False
    if ref.via == "def":
        return (
            isinstance(ctx.definition(ref), (ast.FunctionDef, ast.AsyncFunctionDef))
            and not ctx.definition(ref).decorator_list
        )
    return is_exception(ref, ctx) is False


def makes_no_exception(call: ast.Call, scope: Scope, ctx: Context) -> bool:
    """Whether a call is proven to give what cannot be raised: `str(...)`, `NotImplemented(...)`, an ordinary object."""
    if not isinstance(call.func, ast.Name):
        return False
    ref = resolve(call.func, scope, call.lineno)
    if ref is None or ref.via not in ("builtin", "class") or is_exception(ref, ctx) is not False:
        return False
    value = getattr(builtins, ref.dotted, None) if ref.via == "builtin" else None
    return (
        ref.via == "class"
        or ref.dotted == "NotImplemented"
        or (isinstance(value, type) and ref.dotted not in ("type", "super"))
    )


def class_of(expr: ast.expr, scope: Scope) -> Ref | None:
    """The class that an expression names; what a call returns is unknown."""
    ref = resolve(expr, scope, expr.lineno)
    known = ref is not None and ref.origin is None and ref.via in ("import", "builtin", "class", "assign")
    return ref if known else None


def ranks(refs: Iterable[Ref | None], ctx: Context) -> dict[str, int]:
    """The names of these classes, each with how many others stand before it; "" stands for those unknown."""
    names = dict.fromkeys(next(iter(ancestors(ref, ctx)[0]), "") for ref in refs)
    return {name: rank for rank, name in enumerate(names)}


def covered(ref: Ref | None, earlier: Mapping[str, int], ctx: Context) -> str | None:
    """The first earlier type that covers this one, with "?" behind it if that is a guess; "?" if unknown, else None.

    `earlier` are the `ranks` of the types above it.
    """
    above, complete = ancestors(ref, ctx)
    found = [(earlier[name], name.rpartition(".")[2]) for name in above if name in earlier]
    if not complete:
        ordinary = ref is not None and _ORDINARY.search(ref.dotted)
        broad = ("BaseException", "Exception") if ordinary else ("BaseException",)
        found += [(earlier[name], f"{name}?") for name in broad if name in earlier and name not in above]
    if found:
        return min(found)[1]
    return None if complete or not earlier else "?"
