"""The audit log of each team: a chain of events that can be checked, and its signed heads."""
