"""Why advisories could not be loaded: each with a code, a sentence and what to do next."""

_TEXTS = {
    "source_missing": (
        "There is no folder, archive or file at {source}.",
        "Give a folder, a zip or tar archive, a JSON or YAML file of OSV records, or the URL of a git mirror.",
    ),
    "source_is_no_git": (
        "{source} is a download, not a git mirror.",
        "Download it first and give the file; only git mirrors are fetched.",
    ),
    "archive_broken": ("{source} cannot be read to its end.", "Download it again; nothing was changed."),
    "source_too_large": (
        "{source} holds more than {files:,} files or {mib:,} MiB.",
        "Give OSV's records for PyPI alone; nothing was changed.",
    ),
    "no_records": (
        "{source} holds no advisory for PyPI that can be read.",
        "Give OSV's records for PyPI; docs/advisories.md says where they are.",
    ),
    "no_days": (
        "No record of {source} says when it was modified, so nobody can tell how old they are.",
        "Give records as OSV publishes them; nothing was changed.",
    ),
    "loaded_meanwhile": (
        "Somebody else loads advisories at this moment, and took too long to wait for.",
        "Try again in a minute; nothing was changed.",
    ),
}


class LoadError(ValueError):
    """Advisories could not be loaded, and nothing was changed. `code` names why, `next_step` says what to do."""

    def __init__(self, code: str, **values: object) -> None:
        message, next_step = _TEXTS[code]
        self.code = code
        self.message = message.format(**values)
        self.next_step = next_step
        super().__init__(f"{self.message} {self.next_step}")
