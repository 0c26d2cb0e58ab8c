"""Who is compared with whom, as a value that is stored with every number."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError, unknown_name
from scanpath.gaze.scanpath import Scanpath

#: How the people a path is compared with become one number for the path.
REDUCTIONS = ("mean", "best", "pairs")


@dataclass(frozen=True, slots=True)
class Pairing:
    """The rule that decides which scanpaths are compared, and in what order their scores are averaged.

    Published numbers differ by this rule more than by the metric: scoring people against themselves raises the
    human ceiling to a perfect score, and the best match over people is always kinder than the mean.

    Parameters
    ----------
    within
        Keys of ``Scanpath.info`` that must agree, such as ``("stimulus", "task")``; their values name one picture.
    include_self
        Also compare a person with their own scanpaths. Off in every sound ceiling.
    ordered
        Take a directed metric as it stands, d(simulated, human); False averages it over both directions.
    reduce
        ``"mean"``: over the people, then over the paths, then over the pictures, so that each picture counts once.
        On people this is the leave-one-out ceiling: each person against all others.
        ``"best"``: the most similar person instead of the mean over people (plausibility: does anyone look so?).
        ``"pairs"``: all defined pairs of a picture alike, then the pictures; on people the pairwise ceiling.
    both_found
        Compare only scanpaths of trials in which the target was found (``info["target_found"]``).

    Examples
    --------
    >>> str(Pairing())
    'within stimulus; self excluded; ordered; mean over people, then paths, then pictures'
    >>> as_pairing("best").reduce
    'best'
    """

    within: tuple[str, ...] = ("stimulus",)
    include_self: bool = False
    ordered: bool = True
    reduce: str = "mean"
    both_found: bool = False

    def __post_init__(self) -> None:
        keys = (self.within,) if isinstance(self.within, str) else tuple(self.within)
        if not keys:
            raise InputError("Pairing.within must name at least one key, such as 'stimulus'.")
        object.__setattr__(self, "within", keys)
        check_choice("reduction", self.reduce, REDUCTIONS)

    def __str__(self) -> str:
        parts = [
            "within " + "+".join(self.within),
            "self included" if self.include_self else "self excluded",
            "ordered" if self.ordered else "both directions averaged",
            _REDUCTION_TEXT[self.reduce],
        ]
        return "; ".join([*parts, "only found targets"] if self.both_found else parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; ``Pairing(**values)`` restores the pairing."""
        return asdict(self) | {"within": list(self.within)}

    def picture_of(self, path: Scanpath) -> str:
        """Name of the picture a scanpath belongs to: the values of the keys in `within`."""
        missing = [key for key in self.within if path.info.get(key) is None]
        if missing:
            raise InputError(
                f"A scanpath without {missing[0]!r} cannot be paired within {'+'.join(self.within)}; "
                f"put it into the table or into Scanpath.info (which has {sorted(path.info) or 'no keys'})."
            )
        return " / ".join(str(path.info[key]) for key in self.within)


_REDUCTION_TEXT = {
    "mean": "mean over people, then paths, then pictures",
    "best": "best over people, then mean over paths, then pictures",
    "pairs": "mean over pairs, then pictures",
}

#: Pairings known by a short name, for the command line and for tables.
PAIRINGS: Mapping[str, Pairing] = {
    "leave_one_out": Pairing(),
    "pairwise": Pairing(ordered=False, reduce="pairs"),
    "best": Pairing(reduce="best"),
    "visions": Pairing(ordered=False, reduce="pairs", both_found=True),
}


def as_pairing(pairing: "Pairing | str | None") -> Pairing:
    """Return a pairing given as itself, by one of the names in `PAIRINGS`, or None for leave-one-out."""
    if pairing is None:
        return Pairing()
    if isinstance(pairing, Pairing):
        return pairing
    if pairing not in PAIRINGS:
        raise unknown_name("pairing", pairing, PAIRINGS)
    return PAIRINGS[pairing]


def observer_of(path: Scanpath) -> str:
    """Name of whoever made a scanpath: a person, or an agent with its seed.

    Scanpaths of one observer are never compared with each other unless ``include_self`` asks for it.
    """
    agent, subject = path.info.get("agent"), path.info.get("subject")
    if agent is None and subject is None:
        raise InputError(
            "A scanpath has neither 'subject' nor 'agent', so self-comparisons cannot be left out; "
            "put one of them into the table or into Scanpath.info."
        )
    if agent is None:
        return str(subject)
    return " ".join(str(part) for part in (agent, path.info.get("seed"), subject) if part is not None)


def agent_of(path: Scanpath) -> str:
    """Name under which a scanpath's scores are reported: its agent, or ``"people"``."""
    return str(path.info.get("agent") or "people")
