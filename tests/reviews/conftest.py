from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.mail_server import MailServer
from tests.reviews.messages import Messages


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """The mail server that Plimsoll is told to use."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with MailServer() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 0.5
        yield server


@pytest.fixture
def messages(settings: Settings) -> Messages:
    """What lies in the file broker; nothing at first, and nothing on its way from another test."""
    here = Messages(Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]))
    for left in here.all():
        left.unlink()
    return here
