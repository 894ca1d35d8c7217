"""The folder of messages: they appear whole, and what a killed writer leaves behind harms nobody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection
from kombu.simple import SimpleQueue

import config.celery  # noqa: F401 - puts the transport in its place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the messages are."""
    (tmp_path / "control").mkdir()
    (tmp_path / "queue").mkdir()
    return tmp_path / "queue"


@pytest.fixture
def queue(folder: Path) -> Iterator[SimpleQueue]:
    """A queue in the folder."""
    places = {"data_folder_in": str(folder), "data_folder_out": str(folder)}
    options = places | {"control_folder": str(folder.with_name("control"))}
    with Connection("filesystem://", transport_options=options) as connection:
        yield connection.SimpleQueue(folder.parent.name)  # kombu remembers the queues of a process by their names.


def test_a_message_arrives_and_leaves_nothing(queue: SimpleQueue, folder: Path) -> None:
    queue.put({"scan": 1})
    assert [path.suffix for path in folder.iterdir()] == [".msg"]
    message = queue.get(timeout=5)
    message.ack()
    assert message.payload == {"scan": 1}
    assert list(folder.iterdir()) == []


def test_half_a_message_of_a_killed_writer_is_not_read(queue: SimpleQueue, folder: Path) -> None:
    (folder / f"1_dead.{folder.parent.name}.msg.part").write_text('{"bo', encoding="utf-8")
    queue.put({"scan": 2})
    assert queue.get(timeout=5).payload == {"scan": 2}
