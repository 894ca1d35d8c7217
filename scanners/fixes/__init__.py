"""What mends findings: libcst codemods, one a rule, each proved by a second scan before it is offered."""
