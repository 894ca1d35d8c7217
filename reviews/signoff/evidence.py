"""
7: what answers rest on: files of the frozen commit, links, notes and uploads.

    add_file(item, by, "docs/runbook.md", 3, 9)   # pending; a worker reads it from the repository: read_files(...)
    add_link(item, by, url); add_note(item, by, text); add_upload(item, by, file)
    remove(evidence, by)                          # the row stays: what was shown once can be looked up

Each is one turn of the team while answers are open, with its audit event, and seals the review anew. They raise
ValidationError by the field of a form, RefusedError and ConflictError as `reviews.signoff.answers`.
"""

import difflib
import hashlib
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import structlog
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils import timezone

from reviews import trees
from reviews.models import Evidence, Review, ReviewItem, Scan, ScanTree, Upload, User
from reviews.signoff import carrying, casefile, errands
from reviews.signoff.answers import answering
from reviews.signoff.contents import Contents, contents
from reviews.signoff.turns import Turn, turn
from reviews.signoff.uploads import received
from reviews.workflow.states import OPEN
from scanners.evidence import EvidenceError, Place, moved
from scanners.git.errors import SourceError
from scanners.git.names import UNSEEN, check_sub_path
from scanners.paths import classify

log = structlog.get_logger(__name__)

Kind, State = Evidence.Kind, Evidence.State
MOST_UPLOADS = 10
LONGEST_NOTE = 4000
LONGEST_LINK = 2000
_KNOWN_PATHS = 3


def add_file(item: ReviewItem, by: User, path: str, line: int | None = None, end_line: int | None = None) -> Evidence:
    """Name a file of the frozen commit, or some lines of it. It counts once a worker has read it."""
    wanted = _path(path)
    if line is not None and (line < 1 or (end_line or line) < line):
        raise _error(
            "end_line", "lines_malformed", "The last line comes before the first.", "Name the first one first."
        )
    with answering(item, by) as taken:
        blob = _listed(taken.review.scan, wanted)
        last = (end_line or line) if line is not None else None
        place = {"path": wanted, "line": line, "end_line": last, "blob": blob, "commit": taken.review.commit}
        added = _add(taken, item, by, Kind.FILE, f"the file {wanted}", state=State.PENDING, **place)
        errands.ask(taken.review)
    return added


def add_link(item: ReviewItem, by: User, url: str) -> Evidence:
    """Name an address on the web. It is kept as it is written and never opened by Plimsoll."""
    address = _address(url)
    with answering(item, by) as taken:
        return _add(taken, item, by, Kind.LINK, "a link", text=address)


def add_note(item: ReviewItem, by: User, text: str) -> Evidence:
    """Say in words what was seen."""
    said = text.replace("\0", "").strip()
    if not said:
        raise _error("text", "note_empty", "The note is empty.", "Write what you saw, when and where.")
    if len(said) > LONGEST_NOTE:
        message = f"The note is longer than {LONGEST_NOTE:,} characters."
        raise _error("text", "note_too_long", message, "Attach it as a file.")
    with answering(item, by) as taken:
        return _add(taken, item, by, Kind.NOTE, "a note", text=said)


def add_upload(item: ReviewItem, by: User, file: UploadedFile) -> Evidence:
    """Keep a file from somebody's machine, once for each team."""
    got = received(file)
    with answering(item, by) as taken:
        kept = Evidence.objects.filter(item=item, kind=Kind.UPLOAD, removed_at=None).count()
        if kept >= MOST_UPLOADS:
            message = f"There are {MOST_UPLOADS} uploads here already."
            raise _error("file", "too_many_uploads", message, "Remove one, or attach a link.")
        upload, _new = Upload.objects.get_or_create(
            team=taken.review.repository.team,
            sha256=got.sha256,
            defaults={"media_type": got.media_type, "size": len(got.content), "content": got.content},
        )
        return _add(taken, item, by, Kind.UPLOAD, got.name, text=got.name, upload=upload, digest=got.sha256)


def remove(evidence: Evidence, by: User) -> None:
    """Take evidence away from its answer. Doing it twice changes nothing."""
    with answering(evidence.item, by) as taken:
        there = Evidence.objects.filter(pk=evidence.pk, removed_at=None)
        if there.update(removed_by=by, removed_at=timezone.now()):
            ref = evidence.item.ref
            taken.tell("evidence-removed", f"removed {evidence.get_kind_display()} from {ref} of", **_told(evidence))


def waiting(review: Review) -> bool:
    """Whether files are still to be read."""
    return _pending(review).exists()


def read_files(review: Review, scratch: Path, tick: Callable[[], None]) -> bool:
    """Read the files that wait, all in one fetch of the frozen commit. Returns whether none is left.

    What can never be read is marked as failed with what to do. `scratch` and `tick` are as of `fetch`.
    """
    pending = list(_pending(review).select_related("item"))
    if not pending:
        return True
    try:
        with contents(review.repository, review.commit, scratch, tick) as files:
            done = [_read(row, files) for row in pending]
    except SourceError as error:
        log.warning("evidence-unread", review=review.pk, code=error.code)
        if error.retry:
            return False
        done = [_failed(row, error.message, error.next_step) for row in pending]
    _keep(review, done)
    return not waiting(review)


def place(row: Evidence) -> Place:
    """What of a file a row covers."""
    return Place(row.path, row.line, row.end_line, row.qualname, row.parts, row.digest)


def _pending(review: Review) -> QuerySet[Evidence]:
    rows = Evidence.objects.filter(item__review=review.pk, kind=Kind.FILE, state=State.PENDING, removed_at=None)
    return rows.filter(commit=review.commit)


def _read(row: Evidence, files: Contents) -> Evidence:
    try:
        piece = moved(place(row), files.read(row.path))
    except EvidenceError as error:
        return _failed(row, error.problem.message, error.problem.next_step)
    known = piece.place
    row.line, row.end_line, row.qualname, row.parts = known.line, known.end_line, known.qualname, known.parts
    row.digest, row.snippet, row.blob = known.digest, [list(shown) for shown in piece.rows], files.blob(row.path)
    row.state, row.problem = State.READ, ""
    return row


def _failed(row: Evidence, message: str, next_step: str) -> Evidence:
    row.state, row.problem = State.FAILED, f"{message} {next_step}"
    return row


def _keep(review: Review, done: list[Evidence]) -> None:
    """Write down what was read, unless somebody removed it or moved the review meanwhile."""
    with turn(review, None, stored=True) as taken:
        still = dict(_pending(taken.review).values_list("pk", "digest"))
        rows = [row for row in done if row.pk in still and row.commit == taken.review.commit]
        if not rows or taken.review.state not in OPEN:
            return
        Evidence.objects.bulk_update(rows, [*_READ])
        carrying.ask_again(row.item for row in rows if still[row.pk] not in ("", row.digest))
        refs = sorted({row.item.ref for row in rows})
        failed = [row.path for row in rows if row.state == State.FAILED]
        taken.tell("evidence-read", f"read files for {', '.join(refs)} of", refs=refs, failed=failed)
        casefile.seal(taken.review)


_READ = ("state", "problem", "snippet", "digest", "blob", "line", "end_line", "qualname", "parts")


def _add(taken: Turn, item: ReviewItem, by: User, kind: str, said: str, **content: Any) -> Evidence:
    added = Evidence.objects.create(item=item, kind=kind, added_by=by, **content)
    taken.tell("evidence-added", f"attached {said} to {item.ref} of", **_told(added))
    return added


def _told(row: Evidence) -> dict[str, Any]:
    """What the audit log keeps of it: enough to know it again."""
    sha256 = row.upload.sha256 if row.upload else hashlib.sha256(row.text.encode()).hexdigest() if row.text else ""
    known = {"ref": row.item.ref, "evidence_id": row.pk, "of_kind": row.kind, "sha256": sha256}
    return known | {"path": row.path, "line": row.line, "end_line": row.end_line, "blob": row.blob}


def _path(text: str) -> str:
    try:
        path = check_sub_path(text.strip().removeprefix("./").lstrip("/"))
    except SourceError:
        path = ""
    if not path:
        raise _error("path", "path_malformed", "This is not the path of a file.", "Enter it as docs/runbook.md.")
    return path


def _listed(scan: Scan | None, path: str) -> str:
    """The blob of a file by the scan; empty where only the repository can tell. Raises ValidationError."""
    tree = ScanTree.objects.filter(scan=scan).only("files").first()
    listed = trees.unpack(tree.files) if tree else {}
    blobs = {row[0]: row[1] for row in listed.get("files", ())}
    others = {row[0] for row in listed.get("skipped", ())}
    # Files that no rule reads are in neither list: whether they are there shows when they are read.
    if path in blobs or path in others or not listed or classify(path) is None:
        return str(blobs.get(path, ""))
    near = difflib.get_close_matches(path, [*blobs, *others], n=_KNOWN_PATHS)
    advice = f"Did you mean {' or '.join(near)}?" if near else "Enter the path as the repository has it."
    raise _error("path", "no_such_file", f"The commit has no file {path}.", advice)


def _address(text: str) -> str:
    url = text.strip()
    if len(url) > LONGEST_LINK:
        raise _error("url", "link_too_long", f"The address is longer than {LONGEST_LINK:,} characters.", "Shorten it.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = SplitResult("", "", "", "", ""), None
    unseen = any(letter.isspace() or unicodedata.category(letter) in UNSEEN for letter in url)
    if parts.scheme not in ("http", "https") or not parts.hostname or unseen or "\\" in url:
        raise _error("url", "link_malformed", "This is not an address on the web.", "Enter it as https://host/path.")
    if parts.username is not None or parts.password is not None:
        raise _error("url", "link_has_credentials", "The address contains a name or a password.", "Remove them.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return parts._replace(netloc=host if port in (None, _PORTS[parts.scheme]) else f"{host}:{port}").geturl()


_PORTS = {"http": 80, "https": 443}


def _error(field: str, code: str, message: str, next_step: str) -> ValidationError:
    return ValidationError({field: ValidationError(f"{message} {next_step}", code=code)})
