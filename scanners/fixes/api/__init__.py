"""Fixes of how requests are checked."""
