"""Which files of a tree are files of the tree before it under another name. Pure."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from reviews.matching import Seen
from scanners.finding import Report

_Marks = Mapping[str, frozenset[Hashable]]
_COMMONPLACE = 20
"""What stands in more new files than these tells nothing about where one of them came from."""


def renames(
    before: Mapping[str, str], report: Report, known: Iterable[Seen] = (), now: Iterable[Seen] = ()
) -> dict[str, str]:
    """Old path -> new path of the files that moved, where there is no doubt which. `before`: path -> sha.

    A file with the bytes of one that is no longer there was moved; so was one that has at least half of its findings,
    if each is what is most like the other, by findings first and then by the end of its path.
    """
    paths = {file.path for file in report.files}
    lost = {path: sha for path, sha in before.items() if path not in paths}
    come = {file.path: file.sha for file in report.files if file.path not in before}
    moves = _unchanged(lost, come)
    taken = set(moves.values())
    old = _marks(seen for seen in known if seen.path in lost and seen.path not in moves)
    new = _marks(seen for seen in now if seen.path in come and seen.path not in taken)
    return moves | dict(_alike(old, new))


def unchanged(before: Mapping[str, str], report: Report, moves: Mapping[str, str]) -> frozenset[str]:
    """The paths of now whose bytes are those of the file that they were before."""
    shas = {moves.get(path, path): sha for path, sha in before.items()}
    return frozenset(file.path for file in report.files if shas.get(file.path) == file.sha)


def _unchanged(lost: Mapping[str, str], come: Mapping[str, str]) -> dict[str, str]:
    olds, news = _alone(lost), _alone(come)
    return {path: news[sha] for sha, path in olds.items() if sha in news}


def _alone(files: Mapping[str, str]) -> dict[str, str]:
    paths: dict[str, list[str]] = defaultdict(list)
    for path, sha in files.items():
        paths[sha].append(path)
    return {sha: found[0] for sha, found in paths.items() if len(found) == 1}


def _marks(found: Iterable[Seen]) -> _Marks:
    """What can be known again of each file, wherever it is."""
    marks: dict[str, set[Hashable]] = defaultdict(set)
    for seen in found:
        marks[seen.path].add((seen.rule, seen.qualname, seen.anchor, seen.ordinal))
    return {path: frozenset(held) for path, held in marks.items()}


def _alike(old: _Marks, new: _Marks) -> Iterator[tuple[str, str]]:
    """Pairs of which each is the best for the other, and better than any second."""
    holders: dict[Hashable, list[str]] = defaultdict(list)
    for path, marks in new.items():
        for mark in marks:
            holders[mark].append(path)
    scores: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for path, marks in old.items():
        near = {holder for mark in marks if len(holders[mark]) <= _COMMONPLACE for holder in holders[mark]}
        for other in near:
            shared = len(marks & new[other])
            if 2 * shared >= min(len(marks), len(new[other])):
                scores[path][other] = scores[other][path] = (shared, _common_end(path, other))
    for path in old:
        other = _best(scores[path])
        if other and _best(scores[other]) == path and _is_enough(scores[path][other]):
            yield path, other


def _is_enough(score: tuple[int, int]) -> bool:
    """One finding alone may stand in two files by chance, unless they have the same name."""
    shared, ends = score
    return shared > 1 or ends > 0


def _best(scores: Mapping[str, tuple[int, int]]) -> str:
    ranked: Sequence[str] = sorted(scores, key=lambda path: (scores[path], path), reverse=True)
    if not ranked or (len(ranked) > 1 and scores[ranked[0]] == scores[ranked[1]]):
        return ""
    return ranked[0]


def _common_end(one: str, other: str) -> int:
    """How many names both paths end with."""
    both: Collection[tuple[str, str]] = list(zip(reversed(one.split("/")), reversed(other.split("/")), strict=False))
    return sum(1 for _ in takewhile(lambda names: names[0] == names[1], both))
