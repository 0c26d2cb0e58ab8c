"""One page that opens anywhere: no network, no server, nothing in it that its data could turn into code."""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any, TypeAlias

import pandas as pd

from scanpath import __version__
from scanpath._core.checks import check_count, check_size
from scanpath._core.errors import InputError
from scanpath._core.files import write_text
from scanpath.evaluation.comparison import evaluate_agents
from scanpath.evaluation.inputs import ScreenSize
from scanpath.evaluation.result import Evaluation
from scanpath.evaluation.sides import Metrics
from scanpath.gaze.frames import TableLike, as_pandas
from scanpath.gaze.stimulus import Stimulus
from scanpath.gaze.table import load_table, read_table
from scanpath.report.objects import object_section, with_objects
from scanpath.report.plots import amplitude_plot, found_plot, score_plot
from scanpath.report.scenes import Pictures, as_stimuli, scenes
from scanpath.report.tables import csv_texts, difference_section, part_name, plain_table, score_section

#: A table of fixations, or the path of a table or of a run's folder.
Run: TypeAlias = str | os.PathLike[str] | TableLike

_PARTS = ("page.html", "page.css", "page.js", "places.js", "save.js")


def write_report(run: Run, out: str | os.PathLike[str], **settings: Any) -> Path:
    """Write `report_page` to a file, whole or not at all, and return its path."""
    path = Path(out)
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"A report ends in .html, got {path}.")
    write_text(path, report_page(run, **settings))
    return path


def report_page(
    run: Run,
    *,
    human: Run | None = None,
    pictures: Pictures | None = None,
    objects: str | os.PathLike[str] | None = None,
    px_per_deg: float | None = None,
    screen_px: ScreenSize | None = None,
    metrics: Metrics = ("multimatch", "scanmatch"),
    floors: Sequence[str] = (),
    title: str = "Scanpath report",
    max_pictures: int = 12,
    max_side_px: int = 800,
    max_observers: int = 30,
    seed: int = 0,
    jobs: int = 1,
) -> str:
    """Make one HTML page of a run: scanpaths to play, densities, scores, differences between agents, plots, provenance.

    The page holds everything it shows, needs no network and works with the keyboard and a screen reader, in light and
    in dark. All names, captions and numbers come in as text, and a content policy lets the browser run nothing but the
    page's own script.

    Parameters
    ----------
    run
        Table of fixations, or the path of a table or of a run's folder.
    human
        People's fixations in the same forms, of which those on the run's pictures count; without them there are no
        scores.
    pictures
        What was looked at: stimuli, a folder of pictures, or a mapping of stimulus names to files. A picture that is
        not given is an empty frame.
    objects
        CSV file of the boxes of objects on these pictures, where they are a folder or a file; with them searches over
        objects are shown step by step.
    px_per_deg
        Scale for pictures that do not carry their own; the foveated view needs one.
    screen_px
        (width, height) for the scores, where neither pictures nor tables tell it.
    metrics, floors
        As for `evaluate`.
    title
        Heading of the page.
    max_pictures
        Most pictures on the page, chosen evenly over all; scores and plots always count all.
    max_side_px
        Pictures are shrunk to this side.
    max_observers
        Most agents' scanpaths, and most people's, for one picture.
    seed, jobs
        As for `evaluate`.

    Returns
    -------
    str
        The page.

    Raises
    ------
    InputError
        If the run has no fixation, or scores were asked for and cannot be computed.

    Examples
    --------
    >>> table = pd.DataFrame({"stimulus": ["a"], "agent": ["mine"], "fixation": [0], "x_px": [3.0], "y_px": [4.0]})
    >>> page = report_page(table, title="<b>bold</b>")
    >>> "<b>" in page, "&lt;b&gt;bold" in page
    (False, True)
    """
    check_count("max_pictures", max_pictures)
    check_count("max_observers", max_observers)
    check_count("max_side_px", max_side_px, least=16)
    table, people, everyone = _sides(run, human)
    facts = table.attrs.get("scanpath", {})
    stimuli = as_stimuli(pictures, px_per_deg)
    if objects is not None:
        stimuli = with_objects(stimuli, pictures, objects)
    told = facts["size_px"] if isinstance(facts.get("size_px"), Mapping) else {}
    told = {name: check_size(f"size_px of {name!r}", size) for name, size in told.items()}
    sizes = {name: one.size[::-1] for name, one in stimuli.items()} or told
    shown = scenes(
        [table] if people is None else [table, people],
        stimuli,
        told,
        px_per_deg=px_per_deg,
        max_pictures=max_pictures,
        max_side_px=max_side_px,
        max_observers=max_observers,
    )
    found = None
    if people is not None:
        # floors would need the sizes of all pictures; without them, those that one side alone saw are counted and named
        human = people if floors or everyone is None else everyone
        size_px = screen_px or sizes or None
        found = evaluate_agents(table, human, metrics, screen_px=size_px, floors=floors, seed=seed, jobs=jobs)
    return _page(
        title=title,
        summary=_summary(table, people, len(shown)),
        objects=object_section(table, stimuli, max_side_px),
        scores=score_section(found),
        differences=difference_section(found),
        plots=_plots(table, people, found, _scale(stimuli, px_per_deg)),
        provenance=_provenance(run, facts, found),
        data={"scenes": shown, "tables": csv_texts(found)},
    )


def _sides(run: Run, human: Run | None) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame | None]:
    """Fixations of the run, of people on its pictures, and of all people."""
    # what is doubtful is said once: where there are people by evaluate, of what it scores
    table = _table(run, load_table if human is not None else read_table)
    everyone = None if human is None else _table(human, load_table)
    if table.empty:
        raise InputError("The run holds no fixation, so there is nothing to report.")
    return table, None if everyone is None else _same_pictures(everyone, table), everyone


def _table(source: Run, read: Callable[[str | os.PathLike[str]], pd.DataFrame]) -> pd.DataFrame:
    return read(source) if isinstance(source, str | os.PathLike) else as_pandas(source, "The table")


def _same_pictures(people: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Fixations of people on the pictures of the run."""
    same = people["stimulus"].isin(table["stimulus"].unique())
    if not same.any():
        raise InputError(
            f"People looked at none of the run's pictures: theirs are {people['stimulus'].iloc[0]!r} and so on, the "
            f"run's {table['stimulus'].iloc[0]!r}."
            if len(people)
            else "The table of people holds no fixation."
        )
    chosen = people[same].reset_index(drop=True)
    chosen.attrs = dict(people.attrs)
    return chosen


def _page(*, title: str, data: object, **parts: str) -> str:
    """Put the page together; `parts` are markup."""
    folder = resources.files("scanpath.report")
    html, style, *scripts = ((folder / name).read_text(encoding="utf-8") for name in _PARTS)
    script = "\n".join(scripts)
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(html).substitute(
        parts,
        title=escape(title),
        generator=f"scanpath {__version__}",
        policy=escape(policy, quote=True),
        style=style,
        script=script,
        plots=parts["plots"] or "<p>There is nothing to plot.</p>",
        data=_json(data),
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _json(data: object) -> str:
    """JSON that cannot end the element it stands in, whatever a name or a caption says."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"), default=str)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _summary(table: pd.DataFrame, people: pd.DataFrame | None, shown: int) -> str:
    """Say what the page is about, as markup."""
    n_pictures = table["stimulus"].nunique()
    agents = sorted(map(str, table["agent"].dropna().unique())) if "agent" in table else []
    parts = [f"{len(table)} fixations on {n_pictures} picture{'s' if n_pictures != 1 else ''}"]
    if agents:
        # isolated, so that a mark of writing direction in one name does not turn the words behind it
        names = ", ".join(f"<bdi>{escape(name)}</bdi>" for name in agents[:8])
        parts.append(f"by {names}{' and more' if len(agents) > 8 else ''}")
    if people is not None:
        parts.append(f"beside {people['subject'].nunique()} people")
    tail = f" {shown} pictures are shown; scores and plots count all." if shown < n_pictures else ""
    return " ".join(parts) + "." + tail


def _plots(table: pd.DataFrame, people: pd.DataFrame | None, found: Evaluation | None, scale: float | None) -> str:
    parts = []
    if found is not None:
        for (metric, part), rows in found.scores.groupby(["metric", "part"], sort=False):
            parts.append(score_plot(rows, part_name(metric, part)))
    tables = [("agents", table)] + ([] if people is None else [("people", people)])
    return "".join([*parts, amplitude_plot(tables, scale), found_plot(table)])


def _scale(stimuli: Mapping[str, Stimulus], px_per_deg: float | None) -> float | None:
    """Pixels per degree where it is one and the same for all pictures."""
    scales = {stimulus.px_per_deg or px_per_deg for stimulus in stimuli.values()} or {px_per_deg}
    return scales.pop() if len(scales) == 1 else None


def _provenance(run: Run, facts: Mapping[str, object], found: Evaluation | None) -> str:
    parts = []
    failures = facts.get("failures")
    if isinstance(failures, Mapping) and failures:
        rows = [(str(name), str(reason)) for name, reason in failures.items()]
        parts.append(plain_table("failures", "Pictures that failed", ("picture", "reason"), rows))
    known = {key: value for key, value in facts.items() if key not in ("size_px", "failures", "fingerprint")}
    stated = {
        "source": str(run) if isinstance(run, str | os.PathLike) else "a table in memory",
        "run": known,
        "sessions": _sessions(run),
        "scores": {} if found is None else found.scores.attrs["scanpath"],
        "page": f"scanpath {__version__}",
    }
    text = json.dumps({key: value for key, value in stated.items() if value}, indent=2, default=str)
    return "".join(parts) + f"<pre>{escape(text)}</pre>"


def _sessions(run: Run) -> list[object]:
    """When and where a run's folder was worked on."""
    if not isinstance(run, str | os.PathLike):
        return []
    log = Path(run) / "_log.jsonl"
    sessions = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else ():
        try:
            sessions.append(json.loads(line))
        except ValueError:  # a process that was killed while it wrote its line
            continue
    return sessions
