"""What a repository requires and locks, and until when its runtimes are supported."""
