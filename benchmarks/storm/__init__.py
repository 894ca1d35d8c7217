"""What happens when forges report faster than anybody scans: see `__main__`."""
