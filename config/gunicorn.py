"""Gunicorn's settings: `gunicorn --config python:config.gunicorn config.wsgi:application`."""

import gc
from typing import Any

from django.urls import get_resolver

from config import env, logging

_ENV = env.load()

bind = f"{_ENV.bind}:{_ENV.port}"
# Threads hold slow clients and event streams without a process each.
worker_class = "gthread"
workers = _ENV.web_processes
threads = _ENV.web_threads
preload_app = True
timeout = 60
keepalive = 5
graceful_timeout = max(1, int(_ENV.stop_seconds) - 1)
logconfig_dict = logging.configure(_ENV.log_level, _ENV.log_format)
control_socket_disable = True


def pre_fork(_server: Any, _worker: Any) -> None:
    """Load all there is once and not in each process, and leave it out of all later collections.

    Else the first request of a process takes more than a second, and each collection stops a process for 0.1 s.
    """
    list(get_resolver().url_patterns)
    gc.collect()
    gc.freeze()
