"""YAML is composed with lines and never constructed; templates and broken files cost what they hide, no more."""

import pytest

from scanners.yamltree import documents

MERGED = """\
base: &base
  image: shop
  limits: {memory: 1g}
web:
  <<: *base
  image: web
  run: |
    one
    two
"""


def test_values_have_lines_and_merged_keys_come_last() -> None:
    (document,), problem = documents(MERGED)
    web = document.get("web")
    assert problem == ""
    assert (web.get("image").text, web.get("image").line) == ("web", 6)
    assert (web.get("limits", "memory").text, web.key("run").line) == ("1g", 7)
    assert web.get("run").block_line == 8


def test_what_is_not_there_is_false_at_every_depth() -> None:
    (document,), _ = documents("a: 1\n")
    assert not document.get("b", "c", "d")
    assert (document.get("b").text, document.get("b").texts(), document.get("b").line) == ("", [], 1)


def test_a_template_keeps_the_lines_around_it() -> None:
    (document,), problem = documents("kind: A\n{{- if .Values.x }}\nimage: {{ .Values.image }}\n{{- end }}\nname: b\n")
    assert problem == ""
    assert document.get("image").templated
    assert document.get("name").line == 5


def test_a_pipeline_expression_is_no_template() -> None:
    (document,), _ = documents("run: echo ${{ github.ref }}\n")
    assert document.get("run").text == "echo ${{ github.ref }}"


@pytest.mark.parametrize("text", ["a: [1\nb: 2\n", "- " * 5000, "[" * 5000, "{a: " * 5000, "x" * 1_000_001])
def test_what_cannot_be_read_says_why(text: str) -> None:
    found, problem = documents(text)
    assert found == []
    assert problem


def test_aliases_are_not_multiplied() -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{at}: &a{at} {{<<: [{', '.join([f'*a{at - 1}'] * 9)}]}}" for at in range(1, 40)]
    (document,), _ = documents("\n".join(lines))
    assert document.get("a39", "x").text == "1"
