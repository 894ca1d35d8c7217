"""Fixes of missing and careless timeouts and retries."""
