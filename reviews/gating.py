"""6: the gate's answer for a commit of a repository, put together from its scan, its review and the team's policy."""
