"""What a page says, whatever its markup."""

import datetime as dt

import pytest

from scanners.semantics.docs import pages


def covered(text):
    lines = text.split("\n")
    return pages.covered(lines, pages.headings(lines), pages.links(text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# One\ntext\n## Two ##\n", [(1, "One"), (3, "Two")]),
        ("One\n===\n\nTwo\n---\n", [(1, "One"), (4, "Two")]),
        ("```\n# a comment\n```\n# One\n", [(4, "One")]),
        ("text\n\n---\n\nmore\n", []),
        ("<h2 align='center'>One</h2>\n**Two**\n", [(1, "One"), (2, "Two")]),
    ],
)
def test_headings_are_read_in_every_markup(text, found):
    assert pages.headings(text.split("\n")) == found


def test_links_are_read_in_every_markup():
    text = "[a](b.md) `c <d.rst>`_ https://e.example/f\n[g]: h.md\n.. _i: j.rst\n"
    assert [(line, target) for line, _, target in pages.links(text)] == [
        (1, "b.md"),
        (1, "d.rst"),
        (1, "https://e.example/f"),
        (2, "h.md"),
        (3, "j.rst"),
    ]


@pytest.mark.parametrize(
    ("text", "topic", "line"),
    [
        ("# Shop\n\n## Getting started\n", "run", 3),
        ("# Shop\n\n    docker compose up\n", "run", 3),
        ("# Shop\n\nSet `SHOP_DATABASE_URL`.\n", "configure", 3),
        ("# Shop\n\nSee [deployment](docs/ship.md).\n", "deploy", 3),
        ("# Shop\n\n    uv run pytest -q\n", "test", 3),
        ("# Shop\n\nQuestions to shop@example.com\n", "owner", 3),
        ("# Shop\n\nTakes the orders of all storefronts.\n", "purpose", 3),
    ],
)
def test_a_topic_is_covered_by_a_heading_a_command_or_a_link(text, topic, line):
    assert covered(text)[topic] == line


def test_badges_and_titles_cover_nothing():
    assert covered("# Shop\n\n[![tests](https://img.shields.io/tests.svg)](https://x.example/badge)\n") == {}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Last reviewed: 2026-03-01", dt.date(2026, 3, 1)),
        ("Reviewed on 3 March 2026 by Jo", dt.date(2026, 3, 3)),
        ("Last updated March 3rd, 2026", dt.date(2026, 3, 3)),
        ("Updated 2025/01/02, tested 2026-04-05", dt.date(2026, 4, 5)),
        ("Released 2026-03-01", None),
        ("Reviewed on 2026-19-45", None),
    ],
)
def test_the_day_of_the_last_review_is_the_latest_one_stated(text, day):
    assert pages.stated(text) == day


@pytest.mark.parametrize(
    ("text", "elsewhere"),
    [
        ("# Shop\n[Documentation](https://shop.example/x)\n", True),
        ("# Shop\nhttps://docs.shop.example/\n", True),
        ("# It\n## Documentation\nhttps://docs.example.com/\n", True),
        ("# Go\nhttps://readthedocs.org/projects/shop/badge/ [shop](https://shop.readthedocs.io/)\n", True),
        ("# Go\n[shop](https://shop.readthedocs.io/)\n", False),
        ("# It\n[Docker](https://docs.docker.com/)\n", False),
        ("# Shop\n[docs](docs/index.md)\n", False),
    ],
)
def test_a_site_of_documentation_is_told_from_that_of_a_tool(text, elsewhere):
    lines = text.split("\n")
    assert pages.manual(lines, pages.headings(lines), pages.links(text)) is elsewhere


@pytest.mark.parametrize(
    ("text", "bare", "unwritten"),
    [
        ("# Runbook\n\nTODO\n", ["Runbook"], True),
        ("Shop\n====\n\nSells.\n\nOwner\n-----\n\nTo be defined.\n", ["Owner"], False),
        ("# Changelog\n\n## 1.0\n", [], False),
        ("# Shop\n\nTODO: tests. The rest of this page says at some length what the shop is for.\n", [], False),
    ],
)
def test_what_is_still_to_be_written_is_told_from_what_is_short(text, bare, unwritten):
    lines = text.split("\n")
    found, whole = pages.unwritten(lines, pages.headings(lines))
    assert ([title for _, title in found], whole) == (bare, unwritten)
