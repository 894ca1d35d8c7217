"""A small fleet to look around in: made-up services with half a year of history each."""
