import pytest

from scanpath._core.errors import InputError, MissingFileError
from scanpath._core.files import atomic_folder, atomic_path, require_file, write_text


def write_half(target):
    with atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(RuntimeError):
        write_half(target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


def test_a_write_makes_missing_folders_and_keeps_the_suffix(tmp_path):
    target = tmp_path / "new" / "folder" / "a.json"
    with atomic_path(target) as temporary:
        assert temporary.suffix == ".json"
        temporary.write_text("{}")
    assert target.read_text() == "{}"


def test_the_longest_names_can_be_written(tmp_path):
    target = tmp_path / ("x" * 250 + ".csv")
    write_text(target, "text")
    assert target.read_text() == "text"


def test_writing_onto_a_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="it is a folder"):
        write_text(tmp_path, "text")


def test_writing_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="Cannot write"):
        write_text(tmp_path / "file" / "a.txt", "text")


def test_required_files_must_exist_and_hold_something(tmp_path):
    with pytest.raises(MissingFileError, match="no table at"):
        require_file(tmp_path / "none.csv", "table")
    with pytest.raises(InputError, match="is not a file"):
        require_file(tmp_path)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InputError, match="is empty"):
        require_file(tmp_path / "empty.csv")


def test_files_that_may_not_be_read_are_named(tmp_path, monkeypatch):
    (tmp_path / "secret.csv").write_text("x")
    monkeypatch.setattr("os.access", lambda path, mode: False)  # permissions do not bind the super-user
    with pytest.raises(InputError, match=r"secret\.csv may not be read"):
        require_file(tmp_path / "secret.csv", "table")


def fill_half(target):
    with atomic_folder(target) as temporary:
        (temporary / "half.txt").write_text("half")
        raise RuntimeError


def test_a_folder_is_whole_or_not_there(tmp_path):
    with pytest.raises(RuntimeError):
        fill_half(tmp_path / "set")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "set").mkdir()
    with atomic_folder(tmp_path / "set") as temporary:
        (temporary / "whole.txt").write_text("whole")
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["whole.txt"]
    with (
        pytest.raises(InputError, match="set is there already and not empty, so name another"),
        atomic_folder(tmp_path / "set", hint=", so name another."),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
