"""What evidence in a file says: the same under formatting and moving, another when names or logic differ."""

import ast
import random
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanners.evidence import MOST_LINES, EvidenceError, Piece, again, digest, moved, read, snippet
from scanners.parse import MAX_BYTES

CODE = '''\
"""Pays."""

import requests

LIMIT = 5
HOSTS = ["a", "b"]


class Gateway:
    """Talks to the bank."""

    def capture(self, amount):
        """Capture an amount.

        Twice is once.
        """
        return requests.post(self.url, json={"amount": amount}, timeout=5)

    @property
    def url(self):
        return "https://bank"


async def main():
    await Gateway().capture(1)
'''
YAML = "services:\n  web:\n    image: pay\n    restart: always\n  db:\n    image: postgres\n"


def line_of(code: str, needle: str) -> int:
    return next(number for number, line in enumerate(code.split("\n"), 1) if needle in line)


def at(code: str, needle: str, path: str = "pay.py") -> Piece:
    return read(path, code.encode(), line_of(code, needle))


def same(before: str, after: str, needle: str, path: str = "pay.py") -> bool:
    """Whether what stands at `needle` is found again in `after`."""
    return again(at(before, needle, path).place, after.encode()) is not None


CALL = "        return requests.post("
REFORMATTED = CODE.replace(
    'requests.post(self.url, json={"amount": amount}, timeout=5)',
    "requests.post(\n            self.url,  # the bank\n            json={'amount': amount}, timeout=5,\n        )",
)


class TestPython:
    def test_the_smallest_def_or_class_around_the_lines_counts(self) -> None:
        places = {needle: at(CODE, needle).place.qualname for needle in (CALL, "@property", "class Gateway", "await")}
        assert list(places.values()) == ["Gateway.capture", "Gateway.url", "Gateway", "main"]
        whole = read("pay.py", CODE.encode(), line_of(CODE, CALL), line_of(CODE, "def url"))
        assert whole.place.qualname == "Gateway"

    @pytest.mark.parametrize(
        "after",
        [
            REFORMATTED,
            CODE.replace("import requests\n", "import requests\n# a comment\n\n\n"),
            CODE.replace("Twice is once.", "Twice is once.   "),
            CODE.replace("LIMIT = 5", "LIMIT = 50"),
            CODE.replace("\n", "\r\n"),
            CODE[CODE.index("async def") :] + "\n\n" + CODE[: CODE.index("async def")],
        ],
    )
    def test_formatting_comments_and_moving_make_no_difference(self, after: str) -> None:
        assert same(CODE, after, CALL)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("timeout=5", "timeout=50"),
            ("timeout=5", "timeout=5.0"),
            ("(self, amount)", "(self, amount=None)"),
            ("def capture", "def captured"),
            ("class Gateway", "class Bank"),
            ("Twice is once", "Once is once"),
            ("    def capture", "    @retry\n    def capture"),
            ('"amount": amount', '"amount": self'),
            ("    def capture", "    async def capture"),
        ],
    )
    def test_names_logic_and_words_do(self, old: str, new: str) -> None:
        assert not same(CODE, CODE.replace(old, new), CALL)

    def test_it_is_found_at_its_new_lines(self) -> None:
        found = again(at(CODE, CALL).place, ("# top\n" * 40 + CODE).encode())
        assert found
        assert (found.place.line, found.rows[0][1]) == (52, "    def capture(self, amount):")

    def test_a_changed_one_is_read_by_its_name_where_it_is_now(self) -> None:
        later = "# top\n" * 40 + CODE.replace("timeout=5", "timeout=6")
        found = moved(at(CODE, CALL).place, later.encode())
        assert (found.place.line, found.place.qualname) == (52, "Gateway.capture")
        gone = moved(at(CODE, CALL).place, CODE.replace("def capture", "def take").encode())
        assert (gone.place.line, gone.place.qualname) == (line_of(CODE, CALL), "Gateway.take")

    @pytest.mark.parametrize(
        ("after", "expected"),
        [
            (CODE.replace("LIMIT = 5", "LIMIT   =   5  # seconds"), True),
            ("import os\n" + CODE.replace("LIMIT = 5\n", "") + "\nLIMIT = 5\n", True),
            (CODE.replace("LIMIT = 5", "LIMIT = 6"), False),
            (CODE.replace("LIMIT = 5", "LIMITS = 5"), False),
        ],
    )
    def test_statements_of_the_module_count_alone(self, after: str, expected: bool) -> None:
        assert at(CODE, "LIMIT = 5").place.parts == 1
        assert same(CODE, after, "LIMIT = 5") is expected

    def test_lines_over_statements_and_definitions_count_as_these(self) -> None:
        piece = read("pay.py", CODE.encode(), line_of(CODE, "HOSTS"), line_of(CODE, "class Gateway"))
        assert (piece.place.qualname, piece.place.parts) == ("", 2)
        assert again(piece.place, REFORMATTED.encode())
        assert not again(piece.place, CODE.replace("HOSTS = ", "PORTS = ").encode())

    def test_a_comment_of_the_module_counts_as_text(self) -> None:
        code = "# Never wait longer than the bank.\n\nX = 1\n"
        assert same(code, "Y = 2\n" + code, "# Never")
        assert not same(code, code.replace("longer", "shorter"), "# Never")

    def test_the_second_of_two_definitions_of_a_name_is_found(self) -> None:
        code = "if fast:\n    def go():\n        return 1\nelse:\n    def go():\n        return 2\n"
        assert same(code, code, "return 2")
        assert not same(code, code.replace("return 2", "return 3"), "return 2")

    def test_the_whole_file_counts_without_its_formatting(self) -> None:
        assert digest("pay.py", CODE.encode()) == digest("pay.py", REFORMATTED.encode())
        assert digest("pay.py", CODE.encode()) != digest("pay.py", CODE.replace("b", "c").encode())

    @pytest.mark.parametrize(
        "code", ["def (:\n", "print 'x'\n", "x = '\0'\n", "(" * 10_000 + "\n", "-" * 50_000 + "1\n"]
    )
    def test_what_python_cannot_parse_counts_as_text_or_bytes(self, code: str) -> None:
        assert digest("bad.py", code.encode()) != digest("bad.py", (code + "y\n").encode())

    @pytest.mark.parametrize(
        "code",
        ["x = " + "a." * 2000 + "b\n", "x = 0x" + "f" * 20_000 + "\n", "x = '\\ud800'\n", "x = 1\n" * 3000],
        ids=["deep", "huge number", "half a character", "many statements"],
    )
    def test_extreme_code_is_read(self, code: str) -> None:
        assert same(code, "y = 2\n" + code, code[:5])

    def test_texts_are_not_taken_for_syntax(self) -> None:
        assert digest("a.py", b"x = '(Name'\n") != digest("a.py", b"x = (Name)\n")
        assert digest("a.py", b"x = [1], 2\n") != digest("a.py", b"x = [1, 2]\n")
        assert digest("a.py", b"x = True\n") != digest("a.py", b"x = 1\n")


class TestText:
    @pytest.mark.parametrize(
        "after",
        [
            YAML.replace("    restart: always\n", "\n    restart: always   \n\n"),
            YAML.replace("  ", "    "),
            "version: 3\n" + YAML,
            "\ufeff" + YAML,
        ],
    )
    def test_white_space_and_moving_make_no_difference(self, after: str) -> None:
        assert same(YAML, after, "restart", "compose.yml")

    @pytest.mark.parametrize(
        "after",
        [
            YAML.replace("always", "never"),
            YAML.replace("    restart: always", "  restart: always"),
            YAML.replace("    image: pay\n", ""),
        ],
    )
    def test_words_and_depth_do(self, after: str) -> None:
        known = read("compose.yml", YAML.encode(), 3, 4)
        assert again(known.place, after.encode()) is None

    def test_a_whole_file_and_a_binary_one(self) -> None:
        notes = b"# Runbook\n\n* Call Ada.\n"
        assert digest("RUNBOOK.md", notes) == digest("RUNBOOK.md", b"# Runbook  \n* Call Ada.")
        assert digest("RUNBOOK.md", notes) != digest("RUNBOOK.md", b"# Runbook\n* Call Bo.\n")
        assert digest("a.png", b"\x89PNG\0\xff") != digest("a.png", b"\x89PNG\0\xfe")
        assert snippet(b"\x89PNG\0\xff") == ()

    def test_a_text_that_becomes_binary_has_changed(self) -> None:
        assert again(read("a.txt", b"one\ntwo\n", 1).place, b"\xff\xfe\0\1") is None
        assert again(read("a.txt", b"one\n").place, b"x" * (MAX_BYTES + 1)) is None


class TestRefused:
    @pytest.mark.parametrize(
        ("content", "lines", "code"),
        [
            (b"one\n", (2, 2), "past-the-end"),
            (b"", (1, 1), "past-the-end"),
            (b"one\ntwo\n", (2, 1), "lines-malformed"),
            (b"one\n", (0, 1), "lines-malformed"),
            (b"one\n", (-3, -1), "lines-malformed"),
            (b"\xff\xfe\0", (1, 1), "not-text"),
            (b"\n \n", (1, 2), "blank"),
            (b"x\n" * 900, (1, MOST_LINES + 1), "too-many-lines"),
            (b"x" * (MAX_BYTES + 1), (1, 1), "too-large"),
        ],
    )
    def test_lines_that_cannot_be_evidence_are_named(self, content: bytes, lines: tuple[int, int], code: str) -> None:
        with pytest.raises(EvidenceError) as caught:
            read("notes.txt", content, *lines)
        problem = caught.value.problem
        assert problem.code == code
        assert problem.message
        assert problem.next_step


class TestSnippet:
    def test_it_shows_what_was_asked_for_or_the_top(self) -> None:
        text = b"".join(b"line %d\n" % number for number in range(1, 41))
        assert snippet(text, 3, 4) == ((3, "line 3", True), (4, "line 4", True))
        assert [number for number, *_ in snippet(text, 20, 40)] == list(range(20, 32))
        assert snippet(text)[-1] == (12, "line 12", False)

    def test_very_long_lines_are_cut(self) -> None:
        assert len(snippet(b"x" * 5000, 1)[0][1]) == 300


@settings(max_examples=30, deadline=None)
@given(st.randoms(), st.integers(0, 5))
def test_what_the_interpreter_writes_anew_is_the_same(chance: random.Random, blanks: int) -> None:
    body = ast.parse(CODE).body
    chance.shuffle(body)
    rewritten = ("\n" * blanks).join(ast.unparse(node) + "\n" for node in body)
    assert same(CODE, rewritten, CALL)
    assert same(CODE, rewritten, "await")
    assert not same(CODE, textwrap.dedent(rewritten).replace("timeout=5", "timeout=6"), CALL)
