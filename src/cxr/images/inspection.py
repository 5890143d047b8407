"""What reading an image strictly tells, and how far reading goes."""

from dataclasses import dataclass

from cxr.images.formats import Format


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may ask of the machine.

    Together they keep one inspection under 500 MB, whatever the file says about itself.

    Attributes:
        file_bytes: Files larger than this are hashed, not inspected.
        pixels: Images of more are refused by their header, before anything is inflated.
        side: The same for width and height: one row must fit, too. It is the most that JPEG can say.
        decoded_bytes: What a decoder may have to hold at once.
        text_bytes: What one compressed text chunk of a PNG may inflate to; Pillow refuses more, too.
        profile_bytes: The same for a colour profile.
        chunks: Chunks in a PNG.
        scans: Scans in a progressive JPEG: each goes over the whole image again.
    """

    file_bytes: int = 128 << 20
    pixels: int = 400_000_000
    side: int = 65_535
    decoded_bytes: int = 200 << 20
    text_bytes: int = 1 << 20
    profile_bytes: int = 16 << 20
    chunks: int = 250_000
    scans: int = 100


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an image cannot be used.

    Attributes:
        code: ``does_not_decode``, ``truncated``, ``decompression_bomb``, ``empty``, ``not_an_image`` or
            ``too_large``.
        message: One sentence with what was found and where.
    """

    code: str
    message: str


class FaultError(Exception):
    """Carries a fault out of the reading of one format; `inspect` turns it into `Inspection.fault`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(code, message)


@dataclass(slots=True)
class Inspection:
    """One image file, read strictly to its end. What could not be known before a fault stays ``None``.

    Attributes:
        size: Of the file, in bytes.
        format: By its first bytes; ``None`` where they are of no image format.
        width: In pixels, as stored (an EXIF orientation is not applied).
        height: In pixels.
        bit_depth: Bits a sample, as stored.
        channels: Samples a pixel after a palette is resolved: 1, 2 (grey and alpha), 3, 4.
        colour: ``grey``, ``rgb``, ``palette`` or ``cmyk``; alpha apart.
        channels_equal: Whether red, green and blue are the same in every pixel; ``None`` where the image is
            not RGB, or was not asked.
        has_alpha: Whether it has an alpha channel or transparent values.
        alpha_opaque: Whether its alpha channel is opaque in every pixel; ``None`` without one, or not asked.
        colour_profile: What says how to show its values: ``iCCP``, ``sRGB``, ``gAMA``, ``cHRM``, ``ICC``.
        orientation: EXIF's, or XMP's where EXIF has none, 1 to 8; 1 is upright.
        several_images: Whether the file holds more images than the first, which is the one that is read.
        trailing_bytes: Bytes after the image's end that belong to nothing.
        fault: Why it cannot be used, ``None`` for a sound image.
    """

    size: int
    format: Format | None = None
    width: int | None = None
    height: int | None = None
    bit_depth: int | None = None
    channels: int | None = None
    colour: str = ""
    channels_equal: bool | None = None
    has_alpha: bool = False
    alpha_opaque: bool | None = None
    colour_profile: tuple[str, ...] = ()
    orientation: int = 1
    several_images: bool = False
    trailing_bytes: int = 0
    fault: Fault | None = None


def require_pixels(width: int, height: int, limits: Limits) -> None:
    """Refuse by its header an image without pixels, or with more than anyone takes.

    Raises:
        FaultError: ``does_not_decode`` or ``decompression_bomb``.
    """
    if width < 1 or height < 1:
        raise FaultError("does_not_decode", f"the header says {width} x {height} pixels")
    if width * height > limits.pixels or max(width, height) > limits.side:
        raise FaultError(
            "decompression_bomb",
            f"the header says {width} x {height} pixels; at most {limits.pixels:,} are read, "
            f"{limits.side:,} on a side",
        )
