"""What no image needs: a file or a number of pixels that would fill memory."""

from PIL import Image

MAX_MEMBER_BYTES = 256 << 20  # of one stored image
_MANY_BYTES, _MOST_PACKED = 16 << 20, 500  # of one, and how many times its size in an archive


def check_size(size: int, packed: int | None = None) -> None:
    """Refuse what no image needs.

    Args:
        size: Bytes of an image file.
        packed: Bytes that it takes in an archive.

    Raises:
        ValueError: If it has more than 256 MB, or is what fills memory from a few bytes.
    """
    if size > MAX_MEMBER_BYTES:
        raise ValueError(f"{size >> 20} MB, more than the limit of {MAX_MEMBER_BYTES >> 20} MB")
    if packed is not None and size > _MANY_BYTES and size > _MOST_PACKED * packed:
        raise ValueError(f"{size >> 20} MB packed into {packed / 1e6:.1f} MB, as no image is")


def check_pixels(width: int, height: int) -> None:
    """Refuse an image of more pixels than Pillow's limit, before it is decoded.

    Raises:
        ValueError: With its size, and how to reduce it.
    """
    pixels, limit = width * height, Image.MAX_IMAGE_PIXELS
    if limit and pixels > limit:
        size = f"{width}x{height} are {_millions(pixels)} pixels"
        way = f"reduce it, as ImageMagick does by `-resize {_share(limit, pixels)}%`"
        raise ValueError(f"{size}, more than the limit of {_millions(limit)}; {way}")


def _millions(pixels: int) -> str:
    return f"{pixels / 1e6:.0f} million" if pixels >= 10**7 else f"{pixels:,}"


def _share(limit: int, pixels: int) -> int:
    """Percent of the sides that make the pixels fewer than the limit."""
    return max(1, int(100 * (limit / pixels) ** 0.5))
