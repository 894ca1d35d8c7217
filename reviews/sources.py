"""What the operator lets us reach: the same for a form, a scan and what forges are told."""

from django.conf import settings

from scanners.git.policy import Policy


def policy() -> Policy:
    """What may be fetched from and called, as it stands in the settings now."""
    return Policy(
        allowed_schemes=frozenset(settings.ALLOWED_SCHEMES),
        allowed_private=tuple(settings.ALLOWED_PRIVATE),
        local_roots=tuple(settings.LOCAL_ROOTS),
    )
