"""Suppressions in files that are not Python."""

from scanners.scan import scan_files
from scanners.suppressions import in_document, in_lines


def test_a_comment_of_a_text_file_excuses_its_line_or_the_next() -> None:
    listed = in_lines(["FROM python  # plimsoll: ignore[image-tag-moving] a trial", "# plimsoll: ignore[x-y] why"])
    assert [(found["line"], found["above"], found["reason"]) for found in listed] == [(1, 0, "a trial"), (2, 3, "why")]


def test_a_document_is_excused_by_a_hidden_comment_only() -> None:
    spoken = "Write `# plimsoll: ignore[rule-id] why` beside it."
    hidden = "<!-- plimsoll: ignore[readme-incomplete] the wiki says the rest -->"
    listed = in_document([spoken, hidden])
    assert [(found["line"], found["rules"], found["reason"]) for found in listed] == [
        (2, ["readme-incomplete"], "the wiki says the rest")
    ]


def test_what_a_document_says_of_suppressions_is_none() -> None:
    report = scan_files({"README.md": b"# Pay\n\n`# plimsoll: ignore[rule-id] why`\n"})
    assert report.suppressions == ()
