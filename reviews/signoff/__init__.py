"""7: people's work on a review, step by step, each step one turn: one transaction with its event and its messages."""
