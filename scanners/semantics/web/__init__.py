"""Endpoints in full: where routes hang, what they take, what they answer, who is asked."""
