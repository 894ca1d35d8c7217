"""Scans a commit again and holds what comes out against what came out before, byte for byte."""
