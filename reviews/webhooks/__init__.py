"""What forges report: one file a provider, each turns its own requests into the same few events. Pure."""
