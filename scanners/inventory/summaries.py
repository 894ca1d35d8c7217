"""What all calls of a boundary have in common, in the words of a cell, with what speaks for and against it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from scanners.facts.clients import bounds
from scanners.inventory.crossings import Crossing
from scanners.inventory.table import BAD, GOOD, UNKNOWN
from scanners.tree import Fact, Tree

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_WAITS: Final = {
    "none": "no pause",
    "fixed": "fixed pause",
    "plain": "backoff without jitter",
    "good": "backoff, jitter",
    "unknown": "",
}


class Summary(NamedTuple):
    """The text of a cell, its mark ("" for none), and what could not be told."""

    text: str | None
    mark: str = ""
    doubts: tuple[str, ...] = ()


def timeout_of(crossing: Crossing, tree: Tree) -> Summary:
    """How the calls are bounded."""
    judged = [
        fact for fact in crossing.facts if fact.get("state") and fact["state"] != "started" and _counts(fact, crossing)
    ]
    if not judged:
        started = any(fact.get("state") == "started" for fact in crossing.facts)
        return Summary("not waited for here" if started else None, UNKNOWN)
    bounded = bounds(tree)
    states = [_settled(fact["state"], bounded) for fact in judged]
    texts = [_words(fact, state) for fact, state in zip(judged, states, strict=True)]
    said = Counter(text for text, state in zip(texts, states, strict=True) if state in ("good", "default") and text)
    doubts = [
        fact["timeout"]
        for fact, state in zip(judged, states, strict=True)
        if state == "unresolved" and fact["timeout"].endswith(".")
    ]
    bad, open_ = states.count("bad"), states.count("unresolved") + states.count("unknown")
    text = ", ".join(f"{each}" for each, _ in said.most_common(3))
    if bad:
        whole = text if not text else f"{text} ({len(judged) - bad - open_} of {len(judged)})"
        return Summary(whole or "none", BAD, tuple(doubts[:1]))
    if open_:
        return Summary(f"{text} ({len(judged) - open_} of {len(judged)})" if text else None, UNKNOWN, tuple(doubts[:1]))
    return Summary(text or "set", GOOD)


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
    return GOOD if all(each["wait"] == "good" for each in found) else ""


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
