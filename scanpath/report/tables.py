"""Tables of the page: scores and differences, grouped by metric, and their text for downloads."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from scanpath.evaluation.result import Evaluation
from scanpath.evaluation.sentences import digits_for, short_p, with_interval
from scanpath.metrics import METRICS
from scanpath.metrics.metric import REASONS


def score_section(found: Evaluation | None) -> str:
    """Scores as markup: what makes them doubtful, one group of rows a metric part, and what the words mean."""
    if found is None:
        return "<p>There are no scores, as no people's fixations were given.</p>"
    result = found.scores
    groups = [
        _score_group(name, rows.to_dict("records"))
        for name, rows in ((part_name(*key), rows) for key, rows in result.groupby(["metric", "part"], sort=False))
    ]
    head = ("agent", "score", "95 % interval")
    note = (
        "People: the same number for people among themselves, each against the others. Intervals: bootstrap over "
        f"pictures. Pairing: {result['pairing'].iloc[0]}."
    )
    return (
        doubts(result.attrs["scanpath"])
        + grouped_table("score-table", "Scores of agents, by metric", head, groups)
        + f'<p class="note">{escape(note)}</p>'
        + download("scores", "Scores as CSV")
    )


def difference_section(found: Evaluation | None) -> str:
    """Differences between agents as markup: sentences ready for a paper, and one group of rows a metric part."""
    if found is None or not found.sentences:
        return "<p>There are no two agents to compare.</p>" if found is not None else "<p>There are no scores.</p>"
    defined = found.differences[found.differences["n_pictures"] > 0]
    groups = [
        _difference_group(part_name(*key), rows.to_dict("records"))
        for key, rows in defined.groupby(["metric", "part"], sort=False)
    ]
    head = ("agents", "difference", "95 % interval", "p", "d_z")
    sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in found.sentences)
    return (
        grouped_table(
            "difference-table",
            "Mean difference, 95 % interval, p and effect size d_z, by metric",
            head,
            groups,
            stacked=True,
        )
        + '<p class="note">First minus second, mean over the pictures where both have a value; p is corrected for all '
        "comparisons by Holm's rule. Rows in bold have p below .05.</p>"
        + f"<details><summary>In words, for a paper</summary><ul>{sentences}</ul></details>"
        + download("differences", "Differences as CSV")
    )


def csv_texts(found: Evaluation | None) -> dict[str, str]:
    """Tables as they are downloaded, with all digits."""
    if found is None:
        return {}
    texts = {"scores": found.scores.to_csv(index=False, lineterminator="\n")}
    if len(found.differences):
        texts["differences"] = found.differences.to_csv(index=False, lineterminator="\n")
    return texts


def download(name: str, text: str) -> str:
    """A button that saves a table."""
    return f'<p><button type="button" class="save" data-table="{escape(name)}">{escape(text)}</button></p>'


def doubts(facts: Mapping[str, Any]) -> str:
    """What makes the scores doubtful, and what was left out, as markup."""
    sentences = [*facts["doubts"], *facts["not_simulated"]]
    return "".join(f'<p class="doubt">{escape(sentence)}</p>' for sentence in sentences)


def part_name(metric: object, part: object) -> str:
    """Name of a metric's part: the metric's alone where it has no others."""
    return str(metric) if part in ("", "value", metric) else f"{metric}: {part}"


def grouped_table(name: str, caption: str, head: Sequence[str], groups: Iterable[str], *, stacked: bool = False) -> str:
    """A table of groups of rows (markup); `stacked` ones have two lines a row where the page is narrow."""
    # on a narrow page rows are laid out as grids, which would take from a screen reader what is row and cell
    cells = "".join(f'<th scope="col" role="columnheader">{escape(text)}</th>' for text in head)
    return (
        f'<table id="{name}" role="table" class="grouped{" stacked" if stacked else ""}"><caption>{escape(caption)}'
        f'</caption><thead role="rowgroup"><tr role="row">{cells}</tr></thead>{"".join(groups)}</table>'
    )


def plain_table(name: str, caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of texts that can be scrolled with the keyboard."""
    cells = "".join(f'<th scope="col" class="text">{escape(text)}</th>' for text in head)
    texts = (
        (escape(first), "".join(f'<td class="text">{escape(text)}</td>' for text in rest)) for first, *rest in rows
    )
    body = "".join(f'<tr><th scope="row">{first}</th>{rest}</tr>' for first, rest in texts)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}"><table id="{name}">'
        f"<caption>{escape(caption)}</caption><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _score_group(name: str, rows: Sequence[Mapping[Any, Any]]) -> str:
    widths = [row["high"] - row["low"] for row in rows if np.isfinite(row["high"] - row["low"])]
    digits = digits_for(float(np.median(widths)) if widths else np.nan)
    same = len({_number(row["ceiling"], 9) for row in rows}) == 1
    facts = [_unit(str(rows[0]["metric"])), f"{rows[0]['better']} is better"]
    facts += [f"people {_people(rows[0], digits)}"] if same else []
    counts = {row["n_pictures"] for row in rows if np.isfinite(row["value"])}
    facts += [_pictures(counts.copy().pop())] if len(counts) == 1 else []
    parts = [_group_head(name, [fact for fact in facts if fact], 3)]
    for row in rows:
        label = _row_head(str(row["agent"]))
        if np.isfinite(row["value"]):
            known = np.isfinite(row["low"])
            interval = f"{_number(row['low'], digits)} to {_number(row['high'], digits)}" if known else ""
            parts.append(_row(label, [_number(row["value"], digits), interval]))
        else:
            parts.append(f'<tr role="row">{label}<td role="cell" class="why" colspan="2">undefined</td></tr>')
    notes = ["" if same else _shared(rows, lambda row: f"people {_people(row, digits)}")]
    notes += [_shared(rows, lambda row: _pictures(row["n_pictures"])) if len(counts) > 1 else ""]
    notes += [_undefined(rows)]
    parts += [_note_row(note, 3) for note in notes if note]
    return f'<tbody role="rowgroup">{"".join(parts)}</tbody>'


def _difference_group(name: str, rows: Sequence[Mapping[Any, Any]]) -> str:
    counts = {row["n_pictures"] for row in rows}
    facts = [_unit(str(rows[0]["metric"])), _better(str(rows[0]["metric"]))]
    facts += [_pictures(rows[0]["n_pictures"])] if len(counts) == 1 else []
    parts = [_group_head(name, [fact for fact in facts if fact], 5)]
    labels = ("difference", "95 %", "p", "d_z")
    digits = max(digits_for(row["high"] - row["low"]) for row in rows)
    for row in rows:
        value, low, high = with_interval(row["difference"], row["low"], row["high"], digits=digits)
        p = short_p(row["p_holm"]).removeprefix("p ").removeprefix("= ")
        effect = f"{row['d_z']:.2f}" if np.isfinite(row["d_z"]) else "undefined"
        interval = f"{low} to {high}" if np.isfinite(row["low"]) else "undefined"
        texts = [text.replace("-", "\N{MINUS SIGN}") for text in (value, interval, p, effect)]
        on = f", n = {row['n_pictures']}" if len(counts) > 1 else ""
        pair = _row_head(f"{row['agent']} \N{MINUS SIGN} {row['other']}{on}")
        parts.append(_row(pair, texts, labels, strong=bool(row["p_holm"] < 0.05)))
    return f'<tbody role="rowgroup">{"".join(parts)}</tbody>'


def _group_head(name: str, facts: Sequence[str], columns: int) -> str:
    about = f'<span class="facts">{escape(" · ".join(facts))}</span>'
    return (
        f'<tr role="row" class="group"><th role="rowheader" scope="rowgroup" colspan="{columns}">{escape(name)} {about}'
        "</th></tr>"
    )


def _row_head(text: str) -> str:
    return f'<th role="rowheader" scope="row" title="{escape(text)}">{escape(text)}</th>'


def _row(head: str, texts: Sequence[str], labels: Sequence[str] = (), *, strong: bool = False) -> str:
    named = [f' data-label="{label}"' for label in labels] or [""] * len(texts)
    cells = "".join(f'<td role="cell"{name}>{escape(text)}</td>' for name, text in zip(named, texts))
    return f'<tr role="row"{" class=strong" if strong else ""}>{head}{cells}</tr>'


def _note_row(text: str, columns: int) -> str:
    return f'<tr role="row" class="remark"><td role="cell" colspan="{columns}">{escape(text)}</td></tr>'


def _shared(rows: Sequence[Mapping[Any, Any]], say: Callable[[Mapping[Any, Any]], str]) -> str:
    """What is to be said of agents, once for all of whom the same is said."""
    said: dict[str, list[str]] = {}
    for row in rows:
        if say(row):
            said.setdefault(say(row), []).append(str(row["agent"]))
    return "; ".join(f"{', '.join(agents)}: {text}" for text, agents in said.items())


def _people(row: Mapping[Any, Any], digits: int) -> str:
    """The ceiling with its interval."""
    if not np.isfinite(row["ceiling"]):
        return "undefined"
    ends = [_number(row[f"ceiling_{end}"], digits) for end in ("low", "high")]
    around = f" ({ends[0]} to {ends[1]})" if np.isfinite(row["ceiling_low"]) else ""
    return _number(row["ceiling"], digits) + around


def _undefined(rows: Sequence[Mapping[Any, Any]]) -> str:
    """Say in words why pairs have no value, and of whom how many; of whom all, they are undefined."""
    said: dict[str, list[str]] = {}
    for row in rows:
        for part in str(row["undefined"]).split(", ") if row["n_undefined"] else ():
            reason, _, count = part.rpartition(": ")
            alone = int(count) == row["n_pairs"]
            who = f"{row['agent']}" if alone else f"{row['agent']} {count} of {row['n_pairs']}"
            said.setdefault(REASONS.get(reason, reason).partition(";")[0], []).append(who)
    if not said:
        return ""
    return "Pairs without a value: " + "; ".join(f"{why} ({', '.join(whose)})" for why, whose in said.items())


def _pictures(n: int) -> str:
    return f"{n} picture{'s' if n != 1 else ''}"


def _unit(metric: str) -> str:
    unit = METRICS[metric].unit if metric in METRICS.names("*") else None
    return "" if unit in (None, "", "1") else f"in {unit}"


def _better(metric: str) -> str:
    if metric not in METRICS.names("*"):
        return ""
    return "higher is better" if METRICS[metric].higher_is_better else "lower is better"


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if np.isfinite(value) else "undefined"
