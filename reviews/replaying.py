"""
A finished scan held against a new one of the same commit, and against one that is made on another machine.

    found = kept(scan)               # its seal, as `plimsoll replay` prints it; None for a scan of a time before seals
    again = replay(scan, found)      # the commit fetched and scanned anew, without any answer from before
    differences(found, again)        # one line for each thing that is not the same

A scan keeps the parts of its report in several places; of its findings only their digest, as those of the repository
follow its newest commit.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.conf import settings

from reviews import trees
from reviews.advisories import stored
from reviews.models import Scan, ScanTree
from reviews.recount import unpacked
from reviews.scans import files_of
from reviews.sources import credential, policy
from scanners import registry
from scanners.caches import NoCache
from scanners.finding import Progress, Skipped, Suppression
from scanners.git.address import parse_source
from scanners.git.fetch import fetch
from scanners.git.scratch import scratch_dir
from scanners.git.store import Store
from scanners.pool import Pool
from scanners.replay import comparing, sealing
from scanners.replay.maker import made_by
from scanners.scan import scan_commit

Json = dict[str, Any]


class RefusedError(Exception):
    """A scan cannot be replayed here: a stable code, what is wrong, what to do next."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(code, message, next_step)
        self.code, self.message, self.next_step = code, message, next_step


@dataclass(frozen=True, slots=True)
class Kept:
    """What a scan left of its report: its seal, the parts that can be read again, and what made it."""

    seal: sealing.Seal
    parts: Mapping[str, Any]
    made_by: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to type to replay a scan elsewhere, and what to install before."""

    command: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Again:
    """A new answer to what the scan was asked."""

    seal: sealing.Seal
    parts: Mapping[str, Any]


def wanted(scan: Scan) -> Wanted | None:
    """How a scan is replayed elsewhere; None where `kept` gives none. Much cheaper than that."""
    packed = ScanTree.objects.filter(scan=scan).values_list("counted", flat=True).first()
    counted = trees.unpack(packed) if packed else {}
    if "sealed" not in counted or scan.authored_at is None:
        return None
    return Wanted(shlex.join(command(scan, _asked(scan, counted))), counted["sealed"]["made_by"])


def kept(scan: Scan) -> Kept | None:
    """What a scan left of its report; None when that was before seals, or it is not done."""
    tree = ScanTree.objects.filter(scan=scan).first()
    counted = trees.unpack(tree.counted) if tree else {}
    if tree is None or "sealed" not in counted or scan.authored_at is None:
        return None
    own, content = counted["sealed"], trees.unpack(tree.files)
    parts = {
        "files": sealing.files(files_of(content)),
        "skipped": sealing.skipped(Skipped(*entry) for entry in content["skipped"]),
        "suppressions": sealing.suppressions(
            Suppression(path, line, tuple(rules), reason, used)
            for path, line, rules, reason, used in content["suppressions"]
        ),
        "counts": sealing.counts({rule: unpacked(packed) for rule, packed in counted["counts"].items()}),
        "facts": trees.unpack(tree.facts),
        "inventory": trees.unpack(tree.inventory),
        "totals": sealing.totals(scan.python_files, scan.lines, counted["coverage"]),
    }
    digests = {name: sealing.digest(part) for name, part in parts.items()} | {"findings": own["findings"]}
    return Kept(sealing.Seal(_asked(scan, counted), digests), parts, own["made_by"])


def command(scan: Scan, asked: sealing.Asked) -> list[str]:
    """What to type elsewhere, in a clone of the repository, beside the file with the seal."""
    words = ["plimsoll", "replay", ".", asked.commit, "--kind", asked.kind]
    words += ["--sub-path", asked.sub_path] if asked.sub_path else []
    words += ["--advisories", "OSV"] if asked.compared else []
    return [*words, "--expect", f"scan-{scan.pk}.json"]


def replay(scan: Scan, found: Kept) -> Again:
    """Fetch the commit and scan it anew. Raises RefusedError, and SourceError when it cannot be fetched."""
    asked = found.seal.asked
    known = stored.current() if asked.compared else None
    _check(scan, found, known)
    rules = policy()
    with scratch_dir(settings.SCRATCH_DIR) as scratch, Pool(1) as pool:
        source = parse_source(scan.repository.url, rules)
        wanted = credential(scan.repository)
        fetched = fetch(source, asked.commit, scratch, policy=rules, tick=lambda: None, credential=wanted)
        with Store(fetched.git_dir, rules) as store:
            commit = store.commit(asked.commit)
            report = scan_commit(
                commit.sha,
                store.entries(commit.sha, asked.sub_path),
                store.read,
                kind=asked.kind,
                children=pool,
                cache=NoCache(),
                progress=_quiet,
                date=commit.authored_at.date(),
                advisories=known,
            )
    return Again(sealing.of_report(asked, report), sealing.parts(report))


def differences(found: Kept, again: Again) -> list[str]:
    """One line for each thing that is not as it was; none when all is."""
    expected = comparing.Expected(found.seal.digest, found.seal, found.parts)
    return comparing.differences(expected, again.seal, again.parts)


def _asked(scan: Scan, counted: Json) -> sealing.Asked:
    assert scan.authored_at is not None
    return sealing.Asked(
        commit=scan.commit,
        tree=scan.tree,
        date=scan.authored_at.astimezone(UTC).date().isoformat(),
        kind=counted["kind"],
        sub_path=counted["sealed"]["sub_path"],
        rule_set=counted["rule_set"],
        compared=bool(counted["advisories"]),
    )


def _check(scan: Scan, found: Kept, known: stored.Stored | None) -> None:
    asked = found.seal.asked
    if asked.rule_set != registry.digest():
        raise RefusedError(
            "rule_set_differs",
            f"Scan {scan.pk} was made by the rule set {asked.rule_set} of {found.made_by}; "
            f"this is {registry.digest()} of {made_by()}.",
            f"Install {found.made_by}, and run plimsoll replay with the seal that the scan's page gives.",
        )
    if asked.compared and (known is None or known.row.digest != scan.advisories):
        raise RefusedError(
            "advisories_differ",
            f"Scan {scan.pk} was compared with other advisories than are loaded now.",
            "Scan the commit again: the new scan says what they changed, and can be replayed.",
        )


def _quiet(_: Progress) -> None:
    """A command waits without a word."""
