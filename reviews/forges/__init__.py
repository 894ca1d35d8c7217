"""What forges are told: statuses of commits and comments on pull requests. One file a provider."""
