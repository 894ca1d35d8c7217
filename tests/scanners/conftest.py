"""What is left out: tests of a snapshot that is not at hand."""

from tests.scanners.snapshot_pins import SNAPSHOTS

collect_ignore = [] if SNAPSHOTS else ["test_advisories_snapshot.py"]
