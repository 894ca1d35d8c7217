"""What the rules about waits and retries know."""
