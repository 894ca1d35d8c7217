"""What runs on this machine, as far as a test started it."""

import psutil


def below(pid: int, words: str = "") -> list[psutil.Process]:
    """The living processes below `pid` whose command line contains `words`."""
    return [process for process in psutil.Process(pid).children(recursive=True) if words in command(process)]


def command(process: psutil.Process) -> str:
    """The command line; empty when the process has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def gone(processes: list[psutil.Process]) -> bool:
    """Whether all have ended. One that nobody has collected yet has ended, too."""
    return not any(command(process) for process in processes)
