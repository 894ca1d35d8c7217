"""What the rules about failures know."""
