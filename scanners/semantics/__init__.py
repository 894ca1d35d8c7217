"""What code means to several rules: which calls go out, how a handler reacts, what looks like a secret."""
