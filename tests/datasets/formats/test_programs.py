"""Exports of eye trackers' programs, each in the layout of the program, against the numbers that were written."""

import numpy as np
import pytest

from scanpath.datasets.formats import read_fixations
from scanpath.datasets.formats.format import detect_format


def rows(table, *names):
    return table[list(names)].to_numpy().tolist()


def said(changes):
    return "\n".join(map(str, changes))


TOBII_NAMES = [
    "Recording timestamp", "Sensor", "Participant name", "Recording name", "Presented Media name",
    "Presented Media width", "Presented Media height", "Presented Media position X (DACSpx)",
    "Presented Media position Y (DACSpx)", "Original Media width", "Original Media height", "Eye movement type",
    "Gaze event duration", "Eye movement type index", "Fixation point X", "Fixation point Y",
]  # fmt: skip
TOBII_ROWS = """\
990000	Eye Tracker	P01	Rec1								EyesNotFound	10	1
1000000	Eye Tracker	P01	Rec1	a.png	960	540	480	270	480	270	Saccade	25	1
1025000	Eye Tracker	P01	Rec1	a.png	960	540	480	270	480	270	Fixation	200	1	480	270
1100000	Mouse	P01	Rec1	a.png	960	540	480	270	480	270
1125000	Eye Tracker	P01	Rec1	a.png	960	540	480	270	480	270	Fixation	200	1	480	270
1225000	Eye Tracker	P01	Rec1	a.png	960	540	480	270	480	270	Fixation	275	2	960	540
1400000	Eye Tracker	P01	Rec1	b.png	960	540	480	270	960	540	Fixation	275	2	960	540
1500000	Eye Tracker	P01	Rec1	b.png	960	540	480	270	960	540	Fixation	100	3	490	280
1600000	Eye Tracker	P01	Rec1	a.png	960	540	480	270	480	270	Fixation	100	4	580	370
"""


def tobii(renamed=None):
    """Lines with as many cells as there are names, as Pro Lab writes them."""
    width = len(TOBII_NAMES)
    names = [(renamed or {}).get(name, name) for name in TOBII_NAMES]
    lines = [(line.split("\t") + [""] * width)[:width] for line in TOBII_ROWS.splitlines()]
    return "\n".join("\t".join(line) for line in [names, *lines]) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_tobii_samples_become_fixations_in_px_of_the_picture(encoding, tmp_path):
    path = tmp_path / "data.tsv"
    path.write_bytes(tobii().encode(encoding))
    assert detect_format(path) == "tobii"
    table, changes = read_fixations(path)
    # the picture of 480 x 270 px was shown twice as large, its corner at (480, 270)
    assert rows(table, "stimulus", "fixation", "x_px", "y_px", "onset_ms", "duration_ms") == [
        ["a.png", 0, -0.25, -0.25, 25.0, 200.0],
        ["a.png", 1, 239.75, 134.75, 225.0, 275.0],
        ["b.png", 0, 10.0, 10.0, 100.0, 100.0],
        ["a.png", 0, 49.75, 49.75, 0.0, 100.0],
    ]
    assert table["trial"].tolist() == ["Rec1 1", "Rec1 1", "Rec1 1", "Rec1 2"]
    assert "on which it began (1 row)" in said(changes)
    assert "time is in us" in said(changes)


def test_tobii_names_with_units_in_brackets_and_decimal_commas(tmp_path):
    units = {"Recording timestamp": "[μs]", "Gaze event duration": "[ms]"}
    units |= {name: "[px]" for name in TOBII_NAMES if name.endswith(("width", "height"))}
    units |= {f"Fixation point {axis}": "[DACS px]" for axis in "XY"}
    renamed = {name: f"{name} {unit}" for name, unit in units.items()}
    renamed |= {name: name.replace("(DACSpx)", "[DACS px]") for name in TOBII_NAMES if "position" in name}
    path = tmp_path / "data.tsv"
    path.write_text(tobii(renamed).replace("\t580\t370", "\t580,5\t370"), encoding="utf-8")
    table, changes = read_fixations(path)
    assert rows(table, "x_px", "onset_ms")[-1] == [50.0, 0.0]
    assert "the comma is the decimal mark" in said(changes)


def test_tobii_time_that_cannot_be_told_is_asked_for(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_text("\n".join(tobii().splitlines()[:2] + tobii().splitlines()[3:4]) + "\n")
    with pytest.raises(ValueError, match="give time_unit='us' or 'ms'"):
        read_fixations(path)
    assert read_fixations(path, time_unit="us")[0]["onset_ms"].tolist() == [0.0]


def test_tobii_studio_writes_px_of_the_picture_and_ms(tmp_path):
    path = tmp_path / "studio.tsv"
    path.write_text(
        "ParticipantName\tRecordingName\tMediaName\tRecordingTimestamp\tFixationIndex\tGazeEventType\t"
        "GazeEventDuration\tFixationPointX (MCSpx)\tFixationPointY (MCSpx)\n"
        "P1\tR1\ta.jpg\t100\t1\tFixation\t200\t50\t60\nP1\tR1\ta.jpg\t200\t1\tFixation\t200\t50\t60\n"
        "P1\tR1\ta.jpg\t300\t\tSaccade\t30\t\t\nP1\tR1\ta.jpg\t330\t2\tFixation\t150\t70\t80\n"
    )
    table, changes = read_fixations(path)
    assert rows(table, "subject", "x_px", "y_px", "onset_ms", "duration_ms") == [
        ["P1", 50.0, 60.0, 0.0, 200.0],
        ["P1", 70.0, 80.0, 230.0, 150.0],
    ]
    assert "time is in ms" in said(changes)


def test_tobii_fixations_with_one_number_and_two_places_are_refused(tmp_path):
    path = tmp_path / "data.tsv"
    path.write_text(tobii().replace("Fixation\t200\t1\t480\t270\n1100000", "Fixation\t200\t1\t500\t270\n1100000"))
    with pytest.raises(ValueError, match=r"rows of fixation 1 of 'a.png' differ in x_px \(500 and 480\)"):
        read_fixations(path)


GAZEPOINT = """\
MEDIA_ID,MEDIA_NAME,CNT,TIME(2020/01/01 10:00:00.000),TIMETICK(f=10000000),FPOGX,FPOGY,FPOGS,FPOGD,FPOGID,FPOGV,
0,a.png,1,0.10,1,0.24000,0.26000,0.01000,0.09000,1,1,
0,a.png,2,0.22,2,0.25000,0.25000,0.01000,0.21000,1,1,
0,a.png,3,0.24,3,0.90000,0.25000,0.01000,0.23000,1,0,
0,a.png,4,0.49,4,0.50000,0.60000,0.31000,0.18000,2,1,
1,b.png,5,0.10,5,0.50000,0.00000,0.02000,0.08000,1,1,
"""


def test_gazepoint_samples_give_the_last_valid_state_of_each_fixation(tmp_path):
    path = tmp_path / "User 0_all_gaze.csv"
    path.write_text(GAZEPOINT)
    assert detect_format(path) == "gazepoint"
    table, changes = read_fixations(path, subject="u", screen_px=(1000, 500), picture_at=(100, 50))
    assert rows(table, "stimulus", "x_px", "y_px", "onset_ms", "duration_ms") == [
        ["a.png", 149.5, 74.5, 10.0, 210.0],
        ["a.png", 399.5, 249.5, 310.0, 180.0],
        ["b.png", 399.5, -50.5, 20.0, 80.0],
    ]
    assert "rows with FPOGV '0' (1 row)" in said(changes)


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, "subject='name'"),
        ({"subject": "u"}, r"screen_px=\(width, height\)"),
        ({"subject": "u", "screen_px": (1000, 500)}, "picture_at="),
    ],
)
def test_gazepoint_asks_for_what_it_does_not_store(given, asked, tmp_path):
    path = tmp_path / "g.csv"
    path.write_text(GAZEPOINT)
    with pytest.raises(ValueError, match=asked):
        read_fixations(path, **given)


def test_pupil_core_counts_upward_in_the_scene_and_may_repeat_a_fixation(tmp_path):
    path = tmp_path / "fixations.csv"
    path.write_text(
        "id,start_timestamp,duration,start_frame_index,end_frame_index,norm_pos_x,norm_pos_y,dispersion,confidence\n"
        "1,1000.1,112.5,10,13,0.2,0.7,1.2,0.98\n1,1000.1,212.5,10,16,0.25,0.75,1.2,0.98\n2,1000.4,180.0,17,22,0.5,0.5,1,1\n"
    )
    assert detect_format(path) == "pupil_core"
    who = {"stimulus": "a.png", "subject": "s"}
    with pytest.raises(ValueError, match="of the scene camera, and its size"):
        read_fixations(path, **who)
    table, _ = read_fixations(path, **who, screen_px=(1280, 720), picture_at="screen")
    assert rows(table, "x_px", "y_px", "duration_ms") == [[319.5, 179.5, 212.5], [639.5, 359.5, 180.0]]
    assert table["onset_ms"].tolist() == pytest.approx([0.0, 300.0])


@pytest.mark.parametrize("name", ["on_surf", "on_srf"])
def test_pupil_core_surfaces_have_a_row_for_each_frame(name, tmp_path):
    path = tmp_path / "fixations_on_surface_poster.csv"
    path.write_text(
        "world_timestamp,world_index,fixation_id,start_timestamp,duration,dispersion,norm_pos_x,norm_pos_y,x_scaled,"
        f"y_scaled,{name}\n1000.10,10,1,1000.1,212.5,1.2,0.2,0.75,0.2,0.75,True\n"
        "1000.13,11,1,1000.1,212.5,1.2,0.3,0.75,0.3,0.75,True\n1000.4,17,2,1000.4,180.0,1.1,1.2,0.5,1.2,0.5,False\n"
    )
    table, changes = read_fixations(path, stimulus="poster.png", subject="s", picture_px=(1000, 500))
    assert rows(table, "x_px", "y_px", "duration_ms") == [[249.5, 124.5, 212.5]]
    assert f"rows with {name} 'False' (1 row)" in said(changes)


CLOUD = "section id,recording id,fixation id,start timestamp [ns],end timestamp [ns],duration [ms],"


def test_pupil_cloud_times_since_1970_stay_exact(tmp_path):
    path = tmp_path / "fixations.csv"
    path.write_text(
        CLOUD + "fixation x [px],fixation y [px],azimuth [deg],elevation [deg]\n"
        "s1,r1,1,1700000000000000001,1700000000212000001,212,480.5,270.25,-5.0,3.0\n"
        "s1,r1,2,1700000000300000003,1700000000480000003,180,800.0,600.0,0.0,0.0\n"
    )
    with pytest.raises(ValueError, match="scene camera"):
        read_fixations(path, stimulus="a", subject="s")
    table, _ = read_fixations(path, stimulus="a", subject="s", picture_at=(480, 270))
    assert rows(table, "x_px", "y_px", "onset_ms", "duration_ms") == [
        [0.5, 0.25, 0.0, 212.0],
        [320.0, 330.0, 300.000002, 180.0],
    ]


def test_pupil_cloud_reference_images_and_surfaces_are_the_picture(tmp_path):
    image, surface = tmp_path / "image.csv", tmp_path / "surface.csv"
    image.write_text(
        CLOUD + "fixation detected in reference image,fixation x [px],fixation y [px]\n"
        "s1,r1,1,1700000000000000000,1700000000212000000,212,true,480,270\ns1,r1,2,1700000000300000000,1,180,false,,\n"
    )
    surface.write_text(
        CLOUD + "fixation detected on surface,fixation x [normalized],fixation y [normalized]\n"
        "s1,r1,1,1700000000000000000,1700000000212000000,212,True,0.25,0.25\n"
    )
    assert detect_format(image) == detect_format(surface) == "pupil_cloud"
    who = {"stimulus": "a", "subject": "s"}
    assert rows(read_fixations(image, **who)[0], "x_px", "y_px") == [[480.0, 270.0]]
    with pytest.raises(ValueError, match="picture_px="):
        read_fixations(surface, **who)
    assert rows(read_fixations(surface, **who, picture_px=(1000, 500))[0], "x_px", "y_px") == [[249.5, 124.5]]


SMI_EVENTS = """\
## [BeGaze]
## Subject:	P01
## Calibration Area:	1680	1050
##
Table Header for Fixations:
Event Type	Trial	Number	Start	End	Duration	Location X	Location Y	Dispersion X	Dispersion Y	Plane
Table Header for Saccades:
Event Type	Trial	Number	Start	End	Duration	Start Loc.X	Start Loc.Y
Table Header for User Events:
Event Type	Trial	Number	Start	Description

UserEvent	1	1	990000	# Message: images/a.jpg
Fixation L	1	1	1000000	1212000	212000	480.50	270.25	10	12	-1
Saccade L	1	1	1212000	1260000	48000	480.5	270.25
UserEvent	1	2	1250000	# Message: b.jpg
Fixation L	1	2	1260000	1440000	180000	800.00	600.00	10	12	-1
Blink L	1	1	1440000	1500000	60000
"""


@pytest.mark.parametrize("sign", ["\t", ","])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_smi_events_take_the_picture_from_messages(sign, encoding, tmp_path):
    path = tmp_path / "events.txt"
    path.write_bytes(SMI_EVENTS.replace("\t", sign).encode(encoding))
    assert detect_format(path) == "smi"
    table, changes = read_fixations(path, picture_at="screen")
    assert rows(table, "stimulus", "subject", "x_px", "y_px", "onset_ms", "duration_ms") == [
        ["images/a.jpg", "P01", 480.5, 270.25, 10.0, 212.0],
        ["b.jpg", "P01", 800.0, 600.0, 10.0, 180.0],
    ]
    assert "events of other kinds (2 rows)" in said(changes)


def test_smi_events_without_messages_ask_for_the_picture(tmp_path):
    path = tmp_path / "events.txt"
    path.write_text("\n".join(line for line in SMI_EVENTS.splitlines() if "Message" not in line) + "\n")
    with pytest.raises(ValueError, match=r"stimulus='name\.png'"):
        read_fixations(path, picture_at="screen")
    table, _ = read_fixations(path, picture_at="screen", stimulus="a.png")
    assert table["onset_ms"].tolist() == [0.0, 260.0]


@pytest.mark.parametrize("word", ["Fixation", "Visual Intake"])
def test_smi_event_statistics_of_two_eyes_ask_for_one(word, tmp_path):
    path = tmp_path / "statistics.txt"
    path.write_text(
        f"Trial\tStimulus\tParticipant\tEye L/R\tCategory\tIndex\tEvent Start Trial Time [ms]\t"
        f"Event End Trial Time [ms]\tEvent Duration [ms]\t{word} Position X [px]\t{word} Position Y [px]\n"
        f"Trial001\ta.jpg\tP1\tLeft\t{word}\t1\t10.5\t210.5\t200.0\t100.5\t200.5\n"
        f"Trial001\ta.jpg\tP1\tRight\t{word}\t1\t12.5\t211.5\t199.0\t110.5\t210.5\n"
        "Trial001\ta.jpg\tP1\tLeft\tSaccade\t1\t210.5\t230.5\t20.0\t-\t-\n"
    )
    with pytest.raises(ValueError, match=r"several eyes \(left, right\); choose one with eye="):
        read_fixations(path, picture_at="screen")
    table, _ = read_fixations(path, picture_at="screen", eye="right")
    assert rows(table, "trial", "x_px", "y_px", "onset_ms", "duration_ms") == [["Trial001", 110.5, 210.5, 12.5, 199.0]]


@pytest.mark.parametrize(
    ("frame", "x", "y"),
    [("pix", -320.0, 180.0), ("norm", -0.5, 0.5), ("height", -320 / 720, 0.25)],
)
def test_psychopy_counts_from_the_center_upward_in_its_units(frame, x, y, tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text(
        f"image,trials.thisN,gaze_x,gaze_y,fix_dur,participant,session,expName,psychopyVersion\n"
        f"a.png,0,{x},{y},0.21,p1,001,search,2023.2.3\n"
    )
    assert detect_format(path) == "psychopy"
    columns = {"gaze_x": "x_px", "gaze_y": "y_px", "fix_dur": "duration_ms"}
    with pytest.raises(ValueError, match="frame='pix', 'norm' or 'height'"):
        read_fixations(path, columns=columns)
    table, _ = read_fixations(path, columns=columns, frame=frame, screen_px=(1280, 720), picture_at="screen")
    # a quarter from the left and a quarter from the top
    assert table[["x_px", "y_px"]].to_numpy() == pytest.approx(np.array([[319.5, 179.5]]))
    assert table["duration_ms"].tolist() == [210.0]
    if frame == "pix":
        with pytest.raises(ValueError, match=r"as large as 320.*probably px, frame='pix'"):
            read_fixations(path, columns=columns, frame="norm", screen_px=(1280, 720), picture_at="screen")


def test_opensesame_counts_from_the_center_downward_and_logs_the_screen(tmp_path):
    path = tmp_path / "subject-3.csv"
    path.write_text(
        "subject_nr,subject_parity,trial_nr,image,fix_x,fix_y,fix_onset,fix_duration,width,height\n"
        "3,odd,1,a.png,-256,-192,100,250,1024,768\n3,odd,1,a.png,0,0,400,200,1024,768\n"
    )
    assert detect_format(path) == "opensesame"
    table, _ = read_fixations(path, picture_at="screen")
    assert rows(table, "subject", "x_px", "y_px", "onset_ms", "duration_ms") == [
        ["3", 255.5, 191.5, 100.0, 250.0],
        ["3", 511.5, 383.5, 400.0, 200.0],
    ]


REMODNAV = """\
onset	duration	label	start_x	start_y	end_x	end_y	amp	peak_vel	med_vel	avg_vel
0.5	0.364	FIXA	497.2	158.0	471.1	144.5	0.544	71.676	19.314	22.176
0.864	0.021	SACC	473.9	146.1	607.8	137.2	2.491	212.328	131.584	130.753
0.885	0.548	PURS	607.3	135.9	627.7	172.0	0.77	67.336	14.087	16.111
1.433	0.228	FIXA	829.3	106.0	855.3	148.0	0.917	64.804	12.14	15.674
"""


@pytest.mark.parametrize("name", [None, "remodnav", "multimatch_gaze"])
def test_remodnav_events_keep_fixations_with_their_onset(name, tmp_path):
    path = tmp_path / "events.tsv"
    path.write_text(REMODNAV)
    table, changes = read_fixations(path, format=name, stimulus="a", subject="s")
    assert rows(table, "x_px", "y_px", "onset_ms", "duration_ms") == [
        [497.2, 158.0, 500.0, 364.0],
        [829.3, 106.0, 1433.0, 228.0],
    ]
    assert "'SACC'" in said(changes)


@pytest.mark.parametrize("name", ["remodnav", "multimatch_gaze"])
def test_labels_that_remodnav_does_not_write_are_refused(name, tmp_path):
    path = tmp_path / "events.tsv"
    path.write_text(REMODNAV.replace("PURS", "GLIS"))
    with pytest.raises(ValueError, match="labeled 'GLIS'"):
        read_fixations(path, format=name, stimulus="a", subject="s")
