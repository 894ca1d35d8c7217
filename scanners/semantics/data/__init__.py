"""What the rules about stores know."""
