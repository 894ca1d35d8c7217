"""What a called name stands for, through everything that gives names to things."""

import ast

import pytest

from scanners.context import Context
from scanners.engine import Engine
from scanners.index import Index
from scanners.names import resolve
from scanners.paths import PathClass
from scanners.place import Call
from scanners.rule import Collector
from scanners.scopes import Scope
from scanners.walk import Walk


class Names(Collector):
    """Records what every call of `go` resolves to."""

    calls = ("*.go", "go")

    def visit_call(self, call: Call, ctx: Context) -> None:
        ctx.fact("name", call, dotted=call.ref.dotted if call.ref else None, via=call.ref.via if call.ref else None)


def name_of(source: str) -> str | None:
    """What the only call of `go` in the source is resolved to."""
    answer = Engine((Names(),)).answer(source.encode(), PathClass("python", "service"))
    assert answer["problem"] is None
    (fact,) = answer["facts"]["name"]
    return fact["dotted"]


@pytest.mark.parametrize(
    ("source", "dotted"),
    [
        ("import box\nbox.go()", "box.go"),
        ("import box as b\nb.go()", "box.go"),
        ("import box.lid\nbox.lid.go()", "box.lid.go"),
        ("import box.lid as lid\nlid.go()", "box.lid.go"),
        ("from box import lid\nlid.go()", "box.lid.go"),
        ("from . import lid\nlid.go()", ".lid.go"),
        ("from .box import Lid\nLid().go()", ".box.Lid.go"),
        ("from box import Lid\nx = Lid()\nx.go()", "box.Lid.go"),
        ("from box import Lid\nLid().go()", "box.Lid.go"),
        ("from box import Lid\nwith Lid() as x:\n    x.go()", "box.Lid.go"),
        ("from box import Lid\nasync def f():\n    async with Lid() as x:\n        await x.go()", "box.Lid.go"),
        ("from box import Lid\nif (x := Lid()):\n    x.go()", "box.Lid.go"),
        ("from box import Lid\ndef f(x: Lid):\n    x.go()", "box.Lid.go"),
        ("from box import Lid\ndef f(x: 'Lid | None' = None):\n    x.go()", "box.Lid.go"),
        ("from typing import Optional\nfrom box import Lid\ndef f(x: Optional[Lid]):\n    x.go()", "box.Lid.go"),
        ("from box import Lid\ndef f(x=None):\n    x = x or Lid()\n    x.go()", None),
        ("from box import Lid\ndef f():\n    x.go()\nx = Lid()", "box.Lid.go"),
        (
            (
                "from box import Lid\nclass A:\n    def __init__(self):\n        self.x = Lid()\n"
                "    def f(self):\n        self.x.go()"
            ),
            "box.Lid.go",
        ),
        ("from box import Lid\nclass A:\n    x = Lid()\n    def f(self):\n        self.x.go()", "box.Lid.go"),
        ("from box import Lid\nclass A:\n    x: Lid\n    def f(self):\n        self.x.go()", "box.Lid.go"),
        ("from box import Lid\nclass A(Lid):\n    def f(self):\n        self.go()", "box.Lid.go"),
        ("class A:\n    def go(self): ...\n    def f(self):\n        self.go()", ".A.go"),
        ("from box import Lid\nclass A(Lid): ...\na = A()\na.go()", "box.Lid.go"),
        ("import requests\ns = requests.session()\ns.go()", "requests.Session.go"),
        ("from requests.sessions import Session\ns = Session()\ns.go()", "requests.Session.go"),
        ("try:\n    import ujson as json\nexcept ImportError:\n    import json\njson.go()", "json.go"),
        (
            (
                "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from box import Lid\n"
                "def f(x: 'Lid'):\n    x.go()"
            ),
            "box.Lid.go",
        ),
        ("import box\nx = box.lid\nx.go()", "box.lid.go"),
        ("x.go()", None),
        ("def f(x):\n    x.go()", None),
        ("for x in xs:\n    x.go()", None),
    ],
)
def test_a_call_resolves_to_the_name_as_imported(source: str, dotted: str | None) -> None:
    assert name_of(source) == dotted


def test_the_last_binding_before_the_use_counts_in_a_scope_of_its_own() -> None:
    source = "import a, b\ndef f():\n    x = a.Box()\n    x.stop()\n    x = b.Box()\n    x.go()"
    assert name_of(source) == "b.Box.go"


def test_bindings_that_disagree_in_an_outer_scope_resolve_to_nothing() -> None:
    assert name_of("import a, b\nx = a.Box()\nx = b.Box()\ndef f():\n    x.go()") is None


class Imported(Names):
    """Asks for one function by the name that it is imported by."""

    calls = ("box.go",)


@pytest.mark.parametrize(
    "source",
    [
        "from box import go as start\nstart()",
        "import box\nstart = box.go\nstart()",
        "import box\nstart = box.go if fast else box.go\nstart()",
    ],
)
def test_a_function_that_is_called_by_another_name_is_found(source: str) -> None:
    answer = Engine((Imported(),)).answer(source.encode(), PathClass("python", "service"))
    assert [fact["dotted"] for fact in answer["facts"]["name"]] == ["box.go"]


def test_a_choice_between_a_client_and_its_twin_with_tls_is_the_twin() -> None:
    made = "import smtplib\nkind = smtplib.SMTP if plain else smtplib.SMTP_SSL\nmail = kind('mail')\nmail.go()"
    assert name_of(made) == "smtplib.SMTP_SSL.go"
    assert name_of(made.replace("SMTP_SSL", "LMTP")) is None


def test_a_class_that_is_its_own_base_ends() -> None:
    assert name_of("class A(A):\n    def f(self):\n        self.go()") == ".A.go"


def test_names_that_lead_in_circles_resolve_to_nothing() -> None:
    assert name_of("a = b\nb = a\na.go()") is None


CHAINS = """
import library

first = library.Client()
rows = first.a().b().c().d().e().f().g().h
more = rows.i().j
rows = rows.strip()
last = more.k().l().m
"""


def test_what_was_asked_before_changes_no_answer() -> None:
    tree = ast.parse(CHAINS)
    asked = [node for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute | ast.Call)]
    pairs = [(node, depth) for node in asked for depth in range(14)]
    alone = [resolve(node, scope_of(tree), node.lineno, depth) for node, depth in pairs]
    scope, other = scope_of(tree), scope_of(tree)
    assert [resolve(node, scope, node.lineno, depth) for node, depth in pairs] == alone
    assert [resolve(node, other, node.lineno, depth) for node, depth in pairs[::-1]] == alone[::-1]


def scope_of(tree: ast.Module) -> Scope:
    """The scope of a module that nobody has asked anything yet."""
    walk = Walk(Index([], "service"))
    walk.run(tree)
    return walk.module
