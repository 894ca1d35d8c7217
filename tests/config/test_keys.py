import stat

from config.keys import stored_key


def test_the_first_key_stays(tmp_path):
    assert stored_key(tmp_path / "a.key", "first") == "first"
    assert stored_key(tmp_path / "a.key", "second") == "first"


def test_nobody_else_may_read_it_and_no_draft_is_left(tmp_path):
    stored_key(tmp_path / "a.key", "first")
    assert [path.name for path in tmp_path.iterdir()] == ["a.key"]
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
