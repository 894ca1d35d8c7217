"""A scan as its page shows it: how far it is, what it read and could not read, and what it changed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from reviews import charts, trees
from reviews.models import FindingEvent, Scan, ScanTree
from reviews.scorecards import ranked
from scanners.finding import FileReport, Problem, Skipped, Suppression
from scanners.paths import PathClass

SHOWN = 40
_TELLING_FILES, _TELLING_SECONDS = 50, 3.0
ORDER = ("reopened", "opened", "fixed", "gone")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: done, now, broken or later. `seconds` is None until it ended."""

    name: str
    state: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is. Counts are files; `seconds` is how long it has been at work."""

    steps: tuple[Step, ...]
    total: int
    cached: int
    scanned: int
    seconds: float
    heard: datetime | None
    silent: bool
    ended: bool
    in_step: float = 0.0
    """How long the present step had lasted at the last heartbeat, in seconds."""

    @property
    def left(self) -> int:
        """Files not looked at yet."""
        return max(self.total - self.cached - self.scanned, 0)

    @property
    def done(self) -> int:
        """Files looked at."""
        return self.cached + self.scanned

    @property
    def remaining(self) -> float | None:
        """Seconds until the last file is scanned, as fast as so far; None before that can be told with any sense."""
        scanning = any(step.state == "now" and step.name == Scan.Step.SCAN.label for step in self.steps)
        if not scanning or self.silent or self.scanned < _TELLING_FILES or self.in_step < _TELLING_SECONDS:
            return None
        return float(round(self.left * self.in_step / self.scanned))

    @property
    def bar(self) -> tuple[charts.Part, ...]:
        """Files as a bar."""
        return charts.bar([("cached", self.cached), ("accent", self.scanned)], self.total)

    @property
    def words(self) -> str:
        """The bar as words."""
        return f"{self.cached:,} files taken from earlier scans, {self.scanned:,} scanned now, {self.left:,} left"

    @property
    def now(self) -> str:
        """The step that runs, for people who hear the page."""
        return next((f"{step.name}, step {n} of 5" for n, step in enumerate(self.steps, 1) if step.state == "now"), "")


@dataclass(frozen=True, slots=True)
class ClassShare:
    """The files of one path class; `by_content` are those whose text, not their name, put them there."""

    name: str
    files: int
    by_content: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a finished scan read."""

    problems: tuple[FileReport, ...]
    skipped: tuple[Skipped, ...]
    suppressions: tuple[Suppression, ...]
    kinds: Mapping[str, int]
    classes: tuple[ClassShare, ...]
    excluded: Mapping[str, int]

    @property
    def by_content(self) -> int:
        """How many files their text put into another class than their name."""
        return sum(len(share.by_content) for share in self.classes)

    @property
    def python(self) -> int:
        """Python files."""
        return self.kinds.get("python", 0)

    @property
    def other(self) -> int:
        """Files of other kinds: images, locks, settings."""
        return sum(self.kinds.values()) - self.python


@dataclass(frozen=True, slots=True)
class Changes:
    """What a scan changed: counts by kind, and the first events of each."""

    counts: Mapping[str, int]
    events: tuple[FindingEvent, ...]

    @property
    def moved(self) -> int:
        """Findings that only moved."""
        return self.counts.get(FindingEvent.Kind.MOVED, 0)

    @property
    def more(self) -> int:
        """Events that are told and not shown."""
        return sum(self.counts.values()) - self.moved - len(self.events)


def progress_of(scan: Scan) -> Progress:
    """How far a scan is, from what its worker wrote at its last heartbeat."""
    now = timezone.now()
    kept = scan.progress or {}
    began, ended = scan.started_at, scan.finished_at
    renewed = scan.leased_until and scan.leased_until - timedelta(seconds=settings.LEASE_SECONDS)
    return Progress(
        steps=steps_of(scan, kept.get("steps", {})),
        total=kept.get("total", 0),
        cached=kept.get("cached", 0),
        scanned=kept.get("scanned", 0),
        seconds=((ended or now) - began).total_seconds() if began else 0,
        heard=renewed or None,
        ended=scan.state not in (Scan.State.REQUESTED, Scan.State.RUNNING),
        in_step=kept.get("in_step", 0.0),
        silent=bool(
            scan.state == Scan.State.RUNNING
            and renewed
            and (now - renewed).total_seconds() > settings.HEARTBEAT_SECONDS * 2
        ),
    )


def steps_of(scan: Scan, seconds: Mapping[str, float]) -> tuple[Step, ...]:
    """The five steps with their states."""
    order = list(Scan.Step.values)
    at = order.index(scan.step) if scan.step in order else -1
    state = Scan.State(scan.state)
    ended = {Scan.State.DONE: len(order), Scan.State.SUPERSEDED: at + 1}.get(state, at)
    here = {Scan.State.RUNNING: "now", Scan.State.FAILED: "broken"}.get(state, "later")
    return tuple(
        Step(
            Scan.Step(name).label,
            "done" if index < ended else here if index == at else "later",
            seconds.get(name) if index < ended else None,
        )
        for index, name in enumerate(order)
    )


def coverage(scan: Scan) -> Coverage | None:
    """What a finished scan read; None for one that left no tree behind."""
    tree = ScanTree.objects.filter(scan=scan).first()
    if tree is None:
        return None
    content = trees.unpack(tree.files)
    files = files_of(content)
    skipped = tuple(Skipped(*entry) for entry in content["skipped"])
    return Coverage(
        problems=tuple(file for file in files if file.problem),
        skipped=skipped,
        suppressions=tuple(
            Suppression(path, line, tuple(rules), reason, used)
            for path, line, rules, reason, used in content["suppressions"]
        ),
        kinds=dict(Counter(PathClass.read(file.path_class).kind for file in files)),
        classes=classes_of(files),
        excluded=dict(Counter(skip.code for skip in skipped)),
    )


def classes_of(files: Iterable[FileReport]) -> tuple[ClassShare, ...]:
    """The Python files by path class, the largest first."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for file in files:
        path_class = PathClass.read(file.path_class)
        if path_class.kind == "python":
            name = file.name or path_class.name
            found.setdefault(name, []).append((file.path, name != path_class.name))
    shares = [
        ClassShare(name, len(listed), tuple(path for path, moved in listed if moved)) for name, listed in found.items()
    ]
    return tuple(sorted(shares, key=lambda share: (-share.files, share.name)))


def files_of(content: Mapping[str, Any]) -> list[FileReport]:
    """The files of an unpacked tree."""
    return [
        FileReport(path, sha, path_class, lines, cached, Problem(**problem) if problem else None, *name)
        for path, sha, path_class, lines, cached, problem, *name in content["files"]
    ]


def changes(scan: Scan) -> Changes:
    """What a scan opened, fixed, saw gone and reopened, the most severe first, and how much it only followed."""
    counted = dict(scan.finding_events.order_by().values_list("kind").annotate(count=Count("pk")))
    told = scan.finding_events.exclude(kind=FindingEvent.Kind.MOVED).annotate(
        place=ranked("kind", ORDER), weight=ranked("finding__severity", charts.SEVERITIES)
    )
    shown = told.select_related("finding").order_by("place", "weight", "finding__rule", "pk")[:SHOWN]
    return Changes(counted, tuple(shown))
