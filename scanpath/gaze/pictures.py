"""Reading picture files: converted by a stated rule or refused, never guessed."""

import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from scanpath._core.errors import InputError, MissingFileError
from scanpath._core.files import require_file

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".pgm", ".ppm")
MAX_PIXELS = 200_000_000
_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I")


def read_image(
    path: str | os.PathLike[str],
    *,
    background: float | tuple[float, float, float] | None = None,
    frame: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Tensor:
    """Read a picture file as a float32 tensor (C, H, W) in [0, 1].

    Gray files give one channel, all others three. 8-bit values are divided by 255 and 16-bit gray by 65535; 16-bit
    color is read at 8 bits. Palette and CMYK files are converted to RGB, and the camera's orientation tag is applied,
    so that coordinates are those of the picture as it is displayed. Of a photograph that carries further pictures
    behind it, as phones write them (MPO), the photograph is read.

    Parameters
    ----------
    path
        File to read.
    background
        Gray level or (r, g, b) in [0, 1] that shows through transparent pixels. A picture with transparency is
        refused without it.
    frame
        Which frame of an animation, from 0. An animation is refused without it.
    max_pixels
        Larger pictures are refused before they are decoded.

    Raises
    ------
    InputError
        If the file is missing, empty, not a picture, damaged, too large, transparent, animated, or of a kind (such
        as 32-bit float) whose scale is unknown.
    """
    path = require_file(path, "picture")
    return _read(path, path, background, frame, max_pixels)


def image_from_bytes(
    content: bytes,
    name: str,
    *,
    background: float | tuple[float, float, float] | None = None,
    frame: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Tensor:
    """Read a picture as `read_image` does from the content of its file; `name` is what messages call it."""
    if not content:
        raise InputError(f"The picture {name} is empty (0 bytes).")
    return _read(BytesIO(content), Path(name), background, frame, max_pixels)


def _read(
    source: Path | BytesIO,
    path: Path,
    background: float | tuple[float, float, float] | None,
    frame: int | None,
    max_pixels: int,
) -> Tensor:
    """Read a file or its content, which messages call `path`."""
    with _opened(source, path, max_pixels) as picture, _decoding(path):
        frames = getattr(picture, "n_frames", 1)
        if frames > 1 and frame is None and picture.format != "MPO":
            raise InputError(f"{path} is an animation of {frames} frames; choose one with frame=0 to {frames - 1}.")
        if frame is not None:
            if not 0 <= frame < frames:
                raise InputError(f"{path} has {frames} frame(s); frame must be 0 to {frames - 1}, got {frame}.")
            picture.seek(frame)
        picture.load()
        if picture.mode == "I" and picture.format == "TIFF":
            raise InputError(f"{path} holds 32-bit integers, whose scale is unknown; save it as 8 or 16 bit.")
        return _to_tensor(ImageOps.exif_transpose(picture), path, background)


def picture_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Return (height, width) in px as displayed, from the file's header alone."""
    path = require_file(path, "picture")
    with _opened(path, path, MAX_PIXELS) as picture, _decoding(path):
        width, height = picture.size
        # the base class reads the header only; that of PNG would decode the whole picture
        turned = Image.Image.getexif(picture).get(0x0112, 1) in (5, 6, 7, 8)
    return (width, height) if turned else (height, width)


def as_image(image: Tensor | np.ndarray, *, name: str = "image") -> Tensor:
    """Return one float32 image (C, H, W) in [0, 1] from a tensor or array of that layout, or gray (H, W).

    Raises
    ------
    InputError
        If it is an integer array, has another layout, holds NaN, or leaves [0, 1].
    """
    tensor = _copied(image, name) if isinstance(image, np.ndarray) else image
    if not isinstance(tensor, Tensor):
        raise InputError(f"{name} must be a tensor, an array or a picture file, got {type(image).__name__}.")
    if not tensor.is_floating_point():
        raise InputError(
            f"{name} must be floating point in [0, 1], got {str(tensor.dtype).removeprefix('torch.')}; "
            "read files with scanpath.read_image, or divide by 255 yourself."
        )
    if tensor.ndim == 2:
        tensor = tensor[None]
    if tensor.ndim != 3 or tensor.shape[0] not in (1, 3) or 0 in tensor.shape:
        hint = " Move the channels first, as in array.transpose(2, 0, 1)." if tensor.shape[-1:] in ((3,), (4,)) else ""
        raise InputError(f"{name} must have shape (1 or 3, H, W), or (H, W) for gray; got {tuple(tensor.shape)}.{hint}")
    low, high = (float(value) for value in torch.aminmax(tensor.detach()))
    if not (low >= 0 and high <= 1):  # also false for NaN
        raise InputError(f"{name} must lie in [0, 1] without NaN, got values from {low:g} to {high:g}.")
    return tensor.to(torch.float32)


def _copied(image: np.ndarray, name: str) -> Tensor:
    """Copy an array into a tensor, whatever its byte order and strides."""
    try:
        return torch.from_numpy(np.array(image, dtype=image.dtype.newbyteorder("="), order="C"))
    except TypeError:
        raise InputError(f"{name} must be an array of floating point numbers in [0, 1], got {image.dtype}.") from None


def content_checksum(parts: Iterable[Tensor | Path]) -> str:
    """Return the SHA-256 of pictures or maps, of their files or of what is in memory."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else part.contiguous().numpy().tobytes())
    return digest.hexdigest()


def find_pictures(folder: str | os.PathLike[str]) -> list[Path]:
    """Picture files directly inside a folder, sorted by name; hidden files are left out.

    Raises
    ------
    InputError
        If there is no such folder, or no picture in it.
    """
    if not Path(folder).is_dir():
        if Path(folder).exists():
            raise InputError(f"{folder} is a file; give the folder that holds the pictures.")
        raise MissingFileError(f"There is no folder {folder}; give the one that holds the pictures.")
    found = sorted(
        path
        for path in Path(folder).iterdir()
        if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    if not found:
        raise InputError(f"There is no picture in {folder}; known endings are {', '.join(PICTURE_SUFFIXES)}.")
    return found


def open_header(path: str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open a picture file without decoding its pixels, for what its header says; to be closed by the caller."""
    path = require_file(path, "picture")
    return _opened(path, path, max_pixels)


@contextmanager
def _decoding(path: Path) -> Iterator[None]:
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # each format has its own errors for damaged files
        raise InputError(f"{path} is damaged and cannot be read as a picture ({error}).") from error


def _opened(source: Path | BytesIO, path: Path, max_pixels: int) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = _open_of_any_size(source)  # the limit below is ours, and can be raised
    except UnidentifiedImageError:
        raise InputError(f"{path} is not a picture that can be read (its content matches no known format).") from None
    except Exception as error:  # each format has its own errors for damaged files
        raise InputError(f"{path} cannot be read as a picture ({error}).") from error
    width, height = picture.size
    if width * height > max_pixels:
        picture.close()
        raise InputError(
            f"{path} is {width} x {height} px, above the limit of {max_pixels} px; shrink it or raise max_pixels."
        )
    return picture


def _open_of_any_size(source: Path | BytesIO) -> Image.Image:
    """Open a picture, which reads its header only, without Pillow's own limit."""
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        return Image.open(source)
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _to_tensor(picture: Image.Image, path: Path, background: float | tuple[float, float, float] | None) -> Tensor:
    transparent = picture.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in picture.info
    if picture.mode in ("1", "L") and not transparent:
        return _scaled(np.asarray(picture.convert("L"))[None], 255)
    if picture.mode in _SIXTEEN_BIT:
        if transparent:
            raise InputError(f"{path} has a transparent 16-bit level; save it without transparency.")
        values = np.asarray(picture).astype(np.int64)
        if values.min() < 0 or values.max() > 65535:
            raise InputError(
                f"{path} holds integers outside 0 to 65535, whose scale is unknown; save it as 8 or 16 bit."
            )
        return _scaled(values[None], 65535)
    if picture.mode == "F":
        raise InputError(f"{path} holds 32-bit floats, whose scale is unknown; save it as 8 or 16 bit.")
    if transparent:
        return _flattened(picture, path, background)
    return _scaled(np.asarray(picture.convert("RGB")).transpose(2, 0, 1), 255)


def _flattened(picture: Image.Image, path: Path, background: float | tuple[float, float, float] | None) -> Tensor:
    values = _scaled(np.asarray(picture.convert("RGBA")).transpose(2, 0, 1), 255)
    gray = picture.mode in ("1", "L", "LA", "La") and not isinstance(background, tuple)
    color, alpha = values[: 1 if gray else 3], values[3:]
    if bool((alpha == 1).all()):
        return color.contiguous()
    if background is None:
        raise InputError(
            f"{path} has transparent pixels; save it without transparency, or say what shows through: "
            "background=0.5 (foveate --background 0.5)."
        )
    behind = torch.tensor(background, dtype=torch.float32).reshape(-1, 1, 1)
    return color * alpha + behind * (1 - alpha)


def _scaled(values: np.ndarray, white: int) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32) / np.float32(white))
