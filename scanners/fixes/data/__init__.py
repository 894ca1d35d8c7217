"""Fixes of queries and migrations."""
