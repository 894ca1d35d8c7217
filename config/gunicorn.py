"""Gunicorn's settings: `gunicorn --config python:config.gunicorn config.wsgi:application`."""

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
