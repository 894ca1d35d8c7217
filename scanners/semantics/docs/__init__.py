"""What the rules about documents know."""
