"""What is accepted until a day: asked for, decided by somebody else, and over when its day is."""
