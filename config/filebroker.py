"""The folder of messages that stands in for Redis, with messages that appear whole."""

from pathlib import Path
from time import monotonic
from typing import Any, Final
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps

_dumps: Final[Any] = dumps  # kombu's own, which knows dates; it has no annotations.


class Channel(filesystem.Channel):
    """kombu's own writes messages in place: whoever reads one too early, or after its writer was killed, dies of it."""

    def _put(self, *arguments: Any, **_: Any) -> None:
        """Write the message under another name, then give it its own. Raises ChannelError when the folder is full."""
        queue, payload = arguments
        place = Path(self.data_folder_out, f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg")
        part = place.with_name(f"{place.name}.part")
        try:
            part.write_text(_dumps(payload), encoding="utf-8")
            part.rename(place)
        except OSError as error:
            raise ChannelError(f"The message could not be written to {place.parent}: {error.strerror}.") from error


class Transport(filesystem.Transport):
    """Takes the place of kombu's transport of the same name."""

    Channel = Channel
