import shutil

import pytest

from scanpath import InputError
from scanpath.datasets import dataset_card, list_datasets, load_dataset, verify_dataset


@pytest.fixture
def data(shared):
    folder = shared / "data"
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}")
    return folder


#: The sets that the folder of reference data holds; others are tested on data made in their format.
HERE = ("interiors", "osie", "visual_search_asymmetry")


def test_unknown_names_hint_at_near_ones():
    for call in (load_dataset, dataset_card, verify_dataset):
        with pytest.raises(InputError, match="Did you mean interiors"):
            call("interior")


def test_list_takes_a_pattern():
    assert list_datasets("*sie") == ["osie"]


def test_without_a_root_the_message_names_both_remedies(monkeypatch):
    monkeypatch.delenv("SCANPATH_DATA", raising=False)
    with pytest.raises(InputError, match=r"root=FOLDER.*SCANPATH_DATA"):
        load_dataset("osie")


def test_a_root_that_is_not_there_or_holds_something_else(tmp_path):
    with pytest.raises(InputError, match="no folder"):
        load_dataset("osie", root=tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"fixations\.parquet"):
        load_dataset("osie", root=tmp_path)


def test_a_set_that_lacks_one_file_is_named(tmp_path):
    (tmp_path / "interiors").mkdir()
    (tmp_path / "interiors" / "trials.parquet").write_bytes(b"x")
    with pytest.raises(InputError, match=r"interiors lacks fixations\.parquet"):
        load_dataset("interiors", root=tmp_path)


def test_a_file_that_is_not_the_published_one_is_refused(tmp_path):
    (tmp_path / "fixations.parquet").write_bytes(b"anything else")
    with pytest.raises(InputError, match="put the original file back"):
        load_dataset("osie", root=tmp_path)


def test_a_bad_scale_is_refused(tmp_path):
    with pytest.raises(InputError, match="px_per_deg"):
        load_dataset("osie", root=tmp_path, px_per_deg=0)


def test_the_set_folder_its_parent_and_the_environment_find_the_same(data, monkeypatch):
    direct, parent = (load_dataset("osie", root=root) for root in (data / "osie", data))
    monkeypatch.setenv("SCANPATH_DATA", str(data))
    environment = load_dataset("osie")
    assert direct.root == parent.root == environment.root
    assert direct.fixations.equals(environment.fixations)


def test_a_changed_table_is_refused_and_verify_says_which(data, tmp_path):
    copy = tmp_path / "interiors"
    copy.mkdir()
    for name in ("fixations.parquet", "trials.parquet"):
        shutil.copyfile(data / "interiors" / name, copy / name)
    with (copy / "trials.parquet").open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)[0]
        file.seek(1000)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(InputError, match=r"trials\.parquet is not the file"):
        load_dataset("interiors", root=tmp_path)
    status = verify_dataset("interiors", root=tmp_path).set_index("file")["status"]
    assert status.to_dict() == {
        "fixations.parquet": "ok",
        "trials.parquet": "changed",
        "images/*.jpg": "changed",
        "templates/*.jpg": "changed",
    }


@pytest.mark.parametrize("name", HERE)
def test_the_published_files_verify(data, name):
    assert (verify_dataset(name, root=data)["status"] == "ok").all()


def test_a_missing_picture_is_said_before_anything_runs(data, tmp_path):
    shutil.copyfile(data / "osie" / "fixations.parquet", tmp_path / "fixations.parquet")
    with pytest.raises(InputError, match="60 pictures"):
        load_dataset("osie", root=tmp_path)


@pytest.mark.parametrize("name", HERE)
def test_people_and_pictures_are_as_many_as_the_card_says(data, name):
    loaded = load_dataset(name, root=data)
    assert loaded.fixations["subject"].dropna().nunique() == loaded.card.n_people
    assert len(loaded.stimuli) == loaded.card.n_pictures


@pytest.mark.parametrize("name", HERE)
def test_every_fixation_belongs_to_a_trial_and_counts_agree(data, name):
    loaded = load_dataset(name, root=data)
    keys = [key for key in ("dataset", "stimulus", "subject", "agent", "trial") if key in loaded.trials.columns]
    counted = loaded.fixations.groupby(keys, dropna=False).size().rename("n").reset_index()
    merged = loaded.trials.merge(counted, on=keys, how="outer", indicator=True, validate="1:1")
    assert (merged["_merge"] != "right_only").all()
    inside = merged["n_inside" if "n_inside" in merged else "n_fixations"]
    assert (merged["n"].fillna(0) == inside).all()


@pytest.mark.parametrize("name", ["interiors", "osie"])
def test_tables_and_stimuli_share_names_and_fixations_lie_in_the_pictures(data, name):
    loaded = load_dataset(name, root=data)
    sizes = {stimulus.name: stimulus.size for stimulus in loaded.stimuli}
    assert set(loaded.fixations["stimulus"]) == set(sizes)
    height, width = (loaded.fixations["stimulus"].map(lambda key, axis=axis: sizes[key][axis]) for axis in (0, 1))
    assert loaded.fixations["x_px"].between(0, width).all()
    assert loaded.fixations["y_px"].between(0, height).all()


def test_a_stimulus_is_found_by_its_name_in_the_tables(data):
    loaded = load_dataset("osie", root=data)
    assert loaded.stimulus("1006.jpg").size == (600, 800)
    with pytest.raises(InputError, match=r"1006\.jpg"):
        loaded.stimulus("1006.jp")
