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

import numpy as np
import pandas as pd

from scanpath import __version__
from scanpath._core.checks import check_count, check_size
from scanpath._core.errors import InputError
from scanpath._core.files import write_text
from scanpath.evaluation.comparison import evaluate
from scanpath.evaluation.inputs import ScreenSize
from scanpath.evaluation.sides import Metrics
from scanpath.gaze.frames import TableLike, as_pandas
from scanpath.gaze.table import load_table, read_table
from scanpath.report.objects import object_section, with_objects
from scanpath.report.plots import amplitude_plot, found_plot, score_plot
from scanpath.report.scenes import Pictures, as_stimuli, scenes

_LEFT = ' class="text"'

#: A table of fixations, or the path of a table or of a run's folder.
Run: TypeAlias = str | os.PathLike[str] | TableLike

_PARTS = ("page.html", "page.css", "page.js")


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
    """Make one HTML page of a run: scanpaths that can be played, scores with the people's ceiling, plots, provenance.

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
    result = None
    if people is not None:
        # floors would need the sizes of all pictures; without them, those that one side alone saw are counted and named
        human = people if floors or everyone is None else everyone
        size_px = screen_px or sizes or None
        result = evaluate(table, human, metrics, screen_px=size_px, floors=floors, seed=seed, jobs=jobs)
    return _page(
        title=title,
        summary=_summary(table, people, len(shown)),
        objects=object_section(table, stimuli, max_side_px),
        scores=_scores(result),
        plots=_plots(table, people, result),
        provenance=_provenance(run, facts, result),
        data={"scenes": shown},
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


def _page(*, title: str, summary: str, objects: str, scores: str, plots: str, provenance: str, data: object) -> str:
    folder = resources.files("scanpath.report")
    html, style, script = ((folder / name).read_text(encoding="utf-8") for name in _PARTS)
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return Template(html).substitute(
        title=escape(title),
        generator=f"scanpath {__version__}",
        policy=escape(policy, quote=True),
        style=style,
        script=script,
        summary=summary,
        objects=objects,
        scores=scores,
        plots=plots or "<p>There is nothing to plot.</p>",
        provenance=provenance,
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


def _scores(result: pd.DataFrame | None) -> str:
    if result is None:
        return "<p>There are no scores, as no people's fixations were given.</p>"
    head = ("agent", "metric", "value", "95 % interval", "ceiling: people", "better", "pictures", "undefined")
    rows = "".join(_score_row(row) for row in result.itertuples())
    caption = f"Pairing: {result['pairing'].iloc[0]}. Ceiling: the same number for people among themselves."
    return _doubts(result.attrs["scanpath"]) + _html_table("score-table", caption, head, rows)


def _doubts(facts: Mapping[str, Any]) -> str:
    """What makes the scores doubtful, and what was left out, as markup."""
    sentences = [*facts["doubts"], *facts["not_simulated"]]
    return "".join(f'<p class="doubt">{escape(sentence)}</p>' for sentence in sentences)


def _html_table(name: str, caption: str, head: Sequence[str], rows: str) -> str:
    """A table that can be scrolled with the keyboard; `rows` is markup, the rest is text."""
    cells = "".join(
        f'<th scope="col"{_LEFT if place < 2 else ""}>{escape(text)}</th>' for place, text in enumerate(head)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table id="{name}">'
        f"<caption>{escape(caption)}</caption><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _score_row(row: Any) -> str:
    name = str(row.metric) if row.part in ("", "value", row.metric) else f"{row.metric}: {row.part}"
    undefined = f"{row.n_undefined} ({row.undefined})" if row.n_undefined else "0"
    interval = f"{_number(row.low)} to {_number(row.high)}" if np.isfinite(row.low) else ""
    ceiling = _number(row.ceiling)
    if np.isfinite(row.ceiling_low):
        ceiling += f" ({_number(row.ceiling_low)} to {_number(row.ceiling_high)})"
    texts = [name, _number(row.value), interval, ceiling]
    texts += [str(row.better), str(row.n_pictures), undefined]
    cells = "".join(f"<td{'' if place else _LEFT}>{escape(text)}</td>" for place, text in enumerate(texts))
    return f'<tr><th scope="row">{escape(str(row.agent))}</th>{cells}</tr>'


def _number(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "undefined"


def _plots(table: pd.DataFrame, people: pd.DataFrame | None, result: pd.DataFrame | None) -> str:
    parts = []
    if result is not None:
        for (metric, part), rows in result.groupby(["metric", "part"], sort=False):
            parts.append(score_plot(rows, str(metric) if part in ("", "value", metric) else f"{metric}: {part}"))
    tables = [("agents", table)] + ([] if people is None else [("people", people)])
    return "".join([*parts, amplitude_plot(tables), found_plot(table)])


def _provenance(run: Run, facts: Mapping[str, object], result: pd.DataFrame | None) -> str:
    parts = []
    failures = facts.get("failures")
    if isinstance(failures, Mapping) and failures:
        rows = "".join(
            f'<tr><th scope="row">{escape(str(name))}</th><td class="text">{escape(str(reason))}</td></tr>'
            for name, reason in failures.items()
        )
        parts.append(_html_table("failures", "Pictures that failed", ("picture", "reason"), rows))
    known = {key: value for key, value in facts.items() if key not in ("size_px", "failures", "fingerprint")}
    stated = {
        "source": str(run) if isinstance(run, str | os.PathLike) else "a table in memory",
        "run": known,
        "sessions": _sessions(run),
        "scores": {} if result is None else result.attrs.get("scanpath", {}),
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
