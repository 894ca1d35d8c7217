"""What the rules about threads and coroutines know."""
