"""What the rules about tests know."""
