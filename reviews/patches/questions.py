"""
What a patch is asked about: the open findings that a program can mend, in the files of the newest scan.

    mendable(repository)                     # all of them, the worst first, without those that are excused
    job(repository, Question(rule="…"))      # the same of one question, by file, with a digest of it all
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cache

from reviews import trees, waived
from reviews.following import storable
from reviews.models import Finding, Patch, Repository, ScanTree
from reviews.scorecards import worst_first
from scanners import registry
from scanners.fixes.offered import fixes
from scanners.fixes.request import Target

MOST_FILES = 200
_PYTHON = "python/"
_ESCAPE = "\\"  # What stands in listed paths for invisible signs, such as those that turn text around.
_NO_FILE = "A program mends Python files only."
_NO_NAME = "The name of the file has signs that nobody sees. Rename it."
_LATER = f"A patch changes {MOST_FILES} files at most. Apply this one, scan again, and ask for the next."


@dataclass(frozen=True, slots=True)
class Question:
    """One finding, or all of a rule, or neither: all that may be mended in bulk."""

    rule: str = ""
    finding: int | None = None

    @classmethod
    def of(cls, patch: Patch) -> "Question":
        """The question that a row answers."""
        return cls(patch.rule, patch.finding_id)

    def asks(self, finding: Finding) -> bool:
        """Whether a finding that can be mended is part of it."""
        if self.finding is not None:
            return finding.pk == self.finding
        return finding.rule in bulk_rules() and self.rule in ("", finding.rule)


@dataclass(frozen=True, slots=True)
class File:
    """A file as the newest scan saw it. `path` is as git has it, below the sub-path."""

    path: str
    sha: str
    path_class: str


@dataclass(frozen=True, slots=True)
class Job:
    """What one question comes to: the findings of each file, those left out and why, a digest of all that matters."""

    wanted: Mapping[File, Sequence[Finding]]
    left: Sequence[tuple[Finding, str]]

    @property
    def basis(self) -> str:
        """Equal for two commits whose answer is the same patch."""
        said = [
            [file.path, file.sha, file.path_class, sorted(astuple(_target(one)) for one in findings)]
            for file, findings in sorted(self.wanted.items(), key=lambda pair: pair[0].path)
        ]
        left = sorted(finding.pk for finding, _ in self.left)
        return hashlib.sha256(json.dumps([registry.digest(), said, left]).encode()).hexdigest()

    def targets(self) -> dict[tuple[str, Target], Finding]:
        """What the engine is asked to mend, and which finding each is."""
        return {(file.path, _target(one)): one for file, findings in self.wanted.items() for one in findings}


class Stock:
    """What of a repository can be mended now: read once, and asked as often as one likes."""

    def __init__(self, repository: Repository) -> None:
        self.findings = mendable(repository)
        self._files = _files(repository) if self.findings else {}

    def job(self, question: Question) -> Job:
        """The findings of a question by their files, of which no more than MOST_FILES are changed at once."""
        by_file: dict[File, list[Finding]] = defaultdict(list)
        left: list[tuple[Finding, str]] = []
        for finding in filter(question.asks, self.findings):
            file = self._files.get(finding.path)
            if file is None:
                left.append((finding, _NO_FILE))
            elif _ESCAPE in file.path:
                left.append((finding, _NO_NAME))
            elif file not in by_file and len(by_file) >= MOST_FILES:
                left.append((finding, _LATER))
            else:
                by_file[file].append(finding)
        return Job(by_file, left)


@cache
def bulk_rules() -> frozenset[str]:
    """The rules whose fix keeps what code means, so that one patch may hold many."""
    return frozenset(rule for rule, fix in fixes().items() if fix.bulk)


def mendable(repository: Repository) -> list[Finding]:
    """The open findings that a program may be able to mend and nothing excuses, the worst first."""
    open_ = repository.findings.filter(state=Finding.State.OPEN, rule__in=list(fixes())).defer("snippet")
    excused = waived.shown([repository], waived.today()) if open_ else {}
    return [finding for finding in worst_first(open_) if finding.pk not in excused]


def _files(repository: Repository) -> dict[str, File]:
    """The Python files of the newest scan, by the path that findings have."""
    tree = ScanTree.objects.filter(scan=repository.latest_scan_id).only("files").first()
    listed: Iterable[list[str]] = trees.unpack(tree.files).get("files", ()) if tree else ()
    return {storable(path): File(path, sha, kind) for path, sha, kind, *_ in listed if kind.startswith(_PYTHON)}


def _target(finding: Finding) -> Target:
    return Target(finding.rule, finding.qualname, finding.anchor, finding.ordinal)
