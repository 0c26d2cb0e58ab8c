"""The record of what a reader or writer did to the numbers, beside copying them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

#: What can happen to data on the way; `assumed` is a fact that the caller or the format's own definition supplied.
KINDS = ("unit", "offset", "flip", "scale", "dropped", "renamed", "assumed")
#: The rule of all readers about a fixation during which the picture changed.
LASTED = "fixations that lasted into the next picture belong to the one on which they began"


@dataclass(frozen=True)
class Change:
    """One thing that was done to the data.

    Attributes
    ----------
    kind
        One of "unit", "offset", "flip", "scale", "dropped", "renamed", "assumed".
    text
        One sentence for a person.
    n
        How many rows it concerns, or None where it concerns all of them.
    """

    kind: str
    text: str
    n: int | None = None

    def __str__(self) -> str:
        count = "" if self.n is None else f" ({self.n} row{'s' if self.n != 1 else ''})"
        return f"{self.kind}: {self.text}{count}"


class Changes:
    """A growing list of `Change`; something that concerns no row is not recorded.

    Examples
    --------
    >>> changes = Changes()
    >>> changes.add("unit", "durations from s to ms")
    >>> changes.add("dropped", "fixations without a position", n=0)
    >>> [str(change) for change in changes]
    ['unit: durations from s to ms']
    """

    def __init__(self) -> None:
        self._list: list[Change] = []

    def add(self, kind: str, text: str, *, n: int | None = None) -> None:
        """Record a change; repeated ones are counted together."""
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not one of {KINDS}")
        if n == 0:
            return
        for index, known in enumerate(self._list):
            if (known.kind, known.text) == (kind, text):
                total = None if n is None or known.n is None else known.n + n
                self._list[index] = Change(kind, text, total)
                return
        self._list.append(Change(kind, text, n))

    def extend(self, others: "Changes") -> None:
        """Record what was done to another part of the data, too."""
        for one in others:
            self.add(one.kind, one.text, n=one.n)

    def leave_out(self, table: pd.DataFrame, held: Iterable[str]) -> None:
        """Record which filled columns of a fixation table a format has no place for."""
        lost = [name for name in table.columns if name not in {*held, "fixation"} and table[name].notna().any()]
        if lost:
            self.add("dropped", f"what the format does not have: {', '.join(map(str, lost))}")

    def __iter__(self) -> Iterator[Change]:
        return iter(self._list)

    def __len__(self) -> int:
        return len(self._list)
