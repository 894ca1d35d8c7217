import pytest

from scanners.git.diagnosis import diagnose
from scanners.git.process import Finished


@pytest.mark.parametrize(
    ("returncode", "stderr", "code"),
    [
        (
            128,
            "fatal: write error: No space left on device\nfatal: invalid index-pack output\n",
            "disk_full",
        ),
        (128, "error: index-pack died of signal 25\n", "repository_too_large"),
        (128, "error: index-pack died of signal 9\n", "resource_limit"),
        (128, "fatal: Out of memory, malloc failed (tried to allocate 4294967297 bytes)\n", "resource_limit"),
        (-24, "", "resource_limit"),
        (137, "", "resource_limit"),
        (153, "", "repository_too_large"),
        (128, "error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\n", "server_error"),
        (128, "fatal: early EOF\n", "remote_reset"),
        (128, "something new\n", "fetch_failed"),
        (1, "", "fetch_failed"),
        (128, "remote: fatal: Out of memory\nfatal: couldn't find remote ref x\n", "branch_not_found"),
        (128, "remote: No space left on device\n", "fetch_failed"),
    ],
)
def test_git_s_last_words_lead_to_a_name(returncode: int, stderr: str, code: str) -> None:
    failure = diagnose(Finished(returncode, b"", stderr), limit_mib=512)
    assert failure.code == code


def test_what_git_printed_is_not_repeated() -> None:
    failure = diagnose(Finished(128, b"", "fatal: canary\n"), limit_mib=512)
    assert "canary" not in f"{failure} {failure.next_step}"
