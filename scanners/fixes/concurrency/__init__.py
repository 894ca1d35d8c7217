"""Fixes of coroutines, threads and what they share."""
