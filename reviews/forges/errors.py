"""Every error of telling a forge something: its code, its sentence, and what to do next."""

from typing import NamedTuple

from scanners.git.errors import SourceError


class _Text(NamedTuple):
    message: str
    next_step: str
    retry: bool = False
    stop: bool = False


TEXTS = {
    "forge_not_told": _Text(
        "The repository's forge is not to be told anything.", "Choose it on the repository's page Webhook."
    ),
    "forge_place_unknown": _Text(
        "The URL of the repository is not one of this kind of forge.",
        "Correct the URL, or choose another forge on the repository's page Webhook.",
    ),
    "forge_token_missing": _Text(
        "There is no access token for the forge's API.", "Enter one on the repository's page Webhook."
    ),
    "forge_token_malformed": _Text(
        "The access token for the forge's API contains characters that no token has.",
        "Paste the token alone, or user:token.",
    ),
    "forge_refused_token": _Text(
        "The forge does not accept the access token.", "Make a new token and enter it on the repository's page Webhook."
    ),
    "forge_forbidden": _Text(
        "The forge does not allow this to the access token.", "Give the token the rights that the setup page lists."
    ),
    "forge_not_found": _Text(
        "The forge knows no such repository, commit or pull request, or hides it from the access token.",
        "Check the URL, the API's address and what the token may reach.",
    ),
    "forge_refused_content": _Text(
        "The forge refuses what it is told.", "Check the API's address; report it if it repeats."
    ),
    "forge_conflict": _Text(
        "Somebody else changed the comment at the same time.", "It is tried again by itself.", retry=True
    ),
    "forge_redirects": _Text(
        "The forge redirects to another address, as after a rename.", "Correct the URL or the API's address."
    ),
    "forge_not_an_api": _Text(
        "The address answers with something else than a forge's API.", "Correct the API's address."
    ),
    "forge_answer_too_large": _Text("The forge's answer is too large to read.", "Have the server checked."),
    "forge_tls": _Text(
        "The certificate of the forge's API cannot be verified.",
        "Renew it, or ask the operator to add its authority.",
        stop=True,
    ),
    "forge_rate_limited": _Text(
        "The forge asks to slow down.", "It is tried again when the forge allows it.", retry=True, stop=True
    ),
    "forge_failing": _Text(
        "The forge fails with status {status}.", "Check the forge if it stays so.", retry=True, stop=True
    ),
    "forge_silent": _Text("The forge is silent or too slow.", "Check the forge if it stays so.", retry=True, stop=True),
    "forge_unreachable": _Text(
        "The forge does not accept a connection.", "Check the forge and the firewall.", retry=True, stop=True
    ),
    "forge_broke_off": _Text(
        "The forge broke off its answer.", "Check the forge if it stays so.", retry=True, stop=True
    ),
}


class ForgeError(Exception):
    """A forge was not told, or did not answer as documented. `code` is stable.

    `retry`: the same may succeed later; `retry_after` is in seconds, None when the forge names none. `stop`: nothing
    else that this forge is to be told would succeed now. `said` is the forge's own short message on one line.
    """

    def __init__(self, code: str, message: str, next_step: str, said: str = "") -> None:
        super().__init__(code, message, next_step, said)
        self.code = code
        self.message = message
        self.next_step = next_step
        self.said = said
        self.retry = False
        self.stop = False
        self.retry_after: int | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.shown}"

    @property
    def shown(self) -> str:
        """What happened, what the forge says of it, and what to do next."""
        said = f"It says: {self.said}" if self.said else ""
        return " ".join(part for part in (self.message, said, self.next_step) if part)


def error(code: str, *, said: str = "", retry_after: int | None = None, **details: object) -> ForgeError:
    """Build the error named by a code. Details fill the places in its message; an unknown code is a KeyError."""
    text = TEXTS[code]
    made = ForgeError(code, text.message.format(**details), text.next_step, said)
    made.retry, made.stop, made.retry_after = text.retry, text.stop, retry_after
    return made


def of_source(problem: SourceError) -> ForgeError:
    """What is wrong with the API's address, in the words that the repository's own URL gets."""
    made = ForgeError(problem.code, problem.message, problem.next_step)
    made.retry = made.stop = problem.retry
    return made
