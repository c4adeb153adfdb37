"""Headers of arrays."""

from io import BytesIO

import numpy as np
import pytest

from sbvae_cli.data.importers.npy import read_array_header


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_header_tells_where_the_data_is(version: tuple[int, int], order: str) -> None:
    array = np.asarray(np.arange(24, dtype=np.int16).reshape(2, 3, 4), order=order)
    stream = BytesIO()
    np.lib.format.write_array(stream, array, version)
    size = stream.tell()
    stream.seek(0)
    header = read_array_header(stream)
    assert (header.shape, header.dtype) == ((2, 3, 4), np.int16)
    assert header.columns_first == (order == "F")
    assert stream.tell() == header.bytes_before
    assert header.stored_bytes == size
    found = np.frombuffer(stream.read(), np.int16).reshape(2, 3, 4, order=order)
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("data", [b"", b"hello world", b"\x93NUMPY\x03\x00"])
def test_other_data_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_array_header(BytesIO(data))


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"(" * 9000, "a damaged header"),
        (b"{'descr': '''abc".ljust(60), "a damaged header"),
        (b"{'descr': '<f8', 'fortran_order': False, 'shape': (-5, 2)}", "a shape of"),
    ],
)
def test_a_hostile_header_is_one_error(header: bytes, found: str) -> None:
    data = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with pytest.raises(ValueError, match=found):
        read_array_header(BytesIO(data))


def test_a_header_of_gigabytes_is_refused_unread() -> None:
    stream = BytesIO(b"\x93NUMPY\x02\x00" + (1 << 31).to_bytes(4, "little") + b" " * 100_000)
    with pytest.raises(ValueError, match=r"a header of 2,147,483,648 bytes"):
        read_array_header(stream)
    assert stream.tell() == 12
