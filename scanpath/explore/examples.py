"""Pictures to begin with, none of them downloaded."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scanpath.explore.pictures import png
from scanpath.gaze.stimulus import Stimulus


@dataclass(frozen=True)
class Example:
    """A picture that the page offers.

    Attributes
    ----------
    title
        What it is.
    draw
        Makes the file's name, its content and the task.
    """

    title: str
    draw: Callable[[], tuple[str, bytes, dict[str, Any]]]


def example(name: str) -> tuple[str, bytes, dict[str, Any]]:
    """Return a file's name, its content, and the task that goes with it.

    Examples
    --------
    >>> example("scene")[2]["caption"]
    'a plain green circle on the left'
    """
    return EXAMPLES[name].draw()


def _photograph() -> tuple[str, bytes, dict[str, Any]]:
    from PIL import Image
    from skimage import data

    sink = io.BytesIO()
    Image.fromarray(data.coffee()).save(sink, "PNG")
    return "coffee.png", sink.getvalue(), {}


def _display() -> tuple[str, bytes, dict[str, Any]]:
    from scanpath.stimuli import asymmetry_display

    return _drawn("display.png", asymmetry_display("curve_in_lines", 16, seed=1))


def _scene() -> tuple[str, bytes, dict[str, Any]]:
    from scanpath.stimuli import captioned_scenes

    return _drawn("scene.png", captioned_scenes(1, seed=3, size_px=512)[0])


def _drawn(name: str, stimulus: Stimulus) -> tuple[str, bytes, dict[str, Any]]:
    box = None if stimulus.target_box is None else [float(side) for side in stimulus.target_box]
    task = {"target_box": box, "caption": stimulus.caption, "px_per_deg": stimulus.px_per_deg}
    return name, png(stimulus.image), {key: value for key, value in task.items() if value is not None}


EXAMPLES = {
    "photograph": Example("Photograph", _photograph),
    "display": Example("Search display", _display),
    "scene": Example("Scene with a caption", _scene),
}
