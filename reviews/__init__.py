"""The dashboard: repositories, scans, findings, scores and the people who review them."""
