"""The environment in which git runs: nothing of ours leaks in, nothing of the machine's configuration counts."""

import os
from collections.abc import Mapping
from pathlib import Path

# Given to git through its environment, so they outrank every file; repeated by nothing in an argument list.
FIXED = {
    "advice.detachedHead": "false",
    "core.askPass": "/bin/false",
    "core.bigFileThreshold": "5m",
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.symlinks": "false",
    "credential.helper": "",
    "fetch.fsckObjects": "true",
    # Old and harmless slips, and files left out by the size filter, that must not stop a scan.
    "fetch.fsck.badTimezone": "ignore",
    "fetch.fsck.gitmodulesMissing": "ignore",
    "fetch.fsck.gitmodulesBlob": "ignore",
    "fetch.fsck.missingSpaceBeforeDate": "ignore",
    "fetch.fsck.zeroPaddedFilemode": "ignore",
    "fetch.negotiationAlgorithm": "noop",
    "fetch.unpackLimit": "1",
    "fetch.uriProtocols": "",
    "fetch.writeCommitGraph": "false",
    "gc.auto": "0",
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
    "http.proxyAuthMethod": "basic",
    "maintenance.auto": "false",
    "pack.threads": "2",
    "protocol.version": "2",
    "safe.bareRepository": "explicit",
    "submodule.recurse": "false",
    "transfer.bundleURI": "false",
    "transfer.credentialsInUrl": "die",
}


def clean_environment(
    config: Mapping[str, str] | None = None, *, protocol: str = "none", config_file: Path | None = None
) -> dict[str, str]:
    """Build git's whole environment. `protocol` is the only transport allowed; `config` adds settings, secrets too."""
    settings = FIXED | dict(config or {})
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": "/nonexistent",
        "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_ASKPASS": "/bin/false",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_COUNT": str(len(settings)),
        "GIT_CONFIG_GLOBAL": str(config_file or os.devnull),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "SSH_ASKPASS": "/bin/false",
    }
    for number, (key, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment
