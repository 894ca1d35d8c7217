"""Addresses of lines at forges, as their pages have them."""

import pytest

from reviews.codelinks import lines_of
from reviews.models import Repository

COMMIT = "7ac01d9" + "0" * 33


def address(url, provider="", sub_path="", path="pay/main.py", line=9):
    return lines_of(Repository(url=url, provider=provider, sub_path=sub_path), COMMIT)(path, line)


@pytest.mark.parametrize(
    ("url", "provider", "expected"),
    [
        ("https://github.com/a/pay.git", "", f"https://github.com/a/pay/blob/{COMMIT}/pay/main.py#L9"),
        ("https://git.example.org/a/pay", "github", f"https://git.example.org/a/pay/blob/{COMMIT}/pay/main.py#L9"),
        ("https://gitlab.com/a/b/pay.git", "", f"https://gitlab.com/a/b/pay/-/blob/{COMMIT}/pay/main.py#L9"),
        ("https://codeberg.org/a/pay/", "", f"https://codeberg.org/a/pay/src/commit/{COMMIT}/pay/main.py#L9"),
        ("https://bitbucket.org/a/pay.git", "", f"https://bitbucket.org/a/pay/src/{COMMIT}/pay/main.py#lines-9"),
        (
            "https://git.example.org/ctx/scm/PAY/api.git",
            "bitbucket-server",
            f"https://git.example.org/ctx/projects/PAY/repos/api/browse/pay/main.py?at={COMMIT}#9",
        ),
        ("git@github.com:a/pay.git", "", f"https://github.com/a/pay/blob/{COMMIT}/pay/main.py#L9"),
        ("ssh://git@gitlab.com:22/a/pay.git", "", f"https://gitlab.com/a/pay/-/blob/{COMMIT}/pay/main.py#L9"),
    ],
)
def test_each_forge_has_its_own_shape(url, provider, expected):
    assert address(url, provider) == expected


def test_azure_names_path_commit_and_line_in_the_query():
    found = address("https://dev.azure.com/a/b/_git/pay")
    assert found.startswith(f"https://dev.azure.com/a/b/_git/pay?path=/pay/main.py&version=GC{COMMIT}&line=9&")


@pytest.mark.parametrize(
    "url", ["/srv/git/pay.git", "file:///srv/pay", "https://git.example.org/a/pay", "", "git://github.com/a/pay"]
)
def test_an_unknown_forge_has_no_address(url):
    assert address(url) == ""


@pytest.mark.parametrize("url", ["https://git.example.org/pay.git", "https://git.example.org/scm/pay"])
def test_a_data_center_url_without_project_has_none(url):
    assert address(url, "bitbucket-server") == ""


def test_a_credential_in_the_url_is_not_shown():
    assert "secret" not in address("https://ann:secret@github.com/a/pay.git")


def test_paths_are_below_the_sub_path_and_encoded():
    found = address("https://github.com/a/pay", sub_path="/services/pay/", path="a b/#1?.py", line=0)
    assert found == f"https://github.com/a/pay/blob/{COMMIT}/services/pay/a%20b/%231%3F.py#L1"


def test_without_a_commit_there_is_no_address():
    assert lines_of(Repository(url="https://github.com/a/pay"), "")("a.py", 1) == ""
