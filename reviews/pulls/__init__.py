"""Pull requests: scanned at their head, held against the code they start from, judged, and told to the forge."""
