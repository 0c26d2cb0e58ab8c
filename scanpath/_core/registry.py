"""A mapping of names that refuses overwrites, knows old names and hints at near ones."""

import fnmatch
import importlib
import importlib.metadata
import warnings
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from scanpath._core.deprecation import warn_renamed
from scanpath._core.errors import InputError, InputWarning, unknown_name

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Names to objects; an entry may be a ``"module:attribute"`` string, imported on first use.

    Parameters
    ----------
    kind
        What an entry is, for messages: "agent", "metric".
    entries
        Entries known from the start, objects or lazy ones.
    renamed
        Old name to present name; an old one works with a warning, and is not listed.
    since
        The version that renamed them.
    group
        Entry points of installed packages that add entries, as in ``[project.entry-points."scanpath.agents"]``; they
        are looked for when a name is not known, or all are listed. A name that is taken keeps its meaning.

    Examples
    --------
    >>> laws = Registry("law", {"root": "math:sqrt"})
    >>> laws["root"](9.0)
    3.0
    >>> laws["rot"]
    Traceback (most recent call last):
    scanpath._core.errors.UnknownNameError: No law is named 'rot'. Did you mean root?
    """

    def __init__(
        self,
        kind: str,
        entries: Mapping[str, T | str] | None = None,
        *,
        renamed: Mapping[str, str] | None = None,
        since: str = "",
        group: str | None = None,
    ) -> None:
        self.kind = kind
        self._group = group
        self._plugins: dict[str, str] = {}
        self._entries: dict[str, T | str] = {}
        self._renamed: dict[str, str] = dict(renamed or {})
        self._since = since
        for name, entry in (entries or {}).items():
            self._add(name, entry)
        for old, new in self._renamed.items():
            if new not in self._entries:
                raise ValueError(f"The {kind} {old!r} is renamed to {new!r}, which is not there.")

    def register(self, name: str, entry: T) -> T:
        """Add `entry`; a name that is taken, be it by an old name, raises instead of replacing."""
        self._add(name, entry)
        return entry

    def _add(self, name: str, entry: T | str) -> None:
        if name in self._entries or name in self._renamed:
            raise ValueError(f"The {self.kind} name {name!r} is taken; choose another name.")
        self._entries[name] = entry

    def current(self, name: str) -> str:
        """Return the present name of an entry, with a warning if `name` is an old one."""
        if name in self._renamed:
            warn_renamed(self.kind, name, self._renamed[name], self._since, stacklevel=4)
            return self._renamed[name]
        if name not in self:
            raise unknown_name(self.kind, name, self._entries)
        return name

    def __getitem__(self, name: str) -> T:
        name = self.current(name)
        entry = self._entries[name]
        if isinstance(entry, str):
            loaded = self._load(name, *entry.split(":"))
            self._entries[name] = loaded
            return loaded
        return entry

    def _load(self, name: str, module: str, attribute: str) -> T:
        try:
            loaded: T = getattr(importlib.import_module(module), attribute)
        except Exception as error:  # whatever somebody's code raises when it is imported
            if name not in self._plugins:
                raise
            raise InputError(
                f"The {self.kind} {name!r} of the installed package {self._plugins[name]} cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error
        return loaded

    def __contains__(self, name: object) -> bool:
        if name not in self._entries and name not in self._renamed:
            self._add_plugins()
        return name in self._entries or name in self._renamed

    def __iter__(self) -> Iterator[str]:
        self._add_plugins()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._add_plugins()
        return len(self._entries)

    def _add_plugins(self) -> None:
        """Add the entries of installed packages, once."""
        group, self._group = self._group, None
        for point in () if group is None else importlib.metadata.entry_points(group=group):
            package = point.dist.name if point.dist else "?"
            if point.name in self._entries or point.name in self._renamed:
                problem = f"whose {self.kind} {point.name!r} has a name that is taken"
            elif point.value.count(":") != 1:
                problem = f"whose {self.kind} {point.name!r} is no 'module:name', but {point.value!r}"
            else:
                self._entries[point.name], self._plugins[point.name] = point.value, package
                continue
            warnings.warn(f"The installed package {package}, {problem}, adds nothing here.", InputWarning, stacklevel=3)

    def names(self, pattern: str = "*") -> list[str]:
        """Names that match a shell pattern such as ``"*net*"``, sorted."""
        return [name for name in self if fnmatch.fnmatch(name, pattern)]
