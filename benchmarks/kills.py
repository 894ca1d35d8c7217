"""How long does a scan wait for its next worker when its own is killed, and is anything lost or done twice?

    .venv/bin/python benchmarks/kills.py --kills 20 --database postgresql

Runs tests/kill with that many kills and prints its figures: seconds from a kill to the next lease of the scan it hit.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Run it. Returns pytest's exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    wish = parser.parse_args()
    command = [sys.executable, "-m", "pytest", "-q", "-s", "tests/kill", "--database", wish.database]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"KILLS": str(wish.kills)}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
