"""
Files that people attach: bounded while they arrive, and known by name and content before they are kept.

`Bounded` is Django's way in for every file of a form. It holds at most MOST_BYTES of one and counts the rest, so that
a large file costs neither memory nor disk and is refused by name in the form it came with.
"""

import hashlib
import io
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MIB = 1024 * 1024
MOST_BYTES = 5 * MIB
MOST_BODY = 4 * MOST_BYTES
_MOST_NAME = 150
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MARKUP = re.compile(rb"<(?:!doctype|html|svg|\?xml|script|head|body)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Received:
    """A file that may be kept. `name` has neither path nor invisible characters."""

    name: str
    media_type: str
    content: bytes
    sha256: str


class Bounded(FileUploadHandler):
    """Takes a file into memory, up to one byte more than is allowed, and drops what comes after."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that no form of ours sends. Raises RequestDataTooBig."""
        _input, _headers, content_length, *_rest = args
        if content_length > MOST_BODY:
            raise RequestDataTooBig(f"The request is larger than {MOST_BODY} bytes.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin with an empty one."""
        super().new_file(*args, **kwargs)
        self._content = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep what is within the bound."""
        self._content.write(raw_data[: max(0, MOST_BYTES + 1 - start)])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """The file, with the size that it had."""
        self._content.seek(0)
        kind, charset = self.content_type, self.charset
        return InMemoryUploadedFile(
            self._content, self.field_name, self.file_name, kind, file_size, charset, self.content_type_extra
        )


def received(file: UploadedFile) -> Received:
    """Check a file of a form. Raises ValidationError, with what to do."""
    name = clean_name(file.name or "")
    if (file.size or 0) > MOST_BYTES:
        raise _refused(
            "too_large", f"The file is larger than {MOST_BYTES // MIB} MiB.", "Attach the part that matters."
        )
    sha256, content = hashlib.sha256(), bytearray()
    for chunk in file.chunks():
        sha256.update(chunk)
        content += chunk
    if not content:
        raise _refused("empty", "The file is empty.", "Choose another one.")
    suffix = PurePosixPath(name).suffix.lower()
    kind = _KINDS.get(suffix)
    if kind is None:
        raise _refused("kind_unknown", f"Files of type {suffix or 'unknown'} are not taken.", _advice(suffix))
    if not kind.fits(bytes(content)):
        raise _refused(
            "kind_differs", f"The name says {kind.said}, the content does not.", "Save it again as what it is."
        )
    return Received(name, kind.media_type, bytes(content), sha256.hexdigest())


def clean_name(name: str) -> str:
    """The name of a file without path and invisible characters, at most 150 characters."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter) not in _UNSEEN)
    plain = " ".join(seen.split()).lstrip(".")
    suffix = PurePosixPath(plain).suffix[:20]
    return plain if len(plain) <= _MOST_NAME else plain[: _MOST_NAME - len(suffix)] + suffix


@dataclass(frozen=True, slots=True)
class _Kind:
    said: str
    media_type: str
    fits: Callable[[bytes], bool]


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\0" not in text and not _MARKUP.match(content.removeprefix(b"\xef\xbb\xbf").lstrip())


def _is_json(content: bytes) -> bool:
    return _is_text(content) and content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in b'{["-0123456789tfn'


def _starts(*heads: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(heads)


_JPEG = _Kind("JPEG", "image/jpeg", _starts(b"\xff\xd8\xff"))
_TEXT = _Kind("plain text", "text/plain", _is_text)
_KINDS = {
    ".pdf": _Kind("PDF", "application/pdf", _starts(b"%PDF-")),
    ".png": _Kind("PNG", "image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".txt": _TEXT,
    ".log": _TEXT,
    ".csv": _Kind("CSV", "text/csv", _is_text),
    ".json": _Kind("JSON", "application/json", _is_json),
}
_ADVICE = {
    "Save it as a PNG.": ".svg .svgz .gif .webp .bmp .tif .tiff .heic .ico",
    "Print it into a PDF, or attach a link.": ".html .htm .xhtml .mhtml .xml .md .rst",
    "Attach the files that matter one by one.": ".zip .tar .gz .tgz .bz2 .xz .zst .7z .rar .jar .whl",
    "Save it as a PDF.": ".doc .docx .docm .odt .rtf .ppt .pptx .pptm .odp .pages .key",
    "Save the sheet as CSV, or all as a PDF.": ".xls .xlsx .xlsm .xlsb .ods .numbers",
}


def _advice(suffix: str) -> str:
    known = (advice for advice, suffixes in _ADVICE.items() if suffix and suffix in suffixes.split())
    return next(known, "Save it as PDF, PNG, JPEG, CSV, JSON or plain text (.txt, .log).")


def _refused(code: str, message: str, next_step: str) -> ValidationError:
    return ValidationError({"file": ValidationError(f"{message} {next_step}", code=code)})
