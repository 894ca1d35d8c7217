import ast
from typing import Final

import libcst as cst

from scanners.fixes.doubt import ENDS
from scanners.fixes.fix import Change, Declined, Fix, NotOfferedError
from scanners.fixes.layout import with_values
from scanners.fixes.lazily import quoted, shown_of, spoken, taken_apart
from scanners.fixes.loggers import module_logger
from scanners.fixes.spot import Spot
from scanners.regex import regex
from scanners.syntax import descendants, unparse

_SAID: Final = regex(r"(?i)(?P<quote>[\"'])\[?(?P<level>debug|info|warning|warn|error)(\]:?|:) +(?=\w|%)")
_LEVELS: Final = {"debug": "debug", "info": "info", "warning": "warning", "warn": "warning", "error": "error"}
_START = "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef create(order):\n"


class LogInsteadOfPrint(Fix):
    """
    Calls the logger of the module: `logger.info("creating %s", order)`, at warning what went to the standard error, at
    the level that the text begins with, and with the traceback in an except clause. Which level is right, a person
    knows better.

    Not offered for `pprint`, for prints with `sep` or `end`, for those of nothing, where the function imports sys, and
    above the end of the program.
    """

    rule = "print-in-service"
    bulk = False
    asks_loggers = True
    says = "Log the text."
    examples = (
        Change(
            "a logger is there",
            _START + '    print("creating", order, order.id)  # told\n    print(f"creating {order.id}", flush=True)\n'
            '    print(str(order))\n    print("100% done")\n    try:\n        order.save()\n'
            '    except OSError as error:\n        print("not saved", error)\n',
            _START + '    logger.info("creating %s %s", order, order.id)  # told\n'
            '    logger.info("creating %s", order.id)\n'
            '    logger.info("%s", order)\n    logger.info("100% done")\n    try:\n        order.save()\n'
            '    except OSError as error:\n        logger.exception("not saved %s", error)\n',
        ),
        Change(
            "put together in place, or by another",
            _START + "    print('%s: %s' % (order, order.id))\n    print(order.total + 1)\n",
            _START + "    logger.info('%s: %s', order, order.id)\n    logger.info(\"%s\", order.total + 1)\n",
        ),
        Change(
            "none is there yet",
            "import sys\n\n\ndef create(order):\n    print('no stock', file=sys.stderr)\n",
            "import logging\n\nlogger = logging.getLogger(__name__)\n\n\ndef create(order):\n"
            "    logger.warning('no stock')\n",
        ),
        Change(
            "the level is said",
            _START + "    print(\n        'INFO: there is no stock of what was ordered, '\n        'yet'\n    )\n"
            '    print(f"[error] {order} is lost")\n',
            _START + "    logger.info(\n        'there is no stock of what was ordered, '\n        'yet'\n    )\n"
            '    logger.error("%s is lost", order)\n',
        ),
    )
    declined = (
        Declined("an end", _START + "    print(order, end='')\n", "sep or end"),
        Declined("pprint", "from pprint import pprint\ndef create(order):\n    pprint(order)\n", "lays its value out"),
        Declined(
            "an import for it alone",
            _START + "    import sys\n    print(order, file=sys.stderr)\n",
            "imports sys",
        ),
        Declined(
            "the end of a program",
            "import sys\ndef create(order):\n    try:\n        order.save()\n    except OSError:\n"
            "        print('not saved')\n        sys.exit(1)\n",
            "ends the program",
        ),
        Declined(
            "the end of a program by itself",
            "import sys\ndef create(order):\n    if not order:\n        print('no order')\n        sys.exit(1)\n",
            "program ends",
        ),
        Declined("nothing", _START + "    print()\n", "empty line"),
    )

    def mend(self, spot: Spot) -> None:
        """Log what is printed."""
        call, node = spot.call, spot.node(cst.Call)
        words = {arg.keyword.value for arg in node.args if arg.keyword}
        shown = [arg for arg in node.args if arg.keyword is None]
        if call.dotted != "print":
            raise NotOfferedError(f"{call.last} lays its value out, which a log line does not.")
        if not call.dropped or words - {"file", "flush"} or any(arg.star for arg in node.args):
            raise NotOfferedError("It is given sep or end, or values that are unpacked.")
        if "file" in words and spot.place.function is not None and _imports_sys(spot.place.function):
            raise NotOfferedError("The function imports sys for it, and no longer needs to.")
        if not shown:
            raise NotOfferedError("It prints an empty line.")
        if call.handler is not None and ENDS.search(unparse(call.handler)):
            raise NotOfferedError("The clause ends the program with a message for a person.")
        if _ends(spot):
            raise NotOfferedError("The program ends below it, and the message is for the person who started it.")
        name = module_logger(spot, node)
        said = _level(_message(shown, call.node.args)[0])[0] or ("warning" if "file" in words else "info")
        level = "exception" if call.handler is not None else said
        func = cst.Attribute(cst.Name(name), cst.Name(level))
        if "file" in words:
            spot.unneeded("sys")

        def how(now: cst.Call) -> cst.Call:
            text, values = _message([arg for arg in now.args if arg.keyword is None], call.node.args)
            text = _level(text)[1]
            plain = now.args[0].with_changes(
                comma=now.args[-1].comma, whitespace_after_arg=now.args[-1].whitespace_after_arg
            )
            return with_values(spot, now.with_changes(func=func, args=[plain]), 0, text, values)

        spot.change(node, how)


def _level(text: cst.BaseExpression) -> tuple[str, cst.BaseExpression]:
    """The level that a text begins with, as in `INFO: ready`, and the text without it; "" if there is none."""
    if isinstance(text, cst.ConcatenatedString):
        level, left = _level(text.left)
        return level, text.with_changes(left=left)
    found = _SAID.match(text.value) if isinstance(text, cst.SimpleString) else None
    if found is None or not isinstance(text, cst.SimpleString):
        return "", text
    return _LEVELS[found["level"].lower()], text.with_changes(value=found["quote"] + text.value[found.end() :])


def _ends(spot: Spot) -> bool:
    """Whether a statement below it, in the same suite, ends the program."""
    stmt, tree = spot.place.stmt, spot.ctx.tree
    for node in descendants(tree) if tree is not None else ():
        for suite in (getattr(node, field, None) for field in ("body", "orelse", "finalbody")):
            if isinstance(suite, list) and stmt in suite:
                later = [one for one in suite[suite.index(stmt) :] if isinstance(one, (ast.Expr, ast.Raise))]
                return any(ENDS.search(unparse(one)) for one in later)
    return False


def _imports_sys(function: ast.AST) -> bool:
    return any(alias.name == "sys" for node in descendants(function, ast.Import) for alias in node.names)


def _message(shown: list[cst.Arg], nodes: list[ast.expr]) -> tuple[cst.BaseExpression, list[cst.BaseExpression]]:
    """The text and the values that say what `print` shows."""
    first, node = shown[0].value, nodes[0]
    others = [arg.value for arg in shown[1:]]
    if isinstance(node, (ast.JoinedStr, ast.BinOp, ast.Call)) and not others:
        try:
            lazy = taken_apart(first, node)
        except NotOfferedError:
            if isinstance(node, ast.JoinedStr):
                raise
        else:
            return lazy.text, lazy.values
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        values = [shown_of(value) for value in (first, *others)]
        return cst.SimpleString(quoted(" ".join("%s" for _ in shown), '"')), values
    if not others:
        return first, []
    text = node.value.replace("%", "%%") + " %s" * len(others)
    return cst.SimpleString(quoted(text, spoken(first))), [shown_of(value) for value in others]
