"""A mapping of names that refuses overwrites and hints at near names."""

import fnmatch
import importlib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from scanpath._core.errors import unknown_name

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Names to objects; an entry may be a ``"module:attribute"`` string, imported on first use.

    Parameters
    ----------
    kind
        What an entry is, for messages: "agent", "metric".
    entries
        Lazy entries known from the start.

    Examples
    --------
    >>> laws = Registry("law", {"root": "math:sqrt"})
    >>> laws["root"](9.0)
    3.0
    >>> laws["rot"]
    Traceback (most recent call last):
    scanpath._core.errors.UnknownNameError: No law is named 'rot'. Did you mean root?
    """

    def __init__(self, kind: str, entries: Mapping[str, str] | None = None) -> None:
        self.kind = kind
        self._entries: dict[str, T | str] = dict(entries or {})

    def register(self, name: str, entry: T) -> T:
        """Add `entry`; a name that is taken raises instead of replacing."""
        if name in self._entries:
            raise ValueError(f"The {self.kind} name {name!r} is taken; choose another name.")
        self._entries[name] = entry
        return entry

    def __getitem__(self, name: str) -> T:
        if name not in self._entries:
            raise unknown_name(self.kind, name, self._entries)
        entry = self._entries[name]
        if isinstance(entry, str):
            module, _, attribute = entry.partition(":")
            entry = getattr(importlib.import_module(module), attribute)
            self._entries[name] = entry
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def names(self, pattern: str = "*") -> list[str]:
        """Names that match a shell pattern such as ``"*net*"``, sorted."""
        return [name for name in self if fnmatch.fnmatch(name, pattern)]
