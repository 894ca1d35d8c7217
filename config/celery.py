import os
from typing import Any

import structlog
from celery import Celery
from celery.contrib.django.task import DjangoTask
from celery.signals import setup_logging
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES

logger = structlog.get_logger(__name__)


class Hint(DjangoTask):
    """A task that says "look now". What there is to do stands in the database, so a lost hint only costs time."""

    def apply_async(self, *args: Any, **options: Any) -> Any:
        """As Celery's, but a broker that does not answer is logged and not raised; the result is then None."""
        try:
            return super().apply_async(*args, **options)
        except OperationalError as error:
            logger.warning("broker-unreachable", task=self.name, error=str(error))
            return None


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TRANSPORT_ALIASES["filesystem"] = "config.filebroker:Transport"

app = Celery("plimsoll", task_cls=Hint)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def keep_djangos_logging(**_: Any) -> None:
    """Celery sets logging up by itself unless somebody listens here."""
