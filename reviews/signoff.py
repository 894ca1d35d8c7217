"""7: the review workflow: every transition in one transaction, with its event and its messages."""
