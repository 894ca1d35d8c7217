"""Trees as text."""

import sys

import pytest

from scanners.parse import parse
from scanners.written import written


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="This Python writes all of them out.")
@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("f(a.b, 'c')", "f(a.b, 'c')"),
        ("f(f'a {b}')", "f(f'a {b}')"),
        ("f(f'a {'\\x07'.join(b)} c', d)", "f('a {} c', d)"),
        ("f'{a['\\x07']}{f'{b['\\n']}'}'", "'{}{}'"),
    ],
)
def test_what_older_python_cannot_write_out_has_empty_fields(source: str, text: str) -> None:
    assert written(parse(source.encode()).tree.body[0]) == text
