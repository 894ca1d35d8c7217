"""What people enter about the forge of a repository: whose it is, what it reports, and what it is told."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from reviews import hooks, telling
from reviews.forges import clients
from reviews.forms import PLAIN, Styled
from reviews.models import Forge, Hook, Repository, User

_PATTERN = re.compile(r"[\w./*?+@#=-]*")
_PROVIDERS = [("", "Choose the forge"), *Repository.Provider.choices]


class HookForm(Styled, forms.Form):
    """Whose forge it is, and which of its tags are releases."""

    provider = forms.ChoiceField(
        label="Forge",
        choices=_PROVIDERS,
        help_text="Where the repository is hosted. It decides how reports are signed and how the forge is told.",
        error_messages={"required": "Nothing was chosen. Choose the forge that hosts the repository."},
    )
    release_tags = forms.CharField(
        required=False,
        max_length=100,
        label="Release tags",
        help_text="A tag that fits opens a review by itself: v* or release-*. Empty: none does.",
        widget=forms.TextInput(attrs=PLAIN),
    )

    def __init__(self, *args: Any, repository: Repository, **kwargs: Any) -> None:
        guessed = repository.provider or hooks.guess(repository.url)
        initial = {"provider": guessed, "release_tags": repository.release_tags}
        super().__init__(*args, initial=initial, **kwargs)
        self.repository = repository

    def clean_release_tags(self) -> str:
        """A pattern that a tag can fit."""
        text = self.cleaned_data["release_tags"].strip()
        if not _PATTERN.fullmatch(text):
            raise ValidationError("No tag is named so. Use letters, digits and . / - _ with * for any text.")
        return text

    def change(self, by: User) -> bool:
        """Store both. Returns whether something of it is new."""
        data = self.cleaned_data
        return hooks.change(self.repository, data["provider"], data["release_tags"], by=by)

    def make(self, by: User) -> tuple[Hook, str]:
        """Store both and make the hook. Returns it with its secret. Raises HookChangedError."""
        with transaction.atomic():
            self.change(by)
            return hooks.make(self.repository, self.cleaned_data["provider"], by=by)


class RotateForm(forms.Form):
    """Which secrets the person saw when the new one was asked for."""

    expected = forms.RegexField(r"[0-9a-f]{16}", strip=False)

    def rotate(self, hook: Hook, by: User) -> str:
        """The new secret. Raises HookChangedError, also when it is not said what was seen."""
        seen = self.cleaned_data["expected"] if self.is_valid() else "nothing"
        return hooks.rotate(hook, by=by, expected=seen)


class ForgeForm(Styled, forms.Form):
    """What the forge is told, with ways to replace and to forget the token."""

    posts_statuses = forms.BooleanField(required=False, label="Commit statuses: the gate's answer beside each commit")
    posts_comments = forms.BooleanField(required=False, label="Comments: one on each pull request, kept up to date")
    api_url = forms.CharField(
        required=False, max_length=1000, label="Address of the API", widget=forms.TextInput(attrs=PLAIN)
    )
    token = forms.CharField(
        required=False,
        max_length=500,
        label="Access token",
        widget=forms.PasswordInput(attrs={**PLAIN, "autocomplete": "new-password"}),
    )
    forget = forms.BooleanField(required=False, label="Forget the stored token")

    def __init__(self, *args: Any, forge: Forge, **kwargs: Any) -> None:
        names = ("api_url", "posts_statuses", "posts_comments")
        super().__init__(*args, initial={name: getattr(forge, name) for name in names}, **kwargs)
        self.forge = forge
        self.fields["token"].help_text = (
            "One is stored. Enter another to replace it. A new address of the API ends it."
            if forge.token
            else "Encrypted, and never shown again. Empty: the token that the repository is fetched with."
        )
        derived = clients.derived(forge.repository)
        self.fields["api_url"].help_text = (
            f"Empty: {derived}, which follows from the repository's URL."
            if derived
            else "It does not follow from the repository's URL. Enter it, such as https://git.example.org/api/v4."
        )
        if not forge.token:
            del self.fields["forget"]

    def change(self, by: User) -> Forge | None:
        """What is stored now; None when a field is at fault, which then says why."""
        try:
            return telling.save(self.forge.repository, telling.Wish(**self.cleaned_data), by=by)
        except ValidationError as error:
            self.add_error(None, error)
            return None
