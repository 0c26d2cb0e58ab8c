"""Did a model see the pictures that it is scored on? By what its card says, and by how it scores."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scanpath._core.checks import check_count
from scanpath._core.errors import InputError
from scanpath._core.random import numpy_generator


@dataclass(frozen=True)
class Leakage:
    """How much better a model scores on pictures that it may have seen, in bits a fixation.

    Attributes
    ----------
    bits
        Mean over the suspected pictures minus mean over the others, of what the model knows beyond the reference.
    low, high
        95 % bootstrap interval over pictures.
    p
        One-sided p value: how often pictures told apart at random differ as much.
    n_suspected, n_others
        Pictures on either side.
    """

    bits: float
    low: float
    high: float
    p: float
    n_suspected: int
    n_others: int


def check_leakage(
    predictions: pd.DataFrame,
    suspected: Collection[str],
    *,
    agent: str | None = None,
    reference: str = "gold standard",
    permutations: int = 9999,
    seed: int = 0,
) -> Leakage:
    """Test whether a model knows more of some pictures than it should, as one that was fitted to them does.

    How predictable people are differs from picture to picture, for every model; so the bits of a reference that
    cannot have seen anything, the other people on the same picture, are taken off first. What is left should be alike
    on pictures that the model may have seen and on those that it cannot have.

    Parameters
    ----------
    predictions
        The table of `predict_fixations` with the agent and the reference, on suspected pictures and on others.
    suspected
        Names of the pictures that the model may have been fitted to.
    agent
        Whose rows are tested, where there are several.
    reference
        What is taken off: "gold standard", or another mark or agent in the table.
    permutations
        Random ways of telling the pictures apart, counting the observed one, so that p is never 0.
    seed
        Equal seeds give equal results.

    Raises
    ------
    InputError
        If an agent, the reference or two pictures of either kind are missing.

    Examples
    --------
    >>> names = [f"{n}.png" for n in range(20)]
    >>> rows = [(agent, name, 2.0 + (agent == "model" and n < 10)) for n, name in enumerate(names)
    ...         for agent in ("model", "gold standard")]
    >>> table = pd.DataFrame(rows, columns=["agent", "stimulus", "information_gain"])
    >>> found = check_leakage(table, names[:10])
    >>> found.bits, found.p < 0.001
    (1.0, True)
    """
    others = [str(name) for name in predictions["agent"].unique() if name not in (reference, "uniform", "center bias")]
    if agent is None and len(others) != 1:
        raise InputError(f"agent= must say which of {', '.join(others) or 'no agents'} is tested.")
    beyond = _beyond(predictions, others[0] if agent is None else agent, reference)
    mine = np.array([name in set(suspected) for name in beyond.index])
    if mine.sum() < 2 or (~mine).sum() < 2:
        raise InputError(
            f"A leakage check needs two pictures or more of either kind, got {mine.sum()} suspected and "
            f"{(~mine).sum()} others with scores."
        )
    values = beyond.to_numpy()
    observed = values[mine].mean() - values[~mine].mean()
    generator = numpy_generator(seed, "leakage", len(values))
    turns = check_count("permutations", permutations)
    label = generator.permuted(np.tile(mine, (turns, 1)), axis=1)
    drawn = _difference(np.tile(values, (turns, 1)), label)
    p = (1 + int((drawn >= observed - 1e-12).sum())) / (turns + 1)
    boot = [
        part[generator.integers(len(part), size=(2000, len(part)))].mean(1) for part in (values[mine], values[~mine])
    ]
    low, high = np.quantile(boot[0] - boot[1], (0.025, 0.975))
    return Leakage(float(observed), float(low), float(high), p, int(mine.sum()), int((~mine).sum()))


def _beyond(predictions: pd.DataFrame, agent: str, reference: str) -> pd.Series:
    """Return the mean bits of an agent beyond a reference, by picture."""
    means = predictions.groupby(["agent", "stimulus"])["information_gain"].mean()
    for name in (agent, reference):
        if name not in means.index.get_level_values("agent"):
            raise InputError(f"predictions holds no rows of {name!r}; score it too, as an agent or in marks=.")
    return (means[agent] - means[reference]).dropna()


def _difference(values: np.ndarray, mine: np.ndarray) -> np.ndarray:
    n = mine.sum(1)
    inside = np.where(mine, values, 0.0).sum(1)
    return inside / n - (values.sum(1) - inside) / (mine.shape[1] - n)
