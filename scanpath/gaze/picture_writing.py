"""Writing picture files: gray stays gray, 16-bit gray stays 16 bit, and a color profile goes along."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath._core.optional import require
from scanpath.gaze.pictures import open_header

#: Files that can hold what is computed; those of the first line also hold 16-bit gray.
DEEP_SUFFIXES = (".png", ".tif", ".tiff")
WRITTEN_SUFFIXES = (*DEEP_SUFFIXES, ".jpg", ".jpeg", ".bmp", ".webp")
FILM_SUFFIXES = (".gif", ".mp4")
#: Pictures of a film per second; a GIF has its own time for each picture instead, in steps of 10 ms.
FILM_RATE = 30
#: Exif tag of the camera's orientation.
_ORIENTATION = 0x0112
#: Color spaces that an ICC profile states, by the channels of the pictures it can stay with.
_PROFILE_SPACES = {1: b"GRAY", 3: b"RGB "}


@dataclass(frozen=True)
class PictureKind:
    """What a picture file says of its pixels, read from its header.

    Attributes
    ----------
    mode
        Pillow's name of the stored pixels, such as "RGB", "L" (gray), "I;16" (16-bit gray) or "RGBA".
    bits
        Per channel, as `scanpath.read_image` reads them: 8, or 16 for gray.
    has_alpha
        Whether pixels may be transparent.
    orientation
        The camera's tag, 1 if there is none; `scanpath.read_image` applies it.
    profile
        ICC profile, or None.
    """

    mode: str
    bits: int
    has_alpha: bool
    orientation: int
    profile: bytes | None

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> "PictureKind":
        """Read the header of a picture file."""
        with open_header(path) as picture:
            return cls(
                mode=picture.mode,
                bits=16 if picture.mode.startswith("I") else 8,
                has_alpha=picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info,
                orientation=Image.Image.getexif(picture).get(_ORIENTATION, 1),
                profile=picture.info.get("icc_profile"),
            )

    def profile_for(self, channels: int) -> bytes | None:
        """Return the profile if it speaks of pictures with so many channels; that of CMYK does not."""
        fits = self.profile is not None and self.profile[16:20] == _PROFILE_SPACES.get(channels)
        return self.profile if fits else None


def to_levels(image: Tensor, bits: int = 8) -> np.ndarray:
    """Return a picture (1 or 3, H, W) as whole levels (H, W) or (H, W, 3), clipped to 0 and white and rounded.

    Examples
    --------
    >>> to_levels(torch.tensor([[[0.0, 0.5, 1.2]]]))
    array([[  0, 128, 255]], dtype=uint8)
    """
    white = 2**bits - 1
    levels = (image.detach().clamp(0, 1) * white).round().to(torch.int64).numpy()
    array = levels[0] if len(levels) == 1 else levels.transpose(1, 2, 0)
    return np.ascontiguousarray(array, dtype=np.uint16 if bits == 16 else np.uint8)


def write_picture(image: Tensor, path: Path, *, like: PictureKind | None = None) -> None:
    """Write a picture (1 or 3, H, W) as levels of 8 bits, or of 16 as its source has, with the source's profile.

    Parameters
    ----------
    image
        Values in [0, 1]; what lies beyond is clipped.
    path
        Where to; the ending chooses the format.
    like
        The file that it was made from.
    """
    channels = len(image)
    bits = 16 if like is not None and like.bits == 16 and channels == 1 and path.suffix.lower() in DEEP_SUFFIXES else 8
    profile = None if like is None else like.profile_for(channels)
    Image.fromarray(to_levels(image, bits)).save(path, icc_profile=profile)


def write_film(frames: Iterable[Tensor], duration_ms: Sequence[float], path: Path) -> None:
    """Write pictures that each last for their time: a .gif of 256 colors, or an .mp4 of 30 pictures a second.

    Durations are kept to 10 ms in a .gif, and to 1/30 s in an .mp4, without errors that add up.

    Raises
    ------
    MissingDependencyError
        If the ending is .mp4 and imageio-ffmpeg is not installed.
    """
    if path.suffix.lower() == ".gif":
        stills = [Image.fromarray(to_levels(frame)) for frame in frames]
        lasting = [round(value) for value in duration_ms]
        stills[0].save(path, save_all=True, append_images=stills[1:], duration=lasting, loop=0)
        return
    ffmpeg = require_film_writer()
    counts = _frame_counts(duration_ms)
    writer = None
    try:
        for frame, count in zip(frames, counts):
            levels = _even(to_levels(frame.expand(3, -1, -1)))
            if writer is None:
                writer = ffmpeg.write_frames(
                    str(path),
                    (levels.shape[1], levels.shape[0]),
                    fps=FILM_RATE,
                    macro_block_size=2,
                    quality=8,
                    output_params=["-threads", "1", "-fflags", "+bitexact", "-flags:v", "+bitexact"],
                )
                writer.send(None)
            for _ in range(count):
                writer.send(levels)
    finally:
        if writer is not None:
            writer.close()


def require_film_writer() -> ModuleType:
    """Import what writes .mp4, or say in a sentence how to install it."""
    return require("imageio_ffmpeg", package="imageio-ffmpeg", purpose="Writing .mp4 (the extra scanpath[video])")


def check_picture_ending(path: Path) -> None:
    """Refuse a name that no picture can be written to."""
    if path.suffix.lower() not in WRITTEN_SUFFIXES:
        raise InputError(f"OUT {path} must be a picture file, such as {path.stem or 'seen'}.png.")


def _frame_counts(duration_ms: Sequence[float]) -> list[int]:
    """How many pictures each lasts for, at least one; rounded where they end, so that errors do not add up."""
    ends = np.round(np.cumsum(duration_ms) * FILM_RATE / 1000).astype(int)
    counts, at = [], 0
    for end in ends.tolist():
        counts.append(max(1, end - at))
        at += counts[-1]
    return counts


def _even(levels: np.ndarray) -> np.ndarray:
    """Repeat the last row or column of odd sides, as players expect color at half the resolution."""
    return np.pad(levels, ((0, levels.shape[0] % 2), (0, levels.shape[1] % 2), (0, 0)), mode="edge")
