"""Differences between agents in words, ready for a paper."""

import math
from math import isfinite
from typing import Any

import pandas as pd

from scanpath._core.checks import check_share
from scanpath.metrics import METRICS


def describe_comparison(differences: pd.DataFrame, *, alpha: float = 0.05) -> list[str]:
    """Say what a comparison of agents found, one sentence a metric part, and one about how it was tested.

    Parameters
    ----------
    differences
        The table of `compare_agents`.
    alpha
        A difference counts as found where its corrected p value is below this.

    Returns
    -------
    list of str
        Empty where there is nothing to compare.

    Examples
    --------
    >>> row = {"metric": "dtw", "part": "value", "agent": "a", "other": "b", "difference": -12.0, "low": -15.0}
    >>> row |= {"high": -9.1, "d_z": -0.81, "share_larger": 0.2, "p": 0.0004, "p_holm": 0.0004, "n_pictures": 60}
    >>> print(describe_comparison(pd.DataFrame([row]))[0])
    In dtw (px, lower is better; 60 pictures), a was better than b by 12 (95 % interval 9 to 15, p < .001,
    d_z = 0.81).
    """
    check_share("alpha", alpha)
    sentences = []
    for (metric, part), rows in differences.groupby(["metric", "part"], sort=False):
        counts = rows["n_pictures"].unique()
        about = _about(str(metric), counts)
        records = rows.to_dict("records")
        if not counts.any():
            continue  # no picture has values of two agents
        clauses = [_clause(row, str(metric), alpha, bool(len(counts) > 1)) for row in records]
        name = str(metric) if part in ("", "value", metric) else f"{metric} {part}"
        sentences.append(f"In {name}{about}, {'; '.join(clauses)}.")
    if sentences:
        sentences.append(_how(int(differences["p"].notna().sum())))
    return sentences


def digits_for(width: float) -> int:
    """Digits behind the point that a number needs whose interval has this width: steps of at most a fifth of it.

    Examples
    --------
    >>> digits_for(0.0123), digits_for(0.06), digits_for(230.0)
    (3, 2, 0)
    """
    if not (isfinite(width) and width > 0):
        return 3
    return min(max(0, math.ceil(-math.log10(width / 5) - 1e-9)), 6)


def with_interval(value: float, low: float, high: float, *, digits: int | None = None) -> tuple[str, str, str]:
    """A number and its interval, with as many digits as the interval's width bears where none are given.

    Examples
    --------
    >>> with_interval(0.036142, 0.0298, 0.0421), with_interval(-297.3, -413.2, -183.5)
    (('0.036', '0.030', '0.042'), ('-297', '-413', '-184'))
    """
    digits = digits_for(high - low) if digits is None else digits
    if any(each and not float(f"{each:.{digits}f}") for each in (value, low, high)):
        digits += 1  # which side of 0 an end lies on is to be seen
    texts = [f"{each:.{digits}f}" if isfinite(each) else "undefined" for each in (value, low, high)]
    return texts[0], texts[1], texts[2]


def short_p(p: float) -> str:
    """Write a p value as papers do.

    Examples
    --------
    >>> short_p(0.0002), short_p(0.0123), short_p(1.0)
    ('p < .001', 'p = .012', 'p = 1')
    """
    if not isfinite(p):
        return "p undefined"
    if p < 0.001:
        return "p < .001"
    return "p = 1" if p > 0.9995 else f"p = {p:.3f}".replace("0.", ".")


def _about(metric: str, counts: Any) -> str:
    known = METRICS[metric] if metric in METRICS.names("*") else None
    facts = []
    if known is not None:
        facts = [known.unit] if known.unit not in (None, "", "1") else []
        facts.append("higher is better" if known.higher_is_better else "lower is better")
    pictures = f"{counts[0]} picture{'s' if counts[0] != 1 else ''}" if len(counts) == 1 else ""
    text = "; ".join(part for part in (", ".join(map(str, facts)), pictures) if part)
    return f" ({text})" if text else ""


def _clause(row: dict[Any, Any], metric: str, alpha: float, counted: bool) -> str:
    """What was found for one pair of agents."""
    agent, other, n = row["agent"], row["other"], int(row["n_pictures"])
    on = f" on {n} picture{'s' if n != 1 else ''}" if counted else ""
    if not isfinite(row["p_holm"]):
        return f"{agent} and {other} could not be compared{on}"
    value, low, high, spread = (row[name] for name in ("difference", "low", "high", "d_z"))
    if row["p_holm"] >= alpha:
        size, facts = _facts(value, low, high, row["p_holm"], spread)
        return f"no difference was found between {agent} and {other}{on} ({size}, {facts})"
    word = "lower" if value < 0 else "higher"
    if metric in METRICS.names("*"):
        word = "better" if (value > 0) == METRICS[metric].higher_is_better else "worse"
    if value < 0:
        value, low, high, spread = -value, -high, -low, -spread
    size, facts = _facts(value, low, high, row["p_holm"], spread)
    return f"{agent} was {word} than {other}{on} by {size} ({facts})"


def _facts(value: float, low: float, high: float, p: float, spread: float) -> tuple[str, str]:
    """The difference, and what is said of it in brackets."""
    size, start, end = with_interval(value, low, high)
    effect = f", d_z = {spread:.2f}" if isfinite(spread) else ""
    return size, f"95 % interval {start} to {end}, {short_p(p)}{effect}"


def _how(n_tests: int) -> str:
    tests = f"{n_tests} comparison{'s' if n_tests != 1 else ''}"
    return (
        "Differences are means over the same pictures with 95 % bootstrap intervals over pictures; p values are "
        f"those of paired permutation tests, Holm-corrected for {tests}; d_z is the mean difference over "
        "its standard deviation."
    )
