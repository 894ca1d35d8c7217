"""Fixes of tests that prove less than they seem to."""
