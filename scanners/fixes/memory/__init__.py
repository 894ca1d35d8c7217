"""Fixes of what is kept for too long, shared by accident or never closed."""
