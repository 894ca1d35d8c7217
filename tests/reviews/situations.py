"""Made-up checklists and evidence for the tests of scores: by hand, and by chance."""

from dataclasses import replace
from typing import NamedTuple

from hypothesis import strategies as st

from reviews.checklist import Item, ItemRule, Kind, Level, Tier
from reviews.outcomes import Evidence, Outcome
from reviews.scoring import Scorecard, scorecard
from scanners.finding import Effort, RuleCount, Severity
from scanners.rule import AREAS

LEVELS = (Level.BRONZE, Level.SILVER, Level.GOLD)


def an_item(ref="E1", *, rules=(), **changes) -> Item:
    """An item of area exceptions, bronze and medium unless said; `rules` are (id, severity) pairs."""
    start = Item(ref, f"item-{ref}", AREAS[0], Level.BRONZE, Severity.MEDIUM, f"Title of {ref}", "Because.")
    return replace(start, rules=tuple(ItemRule(id_, id_, severity, Effort.HOUR) for id_, severity in rules), **changes)


def score(items, tier=Tier.A, kind=Kind.HTTP_API, **evidence) -> Scorecard:
    """The scorecard of some items; the keywords are those of Evidence."""
    return scorecard(items, Evidence(**{"counts": {}, **evidence}), tier, kind)


class Situation(NamedTuple):
    """Items and what is known about them."""

    items: list[Item]
    evidence: Evidence

    @property
    def card(self) -> Scorecard:
        """The scorecard at tier A of an HTTP API."""
        return scorecard(self.items, self.evidence, Tier.A, Kind.HTTP_API)

    def with_count(self, rule: str, count: RuleCount) -> "Situation":
        """The same with other sites of one rule."""
        counts = {**self.evidence.counts, rule: count}
        return self._replace(evidence=replace(self.evidence, counts=counts))


severities = st.sampled_from(Severity)
counts = st.builds(
    RuleCount,
    good=st.integers(0, 40),
    bad=st.dictionaries(severities, st.integers(1, 2), max_size=2),
    unresolved=st.integers(0, 3),
)
sketches = st.lists(
    st.tuples(
        st.sampled_from(AREAS[:3]), st.sampled_from(LEVELS), severities, st.lists(severities, min_size=1, max_size=3)
    ),
    min_size=1,
    max_size=5,
)
answers = st.sampled_from([Outcome.PASS, Outcome.WARN, Outcome.FAIL, Outcome.NOT_APPLICABLE, Outcome.UNKNOWN])


@st.composite
def situations(draw):
    """Up to five items with up to three rules each, some waived, and one item that people were asked."""
    items = [
        an_item(
            f"X{number}",
            area=area,
            level=level,
            severity=severity,
            rules=[(f"rule-{number}-{place}", of_rule) for place, of_rule in enumerate(rules)],
        )
        for number, (area, level, severity, rules) in enumerate(draw(sketches))
    ]
    rules = [rule.id for item in items for rule in item.rules]
    items.append(an_item("Q1", asked=True, evidence=("note",), level=draw(st.sampled_from(LEVELS))))
    evidence = Evidence(
        counts={rule: draw(counts) for rule in rules},
        unread_files=draw(st.integers(0, 2)),
        waived=draw(
            st.dictionaries(st.sampled_from(rules), st.dictionaries(severities, st.integers(0, 2)), max_size=2)
        ),
        waived_items=draw(st.frozensets(st.sampled_from([item.ref for item in items]), max_size=1)),
        errors=draw(st.dictionaries(st.sampled_from(rules), st.just("It broke."), max_size=1)),
        answers=draw(st.none() | st.fixed_dictionaries({"Q1": answers})),
    )
    return Situation(items, evidence)


@st.composite
def bad_sites(draw):
    """A situation with at least one open finding, the rule and the severity of it."""
    situation = draw(situations())
    rule = draw(st.sampled_from(sorted(situation.evidence.counts)))
    severity = draw(severities)
    count = situation.evidence.counts[rule]
    more = replace(count, bad={**count.bad, severity: count.bad.get(severity, 0) + 1})
    return situation.with_count(rule, more), rule, severity


@st.composite
def unresolved_sites(draw):
    """A situation with at least one unresolved site, and the rule of it."""
    situation = draw(situations())
    rule = draw(st.sampled_from(sorted(situation.evidence.counts)))
    count = situation.evidence.counts[rule]
    return situation.with_count(rule, replace(count, unresolved=count.unresolved + 1)), rule
