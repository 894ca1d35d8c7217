"""What people are told: written with what it tells of, delivered afterwards."""
