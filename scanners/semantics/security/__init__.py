"""What the rules about security know."""
