"""What a parameter is where the caller says nothing."""

import ast

from scanners.scopes import Scope


def default_of(name: str, scope: Scope) -> ast.expr | None:
    """The default of a parameter of a def, as far as it is more than None or an empty text."""
    args: ast.arguments | None = getattr(scope.node, "args", None)
    if args is None:
        return None
    plain = [*args.posonlyargs, *args.args]
    pairs = [*zip(plain[len(plain) - len(args.defaults) :], args.defaults, strict=True)]
    pairs += [(arg, value) for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True) if value is not None]
    given = next((value for arg, value in pairs if arg.arg == name), None)
    return None if isinstance(given, ast.Constant) and not given.value else given
