"""Shell text is split into commands with their lines."""

from scanners.semantics.environment.shell import commands

SCRIPT = """\
# a comment
apt-get update \\
  && apt-get install -y curl
if [ -f x ]; then
  sudo -E FOO=1 pip install "a b>=2" >/dev/null
fi
curl -fsSL https://shop.io/x.tgz | tar xz
"""


def test_commands_have_lines_operators_and_wrappers() -> None:
    found = [(command.text, command.line, command.before, command.after) for command in commands(SCRIPT)]
    assert found == [
        ("apt-get update", 2, "", "&&"),
        ("apt-get install -y curl", 3, "&&", "\n"),
        ("[ -f x ]", 4, "\n", ";"),
        ("pip install a b>=2", 5, "\n", "\n"),
        ("fi", 6, "\n", "\n"),
        ("curl -fsSL https://shop.io/x.tgz", 7, "\n", "|"),
        ("tar xz", 7, "|", "\n"),
    ]
    pip = commands(SCRIPT)[3]
    assert (pip.wrappers, pip.target, pip.words[2]) == (frozenset({"sudo"}), "/dev/null", "a b>=2")


def test_what_a_shell_is_given_stands_in_its_place() -> None:
    (command,) = commands("sh -c 'exec gunicorn app --bind=0.0.0.0:80'", 4)
    assert (command.name, command.line, command.wrappers) == ("gunicorn", 4, frozenset({"exec"}))
    assert command.value("--bind") == "0.0.0.0:80"


def test_a_command_inside_a_word_stays_one_word() -> None:
    (command,) = commands('bash -e <(curl -s "https://shop.io/a b")')
    assert command.words == ("bash", "-e", '<(curl -s "https://shop.io/a b")')


def test_open_quotes_end_with_the_text() -> None:
    assert [command.text for command in commands("echo 'never closed\npip install x")] == [
        "echo never closed\npip install x"
    ]
