"""What is wrong with a request from a forge, in words for the people who set the hook up."""


class HookError(Exception):
    """One thing that is wrong. Neither text holds anything of the request or of a secret."""

    def __init__(self, code: str, message: str, next_step: str) -> None:
        super().__init__(code, message, next_step)
        self.code = code
        self.message = message
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class RefusedError(HookError):
    """A request that is not believed."""


class BadBodyError(HookError):
    """A body that cannot be used."""
