"""What columns of a table say of its rows beside where gaze was: which kind of event one is, and of which eye.

The words and names are here alone, for tables and for frames that metrics are given.
"""

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

#: Columns that tell kinds of events, without regard to case, spaces and underscores.
_OF_EVENTS = re.compile(r"(gaze|eye)?event(type|label|name)?|(eye)?movement(type)?|fixationlabel")
#: Columns that tell anything, and kinds of events if their words are such.
_OF_ANYTHING = re.compile(
    r"label|name|(trial|row|data|record|sample|gaze)?(type|kind)|category|class(ification)?|status|state"
)
#: Columns of flags that tell whether a row is a fixation.
_IF_FIXATION = re.compile(r"(is|valid)fix(ation)?|fix(ation)?(flag|valid(ity)?)")
_NO = ("0", "0.0", "false", "f", "no", "n")
_EYE = re.compile(r"(tracked|which)?eye(used|tracked)?")
_FIXATION = re.compile(r"((gaze|eye|event|e|s)[ _-]?)?[es]?fix(a|ations?)?([ _-]?(event|end|[lr]|\d+))?")
#: Words of what is no fixation, in a column of any of the names.
_OTHER = re.compile(
    r"sacc|blink|purs(?!e)|smooth|glissade|unclassified|eyes ?not ?found"
    r"|(^|[^a-z])([eis]?sac|[hl]?pso|i[hl]ps|n(on?|ot)?[ _-]?fix(a|ations?)?)($|[^a-z])"
)
#: Words that say so of events, and may say something else of pictures.
_OTHER_OF_EVENTS = re.compile(
    r"(^|[^a-z])(none|nan|noise|un(known|defined)|undef|missing|invalid|lost|loss|other|gap|art[ei]facts?)($|[^a-z])"
)


def kinds_of_events(table: Mapping[Any, Iterable[object]]) -> tuple[str, dict[str, int], str | None] | None:
    """Return the first column that calls rows something else than a fixation; None if none does.

    Returns
    -------
    tuple or None
        The column's name, how many rows it calls what, and its word for a fixation if it has one.

    Examples
    --------
    >>> kinds_of_events({"label": ["FIXA", "SACC", "FIXA"]})
    ('label', {'SACC': 1}, 'FIXA')
    >>> kinds_of_events({"is_fixation": [1, 0, 0]})
    ('is_fixation', {'0': 2}, '1')
    >>> kinds_of_events({"category": ["noise", "indoor"]}) is None
    True
    """
    for name in table:
        bare = _bare(name)
        if _IF_FIXATION.fullmatch(bare):
            flags = Counter(str(value).strip() for value in table[name])
            none = {flag: n for flag, n in flags.items() if flag.lower() in _NO}
            if none:
                return str(name), none, next((flag for flag in flags if flag not in none), None)
        of_events = _OF_EVENTS.fullmatch(bare) is not None
        if not of_events and not _OF_ANYTHING.fullmatch(bare):
            continue
        words = Counter(value.strip() for value in table[name] if isinstance(value, str) and value.strip())
        fixation = next((word for word in words if _FIXATION.fullmatch(word.lower())), None)
        other = {
            word: n
            for word, n in words.items()
            if _OTHER.search(word.lower())
            or (of_events and _OTHER_OF_EVENTS.search(word.lower()))
            or (fixation is not None and "fix" not in word.lower())
        }
        if other:
            return str(name), other, fixation
    return None


def other_events(table: Mapping[Any, Iterable[object]]) -> str | None:
    """Say in one sentence which rows a column calls something else than a fixation; None if there are none."""
    found = kinds_of_events(table)
    if found is None:
        return None
    name, other, fixation = found
    most = sorted(other.items(), key=lambda one: -one[1])[:4]
    called = ", ".join(f"{n} row{'s' if n != 1 else ''} {word!r}" for word, n in most)
    return (
        f"column {name!r} calls {called}, and all are taken for fixations: keep the fixations alone, of a text with "
        f"read_fixations(path, only={{{name!r}: {'...' if fixation is None else repr(fixation)}}})"
    )


def eye_column(names: Iterable[Hashable]) -> Any | None:
    """Return the name of the column that tells the eye, or None."""
    return next((name for name in names if _EYE.fullmatch(_bare(name))), None)


def eye_of(value: object) -> str:
    """Return one letter for an eye, however it is written; empty where it is not told.

    Examples
    --------
    >>> [eye_of(value) for value in ("Left", "L", "right", 1, None)]
    ['l', 'l', 'r', '1', '']
    """
    word = str(value).strip().lower()
    return "" if word in ("", "none", "nan", "<na>", "nat") else word[0]


def _bare(name: Hashable) -> str:
    return re.sub(r"[\s_.-]", "", str(name).lower())
