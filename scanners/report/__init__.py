"""A report as text, JSON or SARIF."""
