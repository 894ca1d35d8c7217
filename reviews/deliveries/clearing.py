"""What is kept of deliveries, and for how long."""

from datetime import timedelta

from django.db.models import F, Window
from django.db.models.functions import Now, RowNumber

from reviews.models import Delivery

_KEPT = timedelta(days=30)
MOST_OF_A_HOOK = 1000


def drop_old() -> int:
    """Drop what was received 30 days ago, and what is settled beyond a hook's newest 1,000. Returns their number."""
    old = Delivery.objects.filter(received_at__lt=Now() - _KEPT).delete()[0]
    place = Window(RowNumber(), partition_by=F("hook"), order_by=F("pk").desc())
    beyond = Delivery.objects.order_by().annotate(place=place).filter(place__gt=MOST_OF_A_HOOK).values("pk")
    return old + Delivery.objects.filter(pk__in=beyond).exclude(state=Delivery.State.WAITING).delete()[0]
