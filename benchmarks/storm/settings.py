"""The site's own settings, with one address more: a view that does nothing, to compare with."""

from config.settings import *  # noqa: F403 - the same site

ROOT_URLCONF = "benchmarks.storm.urls"
