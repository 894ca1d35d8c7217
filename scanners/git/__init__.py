"""Fetches one commit of a repository into a bare store and reads it there; nothing of it is ever checked out."""
