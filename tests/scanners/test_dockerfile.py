"""Dockerfiles are read with the lines on which things stand."""

from scanners import dockerfile

TEXT = """\
# syntax=docker/dockerfile:1
ARG VERSION=3.13
FROM --platform=linux/amd64 python:${VERSION}-slim AS base
RUN apt-get update \\
    # a comment between
    && apt-get install -y curl

FROM base
RUN --mount=type=cache,target=/root/.cache \\
    pip install x
RUN <<END
set -e
pip install y
END
ENV A=1 B="two words"
ENV C three
CMD ["gunicorn", \\
     "app"]
"""


def test_stages_know_their_base_and_their_name() -> None:
    parsed = dockerfile.read(TEXT)
    assert [(stage.image, stage.name, stage.line) for stage in parsed.stages] == [
        ("python:3.13-slim", "base", 3),
        ("base", "", 8),
    ]
    assert parsed.final is not None
    assert parsed.base(parsed.final) == "python:3.13-slim"
    assert [stage.line for stage in parsed.line_of(parsed.final)] == [8, 3]


def test_instructions_know_flags_here_documents_and_forms() -> None:
    final = dockerfile.read(TEXT).stages[1]
    cached, heredoc = final.all("RUN")
    assert (cached.flag("mount"), cached.line, cached.script_line) == ("type=cache,target=/root/.cache", 9, 10)
    assert (heredoc.script, heredoc.script_line) == ("set -e\npip install y", 12)
    command = final.last("CMD")
    assert command is not None
    assert command.words == ("gunicorn", "app")
    assert dockerfile.environment(final.instructions) == {"A": "1", "B": "two words", "C": "three"}


def test_a_stage_for_development_says_so_by_its_name() -> None:
    parsed = dockerfile.read("FROM python:3.13 AS app-dev\nFROM python:3.13 AS device\n")
    assert [stage.is_dev for stage in parsed.stages] == [True, False]


def test_stages_that_name_each_other_end() -> None:
    parsed = dockerfile.read("FROM b AS a\nFROM a AS b\n")
    assert [stage.name for stage in parsed.line_of(parsed.stages[1])] == ["b", "a"]


def test_what_is_no_dockerfile_has_no_stage() -> None:
    assert dockerfile.read("hello\n\nworld \\\n").final is None


def test_stages_that_no_image_has_are_passed_over() -> None:
    text = "".join(f"FROM base{number} AS base{number + 1}\n" for number in range(50_000))
    parsed = dockerfile.read(text)
    assert len(parsed.stages) == 200
    assert parsed.base(parsed.stages[-1]) == "base0"
