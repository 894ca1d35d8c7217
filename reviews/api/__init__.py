"""The door for programs: REST, with tokens of a team."""
