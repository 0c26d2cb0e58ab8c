import pytest

from scanpath._core.errors import InputError, UndefinedError, UnknownNameError, unknown_name
from scanpath._core.registry import Registry


def test_unknown_name_suggests_near_names_and_reads_as_a_sentence():
    error = unknown_name("agent", "ecnet", ["eccnet", "ivsn"])
    assert str(error) == "No agent is named 'ecnet'. Did you mean eccnet?"
    assert isinstance(error, ValueError)
    assert isinstance(error, KeyError)


def test_unknown_name_without_near_names_lists_all():
    assert str(unknown_name("law", "zzz", ["b", "a"])) == "No law is named 'zzz'. Known: a, b."


def test_undefined_carries_a_countable_reason():
    assert UndefinedError("Too short.", "too_short").reason == "too_short"
    assert issubclass(UndefinedError, InputError)


def test_registry_refuses_to_overwrite():
    registry = Registry("thing")
    registry.register("one", 1)
    with pytest.raises(ValueError, match="'one' is taken"):
        registry.register("one", 2)
    assert registry["one"] == 1


def test_registry_imports_lazy_entries_once_and_matches_patterns():
    registry = Registry("function", {"math.sqrt": "math:sqrt", "other": "no.such.module:name"})
    assert registry["math.sqrt"](16) == 4
    assert registry.names("math*") == ["math.sqrt"]
    with pytest.raises(UnknownNameError):
        registry["nothing"]
