"""How sure it is that the return code of a command should be read."""

import pytest

from scanners.scan import scan_files

_TRIED = "import subprocess\n\n\ndef {0}(path):\n    try:\n        {1}\n    except {2}:\n        {3}\n    return True\n"


def sureness(source: str) -> list[str]:
    """How sure each finding is in a module of this source."""
    found = scan_files({"shop/dump.py": source.encode()}).findings
    return [finding.confidence.name.lower() for finding in found if finding.rule == "process-failure-unchecked"]


@pytest.mark.parametrize(
    ("name", "command", "caught", "answer", "expected"),
    [
        ("has_tool", "subprocess.call(path)", "OSError", "return False", "low"),
        ("ready", "subprocess.run(['ffmpeg', '-version'])", "(OSError, ValueError)", "return False", "low"),
        ("ready", "subprocess.run([path])", "FileNotFoundError", "return", "low"),
        ("calm", "subprocess.run(['renice', '5', path])", "Exception", "pass", "low"),
        ("dump", "subprocess.run(['pg_dump', '-f', path])", "OSError", "return False", "high"),
        ("has_tool", "subprocess.call(path)", "ValueError", "return False", "high"),
        ("dump", "subprocess.run(['pg_dump', '-f', path])", "OSError", "raise", "high"),
    ],
)
def test_a_command_that_is_only_tried_is_only_suspected(
    name: str, command: str, caught: str, answer: str, expected: str
) -> None:
    assert sureness(_TRIED.format(name, command, caught, answer)) == [expected]


def test_a_command_for_the_terminal_is_none_to_check() -> None:
    assert sureness("import os\n\n\ndef stop():\n    os.system('pause')\n") == []
