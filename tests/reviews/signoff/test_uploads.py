"""What may be uploaded, by name and content, and what a form with a large file costs."""

import hashlib

import pytest
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from reviews.signoff.uploads import MOST_BODY, MOST_BYTES, clean_name, received

PDF, PNG, JPEG = b"%PDF-1.7\n...", b"\x89PNG\r\n\x1a\n...", b"\xff\xd8\xff\xe0..."


def refusal(name: str, content: bytes) -> tuple[str, str]:
    """The code and the text with which a file is refused."""
    with pytest.raises(ValidationError) as caught:
        received(SimpleUploadedFile(name, content))
    error = caught.value.error_dict["file"][0]
    return error.code, error.message


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("plan.pdf", PDF, "application/pdf"),
        ("Drill.PNG", PNG, "image/png"),
        ("drill.jpg", JPEG, "image/jpeg"),
        ("drill.jpeg", JPEG, "image/jpeg"),
        ("notes.txt", "R\u00e9sum\u00e9 < 5 %".encode(), "text/plain"),
        ("app.log", b"\xef\xbb\xbf2026-01-01 ok\n", "text/plain"),
        ("load.csv", b"rps,p99\n100,0.2\n", "text/csv"),
        ("result.json", b' \n{"ok": true}', "application/json"),
        ("list.json", b"[1]", "application/json"),
    ],
)
def test_what_shows_a_result_is_taken(name: str, content: bytes, media_type: str) -> None:
    got = received(SimpleUploadedFile(name, content))
    assert (got.name, got.media_type, got.content) == (name, media_type, content)
    assert got.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("logo.svg", b"<svg/>", "Save it as a PNG."),
        ("page.HTML", b"<p>", "Print it into a PDF"),
        ("all.tar.gz", b"\x1f\x8b", "one by one"),
        ("all.zip", b"PK\3\4", "one by one"),
        ("plan.docx", b"PK\3\4", "Save it as a PDF."),
        ("numbers.xlsx", b"PK\3\4", "as CSV"),
        ("run.exe", b"MZ", "Save it as PDF, PNG"),
        ("Makefile", b"all:\n", "Save it as PDF, PNG"),
        ("plan.pdf.html", PDF, "Print it into a PDF"),
    ],
)
def test_other_types_are_refused_by_name_with_what_to_do(name: str, content: bytes, advice: str) -> None:
    code, text = refusal(name, content)
    assert code == "kind_unknown"
    assert advice in text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.pdf", PNG),
        ("plan.pdf", b"<html>%PDF-1.7"),
        ("a.png", JPEG),
        ("a.jpg", b"GIF89a"),
        ("a.txt", b"a\0b"),
        ("a.txt", b"\xff\xfea\0"),
        ("a.txt", b"  <!DOCTYPE html><script>alert(1)</script>"),
        ("a.log", b"\xef\xbb\xbf<svg onload=alert(1)>"),
        ("a.csv", b"PK\3\4\xff"),
        ("a.json", b"ok: true"),
        ("a.json", b"<?xml version='1.0'?>"),
    ],
)
def test_content_that_is_not_what_the_name_says_is_refused(name: str, content: bytes) -> None:
    assert refusal(name, content)[0] == "kind_differs"


def test_empty_and_large_files_are_refused() -> None:
    assert refusal("a.txt", b"")[0] == "empty"
    assert refusal("a.txt", b"x" * (MOST_BYTES + 1)) == (
        "too_large",
        "The file is larger than 5 MiB. Attach the part that matters.",
    )
    assert received(SimpleUploadedFile("a.txt", b"x" * MOST_BYTES)).sha256


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\ada\\plan.pdf", "plan.pdf"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie: x.txt"),
        ("pay\u202efdp.txt", "payfdp.txt"),
        ("  two   words .txt", "two words .txt"),
        ("...hidden.txt", "hidden.txt"),
        ("\0\x7f", ""),
        ("r\u00e9sum\u00e9.pdf", "r\u00e9sum\u00e9.pdf"),
    ],
)
def test_names_keep_neither_path_nor_what_is_invisible(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_long_names_keep_their_type() -> None:
    name = clean_name("x" * 400 + ".pdf")
    assert (len(name), name[-4:]) == (150, ".pdf")


def posted(content: bytes, **headers: str):
    """A request with a file in a form, as it arrives."""
    body = encode_multipart(BOUNDARY, {"text": "hi", "file": SimpleUploadedFile("a.txt", content)})
    return RequestFactory().generic("POST", "/", body, content_type=MULTIPART_CONTENT, **headers)


def test_a_large_file_is_counted_and_not_held() -> None:
    request = posted(b"x" * (3 * MOST_BYTES))
    file = request.FILES["file"]
    assert (file.size, len(file.read())) == (3 * MOST_BYTES, MOST_BYTES + 1)
    assert request.POST["text"] == "hi"
    with pytest.raises(ValidationError, match="larger than 5 MiB"):
        received(file)


def test_a_body_that_no_form_sends_is_refused_before_it_is_read() -> None:
    request = posted(b"x", CONTENT_LENGTH=str(MOST_BODY + 1))
    with pytest.raises(RequestDataTooBig):
        request.FILES.get("file")


def test_a_small_file_arrives_whole() -> None:
    assert received(posted(b"rps,p99\n" * 20_000).FILES["file"]).content == b"rps,p99\n" * 20_000
