"""Patches of many repositories in one file."""

import io
import zipfile

from django.db.models import QuerySet

from reviews.models import Patch
from reviews.patches.asking import holds
from reviews.patches.showing import file_name

MOST_BYTES = 20 * 1024 * 1024
MOST_PATCHES = 500
_MADE = (1980, 1, 1, 0, 0, 0)  # The same patches give the same bytes.
_LEFT_OUT = "left-out.txt"


def packed(patches: QuerySet[Patch]) -> bytes:
    """Those that hold, as a zip; empty when there is none. What is too much is named in a file of its own."""
    rows = [row for row in patches.defer("body") if row.ready and holds(row, row.repository)]
    written, left, room = io.BytesIO(), list[str](), MOST_BYTES
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, row in enumerate(rows):
            body = bytes(row.body) if number < MOST_PATCHES else b""
            name = file_name(row, row.repository)
            room -= len(body)
            if body and room >= 0:
                archive.writestr(zipfile.ZipInfo(name, _MADE), body, zipfile.ZIP_DEFLATED)
            else:
                left.append(name)
        if left:
            archive.writestr(zipfile.ZipInfo(_LEFT_OUT, _MADE), "\n".join(left) + "\n")
    return written.getvalue() if rows else b""
