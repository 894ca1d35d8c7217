"""What the rules about memory and cost know."""
