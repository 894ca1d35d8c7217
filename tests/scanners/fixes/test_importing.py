"""Imports are added in the group and the order that a file has."""

import libcst as cst
import pytest

from scanners.fixes.importing import with_import

CASES = [
    (
        "import logging\nimport time\n\nimport requests\n",
        "os",
        "",
        "import logging\nimport os\nimport time\n\nimport requests\n",
    ),
    ("from time import sleep\n\nx = 1\n", "asyncio", "", "import asyncio\nfrom time import sleep\n\nx = 1\n"),
    ("# head\nimport requests\n", "os", "", "# head\nimport os\n\nimport requests\n"),
    (
        '"""Doc."""\nfrom __future__ import annotations\n\nimport requests\n',
        *("logging", ""),
        '"""Doc."""\nfrom __future__ import annotations\n\nimport logging\n\nimport requests\n',
    ),
    ("import os\n\nfrom a import b\n", "pathlib", "Path", "import os\nfrom pathlib import Path\n\nfrom a import b\n"),
    ("from a import c, z\n", "a", "d", "from a import c, d, z\n"),
    ("from a import (\n    z,\n)\n", "a", "b", "from a import (\n    b,\n    z,\n)\n"),
    ("from a import z, b\n", "a", "c", "from a import z, b, c\n"),
    ("from .a import b\n", "shop", "c", "from shop import c\n\nfrom .a import b\n"),
    ('"""Doc."""\n\nx = 1\n', "os", "", '"""Doc."""\n\nimport os\n\nx = 1\n'),
    ("x = 1\n", "os", "", "import os\n\nx = 1\n"),
    ("import os\n", "os", "", "import os\n"),
    ("from a import b\n", "a", "b", "from a import b\n"),
]


@pytest.mark.parametrize(("before", "module", "name", "after"), CASES)
def test_an_import_goes_where_a_person_would_write_it(before: str, module: str, name: str, after: str) -> None:
    assert with_import(cst.parse_module(before), module, name).code == after
