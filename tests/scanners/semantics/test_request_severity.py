"""Findings weigh more where request data reaches the fault."""

import pytest

from scanners.engine import Engine
from scanners.paths import PathClass
from scanners.registry import rules

HEAD = (
    "from flask import Flask, request\napp = Flask('a')\n@app.post('/x')\n"
    "def answer():\n    sent = request.values['x']\n"
)
CASES = {
    "shell-injection": ("import os", "os.system('ls ' + sent)", "os.system('ls ' + settings.folder)"),
    "query-built-from-text": (
        "import sqlite3",
        "sqlite3.connect('a').execute(f\"SELECT 1 FROM t WHERE a = '{sent}'\")",
        "sqlite3.connect('a').execute(f\"SELECT 1 FROM t WHERE a = '{load()}'\")",
    ),
    "dynamic-code-execution": ("import ast", "eval(sent)", "eval(load())"),
    "unsafe-deserialization": ("import pickle", "pickle.loads(request.data)", "pickle.loads(load())"),
    "unsafe-xml-parser": (
        "from xml.etree import ElementTree",
        "ElementTree.fromstring(request.data)",
        "ElementTree.fromstring(load())",
    ),
    "archive-extracted-unchecked": (
        "import zipfile",
        "zipfile.ZipFile(request.files['f']).extractall('x')",
        "zipfile.ZipFile(load()).extractall('x')",
    ),
}
WEIGHED = {"unsafe-xml-parser": ("high", "medium"), "archive-extracted-unchecked": ("low", "")}


def severity(rule: str, imported: str, line: str) -> str:
    """How heavy the finding of a rule in a handler is, empty for none."""
    source = f"{imported}\n{HEAD}    {line}\n"
    answer = Engine((rules()[rule],)).answer(source.encode(), PathClass("python", "service"))
    assert answer["problem"] is None
    return "".join(str(found["severity"]) for found in answer["findings"]).lower()


@pytest.mark.parametrize("rule", CASES)
def test_request_data_weighs_more(rule: str) -> None:
    imported, sent, own = CASES[rule]
    heavy, plain = WEIGHED.get(rule, ("critical", "high"))
    assert severity(rule, imported, sent) == heavy
    assert severity(rule, imported, own) == plain
