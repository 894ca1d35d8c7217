import ast

from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule
from scanners.semantics.requestdata import taint
from scanners.semantics.security.archives import (
    checked,
    filter_fault,
    for_old_python,
    has_check,
    is_zip,
    named_like_tar,
    opens_joined,
)
from scanners.syntax import descendants, unparse

_TAR = frozenset(
    f"tarfile.{maker}.{name}"
    for maker in ("TarFile", "TarFile.open", "TarFile.taropen")
    for name in ("extractall", "extract")
)


_ZIP = frozenset({"zipfile.ZipFile.extractall", "zipfile.ZipFile.extract", "zipfile.PyZipFile.extractall"})


_LISTS = frozenset("infolist namelist getmembers getnames".split())


_SAFE_FILTERS = frozenset({"data", "tar"})


class ArchiveExtractedUnchecked(Rule):
    """
    A member of an archive may be called `../../etc/cron.d/job`: extracting it unchecked writes wherever its author likes.

    Looks at extraction from tar archives and by shutil.unpack_archive, and at member names joined to a path by hand. A
    `filter` of "data" or "tar", members that the function checks first and zip extraction, which cleans names itself, are
    good. Python 3.14 filters by itself, which a file alone does not show: pass the filter all the same.
    """

    id = "archive-extracted-unchecked"
    area = "security"
    item = "S3"
    title = "Archive extracted without checking its members"
    severity = Severity.HIGH
    effort = Effort.MINUTES
    fix = 'Pass filter="data", or refuse members whose resolved path leaves the target directory.'
    bad = [
        Example(
            "tar, whatever the filter",
            {
                "restore.py": "import tarfile\n\n\ndef restore(path, target):\n    with tarfile.open(path) as archive:\n        archive.extractall(target)\n",
                "restore2.py": "import tarfile\n\n\ndef restore(path, target):\n    archive = tarfile.open(path)\n    for member in archive:\n        archive.extract(member, target, filter='fully_trusted')\n",
            },
            at=[("restore.py", 6), ("restore2.py", 7)],
        ),
        Example(
            "shutil",
            {
                "upload.py": "import shutil\n\n\ndef unpack(upload, target):\n    shutil.unpack_archive(upload.path, target)\n",
            },
            at=[("upload.py", 5)],
        ),
        Example(
            "names joined by hand; all members",
            {
                "theme.py": "import os\nimport zipfile\n\n\ndef install(path, target):\n    with zipfile.ZipFile(path) as bundle:\n        for name in bundle.namelist():\n            with open(os.path.join(target, name), 'wb') as out:\n                out.write(bundle.read(name))\n",
                "pages.py": "import tarfile\nimport zipfile\nfrom pathlib import Path\n\n\ndef unpack(path, folder):\n    with zipfile.ZipFile(path) as pages:\n        for name in pages.namelist():\n            (Path(folder) / name).write_bytes(pages.read(name))\n\n\ndef restore(path, folder):\n    with tarfile.open(path) as tar:\n        tar.extractall(folder, members=tar.getmembers())\n",
            },
            at=[("pages.py", 9), ("pages.py", 14), ("theme.py", 8)],
        ),
    ]
    good = [
        Example(
            "filter; zip cleans names",
            {
                "restore.py": "import tarfile\n\nwith tarfile.open('b.tar') as archive:\n    archive.extractall('x', filter='data')\n",
                "upload.py": "import zipfile\n\n\ndef unpack(path):\n    with zipfile.ZipFile(path) as z:\n        z.extractall('x')\n",
            },
        ),
        Example(
            "checked loop",
            {
                "restore.py": "import tarfile\nfrom pathlib import Path\n\n\ndef restore(path, target: Path):\n    with tarfile.open(path) as archive:\n        for member in archive.getmembers():\n            if not (target / member.name).resolve().is_relative_to(target):\n                raise ValueError(member.name)\n            archive.extract(member, target)\n",
            },
        ),
        Example(
            "own archive",
            {
                "backup.py": "import tarfile\n\n\ndef round_trip(path):\n    with tarfile.open(path, 'w:gz') as out:\n        out.add('data')\n    with tarfile.open(path) as archive:\n        archive.extractall('copy')\n",
            },
        ),
    ]
    calls = (*_TAR, *_ZIP, "shutil.unpack_archive", "*.extractall")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in _ZIP:
            ctx.site(call)
            self._zip(call, ctx)
            return
        known = call.dotted in _TAR or call.dotted == "shutil.unpack_archive"
        if not known and (call.ref is not None or not named_like_tar(call.receiver)):
            return
        ctx.site(call)
        position = 3 if call.last in ("extract", "unpack_archive") else 2
        state = filter_fault(call, ctx, position)
        if state == "" or is_zip(call, ctx) or checked(call) or for_old_python(call):
            return
        if state == "unknown":
            ctx.unresolved(call, "Which filter is used is not in sight.")
            return
        sure = Confidence.HIGH if known else Confidence.MEDIUM
        ctx.report(call, f"{call.last} writes members wherever their names point; {state}.", confidence=sure)

    def _zip(self, call: Call, ctx: Context) -> None:
        """An archive of the request may unpack to a thousand times its size."""
        given = call.origin.args[0] if call.origin is not None and call.origin.args else None
        if given is None or taint(given, call, ctx) is None or "file_size" in unparse(call.function):
            return
        message = "Nothing limits what this uploaded archive unpacks to: add up file_size of its members first."
        ctx.report(call, message, severity=Severity.LOW, confidence=Confidence.MEDIUM)

    def visit_for(self, place: Place[ast.For], ctx: Context) -> None:
        listed = place.node.iter
        if not (isinstance(listed, ast.Call) and getattr(listed.func, "attr", "") in _LISTS):
            return
        if not isinstance(place.node.target, ast.Name) or has_check(place.function or place.node):
            return
        for node in descendants(place.node):
            if isinstance(node, ast.Call) and opens_joined(node, place.node.target.id, place):
                at = Place(node, place.block, place.stmt)
                ctx.report(at, "The name of a member is joined to a path as it is, so it can leave the directory.")
