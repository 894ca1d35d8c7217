"""What the rules about logs know."""
