"""6: whether a commit may go out: one pure function, and its questions put together from the rows."""
