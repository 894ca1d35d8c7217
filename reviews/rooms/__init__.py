"""The read side of reviews: what their pages show and let one do."""
