from collections.abc import Iterator

import pytest
from hypothesis import settings
from pytest_django import Settings

from tests.mail_server import MailServer

# A busy machine is no failure.
settings.register_profile("reviews", deadline=None)
settings.load_profile("reviews")


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """The mail server that Plimsoll is told to use."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with MailServer() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 0.5
        yield server
