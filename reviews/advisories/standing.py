"""The advisories as the status page shows them."""

from dataclasses import dataclass

from django.conf import settings

from reviews.advisories import age
from reviews.advisories.loading import newest
from reviews.models import AdvisoryLoad, AdvisoryReading
from reviews.waived import today


@dataclass(frozen=True, slots=True)
class Standing:
    """What was loaded last, whether it is too old to prove anything, and how the last reading went.

    `load` is None before the first; `trouble` after a reading that failed. `reads` tells whether a source is named that
    is read again and again, `days` after how many days advisories are old.
    """

    load: AdvisoryLoad | None
    is_old: bool
    trouble: AdvisoryReading | None
    reads: bool
    days: int

    @property
    def well(self) -> bool:
        """There are some, young enough, and the last reading went well."""
        return self.load is not None and not self.is_old and self.trouble is None


def standing() -> Standing:
    """How the advisories stand today, in two queries."""
    load = newest()
    trouble = AdvisoryReading.objects.exclude(code="").first() if settings.ADVISORIES else None
    is_old = load is not None and age.is_old(load.current_on, today())
    return Standing(load, is_old, trouble, bool(settings.ADVISORIES), settings.ADVISORIES_MAX_AGE_DAYS)
