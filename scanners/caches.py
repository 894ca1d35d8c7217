"""Caches of answers without a database: none at all, and one in memory."""

from collections.abc import Iterable, Mapping

from scanners.finding import BlobAnswer, BlobKey


class NoCache:
    """Knows no answer, for those who look at a tree once."""

    def get_many(self, _: Iterable[BlobKey]) -> dict[BlobKey, BlobAnswer]:
        """Nothing."""
        return {}

    def put_many(self, _: Mapping[BlobKey, BlobAnswer]) -> None:
        """Keep nothing."""


class MemoryCache:
    """Keeps all answers as long as it lives, for those who look at a tree and then at one that differs little."""

    def __init__(self) -> None:
        self.kept: dict[BlobKey, BlobAnswer] = {}

    def get_many(self, keys: Iterable[BlobKey]) -> dict[BlobKey, BlobAnswer]:
        """The answers that are known."""
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put_many(self, answers: Mapping[BlobKey, BlobAnswer]) -> None:
        """Keep these answers."""
        self.kept.update(answers)
