"""Searches over objects on the page: the scanpath, and how probable each object was after each fixation."""

import os
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scanpath._core.errors import InputError, ScanpathError
from scanpath.agents.catalog import create_agent
from scanpath.agents.oat import Oat
from scanpath.gaze.boxes import Box
from scanpath.gaze.object_files import read_objects
from scanpath.gaze.objects import fixated_objects
from scanpath.gaze.pictures import find_pictures
from scanpath.gaze.scanpath import Scanpath
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import scanpaths_from_table
from scanpath.plotting.objects import side_by_side
from scanpath.report.scenes import Pictures, picture_uri

#: Most scanpaths on the page, and most fixations of each.
_MOST_PATHS, _MOST_STEPS = 4, 11
#: Probabilities that are written on objects are at least so large.
_LEAST = 0.05
#: Size of letters, and width of a letter in shares of it.
_TYPE, _LETTER = 12, 0.62
_WIDTH = 420
_BLUE, _ORANGE, _GREEN = "#0072B2", "#D55E00", "#009E73"


def with_objects(
    stimuli: Mapping[str, Stimulus], pictures: Pictures | None, objects: str | os.PathLike[str]
) -> dict[str, Stimulus]:
    """Give pictures of a folder, or one picture's file, the objects that a file of boxes has for them.

    Raises
    ------
    InputError
        If there are no such pictures, none of them has objects in the file, or a box does not fit its picture.
    """
    if not isinstance(pictures, str | os.PathLike):
        raise InputError("objects go with pictures that are given as a folder or a file; give both.")
    boxes = read_objects(objects)
    files = find_pictures(pictures) if os.path.isdir(pictures) else []
    named = {file.name: file for file in files} or dict.fromkeys(stimuli, Path(pictures))
    if stimuli and not any(boxes.has(named[name]) for name in stimuli):
        boxes.of(named[next(iter(stimuli))])  # says whose objects the file has
    return {
        name: Stimulus(named[name], name=name, px_per_deg=one.px_per_deg, **boxes.of(named[name])._asdict())
        if boxes.has(named[name])
        else one
        for name, one in stimuli.items()
    }


def object_section(table: pd.DataFrame, stimuli: Mapping[str, Stimulus], max_side_px: int) -> str:
    """Draw OAT's searches as markup, a section of the page; nothing where the run has none.

    Parameters
    ----------
    table
        The run. Its facts tell how each agent was made, so that it can be asked again.
    stimuli
        Pictures with objects, by name.
    max_side_px
        Pictures are shrunk to this side.
    """
    if "object_index" not in table or table["object_index"].isna().all():
        return ""
    made = table.attrs.get("scanpath", {})
    paths = [
        path
        for path in scanpaths_from_table(table)
        if path.info["stimulus"] in stimuli and stimuli[path.info["stimulus"]].objects is not None and len(path)
    ]
    if not paths:
        parts = ["<p>Give the pictures and their objects to see the searches here.</p>"]
    else:
        shown = list({(path.info["stimulus"], path.info.get("agent")): path for path in reversed(paths)}.values())[::-1]
        parts = [
            _search(number, path, stimuli[path.info["stimulus"]], made, max_side_px)
            for number, path in enumerate(shown[:_MOST_PATHS])
        ]
        if len(shown) > _MOST_PATHS:
            parts.append(f"<p>{_MOST_PATHS} of {len(shown)} searches are shown.</p>")
    heading = '<h2 id="objects">Objects, step by step</h2>'
    return f'<section aria-labelledby="objects">{heading}{"".join(parts)}</section>'


def _search(number: int, path: Scanpath, stimulus: Stimulus, made: Mapping[str, Any], max_side_px: int) -> str:
    """One search: its scanpath, and its attention where the agent can be asked again."""
    who = str(path.info.get("agent", path.info.get("subject", "somebody")))
    said = f"<bdi>{escape(who)}</bdi> on <bdi>{escape(stimulus.name)}</bdi>"
    figures, reason = [_scanpath_figure(number, path, stimulus, max_side_px)], ""
    try:
        agent = _agent(who, made)
        if agent is not None:
            attention = agent.search_log_probabilities(stimulus, path.xy).exp().double().numpy()
            figures += [
                _attention_figure(number, step, path, stimulus, probability)
                for step, probability in enumerate(attention[:_MOST_STEPS])
            ]
        else:
            reason = "The network that made this run is not at hand, so that its attention cannot be shown."
    except ScanpathError as error:
        reason = f"Its attention cannot be shown: {error}"
    note = f'<p class="note">{escape(reason)}</p>' if reason else ""
    return f'<h3>{said}</h3>{note}<div class="plots">{"".join(figures)}</div>'


def _agent(name: str, made: Mapping[str, Any]) -> Oat | None:
    """Build the agent of a run again, or None where that would be another one."""
    settings = dict(made.get("agents", {}).get(name, {}))
    kind = settings.pop("agent", None)
    if kind is None:
        return None
    agent = create_agent(str(kind), **{key: value for key, value in settings.items() if value is not None})
    known = made.get("rules_and_networks", {}).get(name, {}).get("oat")
    return agent if isinstance(agent, Oat) and agent.facts()["oat"] == known else None


def _scanpath_figure(number: int, path: Scanpath, stimulus: Stimulus, max_side_px: int) -> str:
    boxes = stimulus.require_objects("The page")
    scale = _WIDTH / stimulus.size[1]
    xy, room = side_by_side(path.xy, boxes)
    xy, radius = (xy + 0.5) * scale, np.minimum(0.42 * room * scale, 10.0)
    parts = [_picture(number, stimulus, max_side_px), *(_rectangle(box, scale, "#ffffff", 0.8) for box in boxes)]
    if stimulus.target_box is not None:
        parts.append(_rectangle(stimulus.target_box, scale, _GREEN, 2.5))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in xy)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{_ORANGE}" stroke-width="2"/>')
    for place, ((x, y), r) in enumerate(zip(xy, radius), start=1):
        fill = "#666666" if place == 1 else _ORANGE
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{fill}" stroke="#ffffff"/>')
        parts.append(_text(x, y, str(place), min(r, 1.6 * r / (_LETTER * len(str(place)))), "#ffffff"))
    looked = fixated_objects(path.xy[1:], boxes) if len(path) > 1 else []
    names = [_name(stimulus, one) for one in looked]
    said = f"Fixations on {', '.join(names)}" if names else "No object was looked at"
    return _figure("the search; the first fixation is on no object", said, parts, stimulus)


def _attention_figure(number: int, step: int, path: Scanpath, stimulus: Stimulus, probability: np.ndarray) -> str:
    boxes = stimulus.require_objects("The page")
    scale = _WIDTH / stimulus.size[1]
    parts = [f'<use href="#shelf-{number}" opacity="0.45"/>']
    most, highest = float(probability.max()), np.argsort(-probability[:-1])[:3].tolist()
    for place, box in enumerate(boxes):
        share = float(probability[place]) / most
        parts.append(_rectangle(box, scale, "#888888", 0.5, fill=_BLUE, opacity=0.8 * share))
    if step + 1 < len(path):
        following = fixated_objects(path.xy[step + 1 : step + 2], boxes)[0]
        parts.append(_rectangle(boxes[following], scale, _ORANGE, 3))
    for place in highest:
        x, y, width, height = (side * scale for side in boxes[place])
        text = f"{probability[place]:.0%}"
        size = min(_TYPE, 0.8 * height, width / (_LETTER * len(text)))
        if probability[place] >= _LEAST:
            parts.append(_text(x + width / 2, y + height - 0.55 * size, text, size, "#000000"))
    x, y = (path.xy[step] + 0.5) * scale
    parts.append(f'<path d="M{x - 5:.1f} {y:.1f}h10m-5 -5v10" stroke="{_ORANGE}" stroke-width="2.5" fill="none"/>')
    probable = "; ".join(f"{_name(stimulus, place)} {probability[place]:.0%}" for place in highest)
    title = f"after fixation {step + 1}: end {probability[-1]:.0%}"
    return _figure(title, f"{title}. Most probable: {probable}", parts, stimulus)


def _picture(number: int, stimulus: Stimulus, max_side_px: int) -> str:
    scale = min(1.0, max_side_px / max(stimulus.size))
    source = picture_uri(stimulus, scale)
    height = _WIDTH * stimulus.size[0] / stimulus.size[1]
    inner = "" if source is None else f'<image href="{source}" width="{_WIDTH}" height="{height:.1f}"/>'
    return f'<g id="shelf-{number}">{inner}</g>'


def _figure(title: str, said: str, parts: list[str], stimulus: Stimulus) -> str:
    height = _WIDTH * stimulus.size[0] / stimulus.size[1]
    return (
        f'<figure class="plot"><figcaption>{escape(title)}</figcaption><svg role="img" aria-label="{escape(said)}" '
        f'viewBox="0 0 {_WIDTH} {height:.1f}">{"".join(parts)}</svg></figure>'
    )


def _rectangle(box: Box, scale: float, stroke: str, width: float, *, fill: str = "none", opacity: float = 1.0) -> str:
    x, y, across, along = (side * scale for side in box)
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{across:.1f}" height="{along:.1f}" fill="{fill}" '
        f'fill-opacity="{opacity:.3f}" stroke="{stroke}" stroke-width="{width}"/>'
    )


def _text(x: float, y: float, text: str, size: float, color: str) -> str:
    """Letters of one size about a place, with a halo that lets them be read on any picture."""
    halo = "#ffffff" if color == "#000000" else "none"
    # sized by scaling and colored within, as the page's style sets size and color of all letters in plots
    return (
        f'<g transform="translate({x:.1f} {y:.1f}) scale({size / _TYPE:.3f})"><text text-anchor="middle" '
        f'dominant-baseline="central"><tspan paint-order="stroke" stroke="{halo}" stroke-width="3" fill="{color}">'
        f"{escape(text)}</tspan></text></g>"
    )


def _name(stimulus: Stimulus, place: int) -> str:
    labels = stimulus.object_labels
    return f"object {place + 1}" if labels is None else labels[place]
