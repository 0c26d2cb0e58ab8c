"""Differences between agents that hold for other pictures and other people: mixed models with both as random."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t as student

from scanpath._core.errors import InputError
from scanpath._core.optional import require
from scanpath.evaluation.sides import FLOOR
from scanpath.evaluation.significance import holm

_COLUMNS = ("agent", "metric", "part", "picture", "person", "value")
#: Variances below this share of the residual one are those on the border of what is possible.
_ZERO = 1e-6


def mixed_model(scores: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """Compare all pairs of agents by a linear mixed model with crossed random effects of pictures and of people.

    For each metric part and pair of agents, the differences d between their scores on the same picture and person
    follow d = difference + picture + person + residual, fitted by restricted maximum likelihood with statsmodels. As
    it is a model of differences, what is easy or hard about a picture or a person for both agents cancels, and each
    picture and each person may favor one agent: random intercepts and slopes of the model of scores [1]_. Degrees of
    freedom are Satterthwaite's, for the average numbers of people a picture and of pictures a person.

    Parameters
    ----------
    scores
        ``agent, metric, part, picture, person, value``: ``evaluate_agents(...).people``.
    confidence
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``metric, part, agent, other, difference, se, low, high, df, t, p, p_holm, sd_pictures, sd_people, sd_residual,
        n_pictures, n_people, n``: SDs are those of the differences. NaN where fewer than two pictures or people are
        common or all differences are equal.

    Raises
    ------
    InputError
        If a column is missing, or there is only one agent.
    MissingDependencyError
        If statsmodels is not installed.

    References
    ----------
    .. [1] Barr, D. J., Levy, R., Scheepers, C. & Tily, H. J. (2013). Random effects structure for confirmatory
       hypothesis testing: Keep it maximal. Journal of Memory and Language, 68(3), 255-278.
       https://doi.org/10.1016/j.jml.2012.11.001
    """
    missing = [name for name in _COLUMNS if name not in scores]
    if missing:
        raise InputError(
            "mixed_model needs a value for each picture and person, as evaluate_agents(...).people has; column "
            f"{missing[0]!r} is missing."
        )
    _statsmodels()  # what is missing is said before anything is computed
    agents = list(dict.fromkeys(scores["agent"]))
    if len(agents) < 2:
        raise InputError(f"A comparison needs at least two agents, got {agents}.")
    result = pd.DataFrame(_rows(scores, agents, confidence))
    result.insert(list(result).index("p") + 1, "p_holm", holm(result["p"].to_numpy()))
    return result


def _rows(scores: pd.DataFrame, agents: list[str], confidence: float) -> Iterator[dict[str, Any]]:
    for (metric, part), group in scores.groupby(["metric", "part"], sort=False):
        table = group.pivot(index=["picture", "person"], columns="agent", values="value").reindex(columns=agents)
        for agent, other in combinations(agents, 2):
            if agent.startswith(FLOOR) and other.startswith(FLOOR):
                continue
            difference = (table[agent] - table[other]).dropna()
            fit = _fit(difference)
            half = fit.se * student.ppf((1 + confidence) / 2, fit.df) if fit.df > 0 else np.nan
            t_value = fit.difference / fit.se if fit.se > 0 else np.nan
            yield {
                "metric": metric,
                "part": part,
                "agent": agent,
                "other": other,
                "difference": fit.difference,
                "se": fit.se,
                "low": fit.difference - half,
                "high": fit.difference + half,
                "df": fit.df,
                "t": t_value,
                "p": 2 * student.sf(abs(t_value), fit.df) if fit.df > 0 else np.nan,
                "sd_pictures": fit.sd[0],
                "sd_people": fit.sd[1],
                "sd_residual": fit.sd[2],
                "n_pictures": fit.n[0],
                "n_people": fit.n[1],
                "n": len(difference),
            }


@dataclass(frozen=True, slots=True)
class _Fit:
    difference: float
    se: float
    df: float
    sd: tuple[float, float, float]
    n: tuple[int, int]


def _fit(difference: pd.Series) -> _Fit:
    """Fit the model of one pair of agents to differences indexed by picture and person."""
    picture, person = (difference.index.get_level_values(level) for level in ("picture", "person"))
    n = (picture.nunique(), person.nunique())
    values = difference.to_numpy(dtype=np.float64)
    spread = float(values.std()) if len(values) else 0.0
    mean = float(values.mean()) if len(values) else np.nan
    if min(n) < 2 or len(values) <= max(n) or spread <= 1e-12 * np.abs(values).max():
        return _Fit(mean, np.nan, np.nan, (np.nan, np.nan, np.nan), n)
    estimate, se, variances = _reml(values / spread, pd.factorize(picture)[0], pd.factorize(person)[0])
    df = _degrees_of_freedom(variances, n, len(values))
    sd = tuple(float(np.sqrt(variance)) * spread for variance in variances)
    return _Fit(estimate * spread, se * spread, df, (sd[0], sd[1], sd[2]), n)


def _statsmodels() -> ModuleType:
    return require("statsmodels.regression.mixed_linear_model", package="'scanpath[mixed]'", purpose="A mixed model")


def _reml(values: np.ndarray, picture: np.ndarray, person: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Mean, its standard error, and the variances of pictures, people and residuals, by statsmodels."""
    linear = _statsmodels()
    one = np.ones((len(values), 1))
    matrices = [[np.eye(codes.max() + 1)[codes]] for codes in (picture, person)]
    labels = [[[f"{name}{k}" for k in range(matrix[0].shape[1])]] for name, matrix in zip("ab", matrices)]
    spec = linear.VCSpec(["picture", "person"], labels, matrices)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a variance of 0 is on the border and no fault
        model = linear.MixedLM(values, one, groups=np.zeros(len(values)), exog_vc=spec)
        fit = model.fit(reml=True, method=["lbfgs", "powell"])
    variances = np.array([*fit.vcomp, fit.scale])
    variances[:2] = np.where(variances[:2] < _ZERO * fit.scale, 0.0, variances[:2])
    return float(fit.fe_params[0]), float(fit.bse_fe[0]), variances


def _degrees_of_freedom(variances: np.ndarray, n: tuple[int, int], n_values: int) -> float:
    """Satterthwaite's for a mean, from mean squares of a balanced table of pictures by people."""
    per_picture, per_person = n_values / n[0], n_values / n[1]
    residual = max(float(variances[2]), 1e-300)
    squares = np.array([residual + per_picture * variances[0], residual + per_person * variances[1], residual])
    own = np.array([n[0] - 1, n[1] - 1, max(n_values - n[0] - n[1] + 1, 1)], dtype=np.float64)
    signed = squares * [1, 1, -1]
    return float(max(signed.sum() ** 2 / (squares**2 / own).sum(), 1.0))
