"""Fixes of what depends on the machine."""
