"""The rules of a release-readiness review: its states, its table of transitions, its questions. Pure."""
