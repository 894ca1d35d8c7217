"""Fixes of log calls and of what goes around them."""
