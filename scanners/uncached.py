"""A cache that keeps nothing, for those who look at a tree once."""

from collections.abc import Iterable, Mapping

from scanners.finding import BlobAnswer, BlobKey


class NoCache:
    """Knows no answer."""

    def get_many(self, _: Iterable[BlobKey]) -> dict[BlobKey, BlobAnswer]:
        """Nothing."""
        return {}

    def put_many(self, _: Mapping[BlobKey, BlobAnswer]) -> None:
        """Keep nothing."""
