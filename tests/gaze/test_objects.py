"""Objects of a picture, and the rule that ties fixations to them."""

import numpy as np
import pytest
import torch
from hypothesis import given, reject
from hypothesis import strategies as st

import scanpath as sp
from scanpath import InputError, InputWarning, Stimulus
from scanpath.gaze import best_match, find_objects, fixated_objects, object_places
from scanpath.gaze.object_files import read_objects
from scanpath.metrics import labels_in_areas

BLANK = torch.zeros(1, 60, 80)


@st.composite
def boxes(draw):
    x, y = draw(st.integers(0, 70)), draw(st.integers(0, 50))
    return x, y, draw(st.integers(1, 80 - x)), draw(st.integers(1, 60 - y))


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ([], "at least one box"),
        ([(0, 0, 5, 5), (70, 0, 20, 5)], r"objects\[1\].*does not lie inside"),
        ([(0, 0, 5, 0)], r"objects\[0\].*is empty"),
        ([(0, 0, 5, 0.5)], "at least one pixel"),
        ([(0, 0, 5)], r"must be \(x, y, width, height\)"),
        (7, "must be boxes"),
        ([(0, 0, 5, 5), (0, 0, 5, 5)], "the same box"),
        ([(0, 0, 6, 3), (0, 0, 3, 3), (3, 0, 3, 3)], r"objects\[0\] is hidden"),
    ],
)
def test_objects_that_nobody_can_look_at_are_refused_in_one_sentence(objects, message):
    with pytest.raises(InputError, match=message) as error:
        Stimulus(BLANK, objects=objects)
    assert str(error.value).count("\n") == 0


def test_overlapping_objects_are_told_of_and_kept():
    with pytest.warns(InputWarning, match="counts for the smaller one"):
        stimulus = Stimulus(BLANK, objects=[(0, 0, 20, 20), (15, 15, 10, 10)])
    assert stimulus.objects == ((0, 0, 20, 20), (15, 15, 10, 10))


@pytest.mark.parametrize("form", [list, np.array, torch.tensor])
def test_objects_come_in_any_form(form):
    assert Stimulus(BLANK, objects=form([(0.0, 1.0, 5.0, 5.0)])).objects == ((0, 1, 5, 5),)


def test_labels_belong_to_objects_one_by_one():
    assert Stimulus(BLANK, objects=[(0, 0, 5, 5)], object_labels=["cup"]).object_labels == ("cup",)
    for objects, labels in (([(0, 0, 5, 5)], ["cup", "jar"]), (None, ["cup"]), ([(0, 0, 5, 5)], "c")):
        with pytest.raises(InputError, match="object_labels"):
            Stimulus(BLANK, objects=objects, object_labels=labels)


@given(st.lists(boxes(), min_size=1, max_size=8, unique=True))
def test_the_eye_lands_on_the_object_that_it_is_sent_to(objects):
    try:
        places = object_places(objects)
    except InputError:
        reject()  # an object that smaller ones hide has no place
    assert fixated_objects(places, objects) == list(range(len(objects)))


@given(st.lists(boxes(), min_size=1, max_size=8, unique=True), st.integers(0, 99))
def test_fixations_within_objects_are_labeled_as_areas_are(objects, seed):
    xy = np.random.default_rng(seed).uniform(-5, 85, (20, 2))
    areas = labels_in_areas(xy, dict(enumerate(objects)))
    inside = [place for place, label in enumerate(areas) if label != "elsewhere"]
    found = fixated_objects(xy, objects)
    assert [found[place] for place in inside] == [areas[place] for place in inside]


def test_a_fixation_on_nothing_belongs_to_the_nearest_center():
    # the long box's edge is nearer, but its center is not
    assert fixated_objects([(50, 5)], [(0, 0, 48, 10), (60, 0, 10, 10)]) == [1]


def test_slots_stand_for_objects_where_they_show_something():
    labels = torch.zeros(60, 80, dtype=torch.int64)
    labels[0:10, 0:10], labels[20:30, 40:50] = 1, 2
    picture = BLANK.clone()
    picture[0, 22:25, 44:46] = 1
    assert Stimulus(picture, cells=labels).require_objects("x") == ((0, 0, 10, 10), (40, 20, 10, 10))
    assert Stimulus(picture, cells=labels, background=0).require_objects("x") == ((40, 20, 10, 10),)
    with pytest.raises(InputError, match="looks at objects"):
        Stimulus(BLANK, cells=labels, background=0).require_objects("oat")
    with pytest.raises(InputError, match="looks at objects"):
        Stimulus(picture).require_objects("oat")


def test_the_items_of_a_drawn_display_are_found_on_its_ground():
    display = sp.stimuli.feature_display(9, sp.stimuli.Item("T"), sp.stimuli.Item("L"), seed=3)
    found = find_objects(display.image, display.background)
    assert len(found) == 9
    assert best_match(display.target_box, found) is not None
    slots = display.require_objects("x")
    assert sorted(fixated_objects(object_places(found), slots)) == list(range(9))


@pytest.mark.parametrize(("apart", "n"), [(2, 1), (3, 2)])
def test_parts_that_lie_close_are_one_thing(apart, n):
    picture = BLANK.clone()
    picture[0, 10:14, 10:14] = picture[0, 10:14, 14 + apart : 18 + apart] = 1
    picture[0, 40, 40] = 1  # a speck
    assert len(find_objects(picture, 0, gap_px=2)) == n


def test_boxes_are_read_for_one_picture_or_for_many(tmp_path):
    file = tmp_path / "boxes.csv"
    file.write_text("x,y,width,height\n1,2,3,4\n5,6,7.5,8\n")
    assert read_objects(file).of(tmp_path / "any.png") == ([(1, 2, 3, 4), (5, 6, 7.5, 8)], None, None)
    file.write_text("stimulus,x_px,y_px,w,h,label,target\na.png,1,2,3,4,cup,\nb,5,6,7,8,jar,true\n")
    table = read_objects(file)
    assert table.of(tmp_path / "b.png") == ([(5, 6, 7, 8)], ["jar"], (5, 6, 7, 8))
    assert table.of(tmp_path / "a.png").target_box is None
    with pytest.raises(InputError, match=r"no objects for 'c\.png'"):
        table.of(tmp_path / "c.png")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y,width\n1,2,3\n", "lacks height"),
        ("x,y,w,h\n", "no boxes"),
        ("x,y,w,h\n1,two,3,4\n", "column 'y'"),
        ("x,y,w,h,target\n1,2,3,4,maybe\n", "true or false"),
        ("x,y,w,h,target\n1,2,3,4,1\n9,2,3,4,1\n", "two targets"),
    ],
)
def test_files_without_boxes_are_refused(tmp_path, text, message):
    file = tmp_path / "boxes.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_objects(file)
