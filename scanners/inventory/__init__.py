"""What a repository tells by itself: the facts of all its files joined into tables, one module a table."""
