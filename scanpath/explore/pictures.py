"""Pictures as the page takes them: as they are, or as a copy that is named and can be saved."""

import base64
import io
import math
from dataclasses import dataclass, field
from pathlib import PurePath

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from scanpath._core.checks import check_count, check_positive
from scanpath._core.errors import InputError
from scanpath.gaze.pictures import image_from_bytes

#: What is taken from a page at most.
MAX_BYTES = 64 * 2**20
MAX_PIXELS = 100_000_000
#: Larger pictures are worked on as a copy of the second side, unless their own size is asked for.
LARGE_SIDE_PX, COPY_SIDE_PX = 1600, 1280
#: The browser is shown no more than this side.
PREVIEW_SIDE_PX = 2048
_HINTS = {
    ".heic": "export it as JPEG or PNG",
    ".heif": "export it as JPEG or PNG",
    ".svg": "export it as PNG",
    ".pdf": "export the page as PNG",
    ".psd": "export it as PNG",
    ".ai": "export it as PNG",
    ".fig": "export the frame as PNG",
    ".dng": "develop it and export it as JPEG or PNG",
}


@dataclass(frozen=True)
class Picture:
    """A picture file in memory.

    Attributes
    ----------
    name
        Of the file that commands name.
    content
        Of that file.
    image
        (C, H, W) in [0, 1], as read from it.
    given
        Name of what was given, and its (width, height) in px.
    changes
        What was changed to make the file of it, in sentences; nothing if it is the file that was given.
    """

    name: str
    content: bytes
    image: Tensor
    given: tuple[str, int, int]
    changes: list[str] = field(default_factory=list)

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height)."""
        return int(self.image.shape[2]), int(self.image.shape[1])

    @property
    def scale(self) -> float:
        """Width over the width of what was given."""
        return self.size_px[0] / self.given[1]

    def facts(self) -> dict[str, object]:
        """Return what the page shows of it, as JSON holds it."""
        width, height = self.size_px
        preview, side = data_url(self.image, PREVIEW_SIDE_PX)
        return {
            "name": self.name,
            "width": width,
            "height": height,
            "given": {"name": self.given[0], "width": self.given[1], "height": self.given[2]},
            "changes": self.changes,
            "preview": preview,
            "preview_width": side[0],
            "preview_height": side[1],
        }


def open_picture(name: str, content: bytes, *, max_side_px: int | None = None, share: float | None = None) -> Picture:
    """Read a picture file's content.

    What cannot be worked on as it is becomes a copy with another name, and is told: a picture with transparent pixels
    is put on white, of an animation the first frame is taken, and a picture above `LARGE_SIDE_PX` is shrunk to
    `COPY_SIDE_PX`.

    Parameters
    ----------
    name
        Of the file.
    content
        Of the file.
    max_side_px
        Shrink to this side, or 0 for the picture's own size; by default large pictures are shrunk.
    share
        Shrink to this share of its sides instead, as a picture was that this one is cut from.

    Raises
    ------
    InputError
        If it is no picture, damaged or too large.

    Examples
    --------
    >>> sink = io.BytesIO()
    >>> Image.new("L", (3200, 400)).save(sink, "PNG")
    >>> picture = open_picture("wide.png", sink.getvalue())
    >>> picture.name, picture.size_px
    ('wide-1280x160.png', (1280, 160))
    """
    name = PurePath(name.replace("\\", "/")).name or "picture"
    if len(content) > MAX_BYTES:
        raise InputError(f"{name} has {len(content) / 2**20:.0f} MB, and at most {MAX_BYTES >> 20} MB are taken.")
    image, stem, changes = _decoded(name, content)
    height, width = image.shape[1:]
    given = (name, int(width), int(height))
    side = _side(max(width, height), max_side_px, share)
    if side is not None:
        image = shrunk(image, side)
        stem = f"{stem}-{image.shape[2]}x{image.shape[1]}"
        changes.append(f"shrunk from {width} x {height} to {image.shape[2]} x {image.shape[1]} px")
    if not changes:
        return Picture(name, content, image, given)
    copy = png(image)
    return Picture(f"{stem}.png", copy, image_from_bytes(copy, name), given, changes)


def _side(largest: int, wanted: int | None, share: float | None) -> int | None:
    """Return the side to shrink to, or None to leave the size as it is."""
    if share is not None:
        side = max(1, round(largest * check_positive("The share to shrink to", share)))
        return side if side < largest else None
    if wanted is None:
        return COPY_SIDE_PX if largest > LARGE_SIDE_PX else None
    if wanted == 0:
        return None
    check_count("The side to shrink to, in px,", wanted, least=16)
    return wanted if wanted < largest else None


def _decoded(name: str, content: bytes) -> tuple[Tensor, str, list[str]]:
    """Read a picture, on white if it is transparent and the first frame if it moves; say which."""
    stem, changes = PurePath(name).stem, []
    with_animation = _frames(content) > 1
    frame = 0 if with_animation else None
    if with_animation:
        stem, changes = f"{stem}-frame-0", ["the first frame of an animation"]
    try:
        return image_from_bytes(content, name, frame=frame, max_pixels=MAX_PIXELS), stem, changes
    except InputError as error:
        if "raise max_pixels" in str(error):
            limit = f"the limit of {MAX_PIXELS // 10**6} megapixels"
            raise InputError(f"{str(error).partition(', above')[0]}, above {limit}: give a smaller copy.") from None
        if "transparent pixels" in str(error):
            image = image_from_bytes(content, name, frame=frame, background=1.0, max_pixels=MAX_PIXELS)
            return image, f"{stem}-on-white", [*changes, "transparent pixels put on white"]
        hint = _HINTS.get(PurePath(name).suffix.lower())
        raise InputError(f"{str(error).rstrip('.')}; {hint}." if hint else str(error)) from None


def _frames(content: bytes) -> int:
    """Count the frames of an animation; 1 for what is none, or cannot be read."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return 1 if picture.format == "MPO" else int(getattr(picture, "n_frames", 1))
    except Exception:  # what is wrong with it is said when it is read
        return 1


def working_copy(image: Tensor, max_side_px: int) -> Tensor:
    """Shrink a picture as the page does, to 8 bits.

    Parameters
    ----------
    image
        (C, H, W) in [0, 1].
    max_side_px
        Its longer side in px afterwards.

    Examples
    --------
    >>> working_copy(torch.zeros(3, 300, 400), 100).shape
    torch.Size([3, 75, 100])
    """
    return image_from_bytes(png(shrunk(image, max_side_px)), "copy.png")


def shrunk(image: Tensor, max_side_px: int) -> Tensor:
    """Return (C, H, W) with its longer side at most so long, by Lanczos' filter on 8 bits."""
    height, width = image.shape[1:]
    share = max_side_px / max(width, height)
    if share >= 1:
        return image
    size = max(1, round(width * share)), max(1, round(height * share))
    pixels = np.asarray(_pillow(image).resize(size, Image.Resampling.LANCZOS))
    planes = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return torch.from_numpy(np.ascontiguousarray(planes, dtype=np.float32) / np.float32(255))


def png(image: Tensor) -> bytes:
    """Return the content of a PNG file with (C, H, W) in [0, 1] at 8 bits."""
    return _encoded(_pillow(image), "PNG", compress_level=3)


def data_url(image: Tensor, max_side_px: int) -> tuple[str, tuple[int, int]]:
    """Return a picture for the browser as a data URL, exact where it is small, and its (width, height)."""
    small = shrunk(image, max_side_px)
    picture = _pillow(small)
    if math.prod(picture.size) <= 2**20:
        return _url("image/png", _encoded(picture, "PNG", compress_level=3)), picture.size
    return _url("image/jpeg", _encoded(picture, "JPEG", quality=92)), picture.size


def map_url(shares: np.ndarray) -> str:
    """Return a gray picture of (H, W) shares from 0 to 1 as a data URL."""
    levels = np.clip(np.rint(255 * shares), 0, 255).astype(np.uint8)
    return _url("image/png", _encoded(Image.fromarray(levels), "PNG"))


def _pillow(image: Tensor) -> Image.Image:
    levels = image.detach().clamp(0, 1).mul(255).round().byte()
    return Image.fromarray(levels[0].numpy() if len(levels) == 1 else levels.permute(1, 2, 0).contiguous().numpy())


def _encoded(picture: Image.Image, kind: str, **settings: int) -> bytes:
    sink = io.BytesIO()
    picture.save(sink, kind, **settings)
    return sink.getvalue()


def _url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
