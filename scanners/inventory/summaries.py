"""What all calls of a boundary have in common, in the words of a cell, with what speaks for and against it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from scanners.facts.clients import bounds
from scanners.inventory.crossings import Crossing
from scanners.inventory.table import BAD, GOOD, UNKNOWN
from scanners.tree import Fact, Tree

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_KNOWN: Final = ("good", "default", "partial")
_WAITS: Final = {
    "none": "no pause",
    "fixed": "fixed pause",
    "plain": "backoff without jitter",
    "good": "backoff, jitter",
    "growing": "backoff",
    "unknown": "",
}


class Summary(NamedTuple):
    """The text of a cell, its mark ("" for none), and what could not be told."""

    text: str | None
    mark: str = ""
    doubts: tuple[str, ...] = ()


def timeout_of(crossing: Crossing, tree: Tree) -> Summary:
    """How the calls are bounded."""
    judged = _judged(crossing)
    if not judged:
        started = any(fact.get("state") == "started" for fact in crossing.facts)
        return Summary("not waited for here" if started else None, UNKNOWN)
    bounded = bounds(tree)
    states = [_settled(fact["state"], bounded) for fact in judged]
    pairs = list(zip(judged, states, strict=True))
    said = Counter(_words(fact, state) for fact, state in pairs if state in _KNOWN)
    doubts = tuple(fact["timeout"] for fact, state in pairs if state == "unresolved" and fact["timeout"].endswith("."))
    good, text = sum(state in _KNOWN for state in states), ", ".join(each for each, _ in said.most_common(3))
    if text and good < len(judged):
        text = f"{text} ({good} of {len(judged)})"
    if "bad" in states:
        return Summary(text or "none", BAD, doubts[:1])
    sure = all(state in ("good", "default") for state in states)
    return Summary(text or ("set" if sure else None), GOOD if sure else UNKNOWN, doubts[:1])


def _judged(crossing: Crossing) -> list[Fact]:
    """The facts that decide about the timeout. What is not known of a call is said by its client, where it is."""
    found = [fact for fact in crossing.facts if fact.get("state") not in (None, "started") and _counts(fact, crossing)]
    known = [fact for fact in found if fact["state"] != "unknown"]
    return known if any(fact in crossing.made for fact in known) else found


def _counts(fact: Fact, crossing: Crossing) -> bool:
    """Whether a fact decides about the timeout: a session does not where its calls are seen."""
    return not (fact.get("session") and crossing.called)


def _settled(state: str, bounded: Mapping[str, bool]) -> str:
    return ("good" if bounded[state] else "bad") if state in bounded else state


def _words(fact: Fact, state: str) -> str:
    text = str(fact["timeout"])
    if state == "good" and fact["state"] in ("socket", "redis"):
        return "bound for all sockets" if fact["state"] == "socket" else "library default 5 s"
    return text or "none"


def retry_of(crossing: Crossing) -> Summary:
    """How calls are made again when they fail."""
    facts = crossing.called or crossing.made
    own = [fact["again"] for fact in crossing.made if fact.get("again")]
    found = [(fact.get("again") or (own[0] if own else None), fact) for fact in facts]
    with_retry = [(each, fact) for each, fact in found if each]
    if not with_retry:
        return Summary("none")
    texts = Counter(_retry_words(each) for each, _ in with_retry)
    text = "; ".join(each for each, _ in texts.most_common(2))
    if len(with_retry) < len(facts):
        text = f"{text} ({len(with_retry)} of {len(facts)})"
    unsafe = [
        fact
        for each, fact in with_retry
        if fact.get("method") in ("POST", "PATCH")
        and not fact.get("keyed")
        and each["by"] not in ("library", "urllib3")
    ]
    text += "; repeats writes" if unsafe else ""
    return Summary(text, _retry_mark([each for each, _ in with_retry], bool(unsafe)))


def _retry_words(each: Mapping[str, Any]) -> str:
    tries = f"{each['tries']} tries" if each["tries"] else "retries"
    stop = {"endless": "for ever", "unknown": "limit unknown"}.get(each["stop"], "" if each["tries"] else "bounded")
    on = f"on {', '.join(each['on'][:4])}" if each["on"] else ""
    wait = _WAITS.get(each["wait"], "")
    by = f"by {each['by']}" if each["by"] == "library" or each["stop"] == "unknown" else ""
    return ", ".join(part for part in (tries, stop, wait, on, by) if part)


def _retry_mark(found: Sequence[Mapping[str, Any]], unsafe: bool) -> str:
    if unsafe or any(
        each["stop"] == "endless" or (each["wait"] in ("none", "fixed") and each["tries"] not in (1, 2))
        for each in found
    ):
        return BAD
    if any(each["stop"] == "unknown" for each in found):
        return UNKNOWN
    return GOOD if all(each["wait"] in ("good", "growing") for each in found) else ""


def pool_of(crossing: Crossing) -> str | None:
    """The sizes of the pools of its clients."""
    sizes = dict.fromkeys(fact["pool"] for fact in crossing.made if fact.get("pool"))
    return "; ".join(sizes)


def fallback_of(crossing: Crossing) -> Summary:
    """What becomes of failures, the commonest first."""
    facts = [fact for fact in crossing.called or crossing.made if fact.get("fallback")]
    found = Counter(fact["fallback"] for fact in facts)
    if not found:
        return Summary(None)
    text = ", ".join(each if len(found) == 1 else f"{each} ({count})" for each, count in found.most_common(4))
    bad = any(each == "swallowed" or each.endswith("not logged") for each in found)
    return Summary(text, BAD if bad else GOOD if set(found) == {"breaker"} else "")


def marks_of(judged: Mapping[str, Summary], crossing: Crossing) -> dict[str, str]:
    """The marks of a row."""
    marks = {name: summary.mark for name, summary in judged.items() if summary.mark}
    if not crossing.target:
        marks["target"] = UNKNOWN
    return marks
