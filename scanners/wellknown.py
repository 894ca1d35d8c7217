"""What well-known libraries return and call things: tables for `scanners.names`."""

from typing import Final

RETURNS: Final = {
    "requests.session": "requests.Session",
    "logging.getLogger": "logging.Logger",
    "structlog.get_logger": "structlog.BoundLogger",
    "structlog.getLogger": "structlog.BoundLogger",
    "structlog.stdlib.get_logger": "structlog.BoundLogger",
    "celery.utils.log.get_task_logger": "logging.Logger",
    "celery.utils.log.get_logger": "logging.Logger",
    "oslo_log.log.getLogger": "logging.LoggerAdapter",
    "multiprocessing.get_logger": "logging.Logger",
    "redis.from_url": "redis.Redis",
    "redis.Redis.from_url": "redis.Redis",
    "redis.StrictRedis": "redis.Redis",
    "redis.StrictRedis.from_url": "redis.Redis",
    "redis.asyncio.from_url": "redis.asyncio.Redis",
    "redis.asyncio.Redis.from_url": "redis.asyncio.Redis",
    "asyncio.create_subprocess_exec": "asyncio.subprocess.Process",
    "asyncio.create_subprocess_shell": "asyncio.subprocess.Process",
    "sqlite3.connect": "sqlite3.Connection",
    "psycopg.connect": "psycopg.Connection",
    "psycopg2.connect": "psycopg2.connection",
    "sqlalchemy.create_engine": "sqlalchemy.Engine",
    "tarfile.open": "tarfile.TarFile",
    "tarfile.TarFile.open": "tarfile.TarFile",
    "ssl.create_default_context": "ssl.SSLContext",
    "ssl._create_unverified_context": "ssl.SSLContext",
    "concurrent.futures.ThreadPoolExecutor.submit": "concurrent.futures.Future",
    "concurrent.futures.ProcessPoolExecutor.submit": "concurrent.futures.Future",
    "asyncio.run_coroutine_threadsafe": "concurrent.futures.Future",
    "urllib.request.build_opener": "urllib.request.OpenerDirector",
    "socket.socket": "socket.socket",
    "open": "io.File",
    **{
        f"pathlib.Path.{method}": "pathlib.Path"
        for method in "absolute cwd expanduser home joinpath resolve with_name with_stem with_suffix".split()
    },
}
"""What well-known functions return; a call of a CapWords name returns an instance of it, whatever it is."""

PARTS: Final = {"multiprocessing.Pipe": "multiprocessing.connection.Connection"}
"""What the parts are that a call is unpacked into, where all are alike."""

CANONICAL: Final = {
    "requests.api": "requests",
    "requests.sessions": "requests",
    "django.core.mail.message": "django.core.mail",
    "redis.client": "redis",
    "urllib.request.urlopen": "urllib.request.urlopen",
    "httpx._client": "httpx",
    "httpx2": "httpx",
    "sqlalchemy.engine": "sqlalchemy",
    "sqlalchemy.ext.asyncio.create_async_engine": "sqlalchemy.create_async_engine",
    "celery.app.task.Task": "celery.Task",
    "yaml.loader": "yaml",
    "loguru._logger": "loguru",
    "pathlib.Path.parent": "pathlib.Path",
}
"""Where public names live under another module path."""

SECURE: Final = {
    "smtplib.SMTP": "smtplib.SMTP_SSL",
    "http.client.HTTPConnection": "http.client.HTTPSConnection",
    "ftplib.FTP": "ftplib.FTP_TLS",
    "imaplib.IMAP4": "imaplib.IMAP4_SSL",
    "poplib.POP3": "poplib.POP3_SSL",
}
"""Clients beside those of the same methods that speak TLS: a choice between the two is taken for the latter."""
