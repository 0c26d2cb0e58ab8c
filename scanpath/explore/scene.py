"""What the page shows, as one value: checked once, then run, drawn and written down as commands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.checks import check_choice, check_count, check_positive, check_xy
from scanpath._core.errors import InputError
from scanpath.agents.agent import Agent
from scanpath.agents.catalog import create_agent
from scanpath.explore.offers import Offer, offers
from scanpath.explore.pictures import Picture
from scanpath.gaze.boxes import Box
from scanpath.gaze.pixels import on_picture, resized
from scanpath.gaze.stimulus import Stimulus

VIEWS = ("plain", "blur", "texture")
#: More would keep the page busy for minutes.
MOST_FIXATIONS, MOST_POINTS = 200, 64


@dataclass(frozen=True)
class View:
    """How the picture is seen: plain, blurred or as texture, with the settings of the function that does it."""

    kind: str = "plain"
    law: str = "geisler_perry"
    strength: float = 1.0
    scaling: float = 0.4
    seed: int = 0
    remembers: bool = True


@dataclass(frozen=True)
class People:
    """A table of people's fixations.

    Attributes
    ----------
    file
        Its name.
    table
        Tidy, of all pictures.
    tidy
        Whether the file was such a table, which commands read as it is.
    """

    file: str
    table: pd.DataFrame
    tidy: bool


@dataclass(frozen=True)
class Scene:
    """A picture with its task, who looks at it, where somebody has looked, and how it is seen.

    Attributes
    ----------
    picture
        What is looked at.
    px_per_deg
        Its scale.
    caption, target_box, target
        What is looked for.
    agents
        Names.
    n_fixations, seed
        As for `simulate`.
    history
        Fixations (x, y) in px so far, oldest first.
    map_agent
        Whose map is drawn.
    view
        How the picture is seen from the history.
    people, people_stimulus
        A table of people's fixations, and what it calls this picture.
    offers
        The agents that can be chosen, by name.
    """

    picture: Picture
    px_per_deg: float
    caption: str | None = None
    target_box: Box | None = None
    target: Picture | None = None
    agents: tuple[str, ...] = ()
    n_fixations: int = 10
    seed: int = 0
    history: tuple[tuple[float, float], ...] = ()
    map_agent: str | None = None
    view: View = View()
    people: People | None = None
    people_stimulus: str | None = None
    offers: Mapping[str, Offer] = field(default_factory=offers)

    @cached_property
    def stimulus(self) -> Stimulus:
        """The picture and its task."""
        return Stimulus(
            self.picture.image,
            name=self.picture.name,
            target=None if self.target is None else self.target.image,
            target_box=self.target_box,
            caption=self.caption,
            px_per_deg=self.px_per_deg,
        )

    def check_task(self, names: Sequence[str]) -> None:
        """Refuse agents whose task is missing, in the page's words."""
        for name in names:
            needs = self.offers[name].needs
            if needs == "target" and self.target is None and self.target_box is None:
                raise InputError(f"{name} looks for a target: draw a box around it, or give a picture of it.")
            if needs == "caption" and not self.caption:
                raise InputError(f"{name} looks for what a caption says: type one.")

    def built(self) -> list[Agent]:
        """Build the agents."""
        if not self.agents:
            raise InputError("Nobody is chosen to look: choose an agent.")
        self.check_task(self.agents)
        return [self.agent(name) for name in self.agents]

    def agent(self, name: str) -> Agent:
        """Build one agent with the page's settings."""
        return create_agent(name, **self.offers[name].settings)

    @property
    def map_history(self) -> tuple[tuple[float, float], ...]:
        """Fixations that the map is drawn after: the history, or the center for who does not choose the first."""
        if self.history or self.map_agent is None or self.offers[self.map_agent].chooses_first:
            return self.history
        width, height = self.picture.size_px
        return ((float(width // 2), float(height // 2)),)

    @property
    def view_points(self) -> tuple[tuple[float, float], ...]:
        """Fixations that the picture is seen from."""
        if not self.history:
            raise InputError("Nothing is fixated: click on the picture, or press Enter at the cursor.")
        whole = self.view.kind == "blur" and self.view.remembers
        return self.history if whole else self.history[-1:]

    def people_here(self) -> pd.DataFrame:
        """Return people's fixations on this picture, in its pixels and under its name."""
        if self.people is None or self.people_stimulus is None:
            raise InputError("There are no people's fixations on this picture: drop a table of them on the page.")
        table = self.people.table
        here = table[table["stimulus"] == self.people_stimulus].reset_index(drop=True)
        xy = resized(here[["x_px", "y_px"]].to_numpy(float), self.picture.given[1:], self.picture.size_px)
        return here.assign(stimulus=self.picture.name, x_px=xy[:, 0], y_px=xy[:, 1])


def scene_from_json(
    told: Mapping[str, Any],
    pictures: Mapping[str, Picture],
    people: Mapping[str, People],
    offered: Mapping[str, Offer],
) -> Scene:
    """Check what a page tells and return it as a scene.

    Raises
    ------
    InputError
        If a picture is gone, a name is unknown, or a number is out of range.
    """
    known = list(offered)
    picture = _stored(told.get("picture"), pictures, "picture")
    if picture is None:
        raise InputError("There is no picture: drop one on the page, or choose an example.")
    map_agent = told.get("map_agent") or None
    box = told.get("target_box")
    return Scene(
        picture=picture,
        px_per_deg=check_positive("Pixels per degree", _number(told.get("px_per_deg"), "Pixels per degree")),
        caption=str(told.get("caption") or "").strip()[:1000] or None,
        target_box=None if box is None else tuple(_number(side, "A side of the box") for side in box),  # type: ignore[arg-type]
        target=_stored(told.get("target"), pictures, "picture of the target"),
        agents=tuple(check_choice("agent", str(name), known) for name in dict.fromkeys(told.get("agents") or ())),
        n_fixations=_count(told.get("n_fixations", 10), "The number of fixations", 1, MOST_FIXATIONS),
        seed=_count(told.get("seed", 0), "The seed", 0, 2**31 - 1),
        history=_points(told.get("history") or [], picture.size_px),
        map_agent=None if map_agent is None else check_choice("agent", str(map_agent), known),
        view=_view(told.get("view") or {}),
        people=_stored(told.get("people"), people, "table of people"),
        people_stimulus=told.get("people_stimulus"),
        offers=offered,
    )


def _stored(key: object, known: Mapping[str, Any], what: str) -> Any:
    if key is None:
        return None
    if key not in known:
        raise InputError(f"The {what} is no longer kept, as newer ones came: give it again.")
    return known[str(key)]


def _number(value: object, name: str) -> float:
    try:
        return float(value)  # type: ignore[arg-type]  # None and texts are what is caught
    except (TypeError, ValueError):
        raise InputError(f"{name} must be a number, got {value!r}.") from None


def _count(value: object, name: str, least: int, most: int) -> int:
    number = _number(value, name)
    if not least <= number <= most or number != int(number):
        raise InputError(f"{name} must be a whole number from {least} to {most}, got {number:g}.")
    return int(number)


def _points(points: Sequence[Sequence[object]], size_px: tuple[int, int]) -> tuple[tuple[float, float], ...]:
    if len(points) > MOST_POINTS:
        raise InputError(f"At most {MOST_POINTS} fixations are taken, got {len(points)}: remove some.")
    if not points:
        return ()
    xy = np.round(check_xy("Fixations", points), 2)
    outside = ~on_picture(xy, size_px)
    if outside.any():
        x, y = xy[outside][0]
        raise InputError(f"Fixation {x:g}, {y:g} lies outside the picture of {size_px[0]} x {size_px[1]} px: move it.")
    return tuple((float(x), float(y)) for x, y in xy)


def _view(told: Mapping[str, Any]) -> View:
    return View(
        kind=check_choice("view", str(told.get("kind", "plain")), VIEWS),
        law=check_choice("law", str(told.get("law", "geisler_perry")), ("geisler_perry", "linear", "watson")),
        strength=check_positive("The strength of the blur", _number(told.get("strength", 1), "The strength")),
        scaling=check_positive("The windows' scaling", _number(told.get("scaling", 0.4), "The scaling")),
        seed=check_count("The seed of the texture", int(told.get("seed", 0)), least=0),
        remembers=bool(told.get("remembers", True)),
    )
