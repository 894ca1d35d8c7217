"""Fixes of how failures are raised, caught and told."""
