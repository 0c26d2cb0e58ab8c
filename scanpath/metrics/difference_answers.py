"""Answers in an experiment on difference scaling, checked and counted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from scanpath._core.checks import check_choice, check_count
from scanpath._core.errors import InputError, UndefinedError

#: What is compared -> how many levels are shown, in words.
KINDS = {"triads": (3, "a < b < c"), "quadruples": (4, "a < b and c < d")}
#: Share of each level in what is judged: (c - b) - (b - a), or (d - c) - (b - a).
_SIGNS = {"triads": (1.0, -2.0, 1.0), "quadruples": (1.0, -1.0, -1.0, 1.0)}


@dataclass(frozen=True)
class Answers:
    """Different questions, how often each was asked, and how often the later interval looked larger.

    Attributes
    ----------
    design
        (n_questions, n_levels) share of each level's scale value in the difference that is judged.
    asked, larger
        (n_questions,) counts.
    """

    design: np.ndarray
    asked: np.ndarray
    larger: np.ndarray

    @classmethod
    def of(cls, stimuli: ArrayLike, answers: ArrayLike, *, n_levels: int | None, kind: str) -> "Answers":
        """Check what was shown and answered, and count equal questions together."""
        levels = check_levels(stimuli, kind)
        given = check_answers(answers, len(levels))
        n = int(levels.max()) + 1 if n_levels is None else check_count("n_levels", n_levels, least=3)
        if levels.max() >= n:
            raise InputError(
                f"stimuli name level {levels.max()}, but n_levels={n} has the indices 0 to {n - 1}; "
                "indices count from 0."
            )
        absent = sorted(set(range(n)) - set(np.unique(levels).tolist()))
        if absent:
            raise InputError(
                f"Level(s) {', '.join(map(str, absent))} of {n} are in no question, so that their scale values are "
                "unknown; number the levels that were shown from 0 without gaps."
            )
        questions, which = np.unique(levels, axis=0, return_inverse=True)
        asked = np.bincount(which.ravel(), minlength=len(questions)).astype(np.float64)
        larger = np.bincount(which.ravel(), weights=given, minlength=len(questions))
        return cls(design_of(questions, n, kind), asked, larger)

    @property
    def n_levels(self) -> int:
        """Number of levels."""
        return self.design.shape[1]

    def check_that_a_scale_exists(self) -> None:
        """Say what is missing where no scale can be told from these questions and answers."""
        total, larger = int(self.asked.sum()), int(self.larger.sum())
        if larger in (0, total):
            raise UndefinedError(
                f"All {total} answers are {int(larger > 0)}, which a scale without noise explains; a scale "
                "needs both answers.",
                "equal_answers",
            )
        rank = np.linalg.matrix_rank(self.design)
        if rank < self.n_levels - 1:
            raise UndefinedError(
                f"The questions fix {rank} of the {self.n_levels - 1} steps between {self.n_levels} levels; ask more, "
                "with gaps between levels that differ within a question.",
                "few_questions",
            )


def design_of(levels: np.ndarray, n_levels: int, kind: str) -> np.ndarray:
    """Share of each level's scale value in the difference that is judged, (n, n_levels)."""
    design = np.zeros((len(levels), n_levels))
    rows = np.arange(len(levels))
    for column, sign in enumerate(_SIGNS[kind]):
        np.add.at(design, (rows, levels[:, column]), sign)
    return design


def check_levels(stimuli: ArrayLike, kind: str) -> np.ndarray:
    """Return level indices (n, 3) or (n, 4) in the order that the kind of question asks for."""
    count, order = KINDS[check_choice("kind", kind, tuple(KINDS))]
    try:
        given = np.asarray(stimuli, dtype=np.float64)
    except (TypeError, ValueError):
        given = np.empty((0, 0))
    if given.ndim != 2 or given.shape[1] != count or not len(given):
        raise InputError(
            f"stimuli must be level indices of shape (n, {count}), {order}, for kind {kind!r}; got shape {given.shape}."
        )
    if not (np.isfinite(given).all() and (given == np.rint(given)).all() and (given >= 0).all()):
        row = int(np.argmin((np.isfinite(given) & (given == np.rint(given)) & (given >= 0)).all(axis=1)))
        raise InputError(
            f"stimuli must be whole level indices from 0, got {given[row].tolist()} in row {row}; give each level's "
            "place on the path, not its value."
        )
    levels = given.astype(np.int64)
    pairs = ((0, 1), (1, 2)) if kind == "triads" else ((0, 1), (2, 3))
    wrong = np.any([levels[:, first] >= levels[:, second] for first, second in pairs], axis=0)
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"{int(wrong.sum())} of {len(levels)} rows are not in the order {order} (first: row {row}, "
            f"{levels[row].tolist()}); sort the levels and turn the answer round where the intervals change places."
        )
    same = (levels[:, :2] == levels[:, 2:]).all(axis=1) if kind == "quadruples" else np.zeros(len(levels), dtype=bool)
    if same.any():
        raise InputError(f"Row {int(same.argmax())} of stimuli compares an interval with itself; leave such rows out.")
    return levels


def check_answers(answers: ArrayLike, n: int) -> np.ndarray:
    """Return n answers as 0.0 and 1.0."""
    try:
        given = np.asarray(answers).astype(np.float64)
    except (TypeError, ValueError):
        raise InputError("answers must be 0 or 1 (or False and True), one for each row of stimuli.") from None
    if given.shape != (n,):
        raise InputError(f"answers must have shape ({n},), one for each row of stimuli, got {given.shape}.")
    wrong = ~np.isin(given, (0.0, 1.0))
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"answers must be 0 or 1, got {given[row]:g} in row {row} ({int(wrong.sum())} such); drop trials without "
            "an answer from stimuli and answers."
        )
    return given
