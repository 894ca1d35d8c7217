"""Patches: which findings a program can mend, working it out on a copy, and proving it before anybody sees it."""
