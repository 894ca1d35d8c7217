"""Fixes of weak hashes, generators, loaders and modes."""
