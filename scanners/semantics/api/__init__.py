"""What the rules about APIs know."""
