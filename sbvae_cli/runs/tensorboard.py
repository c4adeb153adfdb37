"""Write TensorBoard event files of a run: the numbers of its log, and its previews.

TensorBoard is an extra, and this is the only file that imports it.
"""

import io
import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from typing import Any

from PIL import Image

from sbvae_cli.errors import SbvaeError
from sbvae_cli.files import write_bytes
from sbvae_cli.runs.folder import EVENT_FILES, RunFolder
from sbvae_cli.system_errors import unwritten

_VERSION = "brain.Event:2"  # version of the format, which the first record of a file states
_HEAD, _TAIL = 12, 4  # bytes before a record (length, checksum) and after it (checksum)


def require_tensorboard() -> None:
    """Import the modules that write event files.

    Raises:
        SbvaeError: If TensorBoard is not installed; the message has the command that installs it.
    """
    try:
        import tensorboard.compat.proto.event_pb2
        import tensorboard.summary.writer.record_writer  # noqa: F401
    except ImportError as error:
        raise SbvaeError(
            'needs TensorBoard: python -m pip install "tensorboard>=2.17"', field="tensorboard"
        ) from error


class EventWriter:
    """Event file of a run, written record by record, so that a killed process loses none.

    When a run is resumed, records after the resumed step are dropped from earlier files.

    Args:
        folder: Folder of the run.
        start: Number of updates made before.
    """

    def __init__(self, folder: RunFolder, start: int) -> None:
        require_tensorboard()
        for path in folder.event_files():
            _cut(path.read_bytes(), start, path)
        name = f"{int(time.time()):010}.{socket.gethostname()}.{os.getpid()}"
        self._path = folder.path / EVENT_FILES.replace("*", name)
        self._write(file_version=_VERSION)
        if start:  # tells a running TensorBoard that later records were dropped
            self._write(step=start + 1, session_log={"status": 1})

    def scalars(self, step: int, values: Mapping[str, Any]) -> None:
        """Write numbers by name, and skip values that are not numbers."""
        shown = [
            {"tag": name, "simple_value": value}
            for name, value in values.items()
            if isinstance(value, int | float)
        ]
        self._write(step=step, summary={"value": shown})

    def picture(self, step: int, name: str, content: bytes) -> None:
        """Write a picture or animation from the bytes of its file."""
        with Image.open(io.BytesIO(content)) as image:
            width, height = image.size
        image_of = {"width": width, "height": height, "colorspace": 3}
        value = {"tag": name, "image": {**image_of, "encoded_image_string": content}}
        self._write(step=step, summary={"value": [value]})

    def _write(self, **event: Any) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        try:
            with self._path.open("ab") as file:
                RecordWriter(file).write(Event(wall_time=time.time(), **event).SerializeToString())
        except OSError as error:
            raise unwritten(self._path, error) from error


def _cut(content: bytes, step: int, path: Any) -> None:
    """Drop records after a step, and a half-written last one."""
    kept = b"".join(record for record, at in _records(content) if at <= step)
    if kept != content:
        write_bytes(path, kept)


def _records(content: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield each whole record of an event file, with its step."""
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    begin = 0
    while begin + _HEAD <= len(content):
        (length,) = struct.unpack_from("<Q", content, begin)
        end = begin + _HEAD + length + _TAIL
        if end > len(content):
            return
        try:
            event = Event.FromString(content[begin + _HEAD : end - _TAIL])
        except DecodeError:
            return
        yield content[begin:end], event.step
        begin = end
