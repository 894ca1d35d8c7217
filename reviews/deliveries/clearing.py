"""What is kept of deliveries, and for how long."""

from datetime import timedelta

from django.db.models.functions import Now

from reviews.models import Delivery, Hook

_KEPT = timedelta(days=30)
MOST_OF_A_HOOK = 1000


def drop_old() -> int:
    """Drop what was received 30 days ago, and what is settled beyond a hook's newest 1,000. Returns their number."""
    dropped = Delivery.objects.filter(received_at__lt=Now() - _KEPT).delete()[0]
    for hook in Hook.objects.only("pk").iterator():
        newest = hook.deliveries.order_by("-pk").values_list("pk", flat=True)
        beyond = newest[MOST_OF_A_HOOK : MOST_OF_A_HOOK + 1].first()
        if beyond is not None:
            settled = hook.deliveries.filter(pk__lte=beyond).exclude(state=Delivery.State.WAITING)
            dropped += settled.delete()[0]
    return dropped
