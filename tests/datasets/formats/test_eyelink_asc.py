"""EyeLink recordings as text, in files made as edf2asc and Data Viewer's protocol document them."""

import warnings

import pytest
from PIL import Image

from scanpath._core.errors import InputError, InputWarning
from scanpath.datasets.formats import read_fixations

ASC = """** CONVERTED FROM s.edf using edfapi 4.2.1
MSG\t2091650 DISPLAY_COORDS 0 0 1279 1023
MSG\t2091660 TRIALID 1
START\t2091661 \tLEFT\tSAMPLES\tEVENTS
EVENTS\tGAZE\tLEFT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2
SAMPLES\tGAZE\tLEFT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2\tINPUT
2091661\t  640.0\t  512.0\t  784.0\t    0.0\t...
MSG\t2091662 -2 !V IMGLOAD FILL images/a.png
SFIX L   2091665
EFIX L   2091665\t2091864\t200\t  640.0\t  512.5\t    784
SSACC L  2091865
ESACC L  2091865\t2091866\t2\t  640.0\t  512.0\t  800.0\t  512.0\t   4.62\t     190
SFIX L   2091867
EFIX L   2091867\t2092067\t201\t  800.0\t  512.0\t    784
END\t2092101 \tSAMPLES\tEVENTS\tRES\t  38.54\t  31.12
MSG\t2092650 TRIALID 2
START\t2092661 \tLEFT\tSAMPLES\tEVENTS
MSG\t2092662 0 !V IMGLOAD FILL images/b.png
SFIX L   2092670
EFIX L   2092670\t2092700\t31\t  100.0\t  200.0\t    784
END\t2092901 \tSAMPLES\tEVENTS\tRES\t  38.54\t  31.12
"""


def recording(*blocks, screen="0 0 1919 1079"):
    """A file of blocks, each a list of lines without END; a number stands for a fixation's begin, x and y."""
    lines = [f"MSG\t100 DISPLAY_COORDS {screen}"]
    for number, block in enumerate(blocks, 1):
        lines.append(f"START\t{number * 1000} \tLEFT\tSAMPLES\tEVENTS")
        ended = False
        for line in block:
            if isinstance(line, tuple):
                start, x, y = line
                start += number * 1000
                line = f"EFIX L   {start}\t{start + 99}\t100\t{x:7.1f}\t{y:7.1f}\t    430"
            elif line == "END":
                line, ended = f"END\t{number * 1000 + 900} \tSAMPLES\tEVENTS\tRES\t  36.93\t  37.03", True
            elif line[0].isdigit():
                time, text = line.split(maxsplit=1)
                line = f"MSG\t{number * 1000 + int(time)} {text}"
            lines.append(line)
        if not ended:
            lines.append(f"END\t{number * 1000 + 900} \tSAMPLES\tEVENTS\tRES\t  36.93\t  37.03")
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(tmp_path):
    def read(text, encoding="utf-8", **settings):
        path = tmp_path / "p07.asc"
        path.write_bytes(text.encode(encoding))
        return read_fixations(path, **settings)

    return read


def places(table):
    return table[["stimulus", "x_px"]].values.tolist()


def test_recordings_give_the_trackers_own_fixations_relative_to_their_picture(read):
    table, changes = read(ASC, picture_at="center", picture_px=(1024, 768))
    assert table["stimulus"].tolist() == ["images/a.png", "images/a.png", "images/b.png"]
    assert table["trial"].tolist() == ["1", "1", "2"]
    assert set(table["subject"]) == {"p07"}
    assert table["onset_ms"].tolist() == [1.0, 203.0, 8.0]  # the message came 2 ms before its picture
    assert table["duration_ms"].tolist() == [200, 201, 31]
    assert table["x_px"].tolist() == [640 - 128, 800 - 128, 100 - 128]
    assert "dropped" not in {change.kind for change in changes}


@pytest.mark.filterwarnings("ignore")
def test_fixation_times_agree_with_pymovements(tmp_path, read):
    pymovements = pytest.importorskip("pymovements")
    ours, _ = read(ASC, picture_at="screen")
    events = pymovements.gaze.from_asc(tmp_path / "p07.asc", events=True).events.frame
    theirs = events.filter(events["name"].str.starts_with("fixation"))
    clock = ours["onset_ms"] + ours["stimulus"].map({"images/a.png": 2091664, "images/b.png": 2092662})
    assert set(clock) <= set(theirs["onset"].to_list())


def test_a_recording_without_picture_messages_asks_for_their_pattern(read):
    text = ASC.replace("!V IMGLOAD", "!V DRAW")
    with pytest.raises(ValueError, match="give stimulus_message"):
        read(text, picture_at="screen")
    table, _ = read(text, picture_at="screen", stimulus_message=r"DRAW \S+ images/(?P<stimulus>\w+)")
    assert table["stimulus"].tolist() == ["a", "a", "b"]
    with pytest.raises(ValueError, match=r"must have a group \(\?P<stimulus>"):
        read(text, picture_at="screen", stimulus_message="DRAW")


def test_a_recording_shows_its_most_frequent_messages_where_none_names_a_picture(read):
    block = ["1 SYNCTIME", "2 RECCFG CR 1000 2 1 L", (50, 1, 1), "80 var picture my cat.png"]
    with pytest.raises(ValueError, match=r"'var picture my cat.png' \(2 like it\), 'SYNCTIME' \(2 like it\)") as error:
        read(recording(block, block), picture_at="screen")
    assert "It may be 'var picture (?P<stimulus>.+)'." in str(error.value)


def test_a_damaged_line_is_named_by_its_number(read):
    with pytest.raises(ValueError, match="line 14 is damaged: 'EFIX L"):
        read(
            ASC.replace("EFIX L   2091867\t2092067\t201\t  8", "EFIX L   2091867\t2092067\t201\t  x"),
            picture_at="screen",
        )
    with pytest.raises(ValueError, match="line 14 is damaged: 'EFIX L"):
        read(ASC.replace("201\t  800.0\t  512.0\t    784", "201\t  800.0\t  51"), picture_at="screen")


def test_a_picture_shown_twice_in_a_trial_gives_two_scanpaths(read):
    text = ASC.replace("images/b.png", "images/a.png").replace("TRIALID", "BLOCK")
    table, changes = read(text, picture_at="screen")
    assert table[["trial", "fixation", "onset_ms"]].values.tolist() == [["1", 0, 1.0], ["1", 1, 203.0], ["2", 0, 8.0]]
    assert any("number of the showing" in change.text for change in changes)


def test_pictures_are_found_in_a_folder_by_name_though_the_recording_has_their_path(tmp_path, read):
    Image.new("L", (1024, 768)).save(tmp_path / "a.png")
    Image.new("L", (640, 480)).save(tmp_path / "b.png")
    table, _ = read(ASC.replace("images/b.png", r"C:\\exp\\b.png"), picture_at="center", picture_px=tmp_path)
    assert table["x_px"].tolist() == [640 - 128, 800 - 128, 100 - 320]


@pytest.mark.parametrize("place", ["", " 960 540", " 960 540 800 600"])
@pytest.mark.parametrize("name", ["images/my scene 01.png", "my scene 1", "b 2.tar 3.png", "a.png", r"C:\my exp\a.png"])
def test_names_with_spaces_are_whole_whatever_stands_behind_them(name, place, read):
    table, _ = read(recording([f"10 !V IMGLOAD CENTER {name}{place}", (50, 1, 1)]), picture_at="screen")
    # without an ending, numbers behind a name are its own unless they make a place
    assert table["stimulus"].tolist() == [name]


def test_names_of_trials_are_whole(read):
    blocks = [[f"1 TRIALID block 1 trial {n}", "10 !V IMGLOAD FILL a.png", (50, 1, 1)] for n in (1, 2)]
    assert read(recording(*blocks), picture_at="screen")[0]["trial"].tolist() == ["block 1 trial 1", "block 1 trial 2"]


def test_a_pattern_that_cuts_names_at_a_space_is_refused_or_told_of(read):
    blocks = [[f"10 picture my scene 0{n}.png", (50, n, 1)] for n in (1, 2)]
    with pytest.raises(ValueError, match=r"stimulus_message cuts 'my scene 01.png' \(line 3\) at a space"):
        read(recording(*blocks), picture_at="screen", stimulus_message=r"picture (?P<stimulus>\S+)")
    blocks = [[f"10 picture scene 0{n}", (50, n, 1)] for n in (1, 2)]
    with pytest.warns(InputWarning, match="takes 'scene' for all of 'scene 01', 'scene 02'"):
        read(recording(*blocks), picture_at="screen", stimulus_message=r"picture (?P<stimulus>\S+)")


LATE = {
    "variable of Experiment Builder": ("MSG\t{0}950 !V TRIAL_VAR image {1}.png", r"TRIAL_VAR image (?P<stimulus>.+)"),
    "variable of OpenSesame": ("MSG\t{0}950 var picture {1}.png", r"var picture (?P<stimulus>.+)"),
    "before END": ("MSG\t{0}800 !V IMGLOAD CENTER {1}.png", None),
}


@pytest.mark.parametrize("trials", ["TRIALID between blocks", "message in the block", "none"])
@pytest.mark.parametrize("way", LATE)
def test_pictures_named_at_the_end_of_their_trials(way, trials, read):
    line, pattern = LATE[way]
    blocks = []
    for number, name in enumerate(["a 1", "b", "c"], 1):
        block = [(50, number, 1), (200, number + 10, 1)]
        last = line.format(number, name)
        block += [last, "END"] if way == "before END" else ["END", last]
        if trials == "message in the block":
            block.insert(0, f"1 start_trial {number}")
        if trials == "TRIALID between blocks":
            block.append(f"MSG\t{number}980 TRIALID {number + 1}")
        blocks.append(block)
    text = recording(*blocks)
    settings = {"picture_at": "screen"} | ({"stimulus_message": pattern} if pattern else {})
    if trials == "message in the block":
        settings["trial_message"] = r"start_trial (?P<trial>\d+)"
    if trials == "TRIALID between blocks":
        text = text.replace("START\t1000", "MSG\t980 TRIALID 1\nSTART\t1000")
    with pytest.raises(ValueError, match=r"in 3 of 3 trials.*give named='end'"):
        read(text, **settings)
    table, _ = read(text, named="end", **settings)
    assert places(table) == [["a 1.png", 1], ["a 1.png", 11], ["b.png", 2], ["b.png", 12], ["c.png", 3], ["c.png", 13]]
    assert table["onset_ms"].tolist() == [50, 200] * 3
    if trials != "none":
        assert table["trial"].tolist() == list("112233")


def test_pictures_named_between_blocks_at_the_start_are_taken_so(read):
    text = recording([(50, 1, 1), "END", "MSG\t1950 picture b.png"], [(50, 2, 1)])
    text = text.replace("START\t1000", "MSG\t950 picture a.png\nSTART\t1000")
    table, _ = read(text, picture_at="screen", stimulus_message=r"picture (?P<stimulus>.+)")
    assert places(table) == [["a.png", 1], ["b.png", 2]]
    assert table["onset_ms"].tolist() == [100, 100]


def test_a_start_without_an_end_closes_the_block_before_it(read):
    first, second = ["10 picture a.png", (50, 1, 1)], [(10, 9, 9), "300 picture b.png", (350, 2, 1)]
    text = recording(first, second).replace("END\t1900 \tSAMPLES\tEVENTS\tRES\t  36.93\t  37.03\n", "")
    with pytest.warns(InputWarning, match=r"line 2 begins a block \(START\) that has no END"):
        table, changes = read(text, picture_at="screen", stimulus_message="picture (?P<stimulus>.+)")
    assert places(table) == [["a.png", 1], ["b.png", 2]]
    assert "dropped: fixations that began while no picture was shown (1 row)" in map(str, changes)


@pytest.mark.parametrize("named", ["start", "end"])
def test_a_block_without_an_end_ends_before_the_next_trial_that_is_opened_between_blocks(named, read):
    texts = ["TRIALID 2", "!V IMGLOAD FILL a.png"]
    lines = [f"MSG\t195{n} {text}" for n, text in enumerate(texts if named == "start" else reversed(texts))]
    blocks = [["1 TRIALID 1", (50, 1, 1), "END", *lines], [(50, 2, 2)]]
    text = recording(*blocks).replace("END\t1900 \tSAMPLES\tEVENTS\tRES\t  36.93\t  37.03\n", "")
    with pytest.warns(InputWarning, match=r"line 2 begins a block \(START\) that has no END"):
        table, _ = read(text, picture_at="screen", named=named)
    assert places(table) == [["a.png", 2 if named == "start" else 1]]


@pytest.mark.parametrize("end", ["!V CLEAR 0 0 0", "TRIAL_RESULT 0", "TRIALID 2"])
def test_what_ends_a_picture(end, read):
    block = ["10 !V IMGLOAD TOP_LEFT a.png 0 0", (50, 1, 1), f"180 {end}", (200, 2, 2), "400 !V IMGLOAD FILL b.png",
             (450, 3, 3)]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # trial messages for one of two pictures
        table, changes = read(recording(block), picture_at="screen")
    assert places(table) == [["a.png", 1], ["b.png", 3]]
    assert "dropped: fixations that began while no picture was shown (1 row)" in map(str, changes)


def test_an_empty_first_block_changes_nothing(read):
    table, _ = read(
        recording(["5 !V IMGLOAD FILL practice.png"], ["5 !V IMGLOAD FILL a.png", (50, 1, 1)]), picture_at="screen"
    )
    assert places(table) == [["a.png", 1]]


def test_two_pictures_at_once_are_told_apart_by_their_places(read):
    block = ["10 !V IMGLOAD CENTER left.png 480 540", "12 !V IMGLOAD CENTER right.png 1440 540",
             (50, 480, 540), (200, 1440, 540), (400, 470, 530), (600, 960, 540)]  # fmt: skip
    with pytest.raises(
        ValueError, match=r"'left.png' and 'right.png' \(lines 3 and 4\) at once, and .* give picture_px"
    ):
        read(recording(block))
    table, changes = read(recording(block), picture_px=(400, 300))
    assert places(table) == [["left.png", 200], ["right.png", 200], ["left.png", 190]]
    assert table["y_px"].tolist() == [150, 150, 140]
    assert "dropped: fixations beside all of several pictures shown at once (1 row)" in map(str, changes)
    with pytest.raises(ValueError, match="cannot all be at picture_at='center'"):
        read(recording(block), picture_px=(400, 300), picture_at="center")
    with pytest.raises(ValueError, match="at once, and does not say where"):
        read(recording(block).replace("!V IMGLOAD CENTER", "picture"), stimulus_message=r"picture (?P<stimulus>\S+)")


def test_a_picture_in_the_place_of_another_follows_it_and_one_beside_it_joins_it(read):
    block = ["10 !V IMGLOAD CENTER a.png 480 540", (50, 480, 540),
             "200 !V IMGLOAD CENTER b.png 500 540", (250, 481, 540),
             "400 !V IMGLOAD CENTER c.png 1440 540", (450, 1440, 540), (600, 482, 540)]  # fmt: skip
    table, changes = read(recording(block), picture_px=(400, 300))
    assert places(table) == [["a.png", 200], ["b.png", 181], ["c.png", 200], ["b.png", 182]]
    assert any("without !V CLEAR, stayed on the screen" in change.text for change in changes)


def test_a_screen_that_changes_holds_from_there_on(read):
    first, second = ["10 !V IMGLOAD FILL a.png", (50, 960, 540)], ["10 !V IMGLOAD FILL b.png", (50, 512, 384)]
    text = recording(first, ["5 GAZE_COORDS 0.00 0.00 1023.00 767.00", *second])
    table, changes = read(text, picture_at="center", picture_px=(800, 600))
    assert table[["x_px", "y_px"]].values.tolist() == [[400, 300], [400, 300]]
    assert "assumed: the screen was 1920 x 1080, then 1024 x 768 px, each from its message on" in map(str, changes)


def test_the_origin_of_the_screen_is_the_trackers(read):
    text = recording(["10 !V IMGLOAD TOP_LEFT a.png -100 -50", (50, 0, 0)], screen="-960 -540 959 539")
    assert read(text)[0][["x_px", "y_px"]].values.tolist() == [[100, 50]]
    assert read(text, picture_at="screen")[0][["x_px", "y_px"]].values.tolist() == [[960, 540]]
    with pytest.raises(ValueError, match="only where x grows to the right and y downward"):
        read(recording(["10 !V IMGLOAD FILL a.png", (50, 0, 0)], screen="0 1079 1919 0"), picture_at="screen")


def test_screens_written_as_their_size_are_taken_as_such(read):
    text = recording(["10 !V IMGLOAD FILL a.png", (50, 1, 0)], screen="0 0 1024.00 768.00")
    assert read(text, picture_at="center", picture_px=(801, 601))[0]["x_px"].tolist() == [-110]


@pytest.mark.parametrize(
    ("command", "xy"),
    [
        ("TOP_LEFT a.png 100 50", [860, 490]),
        ("TOP_LEFT a.png 100 50 800 600", [430 - 0.25, 245 - 0.25]),
        ("CENTER a.png 960 540", [200, 150]),
        ("CENTER a.png 960 540 800 600", [200 - 0.25, 150 - 0.25]),
        ("FILL a.png", [200 - 0.5 * (1 - 400 / 1920), 150 - 0.5 * (1 - 300 / 1080)]),
    ],
)
def test_the_place_that_imgload_states_is_used(command, xy, read):
    table, _ = read(recording([f"10 !V IMGLOAD {command}", (50, 960, 540)]), picture_px=(400, 300))
    assert table[["x_px", "y_px"]].values[0].tolist() == pytest.approx(xy)


def test_what_imgload_leaves_open_about_a_place_is_asked_for(read):
    for command, needed in [
        ("CENTER a.png 960 540", "picture_px"),
        ("FILL a.png", "picture_px"),
        ("CENTER a.png", "picture_at"),
    ]:
        with pytest.raises(ValueError, match=f"give {needed}"):
            read(recording([f"10 !V IMGLOAD {command}", (50, 960, 540)]))
    with pytest.raises(ValueError, match="line 3 is damaged"):
        read(recording(["10 !V IMGLOAD CENTER a.png 960", (50, 960, 540)]))


def test_pictures_that_were_drawn_a_frame_apart_are_told_of(read):
    blocks = [[f"10 SHOW left{n}.png", f"26 SHOW right{n}.png", (50, 9, 9), (200, 1800, 9)] for n in (1, 2)]
    with pytest.warns(InputWarning, match="2 lines, the first of them 3, name pictures that others follow"):
        table, _ = read(recording(*blocks), stimulus_message="SHOW (?P<stimulus>.+)", picture_at="screen")
    assert table["stimulus"].unique().tolist() == ["right1.png", "right2.png"]
    left, _ = read(recording(*blocks), stimulus_message="SHOW (?P<stimulus>left.+)", picture_at="screen")
    assert left["stimulus"].unique().tolist() == ["left1.png", "left2.png"]


def test_a_fixation_belongs_to_the_picture_on_which_it_began(read):
    block = [(0, 9, 9), "50 !V IMGLOAD CENTER a.png", (180, 1, 1), "250 !V IMGLOAD CENTER b.png", (300, 2, 2)]
    table, changes = read(recording(block), picture_at="screen")
    assert places(table) == [["a.png", 1], ["b.png", 2]]
    said = [str(change) for change in changes]
    assert "assumed: fixations that lasted into the next picture belong to the one on which they began (1 row)" in said
    assert "dropped: fixations that began before the picture into which they lasted (1 row)" in said


def test_positions_in_head_reference_units_are_never_taken_for_pixels(read):
    text = ASC.replace("\t  640.0\t  512.5", "\t 9999.9\t 8888.8\t  999\t  640.0\t  512.5").replace(
        "\t  800.0\t  512.0\t    784", "\t 9999.9\t 8888.8\t  999\t  800.0\t  512.0\t    784"
    ).replace("\t  100.0\t  200.0", "\t 9999.9\t 8888.8\t  999\t  100.0\t  200.0")  # fmt: skip
    with_resolution = text.replace("\t    784", "\t    784\t  38.5\t  31.1")
    for both in (text, with_resolution):  # recordings of HREF events say only HREF, and have gaze as well
        for units in ("GAZE", "HREF", "HREF\tGAZE"):
            said = both.replace("EVENTS\tGAZE", f"EVENTS\t{units}")
            assert read(said, picture_at="screen")[0]["x_px"].tolist() == [640, 800, 100]
    with pytest.raises(ValueError, match="line 10 is damaged"):
        read(with_resolution.replace("\t  999\t", "\t  999\t  38.5\t  31.1\t"), picture_at="screen")
    with pytest.raises(ValueError, match="HREF units, which are not screen pixels"):
        read(ASC.replace("EVENTS\tGAZE", "EVENTS\tHREF"), picture_at="screen")
    with pytest.raises(ValueError, match="GAZE and in HREF units"):
        read(ASC.replace("EVENTS\tGAZE", "EVENTS\tGAZE\tHREF"), picture_at="screen")


def test_of_both_eyes_one_is_chosen_and_lost_positions_are_counted(read):
    block = ["10 !V IMGLOAD FILL a.png", (50, 1, 1), "EFIX R   1050\t1150\t101\t    3.0\t    1.0\t    430",
             "SBLINK L 1160", "EBLINK L 1160\t1190\t31", "EFIX L   1195\t1199\t5\t   .\t   .\t   0"]  # fmt: skip
    with pytest.raises(ValueError, match=r"both eyes \(2 of the left and 1 of the right\); choose one with eye='left'"):
        read(recording(block), picture_at="screen")
    assert read(recording(block), picture_at="screen", eye="right")[0]["x_px"].tolist() == [3]
    table, changes = read(recording(block), picture_at="screen", eye="left")
    assert table["x_px"].tolist() == [1]
    assert "dropped: fixations without a position (1 row)" in map(str, changes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_with_a_mark_are_told_from_it(encoding, read):
    assert read(ASC.replace("a.png", "café.png"), encoding, picture_at="screen")[0]["stimulus"][0] == "images/café.png"


def test_other_encodings_are_asked_for(tmp_path, read):
    with pytest.raises(ValueError, match="is not utf-8 text; say what it is with encoding"):
        read(ASC.replace("a.png", "café.png"), "latin-1", picture_at="screen")
    with pytest.raises(ValueError, match=r"If it is the \.edf itself, convert it with edf2asc"):
        read(ASC, "utf-16-le", picture_at="screen")
    table, _ = read_fixations(tmp_path / "p07.asc", encoding="utf-16-le", picture_at="screen")
    assert len(table) == 3


def test_two_recordings_in_one_file_are_refused(read):
    with pytest.raises(InputError, match="holds more than one recording"):
        read(ASC + ASC.replace("s.edf", "t.edf"), picture_at="screen")


def test_a_picture_over_a_part_of_another_follows_it_and_that_is_said(read):
    block = ["10 !V IMGLOAD FILL a.png", (50, 9, 9), "200 !V IMGLOAD TOP_LEFT b.png 400 300 100 100", (250, 450, 350)]
    table, changes = read(recording(block), picture_px=(100, 100))
    assert table["stimulus"].tolist() == ["a.png", "b.png"]
    assert any("left the screen then" in change.text for change in changes)


def test_one_picture_named_by_two_messages_at_once_is_one(read):
    block = ["10 image my a.png", "11 !V IMGLOAD TOP_LEFT my a.png 100 0", (50, 150, 9)]
    pattern = r"(?:image|TOP_LEFT) (?P<stimulus>.+)"
    table, _ = read(recording(block), stimulus_message=pattern)
    assert places(table) == [["my a.png", 50]]


def test_messages_sent_at_the_end_with_their_delays_count_from_when_it_happened(read):
    # as the integration examples of SR Research for PsychoPy do
    block = [(20, 9, 9), (150, 1, 1), (300, 2, 2), (500, 3, 3),
             "800 700 !V CLEAR 9 9 9", "801 701 !V IMGLOAD FILL a.png",
             "802 402 !V CLEAR 9 9 9", "803 403 !V IMGLOAD FILL b.png", "804 154 !V CLEAR 9 9 9"]  # fmt: skip
    table, _ = read(recording([*block, (700, 8, 8)]), picture_at="screen")
    assert places(table) == [["a.png", 1], ["a.png", 2], ["b.png", 3]]
    assert table["onset_ms"].tolist() == [50, 200, 100]


def test_a_message_may_name_both_trial_and_picture(read):
    text = recording(["10 trial 3 image my cat.png", (50, 1, 1)])
    table, _ = read(
        text, picture_at="screen", stimulus_message=r"image (?P<stimulus>.+)", trial_message=r"trial (?P<trial>\d+)"
    )
    assert table[["stimulus", "trial"]].values.tolist() == [["my cat.png", "3"]]


@pytest.mark.parametrize("code", ["-1", "9999", "-9999", "1e8", "-32768"])
def test_codes_for_missing_gaze_are_found_before_places_are_moved(code, read):
    lost = f"EFIX L   1200\t1299\t100\t{code}\t{code}\t    430"
    text = recording(["10 !V IMGLOAD CENTER p.png 512 384 800 600", (50, 512, 384), lost], screen="0 0 1023 767")
    with pytest.raises(InputError, match=r"line 5 \(EFIX\) has \S+ as a place, .*missing=\[") as error:
        read(text, picture_px=(800, 600))
    advised = float(str(error.value).split("missing=[")[1].rstrip("]."))
    table, changes = read(text, picture_px=(800, 600), missing=[advised])
    assert places(table) == [["p.png", 400]]
    assert "dropped: fixations without a position (1 row)" in map(str, changes)


def test_gaze_in_the_corner_of_the_screen_is_told_of_and_can_be_left_out(read):
    text = recording(["10 !V IMGLOAD CENTER p.png 512 384", (50, 500.5, 300), (200, 0, 0), (400, 0, 9)])
    for place in ((10, 10), "screen"):
        with pytest.warns(InputWarning, match=r"1 fixation lies at exactly \(0, 0\), .*missing=\[0\]") as said:
            read(text, picture_at=place)
        assert len(said) == 1
    assert read(text, picture_at=(10, 10), missing=0)[0]["x_px"].tolist() == [490.5, -10]
    with pytest.raises(InputError, match="missing must be a number or a list of them"):
        read(text, picture_at=(10, 10), missing=["lost"])


@pytest.mark.parametrize(
    ("pattern", "names", "says"),
    [
        (r"STIM (?P<stimulus>\w+)", ("scene-1.tif", "scene-2.tif"), "'scene' for all of 'scene-1.tif', 'scene-2.tif'"),
        (r"(?P<stimulus>\w+)\.tif", ("cat-1.tif", "dog-1.tif"), "'1' for all of 'cat-1.tif', 'dog-1.tif'"),
        (r"STIM (?P<stimulus>\w+)", ("a.png", "a.jpg"), "'a' for all of 'a.png', 'a.jpg'"),
        (r"STIM (?P<stimulus>\S+)", ("my face.svg", "her face.svg"), r"takes 'my' of 'my face.svg' \(line 3\); if"),
    ],
)
def test_a_pattern_that_takes_a_part_of_different_names_is_told_of(pattern, names, says, read):
    with pytest.warns(InputWarning, match=says):
        read(
            recording(*[[f"10 STIM {one}", (50, 1, 1)] for one in names]), picture_at="screen", stimulus_message=pattern
        )


@pytest.mark.parametrize("text", ["STIM img/{}_large.png", "STIM {}.png 12.5 {}.0", "STIM={};trial={}.5"])
def test_a_pattern_that_takes_the_same_part_of_a_name_each_time_needs_no_word(text, read):
    blocks = [[f"10 {text.format(f'cat{n % 2}', n)}", (50, 1, 1)] for n in range(4)]
    table, _ = read(recording(*blocks), picture_at="screen", stimulus_message=r"STIM.(?:img/)?(?P<stimulus>[a-z]+\d)")
    assert table["stimulus"].tolist() == ["cat0", "cat1", "cat0", "cat1"]


def test_trials_in_one_block_whose_pictures_are_named_at_their_ends_need_their_messages(read):
    text = recording(["10 begin 1", (50, 1, 1), "160 picture p1.png", "200 begin 2", (250, 2, 2), "360 picture p2.png"])
    settings = {"picture_at": "screen", "stimulus_message": "picture (?P<stimulus>.+)"}
    for named in (None, "end"):
        with pytest.raises(InputError, match=r"give trial_message, a regular expression with a group \(\?P<trial>"):
            read(text, **settings, named=named)
    table, _ = read(text, **settings, named="end", trial_message=r"begin (?P<trial>\d+)")
    assert places(table) == [["p1.png", 1], ["p2.png", 2]]


def test_commands_in_small_letters_are_those_in_capitals(read):
    text = recording(["10 !v imgload center a.png 960 540 100 100", (50, 960, 540), "200 !v clear 0 0 0", (300, 1, 1)])
    assert places(read(text, picture_px=(100, 100))[0]) == [["a.png", 50]]
    with pytest.raises(InputError, match=r"It may be '!v draw fill \(\?P<stimulus>"):
        read(text.replace("imgload center", "draw fill"))


def test_a_number_before_a_message_is_said_to_have_moved_its_picture(read):
    text = recording(["40 30 image p.png", (50, 1, 1)])
    table, changes = read(text, picture_at="screen", stimulus_message="image (?P<stimulus>.+)")
    assert table["onset_ms"].tolist() == [40]
    assert any("by the ms in front of the messages, such as 30" in change.text for change in changes)
    table, changes = read(text, picture_at="screen", stimulus_message=r"^\d+ image (?P<stimulus>.+)")
    assert table["onset_ms"].tolist() == [10]
    assert not any("in front of the messages" in change.text for change in changes)


@pytest.mark.parametrize(
    "end",
    ["blank", "IMAGE_OFFSET 3", "clear_screen", "stimOff", "160 display stop", "trial end", "picture a.png off"],
)
def test_a_message_of_ones_own_that_may_end_a_picture_is_told_of_and_can_end_it(end, read):
    later = end.replace("a.png", "b.png").replace("3", "4")
    text = recording(
        ["10 image a.png", (50, 1, 1), f"300 {end}", (320, 2, 2), (500, 3, 3)],
        ["10 image b.png", (50, 4, 4), f"300 {later}", (320, 5, 5)],
    )
    settings = {"picture_at": "screen", "stimulus_message": "image (?P<stimulus>.+)"}
    with pytest.warns(InputWarning, match=r"3 fixations taken .* 1 like it\); if it was, end_message='\^") as told:
        assert len(read(text, **settings)[0]) == 5
    proposed = str(told[0].message).partition("end_message='")[2].partition("'")[0].replace("\\\\", "\\")
    table, changes = read(text, **settings, end_message=proposed)
    assert places(table) == [["a.png", 1], ["b.png", 4]]
    assert "dropped: fixations that began while no picture was shown (3 rows)" in map(str, changes)


@pytest.mark.parametrize("said", ["300 response 1", "300 send trigger", "20 fixation cross off", "620 trial end"])
def test_messages_that_end_no_picture_need_no_word(said, read):
    block = ["10 image a.png", (50, 1, 1), said, (500, 3, 3)]
    table, _ = read(recording(block), picture_at="screen", stimulus_message="image (?P<stimulus>.+)")
    assert table["stimulus"].eq("a.png").all()


def test_a_picture_named_at_the_end_is_ended_by_a_message_too(read):
    block = ["SYNC", (50, 1, 1), "300 blank", (320, 2, 2), "600 image a.png"]
    text = recording(*[[line for line in block if line != "SYNC"]] * 2)
    settings = {"picture_at": "screen", "stimulus_message": "image (?P<stimulus>.+)", "named": "end"}
    assert places(read(text, **settings, end_message="blank")[0]) == [["a.png", 1], ["a.png", 1]]


def test_a_message_that_should_end_pictures_and_is_nowhere_is_refused(read):
    text = recording(["10 !V IMGLOAD FILL a.png", (50, 1, 1)])
    with pytest.raises(InputError, match="has no message that matches end_message='blank'"):
        read(text, picture_at="screen", end_message="blank")
    with pytest.raises(InputError, match="end_message is no regular expression"):
        read(text, picture_at="screen", end_message="(")


def test_a_few_trials_whose_pictures_are_named_late_are_told_of(read):
    early = ["10 image a.png", (50, 1, 1)]
    text = recording(early, early, [(50, 2, 2), "300 image b.png"])
    settings = {"picture_at": "screen", "stimulus_message": "image (?P<stimulus>.+)"}
    with pytest.warns(InputWarning, match=r"in 1 of 3 trials the picture is named after all fixations .* named='end'"):
        table, _ = read(text, **settings)
    assert places(table) == [["a.png", 1]] * 2
    assert places(read(text, **settings, named="end")[0]) == [["a.png", 1], ["a.png", 1], ["b.png", 2]]
    assert len(read(text, **settings, named="start")[0]) == 2
