from pathlib import Path

import pytest

from scanners.git.errors import SourceError
from scanners.git.local import check_local_path, git_dir
from tests.origin import make_repository


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with one repository, next to a repository that is none of its business."""
    make_repository(tmp_path / "root" / "pay.git")
    make_repository(tmp_path / "secret.git")
    return tmp_path / "root"


def test_a_repository_below_a_root_is_allowed(root: Path) -> None:
    assert check_local_path(f"{root}/pay.git/", (root,)) == root / "pay.git"
    assert check_local_path(f"{root}/absent.git", (Path("/nowhere"), root)) == root / "absent.git"


def test_a_link_within_the_root_is_followed(root: Path) -> None:
    (root / "link").symlink_to("pay.git")
    assert check_local_path(f"{root}/link", (root,)) == root / "pay.git"


@pytest.mark.parametrize(
    "path", ["{root}/../secret.git", "{root}-evil", "{root}/%2e%2e/secret.git", "/", "pay.git", ""]
)
def test_a_path_elsewhere_is_refused(root: Path, path: str) -> None:
    with pytest.raises(SourceError, match="local_path_not_allowed"):
        check_local_path(path.format(root=root), (root,))


def test_nothing_is_allowed_without_a_root(root: Path) -> None:
    with pytest.raises(SourceError, match="local_path_not_allowed"):
        check_local_path(f"{root}/pay.git", ())


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("link", "../secret.git"),
        ("loop", "loop"),
        ("tree/.git", "../../secret.git"),
        ("half.git/objects", "../../secret.git/objects"),
        ("half.git/refs", "../../secret.git/refs"),
        ("half.git/HEAD", "../../secret.git/HEAD"),
    ],
)
def test_a_link_that_leaves_the_root_is_refused(root: Path, name: str, target: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).symlink_to(target)
    with pytest.raises(SourceError, match="local_path_not_allowed"):
        check_local_path(str(root / name.split("/")[0]), (root,))


@pytest.mark.parametrize("name", [".git", "commondir", "objects/info/alternates"])
def test_a_file_that_leads_git_elsewhere_is_refused(root: Path, name: str) -> None:
    (root / "pay.git" / name).write_text(f"gitdir: {root}/../secret.git\n")
    with pytest.raises(SourceError, match="local_path_not_allowed"):
        check_local_path(f"{root}/pay.git", (root,))


def test_the_objects_of_a_working_tree_are_in_its_git_directory(root: Path) -> None:
    (root / "tree" / ".git").mkdir(parents=True)
    assert git_dir(root / "tree") == root / "tree" / ".git"
    assert git_dir(root / "pay.git") == root / "pay.git"
