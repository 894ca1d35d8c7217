"""Turns the way in which git failed into a named error. What git printed is read here and shown nowhere."""

import re
import signal

from scanners.git.errors import SourceError, error
from scanners.git.process import Finished
from scanners.regex import regex

# Order counts: the first sentence found names the error.
SIGNS = [
    (r"no space left on device|disk quota exceeded", "disk_full"),
    (r"couldn't find remote ref|could not find remote branch|Remote branch .* not found", "branch_not_found"),
    (r"not our ref|unadvertised object|did not receive expected object", "commit_gone"),
    (r"mismatched algorithms|unknown object format", "object_format_not_supported"),
    (r"out of memory|unable to create thread|cannot allocate memory", "resource_limit"),
    (r"died of signal 25|file too large", "repository_too_large"),
    (r"died of signal", "resource_limit"),
    (r"fsck error|^error: object [0-9a-f]+: |object corrupt", "malformed_repository"),
    (r"SSL|certificate", "tls_error"),
    (r"Authentication failed|could not read (Username|Password)|returned error: 401", "credential_refused"),
    (r"returned error: 403", "access_denied"),
    (r"returned error: 404|repository '.*' not found|does not appear to be a git repository", "repository_not_found"),
    (r"returned error: 429", "rate_limited"),
    (r"returned error: 30\d|unable to update url base from redirection", "server_redirects"),
    (r"timed out|Operation too slow|transfer.* too slow", "remote_timeout"),
    (r"bad line length", "not_a_repository"),
    (r"early EOF|unexpected disconnect|hung up|reset by peer|RPC failed|Empty reply", "remote_reset"),
    (r"Failed to connect|Couldn't connect|Recv failure|transfer closed", "remote_reset"),
    (r"index-pack|unpack|inflate|bad pack|pack (has|is|signature)", "malformed_repository"),
    (r"expected|protocol error|invalid|not valid", "not_a_repository"),
]
SIGNALS: dict[int, str] = {
    signal.SIGKILL: "resource_limit",
    signal.SIGXCPU: "resource_limit",
    signal.SIGXFSZ: "repository_too_large",
}
_SIGNS = [(regex(pattern, re.IGNORECASE | re.MULTILINE), code) for pattern, code in SIGNS]
_SERVER_SAID = regex(r"^remote: .*$", re.MULTILINE)


def diagnose(done: Finished, *, limit_mib: int) -> SourceError:
    """Name the error behind git's end and its last words. What the server said through git is left out of account."""
    signal_number = -done.returncode if done.returncode < 0 else done.returncode - 128
    if signal_number in SIGNALS:
        return error(SIGNALS[signal_number], limit_mib=limit_mib)
    own_words = _SERVER_SAID.sub("", done.stderr)
    status = re.search(r"returned error: (5\d\d)", own_words)
    if status:
        return error("server_error", status=status[1])
    code = next((code for pattern, code in _SIGNS if pattern.search(own_words)), "fetch_failed")
    return error(code, limit_mib=limit_mib)
