"""What leaves the process: libraries, targets, limits, retries, and what becomes of a failure."""
