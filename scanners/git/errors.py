"""Every error of fetching and reading a repository: its code, its sentence, what to do next, and who must do it."""

from dataclasses import dataclass
from enum import StrEnum


class Who(StrEnum):
    """Who has to act before a second attempt makes sense."""

    USER = "user"
    OPERATOR = "operator"
    US = "us"


@dataclass(frozen=True)
class Text:
    """One error's words. `retry` says that the same attempt may succeed later without anybody doing anything."""

    message: str
    next_step: str
    retry: bool = False


USER = {
    "url_malformed": Text("This is not the URL of a repository.", "Enter it as https://host/path."),
    "url_too_long": Text("The URL is longer than {limit} characters.", "Enter the address that git clones from."),
    "url_has_control_characters": Text(
        "The URL contains spaces, control or invisible characters.", "Type the URL again instead of pasting it."
    ),
    "url_scheme_not_allowed": Text(
        "Only {allowed} URLs can be fetched.", "Use the address that the forge shows for cloning over HTTPS."
    ),
    "url_has_credentials": Text(
        "The URL contains a user name or a password.", "Remove them and enter an access token in its own field."
    ),
    "url_host_malformed": Text(
        "The host of the URL is not a valid name or address.", "Write the host as its full domain name."
    ),
    "url_port_not_allowed": Text(
        "Port {port} is not one that git is served on.", "Use the standard port or one above 1023."
    ),
    "url_path_not_allowed": Text(
        "The path of the URL is not that of a repository.", "Remove queries, fragments, '..' and unusual characters."
    ),
    "address_not_public": Text(
        "{host} is not on the public internet.", "Ask the operator to allow this host if it is your own forge."
    ),
    "host_not_found": Text("No address is known for {host}.", "Check the spelling of the host."),
    "local_path_not_allowed": Text(
        "Repositories on this machine can be read only below the directories set by the operator.",
        "Use an HTTPS URL, or ask the operator to allow the directory.",
    ),
    "branch_malformed": Text("This is not a valid branch name.", "Enter the name as git shows it, such as main."),
    "commit_malformed": Text("This is not a full commit id.", "Enter all 40 hexadecimal digits in lower case."),
    "sub_path_malformed": Text(
        "This is not a valid sub-path.",
        "Enter a directory of the repository with forward slashes, such as services/pay.",
    ),
    "credential_malformed": Text(
        "The access token contains characters that no token has.", "Paste the token alone, or user:token."
    ),
    "credential_needed": Text("The server asks for an access token.", "Add a token that may read this repository."),
    "credential_refused": Text(
        "The server does not accept the access token.", "Make a new token that may read this repository."
    ),
    "access_denied": Text(
        "The server does not allow access to this repository.", "Check what the access token may read."
    ),
    "repository_not_found": Text(
        "The server has no such repository, or shows it only with an access token.", "Check the path, or add a token."
    ),
    "not_a_repository": Text(
        "The server answers with something else than a git repository.", "Enter the address that git clones from."
    ),
    "server_redirects": Text("The server redirects to another address.", "Register the address it redirects to."),
    "server_points_elsewhere": Text(
        "The server tried to send the fetch to another host.", "Have the server checked; nothing else was contacted."
    ),
    "server_refused": Text("The server refuses the request with status {status}.", "Check the address and the token."),
    "server_floods": Text("The server sends endless messages.", "Have the server checked."),
    "tls_error": Text(
        "The server's certificate cannot be verified.", "Renew it, or ask the operator to add its authority."
    ),
    "branch_not_found": Text("The repository has no such branch.", "Choose a branch that exists."),
    "empty_repository": Text("The repository has no commits on its default branch.", "Push a first commit."),
    "commit_gone": Text("The server no longer has this commit.", "Scan the head of the branch; history was rewritten."),
    "not_a_commit": Text("The name leads to something other than a commit.", "Choose a branch or a commit."),
    "object_format_not_supported": Text(
        "The repository uses SHA-256 object names.", "Use a repository with SHA-1 names; others cannot be read yet."
    ),
    "malformed_repository": Text(
        "The repository contains objects that git considers harmful or broken.", "Run git fsck on it and repair it."
    ),
    "repository_too_large": Text(
        "The repository is larger than {limit_mib} MiB.", "Remove large files, or ask the operator for a higher limit."
    ),
    "resource_limit": Text(
        "Reading the repository takes more memory or time than allowed.", "Look for extremely large or nested objects."
    ),
    "too_many_files": Text(
        "The commit has more than {limit} files.", "Register sub-paths, or ask the operator for a higher limit."
    ),
    "listing_too_slow": Text(
        "Listing the commit's files takes longer than {seconds} seconds.", "Look for extremely nested directories."
    ),
    "sub_path_not_found": Text("The commit has no such sub-path.", "Correct the sub-path or the branch."),
    "sub_path_not_a_directory": Text("The sub-path is not a directory.", "Enter the directory that contains it."),
}

OPERATOR = {
    "dns_failed": Text("The name server does not answer.", "Check the name server if it stays so.", retry=True),
    "host_unreachable": Text(
        "{host} does not accept a connection.", "Check the server and the firewall if it stays so.", retry=True
    ),
    "remote_timeout": Text("The server is silent or too slow.", "Check the server if it stays so.", retry=True),
    "remote_reset": Text("The server broke off the answer.", "Check the server if it stays so.", retry=True),
    "rate_limited": Text("The server asks to slow down.", "Add an access token, or scan less often.", retry=True),
    "server_error": Text("The server fails with status {status}.", "Check the server if it stays so.", retry=True),
    "disk_full": Text("The scratch directory has no space left.", "Free space on its disk.", retry=True),
    "git_not_usable": Text("No git of version {floor} or newer was found.", "Install a current git."),
}

US = {
    "fetch_failed": Text("Git ended with an error that has no name yet.", "Report it with the log of this scan."),
    "store_unreadable": Text(
        "The fetched copy of the repository cannot be read.",
        "Start the scan again; report it if it repeats.",
        retry=True,
    ),
}

WHO = {Who.USER: USER, Who.OPERATOR: OPERATOR, Who.US: US}


class SourceError(Exception):
    """A repository could not be used. `code` is stable; `retry_after` is in seconds, None when the server names none.

    Neither the message nor the next step holds anything that a server, a repository or a credential contains.
    """

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(code, message, next_step)
        self.code = code
        self.message = message
        self.next_step = next_step
        self.who = Who.US
        self.retry = False
        self.retry_after: int | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def error(code: str, *, retry_after: int | None = None, **details: object) -> SourceError:
    """Build the error named by a code. Details fill the places in its message; an unknown code is a KeyError."""
    who = next(who for who, texts in WHO.items() if code in texts)
    text = WHO[who][code]
    made = SourceError(code, text.message.format(**details), text.next_step)
    made.who, made.retry, made.retry_after = who, text.retry, retry_after
    return made
