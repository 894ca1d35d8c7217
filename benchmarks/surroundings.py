"""Importing this gives the process a Django of its own: an empty database and scratch directory that end with it."""

import atexit
import os
import shutil
import tempfile

import django
from django.core.management import call_command

_DATA = tempfile.mkdtemp(prefix="plimsoll-benchmark-")
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)

os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "PLIMSOLL_DATA": _DATA,
    "PLIMSOLL_ALLOWED_SCHEMES": "http",
    "PLIMSOLL_ALLOWED_PRIVATE": "127.0.0.1",
    "PLIMSOLL_LOG_LEVEL": "ERROR",
}
django.setup()
call_command("migrate", verbosity=0)
