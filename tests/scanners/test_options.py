"""What a repository says about itself."""

import pytest

from scanners.options import Options, glob, read_options


def options(**files: str) -> Options:
    """The options of a repository with these two files."""
    names = {"dot": ".plimsoll.toml", "pyproject": "pyproject.toml"}
    return read_options({names[name]: text.encode for name, text in files.items()})


def test_the_file_of_its_own_wins_over_pyproject() -> None:
    chosen = options(dot='exclude = ["a"]', pyproject='[tool.plimsoll]\nexclude = ["b"]')
    assert (chosen.excludes("a/x.py"), chosen.excludes("b/x.py")) == (True, False)
    assert chosen.source == ".plimsoll.toml"


def test_pyproject_without_a_table_says_nothing() -> None:
    assert options(pyproject="[project]\nname = 'x'\n") == Options()


def test_paths_are_given_another_class() -> None:
    chosen = options(dot='[classes]\n"tools/**" = "script"\n')
    assert (chosen.class_of("tools/a.py"), chosen.class_of("app/a.py")) == ("script", None)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("exclude = 'a'", "exclude"),
        ("exclude = [1]", "exclude"),
        ('[classes]\n"a" = "important"', "classes"),
        ("colour = 1", "colour"),
        ("exclude = [", "cannot be read"),
        ("exclude = " + "[" * 100_000, "nested too deeply"),
        ("a" + ".a" * 100_000 + " = 1", "more than 100 parts"),
        ("a = " + "1" * 5000, "cannot be read"),
        (f"exclude = {['a'] * 201}", "200 patterns"),
        (f"exclude = ['{'a' * 501}']", "200 patterns"),
    ],
)
def test_what_cannot_be_understood_is_named_and_changes_nothing(text: str, word: str) -> None:
    chosen = options(dot=text)
    assert word in chosen.problems[0]
    assert (chosen.excluded, chosen.classes) == ((), ())


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("a/*.py", "a/b.py", True),
        ("a/*.py", "a/b/c.py", False),
        ("a/**", "a/b/c.py", True),
        ("**/x.py", "x.py", True),
        ("**/x.py", "a/b/x.py", True),
        ("a", "a/b.py", True),
        ("a", "ab.py", False),
        ("a?.py", "ab.py", True),
        ("a.py", "aXpy", False),
        ("*.py", "a.py.py", True),
        ("**/a*/b", "ax/c/ay/b/d", True),
        ("a**b", "ax/yb", True),
    ],
)
def test_patterns_match_as_in_other_tools(pattern: str, path: str, *, matches: bool) -> None:
    assert bool(glob(pattern).match(path)) == matches


@pytest.mark.parametrize("pattern", ["**/a/" * 50 + "x", "*a" * 50 + "b", "**a" * 50 + "b", "**/*a*" * 30 + "/b"])
def test_a_pattern_of_many_wildcards_takes_no_hours(pattern: str) -> None:
    assert not any(glob(pattern).match(path) for path in ("a" * 1000, "a/" * 499 + "c", "aa/" * 330 + "a"))
