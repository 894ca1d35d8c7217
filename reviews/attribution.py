"""
What changed a score between two scans: code, rule set, advisories, waivers, or tier and kind. Pure.

    attribute(old, new, new_tree_old_rules=new)             # the rule set is the same: all that is not a waiver is code
    attribute(old, new, old_tree_new_rules=crossed)         # the old tree scanned again with the new rules
    attribute(old, new, old_with_new_advisories=new)        # one commit and rule set: all of it is the advisories

Parts are differences of the low end of the score, in points with one decimal, and add up to its change exactly.
"""

from dataclasses import dataclass

from reviews.ratio import tenths
from reviews.scoring import Scorecard


@dataclass(frozen=True, slots=True)
class Attribution:
    """The parts of a change, in points. `unsplit` is what code, rule set and advisories did together, unless the
    crossings are known that tell them apart."""

    code: float
    rule_set: float
    waivers: float
    profile: float
    unsplit: float
    advisories: float = 0.0

    @property
    def total(self) -> float:
        """The whole change, in points."""
        parts = (self.code, self.rule_set, self.waivers, self.profile, self.unsplit, self.advisories)
        return round(sum(parts), 1)


def attribute(
    old: Scorecard,
    new: Scorecard,
    *,
    new_tree_old_rules: Scorecard | None = None,
    old_tree_new_rules: Scorecard | None = None,
    new_under_old_profile: Scorecard | None = None,
    old_with_new_advisories: Scorecard | None = None,
) -> Attribution:
    """Split the change from `old` to `new`.

    Both crossings are judged under the old tier and kind, and one is enough; if both are given, the code is judged by
    the rules that its authors knew. `new_under_old_profile` is `new` under the old tier and kind, None when those are
    the same. `old_with_new_advisories` is `old` compared with the advisories of `new`, None when those are the same or
    it is not known; the crossings are then compared with the new ones too. Waivers are the change of what they add to
    the raw score: a waived finding once fixed moves to the code.
    """
    before, end = tenths(old.raw), tenths((new_under_old_profile or new).raw)
    start = tenths(old_with_new_advisories.raw) if old_with_new_advisories else before
    code = rule_set = 0
    if new_tree_old_rules:
        code = tenths(new_tree_old_rules.raw) - start
        rule_set = end - start - code
    elif old_tree_new_rules:
        rule_set = tenths(old_tree_new_rules.raw) - start
        code = end - start - rule_set
    profile = tenths(new.raw) - end
    waivers = (tenths(new.score) - tenths(new.raw)) - (tenths(old.score) - before)
    parts = (code, rule_set, waivers, profile, end - start - code - rule_set, start - before)
    return Attribution(*(part / 10 for part in parts))
