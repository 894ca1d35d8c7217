"""The pages: one file a noun. A view fetches and permits first, then hands values to its template."""
