"""Refuse image files and numbers of pixels that could fill memory."""

from PIL import Image

MAX_MEMBER_BYTES = 256 << 20  # largest size of an image file
_MANY_BYTES, _MAX_PACKED = 16 << 20, 500  # above this size, the largest compression ratio


def check_size(size: int, packed: int | None = None) -> None:
    """Check the size of an image file.

    Args:
        size: Size in bytes.
        packed: Compressed size in an archive, in bytes; None if it is not compressed.

    Raises:
        ValueError: If the file is larger than 256 MB, or the compression ratio is that of a
            decompression bomb.
    """
    if size > MAX_MEMBER_BYTES:
        raise ValueError(f"{size >> 20} MB, more than the limit of {MAX_MEMBER_BYTES >> 20} MB")
    if packed is not None and size > _MANY_BYTES and size > _MAX_PACKED * packed:
        raise ValueError(
            f"{size >> 20} MB packed into {packed / 1e6:.1f} MB, more tightly than an image"
        )


def check_pixels(width: int, height: int) -> None:
    """Check the size of an image before it is decoded.

    Raises:
        ValueError: If it has more pixels than Pillow's limit.
    """
    pixels, limit = width * height, Image.MAX_IMAGE_PIXELS
    if limit and pixels > limit:
        size = f"{width}x{height} are {_millions(pixels)} pixels"
        way = f"reduce it, as ImageMagick does by `-resize {_share(limit, pixels)}%`"
        raise ValueError(f"{size}, more than the limit of {_millions(limit)}; {way}")


def _millions(pixels: int) -> str:
    return f"{pixels / 1e6:.0f} million" if pixels >= 10**7 else f"{pixels:,}"


def _share(limit: int, pixels: int) -> int:
    """Return the percentage to which to scale both sides to stay below the limit."""
    return max(1, int(100 * (limit / pixels) ** 0.5))
