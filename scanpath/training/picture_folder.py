"""A folder that keeps what was computed of a set of pictures, one file a picture, so that stopped work goes on."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from scanpath._core.errors import InputError
from scanpath._core.files import atomic_path, write_text
from scanpath._core.random import derive_seed
from scanpath.gaze.stimulus import Stimulus


class PictureFolder:
    """A folder with one file for each of some pictures, and one for its mirror image.

    It belongs to these pictures and to what is computed of them: its file ``what.json`` says so.

    Parameters
    ----------
    folder
        Where; made if it is not there.
    stimuli
        The pictures, each with a scale.
    facts
        All else that the files depend on, in a form that JSON can hold.
    what
        What messages call that which is kept, as in "features".
    depends_on
        What messages say it depends on, as in "pictures or another network".

    Raises
    ------
    InputError
        If the folder belongs to other pictures or other facts.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        stimuli: Sequence[Stimulus],
        facts: Sequence[Any],
        *,
        what: str,
        depends_on: str,
    ) -> None:
        self.path, self.what = Path(folder), what
        pictures = [[one.name, *one.size, one.require_px_per_deg("A fit"), one.checksum()] for one in stimuli]
        text, claim = json.dumps([*facts, pictures]), self.path / "what.json"
        if claim.exists() and claim.read_text(encoding="utf-8") != text:
            raise InputError(
                f"The {what} in {folder} are of other {depends_on}; delete the folder or give another one."
            )
        write_text(claim, text)

    def file(self, name: str, mirror: bool = False) -> Path:
        """Return the file of a picture, by its name, or of its mirror image."""
        # names may hold characters that no file name can
        return self.path / f"{derive_seed(0, name):016x}{'-mirrored' if mirror else ''}.safetensors"

    def write(self, name: str, mirror: bool, tensors: Mapping[str, Tensor]) -> None:
        """Keep what was computed of a picture."""
        with atomic_path(self.file(name, mirror)) as temporary:
            save_file(dict(tensors), temporary)

    def read(self, name: str, mirror: bool, tensors: Sequence[str]) -> list[Tensor]:
        """Return some of what is kept of a picture, by the tensors' names.

        Raises
        ------
        InputError
            If the file is damaged or gone.
        """
        path = self.file(name, mirror)
        try:
            with safe_open(path, "pt") as kept:
                return [kept.get_tensor(one) for one in tensors]
        except (SafetensorError, OSError) as error:
            raise InputError(
                f"The {self.what} in {path} are damaged or gone; delete the file and fit again."
            ) from error
