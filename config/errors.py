"""Unexpected errors of every process go to an error tracker, when there is one."""

import sentry_sdk
from sentry_sdk.types import Event, Hint

from config.env import Environment


def report_errors(environment: Environment) -> None:
    """Send what is logged as an error to the project of `error_dsn`; without one nothing is sent anywhere.

    Variables and request bodies stay here: they may hold credentials and the code of others.
    """
    if environment.error_dsn:
        sentry_sdk.init(
            dsn=environment.error_dsn,
            before_send=without_addresses,
            include_local_variables=False,
            max_request_body_size="never",
            send_default_pii=False,
            shutdown_timeout=2,
        )


def without_addresses(event: Event, _: Hint) -> Event:
    """The event without the query of its request, which may name what somebody searched for."""
    event.get("request", {}).pop("query_string", None)
    return event
