"""
Importing this gives the process a Django of its own: an empty database and scratch directory that end with it.

The database is SQLite, or with DATABASE=postgresql in the environment a PostgreSQL of its own.
"""

import atexit
import os
import shutil
import tempfile

import django
from cryptography.fernet import Fernet
from django.core.management import call_command

from tests.services import HOME, postgresql

_DATA = tempfile.mkdtemp(prefix="plimsoll-benchmark-")
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "PLIMSOLL_DATA": _DATA,
    "PLIMSOLL_ALLOWED_SCHEMES": "http",
    "PLIMSOLL_ALLOWED_PRIVATE": "127.0.0.1",
    "PLIMSOLL_LOG_LEVEL": "ERROR",
}
if os.environ.get("DATABASE") == "postgresql":
    os.environ |= {
        "DATABASE_URL": postgresql(),
        "PLIMSOLL_SECRET_KEY": "only-for-benchmarks-" * 3,
        "PLIMSOLL_FIELD_KEYS": Fernet.generate_key().decode(),
        "PLIMSOLL_SIGNING_KEY": Fernet.generate_key().decode(),
    }
django.setup()
call_command("migrate", verbosity=0)
