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


def test_old_names_work_with_a_warning_and_are_not_listed():
    registry = Registry("agent", {"new": "math:sqrt"}, renamed={"old": "new"}, since="0.2.0")
    with pytest.warns(DeprecationWarning, match="The agent old is called new since scanpath 0.2.0"):
        assert registry["old"](4) == 2
    assert list(registry) == ["new"]
    assert "old" in registry


def test_names_clash_whether_they_are_lazy_loaded_or_old():
    registry = Registry("thing", {"lazy": "math:sqrt", "now": "math:pi"}, renamed={"before": "now"}, since="0.2.0")
    for taken in ("lazy", "before"):
        with pytest.raises(ValueError, match=f"'{taken}' is taken"):
            registry.register(taken, 1)
    with pytest.raises(ValueError, match="'lazy' is taken"):
        Registry("thing", {"lazy": "math:sqrt"}, renamed={"lazy": "lazy"})
    with pytest.raises(ValueError, match="which is not there"):
        Registry("thing", {}, renamed={"old": "new"})
