import ast
import re

from scanners.constants import UNKNOWN
from scanners.context import Context
from scanners.finding import Confidence, Effort, Severity
from scanners.place import Call, Place
from scanners.rule import Example, Rule

_TAR = frozenset(
    f"tarfile.{maker}.{name}"
    for maker in ("TarFile", "TarFile.open", "TarFile.taropen")
    for name in ("extractall", "extract")
)
_ZIP = frozenset({"zipfile.ZipFile.extractall", "zipfile.ZipFile.extract", "zipfile.PyZipFile.extractall"})
_CHECKS = re.compile(
    r"^(is_relative_to|commonpath|realpath|commonprefix|safe_join|secure_filename|relative_to|resolve|basename|normpath)$|"
    r"within|travers|is_safe|safe_member"
)
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
            "tar",
            {
                "restore.py": "import tarfile\n\n\ndef restore(path, target):\n    with tarfile.open(path) as archive:\n"
                "        archive.extractall(target)\n"
            },
            at=[("restore.py", 6)],
        ),
        Example(
            "any member, whatever the filter",
            {
                "restore.py": "import tarfile\n\n\ndef restore(path, target):\n    archive = tarfile.open(path)\n"
                "    for member in archive:\n        archive.extract(member, target, filter='fully_trusted')\n"
            },
            at=[("restore.py", 7)],
        ),
        Example(
            "shutil",
            {
                "upload.py": "import shutil\n\n\ndef unpack(upload, target):\n    shutil.unpack_archive(upload.path, target)\n"
            },
            at=[("upload.py", 5)],
        ),
        Example(
            "names joined by hand",
            {
                "theme.py": "import os\nimport zipfile\n\n\ndef install(path, target):\n    with zipfile.ZipFile(path) as bundle:\n"
                "        for name in bundle.namelist():\n            with open(os.path.join(target, name), 'wb') as out:\n"
                "                out.write(bundle.read(name))\n"
            },
            at=[("theme.py", 8)],
        ),
    ]
    good = [
        Example(
            "filter",
            {
                "restore.py": "import tarfile\n\nwith tarfile.open('b.tar') as archive:\n    archive.extractall('x', filter='data')\n"
            },
        ),
        Example(
            "checked loop",
            {
                "restore.py": "import tarfile\nfrom pathlib import Path\n\n\ndef restore(path, target: Path):\n"
                "    with tarfile.open(path) as archive:\n        for member in archive.getmembers():\n"
                "            if not (target / member.name).resolve().is_relative_to(target):\n"
                "                raise ValueError(member.name)\n            archive.extract(member, target)\n"
            },
        ),
        Example(
            "zip cleans names",
            {
                "upload.py": "import zipfile\n\n\ndef unpack(path):\n    with zipfile.ZipFile(path) as z:\n        z.extractall('x')\n"
            },
        ),
        Example(
            "own archive",
            {
                "backup.py": "import tarfile\n\n\ndef round_trip(path):\n    with tarfile.open(path, 'w:gz') as out:\n"
                "        out.add('data')\n    with tarfile.open(path) as archive:\n        archive.extractall('copy')\n"
            },
        ),
    ]
    calls = (*_TAR, *_ZIP, "shutil.unpack_archive", "*.extractall")

    def visit_call(self, call: Call, ctx: Context) -> None:
        if call.dotted in _ZIP:
            ctx.site(call)
            return
        known = call.dotted in _TAR or call.dotted == "shutil.unpack_archive"
        if not known and (call.ref is not None or not _named_like_tar(call.receiver)):
            return
        ctx.site(call)
        position = 3 if call.last in ("extract", "unpack_archive") else 2
        state = _filter(call, ctx, position)
        if state == "" or _is_zip(call, ctx) or _checked(call) or _for_old_python(call):
            return
        if state == "unknown":
            ctx.unresolved(call, "Which filter is used is not in sight.")
            return
        sure = Confidence.HIGH if known else Confidence.MEDIUM
        ctx.report(call, f"{call.last} writes members wherever their names point; {state}.", confidence=sure)

    def visit_for(self, place: Place[ast.For], ctx: Context) -> None:
        listed = place.node.iter
        if not (isinstance(listed, ast.Call) and getattr(listed.func, "attr", "") in _LISTS):
            return
        if not isinstance(place.node.target, ast.Name) or _has_check(place.function or place.node):
            return
        for node in ast.walk(place.node):
            if isinstance(node, ast.Call) and _opens_joined(node, place.node.target.id, place):
                at = Place(node, place.block, place.stmt)
                ctx.report(at, "The name of a member is joined to a path as it is, so it can leave the directory.")


def _opens_joined(node: ast.Call, member: str, place: Place[ast.For]) -> bool:
    """Whether a call opens, for writing, a path made of the member's name."""
    if getattr(node.func, "id", "") != "open" or len(node.args) < 2 or not isinstance(node.args[1], ast.Constant):
        return False
    if not set(str(node.args[1].value)) & set("wax"):
        return False
    sources = [node.args[0]]
    if isinstance(node.args[0], ast.Name):
        sources += [binding.value for binding in place.scope.bindings(node.args[0].id) if binding.kind == "assign"]
    return any(_joins(source, member) for source in sources)


def _joins(source: ast.expr, member: str) -> bool:
    joins = (isinstance(source, ast.Call) and getattr(source.func, "attr", "") in ("join", "joinpath")) or (
        isinstance(source, ast.BinOp) and isinstance(source.op, ast.Div | ast.Add)
    )
    return joins and any(isinstance(inner, ast.Name) and inner.id == member for inner in ast.walk(source))


def _named_like_tar(receiver: ast.expr | None) -> bool:
    name = getattr(receiver, "id", getattr(receiver, "attr", "")).lower()
    return name.startswith("tar") or name in ("tf", "tgz") or name.endswith(("_tar", "tarball", "tarfile"))


def _filter(call: Call, ctx: Context, position: int) -> str:
    """Empty for a safe filter, "unknown", else what is wrong."""
    given = call.keyword("filter") or (call.argument(position) if call.last == "unpack_archive" else None)
    if given is None:
        return "unknown" if call.unpacks else "pass filter='data'"
    value = ctx.constant(given, call)
    if value is None or value == "fully_trusted" or call.name(given).endswith("fully_trusted_filter"):
        return "this filter lets them"
    return ""


def _is_zip(call: Call, ctx: Context) -> bool:
    if call.last != "unpack_archive":
        return False
    values = (ctx.constant(call.argument(0), call), ctx.constant(call.argument(2, "format"), call))
    return any(value is not UNKNOWN and str(value).endswith("zip") for value in values)


def _checked(call: Call) -> bool:
    members = call.argument(1, "members") if call.last == "extractall" else None
    if isinstance(members, ast.Call) or (members is not None and _has_check(call.function or call.node)):
        return True
    return call.function is not None and _has_check(call.function)


def _for_old_python(call: Call) -> bool:
    """Whether a condition asks first whether this Python knows filters."""
    tests = [ast.unparse(block.node.test) for block in call.blocks() if block.kind in ("if", "else")]
    return any(re.search(r"filter|version_info", test) for test in tests)


def _has_check(function: ast.AST) -> bool:
    """Whether the function looks where members would go, or writes the archive itself."""
    for node in ast.walk(function):
        name = getattr(node, "attr", getattr(node, "id", ""))
        if _CHECKS.search(name) or (name == "startswith" and isinstance(node, ast.Attribute)):
            return True
        if isinstance(node, ast.Attribute) and name == "name" and isinstance(node.ctx, ast.Store):
            return True  # It gives the member a name of its own.
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and (node.value == ".." or node.value.startswith("w:"))
        ):
            return True
    return False
