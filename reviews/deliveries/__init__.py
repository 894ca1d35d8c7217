"""Webhook deliveries: received by the web server, sorted out by a worker."""
