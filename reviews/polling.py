"""Looks at the head of each branch now and then, so that what a forge never reported is caught."""
