"""Inputs made to hurt whoever reads them, each below the limit of bytes unless it is about that limit."""

from collections.abc import Callable
from typing import Final

from scanners.parse import MAX_BYTES

Case = tuple[str, Callable[[], bytes]]
"""The path that the input is under, and what makes it."""

_K: Final = 1000


def _repeated(text: str, size: int = MAX_BYTES) -> bytes:
    return (text * (size // len(text))).encode()


def _numbered(text: str, count: int) -> bytes:
    return "".join(text % number for number in range(count)).encode()[:MAX_BYTES]


def _nested(opening: str, middle: str, closing: str, depth: int) -> bytes:
    return (opening * depth + middle + closing * depth).encode()


def _indented(depth: int) -> bytes:
    return "".join(" " * level + "if a:\n" for level in range(depth)).encode()[:MAX_BYTES]


def _laughs() -> bytes:
    lines = ["a0: &a0 [lol, lol]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 30)]
    return "\n".join(lines).encode()


PYTHON: Final[dict[str, Callable[[], bytes]]] = {
    "dict literal over the limit": lambda: b"x = {" + b"'key': 'value', " * 75 * _K + b"}",
    "dict of 100,000 elements": lambda: b"x = {" + b"1: 'a', " * 100 * _K + b"}",
    "dict of 40,000 named elements": lambda: b"x = {" + _numbered("'key%d': 'value', ", 40 * _K) + b"}",
    "many small functions": lambda: _numbered("def f%d(a):\n    return g(a)\n", 26 * _K),
    "many functions that ask": lambda: b"import requests\n" + _numbered("def f%d(a):\n    requests.get(a)\n", 24 * _K),
    "many methods": lambda: b"class A:\n" + _numbered("    def f%d(self):\n        self.a = 1\n", 20 * _K),
    "many classes": lambda: _numbered("class A%d(B):\n    x = 1\n", 30 * _K),
    "many handlers": lambda: b"try:\n    pass\n" + _repeated("except A: pass\n", 900 * _K),
    "many bare handlers": lambda: _repeated("try:\n  f()\nexcept:\n  pass\n", 900 * _K),
    "one line of statements": lambda: _repeated("a = b; c(d); "),
    "one string": lambda: b"x = '" + b"a" * _K * _K + b"'",
    "docstring of 60,000 lines": lambda: b'"""' + b"some words\n" * 60 * _K + b'"""\n',
    "10,000 parentheses": lambda: b"x = " + _nested("(", "1", ")", 10 * _K),
    "20,000 braces": lambda: b"{" * 20 * _K,
    "brackets alone": lambda: b"[" * MAX_BYTES,
    "chain of or": lambda: b"x = a" + b" or a" * 20 * _K,
    "sum of 5,000": lambda: b"x = 1" + b" + 1" * 5 * _K,
    "sum of 100,000": lambda: b"x = 1" + b" + 1" * 100 * _K,
    "sum of strings": lambda: b"x = 'a'" + b" + 'a'" * 900,
    "attributes, 900": lambda: b"x = a" + b".b" * 900,
    "attributes, 20,000": lambda: b"x = a" + b".b" * 20 * _K,
    "attributes, 100,000": lambda: b"x = a" + b".b" * 100 * _K,
    "calls, 900": lambda: b"x = a" + b"()" * 900,
    "calls of methods, 900": lambda: b"import requests\nx = requests" + b".get()" * 900,
    "calls, 20,000": lambda: b"x = a" + b"()" * 20 * _K,
    "subscripts, 20,000": lambda: b"x = a" + b"[0]" * 20 * _K,
    "unary minus": lambda: b"x = " + b"-" * 5 * _K + b"1",
    "nots": lambda: b"x = " + b"not " * 900 + b"1",
    "lambdas": lambda: b"x = " + b"lambda: " * 2 * _K + b"1",
    "conditions": lambda: b"x = " + b"a if b else " * 900 + b"c",
    "awaits": lambda: b"async def f():\n    " + b"await " * 900 + b"x",
    "nested if": lambda: _indented(10 * _K),
    "nested if, 90": lambda: _indented(90) + b" " * 90 + b"x = 1",
    "elif, 20,000": lambda: b"if a: pass\n" + b"elif b: pass\n" * 20 * _K,
    "elif, 900": lambda: b"if a: pass\n" + b"elif b: c()\n" * 900,
    "nested f-strings, unclosed": lambda: _repeated("f'{"),
    "nested f-strings": lambda: b"x = " + _nested("f'{", "1", "}'", 120),
    "f-strings side by side": lambda: b"x = (" + _repeated("f'{a['b']}' ", 900 * _K) + b")",
    "f-strings with escapes": lambda: b"x = (" + _repeated("f'\\n{a['b']}' ", 900 * _K) + b")",
    "f-strings on one line": lambda: b"x = f'{a['b']}'; " + _repeated("x = f'{a}'; ", 900 * _K),
    "f-strings over lines": lambda: b"f'{a['b']}'\n" + _repeated("x = f'{a}' 'b'\n", 900 * _K),
    "t-strings": lambda: _repeated("x = t'{a}'\n", 900 * _K),
    "strings side by side": lambda: b"x = f'{a['b']}' " + _repeated("'a' ", 900 * _K),
    "type parameters": lambda: b"def f" + _nested("[", "T", "]", 10 * _K) + b"(): pass",
    "type parameters, unclosed": lambda: _repeated("def f["),
    "many type parameters": lambda: _numbered("def f%d[T](a): pass\n", 40 * _K),
    "except in a row": lambda: _repeated("except "),
    "except with commas": lambda: b"try: pass\n" + _repeated("except A, b: pass\n", 900 * _K),
    "stars": lambda: _repeated("[*", 900 * _K),
    "quotes": lambda: _repeated("'\"", 900 * _K),
    "backslashes": lambda: b"x = f'{a['b']}'" + b"\\\n" * 400 * _K,
    "blank lines": lambda: b"\n" * MAX_BYTES,
    "carriage returns": lambda: b"\r" * MAX_BYTES,
    "comments": lambda: _repeated("# plimsoll: ignore[broad-except] why\n"),
    "number of a million digits": lambda: b"x = " + b"1" * 1_000_000,
    "hexadecimal number": lambda: b"x = 0x" + b"f" * 1_000_000,
    "numbers multiplied": lambda: b"x = 9" + b" ** 9" * 900 + b"\ny = 'a' * 10 ** 12\nz = 1 << 10 ** 12",
    "name of a character": lambda: b"x = '\\N{" + b"A" * 900 * _K + b"}'",
    "lone surrogates": lambda: _repeated("x = '\\ud800'\n", 100 * _K),
    "null in a string": lambda: b"import requests\nrequests.get('http://a\\x00b')\n",
    "match of 50,000 clauses": lambda: b"match a:\n" + b" case 1: b\n" * 50 * _K,
    "decorators": lambda: b"@a\n" * 100 * _K + b"def f(): pass",
    "arguments": lambda: b"f(" + _numbered("a%d=1, ", 70 * _K) + b")",
    "parameters": lambda: b"def f(" + _numbered("a%d=1, ", 70 * _K) + b"): pass",
    "imports": lambda: _numbered("import a%d\n", 60 * _K),
    "assignments": lambda: _numbered("a%d = b\n", 70 * _K),
    "one name again and again": lambda: _repeated("a = a\n", 900 * _K),
    "targets": lambda: _repeated("a = ", 400 * _K) + b"1",
    "globals": lambda: b"def f():\n    global " + _numbered("a%d, ", 80 * _K) + b"z",
    "comparisons": lambda: b"x = a" + b" < a" * 100 * _K,
    "with in with": lambda: b"with " + _repeated("a() as b, ", 500 * _K) + b"c(): pass",
    "logging": lambda: b"import logging\n" + _repeated("logging.info('a %s' % b)\n", 900 * _K),
    "queries": lambda: _repeated("cursor.execute(f'select {a} from b where c = {d}')\n", 900 * _K),
    "secrets": lambda: _numbered("password_%d = 'hunter2hunter2'\n", 30 * _K),
    "keys in one line": lambda: b"x = '" + _repeated("AKIA0123456789ABCDEF", 900 * _K) + b"'",
    "SQL of comments": lambda: b"cursor.execute('''" + b"--\n" * 40 + b" x" + b"/**/" * 40 + b"''')",
    "SQL of spaces": lambda: b"cursor.execute('" + b" " * 900 * _K + b"')",
    "docstring of blank lines": lambda: b'def f(a):\n    """A.\n' + b"\n" * 900 * _K + b'    """\n    return a\n',
    "docstring of fences": lambda: b'def f(a):\n    """:a:\n' + b"```\n" * 200 * _K + b'    """\n    return a\n',
    "file of blank lines that is a program": lambda: b"#!a\n" + b"\n" * 900 * _K + b"x = 1",
    "coding of slow domains": lambda: b"# coding: idna\n" + b"x = 1\n" * 150 * _K,
    "coding of slow domains, one line": lambda: b"# coding: punycode\n#" + b"a" * 100 * _K + b"-" + b"b" * 900 * _K,
}

TEXT: Final[dict[str, Case]] = {
    "Dockerfile of one line": ("Dockerfile", lambda: b"FROM a\nRUN " + b"a && " * 200 * _K),
    "Dockerfile continued": ("Dockerfile", lambda: b"FROM a\nRUN a \\\n" + b"  && b \\\n" * 100 * _K),
    "Dockerfile of stages": ("Dockerfile", lambda: _numbered("FROM a AS b%d\n", 50 * _K)),
    "Dockerfile of spaces": ("Dockerfile", lambda: b"FROM a\nRUN" + b" " * 900 * _K + b"x"),
    "YAML that laughs": ("docker-compose.yml", _laughs),
    "YAML nested in brackets": ("docker-compose.yml", lambda: b"a: " + b"[" * 100 * _K),
    "YAML nested by columns": ("deploy/a.yaml", lambda: b"".join(b" " * n + b"a:\n" for n in range(1300))),
    "YAML of many keys": ("deploy/a.yaml", lambda: _numbered("key%d: value\n", 50 * _K)),
    "YAML of many documents": ("deploy/a.yaml", lambda: b"---\na: 1\n" * 50 * _K),
    "TOML nested in brackets": ("pyproject.toml", lambda: b"a = " + b"[" * 100 * _K),
    "TOML of dots": ("pyproject.toml", lambda: b"a" + b".a" * 100 * _K + b" = 1"),
    "TOML of 60,000 keys": ("pyproject.toml", lambda: b"[project]\n" + _numbered("key%d = 1\n", 60 * _K)),
    "lock of JSON": (
        "Pipfile.lock",
        lambda: b'{"default": {' + _numbered('"a%d": {"version": "==1"},', 30 * _K) + b"}}",
    ),
    "lock nested": ("Pipfile.lock", lambda: b'{"default": ' * 50 * _K),
    "lock of packages": ("uv.lock", lambda: _numbered('[[package]]\nname = "a%d"\nversion = "1"\n', 20 * _K)),
    "requirements": ("requirements.txt", lambda: _numbered("package%d==1.0\n", 50 * _K)),
    "requirement of one line": ("requirements.txt", lambda: b"a" + b"[b]" * 300 * _K),
    "requirement with a marker": ("requirements.txt", lambda: b"a==1; " + b"(" * 900 * _K),
    "requirement continued": ("requirements.txt", lambda: b"a==1 \\\n" + b"  --hash=sha256:00 \\\n" * 40 * _K),
    "settings": ("setup.cfg", lambda: b"[metadata]\n" + _numbered("key%d = 1\n", 60 * _K)),
    "environment": (".env", lambda: _numbered("SECRET_%d=hunter2hunter2\n", 35 * _K)),
    "environment of one line": (".env", lambda: b"SECRET_KEY=" + b"a" * 1_000_000),
    "notebook": ("a.ipynb", lambda: b'{"cells": [' * 90 * _K),
    "notebook of outputs": ("a.ipynb", lambda: b'{"cells": [' + b'{"cell_type": "code", "source": ["a"]},' * 20 * _K),
    "workflow": (".github/workflows/a.yml", lambda: b"jobs:\n" + _numbered("  j%d:\n    steps: []\n", 40 * _K)),
    "shell": ("a.sh", lambda: b"curl " + b"a | " * 200 * _K),
    "document": ("README.md", lambda: b"`" * 500 * _K + b"[" * 400 * _K),
    "document of comments": ("README.md", lambda: b"<!--" * 250 * _K),
    "crontab": ("crontab", lambda: b"* * * * * a\n" * 80 * _K),
    "key": ("id_rsa", lambda: b"-----BEGIN RSA PRIVATE KEY-----\n" * 30 * _K),
    "Makefile": ("Makefile", lambda: b"a:" + b" a" * 400 * _K),
    "configuration": ("config.json", lambda: b'{"a": ' * 150 * _K),
    "Dockerfile of variables in variables": (
        "Dockerfile",
        lambda: (
            b"ARG A0=aaaaaaaaaa\n"
            + b"".join(b"ARG A%d=$A%d$A%d\n" % (n, n - 1, n - 1) for n in range(1, 60))
            + b"FROM $A59"
        ),
    ),
    "Dockerfile of flags": ("Dockerfile", lambda: b"FROM a\nRUN " + b"--a " * 200 * _K),
    "Dockerfile of one word": ("Dockerfile", lambda: b"FROM a\nENV " + b"1" * 900 * _K),
    "Dockerfile of a stage by a long number": ("Dockerfile", lambda: b"FROM a\nFROM " + b"1" * 5 * _K),
    "YAML of templates that nothing closes": ("deploy/a.yaml", lambda: b"{{" * 400 * _K),
    "YAML of blank lines": (".github/workflows/a.yml", lambda: b"\n" * 900 * _K + b"jobs: {}"),
    "compose of blank lines": ("docker-compose.yml", lambda: b"\n" * 900 * _K + b"services: {}"),
    "TOML of long keys": ("pyproject.toml", lambda: _numbered("a." * 400 + "b%d = 1\n", 1100)),
    "TOML of a long number": ("pyproject.toml", lambda: b"a = " + b"1" * 900 * _K),
    "lock of blank lines": ("poetry.lock", lambda: b"\n" * 900 * _K + b'name = "a"'),
    "settings of blank lines": ("setup.cfg", lambda: b"[options]\ninstall_requires =\n  a" + b"\n" * 900 * _K + b"  b"),
    "requirement of brackets": ("requirements.txt", lambda: b"-e ./" + b"[" * 900 * _K),
    "shell of blank lines": ("a.sh", lambda: b"\n" * 900 * _K + b"gunicorn a:b"),
    "owners of escaped spaces": ("CODEOWNERS", lambda: b"a" + b"\\ " * 400 * _K + b" @"),
    "document of nested links": ("README.md", lambda: b"[[[[](" * 170 * _K),
    "document of tags": ("README.md", lambda: b"# " + b"<z" * 450 * _K),
    "document of promises": ("README.md", lambda: b"uptime 99.9 " * 80 * _K),
    "template of brackets": ("templates/a.html", lambda: b"{% autoescape off %}</" + b"{{" * 450 * _K),
    "configuration of secrets": ("settings.yaml", lambda: _numbered("password_%d: hunter2hunter2\n", 30 * _K)),
}


def _each(folder: str, name: str, text: str, count: int) -> dict[str, bytes]:
    """Files of as many folders, numbered in path and text."""
    return {f"{folder}{number}/{name}": text.replace("#", str(number)).encode() for number in range(count)}


REPOSITORIES: Final[dict[str, Callable[[], dict[str, bytes]]]] = {
    "requirements that nothing pins": lambda: {"requirements.txt": _numbered("package%d\n", 12 * _K)},
    "requirements that are excused": lambda: {
        "requirements.txt": _numbered("a%d  # plimsoll: ignore[dependency-unpinned] why\n", 10 * _K)
    },
    "requirements beside imports": lambda: {
        "requirements.txt": _numbered("a%d==1\n", 12 * _K),
        "app.py": _numbered("import b%d\n", 6 * _K),
    },
    "projects in folders": lambda: {
        **_each("p", "pyproject.toml", '[project]\nname = "p#"\nversion = "1"\ndependencies = ["a"]\n', 800),
        **_each("p", "requirements.txt", "a\nb==1\n", 800),
    },
    "lock that many extras ask": lambda: {
        "uv.lock": b'[[package]]\nname = "shop"\nversion = "1"\nsource = { virtual = "." }\n'
        b"[package.optional-dependencies]\n"
        + _numbered('e%d = [{ name = "a0" }]\n', 2 * _K)
        + "".join(
            f'[[package]]\nname = "a{n}"\nversion = "1"\ndependencies = [{{ name = "a{n + 1}" }}]\n'
            for n in range(3 * _K)
        ).encode()
    },
    "revisions in a row": lambda: {
        f"alembic/versions/{n}.py": f"revision = '{n}'\ndown_revision = '{n + 1}'\n".encode() for n in range(2 * _K)
    },
    "stores of many services": lambda: {
        "docker-compose.yml": b"services:\n" + _numbered("  s%d:\n    image: postgres:1\n", 3 * _K),
        "app.py": b"import psycopg\n" + _numbered("c%d = psycopg.connect('postgres://h/d')\n", 2 * _K),
    },
    "images that install the same": lambda: {
        **_each("d", "Dockerfile", "FROM python:3\nRUN pip install -r requirements.txt\n", 800),
        **_each("d", "requirements.txt", "a\n", 800),
    },
    "routes below a long prefix": lambda: {
        "app.py": b"from flask import Flask, Blueprint\napp = Flask(__name__)\nb = Blueprint('b', __name__)\n"
        + _numbered("@b.route('/a%d')\ndef f%d(): pass\n".replace("f%d", "f"), 2 * _K)
        + b"app.register_blueprint(b, url_prefix='/"
        + b"<" * 900 * _K
        + b"')\n"
    },
}
"""Repositories whose files are small to read and made to hurt whoever joins them, outside of any child."""


def cases() -> dict[str, Case]:
    """All inputs by their names."""
    return {name: ("shop/views.py", make) for name, make in PYTHON.items()} | TEXT
