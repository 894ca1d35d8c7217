"""Decorators and calls that set up retries, and the names of their library as the file writes them."""

import ast
from typing import Any

import libcst as cst

from scanners.fixes.spot import Spot
from scanners.syntax import unparse


def called(spot: Spot, at: ast.expr) -> Any:
    """The concrete call, or the bare name of a decorator without arguments."""
    if isinstance(at, ast.Call):
        return spot.node(cst.Call, at)
    return spot.node(cst.Attribute, at) if isinstance(at, ast.Attribute) else spot.node(cst.Name, at)


def beside(spot: Spot, made: ast.expr, name: str) -> str:
    """What another function of the same library is called here; it is imported where its neighbour is by name."""
    if isinstance(made, ast.Attribute):
        return f"{unparse(made.value)}.{name}"
    return spot.imported(spot.place.name(made).rpartition(".")[0], name)
