"""How often the rules are right: a labelled set, findings of real packages read by hand, and ratios counted by hand."""
