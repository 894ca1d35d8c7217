"""Published advisories in the database: where they are read, what scans compare with, and how old they are."""
