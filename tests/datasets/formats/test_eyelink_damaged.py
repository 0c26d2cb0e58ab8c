"""Damaged EyeLink recordings: the same table, a table with a word, or one sentence; never another table in silence."""

import random
import warnings

import pytest

from scanpath._core.errors import InputError, InputWarning
from scanpath.datasets.formats import read_fixations

HEAD = [
    "** CONVERTED FROM a.edf using edfapi",
    "** DATE: Fri Nov 28 14:28:25 2025",
    "",
    "MSG\t100 DISPLAY_COORDS 0 0 1919 1079",
    ">>>>>>> CALIBRATION (HV9,P-CR) FOR LEFT: <<<<<<<<<",
    "  -4.1313e-05  136.49 -29.812",
]
#: Messages before START, at the begin, at the end, after END; {0} is the trial.
KINDS = {
    "experiment builder": (
        ["TRIALID {0}", "GAZE_COORDS 0.00 0.00 1919.00 1079.00"],
        ["-3 !V IMGLOAD CENTER images/pic {0}.png 960 540"],
        ["!V CLEAR 0 0 0"],
        ["TRIAL_RESULT 0"],
        {"picture_px": (1600, 900)},
    ),
    "two pictures": (
        ["TRIALID {0}"],
        ["!V IMGLOAD CENTER left {0}.png 480 540", "!V IMGLOAD CENTER right {0}.png 1440 540"],
        [],
        ["TRIAL_RESULT 0"],
        {"picture_px": (960, 1080)},
    ),
    "named at the end": (
        ["GAZE_COORDS 0.00 0.00 1919.00 1079.00"],
        ["start_trial {0}"],
        ["var picture pic {0}.png"],
        ["stop_trial"],
        {
            "stimulus_message": r"var picture (?P<stimulus>.+)",
            "trial_message": r"start_trial (?P<trial>.+)",
            "named": "end",
            "picture_at": "screen",
        },
    ),
}


def whole(kind, trials=4):
    """A recording with samples and all events that the tracker writes."""
    choose, lines, time = random.Random(kind), list(HEAD), 1000
    before, begin, end, after, settings = KINDS[kind]
    for trial in range(1, trials + 1):
        lines += [f"MSG\t{time - 2} {text.format(trial)}" for text in before]
        lines += [f"START\t{time} \tLEFT\tSAMPLES\tEVENTS", "PRESCALER\t1", "PUPIL\tAREA"]
        lines += ["EVENTS\tGAZE\tLEFT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2"]
        lines += [f"MSG\t{time + 4 + n} {text.format(trial)}" for n, text in enumerate(begin)]
        for _ in range(choose.randint(3, 5)):
            start = time + 20
            time = start + choose.randint(100, 300)
            x, y = choose.uniform(200, 1700), choose.uniform(200, 900)
            lines += [f"SFIX L   {start}"] + [f"{start + n}\t{x:8.1f}\t{y:8.1f}\t  430.0\t..." for n in range(3)]
            lines += [f"EFIX L   {start}\t{time}\t{time - start + 1}\t{x:8.1f}\t{y:8.1f}\t    430"]
            saccade = f"{time + 1}\t{time + 19}\t19\t{x:8.1f}\t{y:8.1f}\t{x + 9:8.1f}\t{y:8.1f}\t   4.62\t     190"
            lines += [f"SSACC L  {time + 1}", f"ESACC L  {saccade}"]
        lines += [f"MSG\t{time + 30} {text.format(trial)}" for text in end]
        lines += [f"END\t{time + 40} \tSAMPLES\tEVENTS\tRES\t  36.93\t  37.03"]
        lines += [f"MSG\t{time + 41} {text.format(trial)}" for text in after]
        time += 1000
    return lines, settings


def delete(lines, choose):
    for _ in range(choose.randint(1, 4)):
        del lines[choose.randrange(len(lines))]


def repeat(lines, choose):
    line = choose.choice(lines)
    for _ in range(choose.randint(1, 2)):
        lines.insert(choose.choice([lines.index(line), choose.randrange(len(lines))]), line)


def repeat_some(lines, choose):
    start = choose.randrange(len(lines) - 10)
    lines[start:start] = lines[start : start + choose.randint(2, 40)]


def repeat_all(lines, choose):
    lines += lines


def move(lines, choose):
    lines.insert(choose.randrange(len(lines)), lines.pop(choose.randrange(len(lines))))


def shuffle(lines, choose):
    start = choose.choice([0, choose.randrange(len(lines) - 10)])
    part = lines[start : start + choose.choice([10, len(lines)])]
    choose.shuffle(part)
    lines[start : start + len(part)] = part


def cut_lines(lines, choose):
    for _ in range(choose.randint(1, 3)):
        number = choose.randrange(len(lines))
        lines[number] = lines[number][: choose.randrange(len(lines[number]) + 1)]


def join_lines(lines, choose):
    number = choose.randrange(len(lines) - 1)
    lines[number : number + 2] = [lines[number] + lines[number + 1]]


def cut_file(lines, choose):
    # where a whole block has ended, nobody can tell that others were behind it
    number = choose.choice([n for n, line in enumerate(lines) if not line.startswith(("END", "MSG", "START"))])
    del lines[number:]


def wrong_type(lines, choose):
    number = choose.choice([n for n, line in enumerate(lines) if line.startswith(("EFIX", "START", "END", "MSG"))])
    words = lines[number].split()
    places = {"EFIX": range(1, 7), "MSG": [1]}.get(words[0], [1])
    words[choose.choice(places)] = choose.choice(["abc", "nan", "inf", "-", "1e999", "12,5", "0x10", "None", "-1", "."])
    lines[number] = " ".join(words)


DAMAGES = [delete, repeat, repeat_some, repeat_all, move, shuffle, cut_lines, join_lines, cut_file, wrong_type]
ENCODINGS = ["utf-8"] * 12 + ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp037"]


def outcome(path, settings):
    """Table and words, or the error's sentence."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table, changes = read_fixations(path, **settings)
        except InputError as error:
            return None, {str(error)}
    table = table[["stimulus", "trial", "fixation", "x_px", "y_px", "onset_ms", "duration_ms"]]
    return table, {str(change) for change in changes} | {str(one.message) for one in caught}


@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_damaged_recordings_are_never_read_as_others_in_silence(kind, tmp_path, share_of_trials):
    path = tmp_path / "s1.asc"
    lines, settings = whole(kind)
    path.write_text("\n".join(lines) + "\n")
    truth, said = outcome(path, settings)
    assert len(truth) > 10
    silent, ends = [], {"same": 0, "word": 0, "refused": 0}
    for seed in range(int(334 * share_of_trials)):
        choose, damaged = random.Random(seed), list(lines)
        damage = choose.choice(DAMAGES)
        damage(damaged, choose)
        path.write_bytes(("\n".join(damaged) + "\n").encode(choose.choice(ENCODINGS)))
        table, words = outcome(path, settings)
        if table is None:
            ends["refused"] += 1
            # "cannot be read as" is the sentence for errors that the reader did not foresee
            silent += [(seed, damage.__name__, text) for text in words if "\n" in text or "cannot be read as" in text]
        elif table.equals(truth):
            ends["same"] += 1
        elif words - said:
            ends["word"] += 1
        else:
            silent.append((seed, damage.__name__))
    assert silent == []
    assert min(ends.values()) > 25 * share_of_trials


def without(text):
    return lambda lines: [line for line in lines if text not in line]


SAID = {
    "a line twice": (lambda lines: [*lines, lines[8]], "stands there twice, and was taken once"),
    "another order": (lambda lines: [*lines[:4], *reversed(lines[4:])], "are earlier than the lines before them"),
    "no END": (without("END\t"), r"begin blocks \(START\) that have no END"),
    "no START": (without("START\t"), "are fixations outside of all recording blocks"),
    "no trial": (without("TRIALID 2"), "without a trial message of its own"),
    "a cut message": (lambda lines: [*lines[:-1], lines[-1][:-5]], "breaks off in a message"),
    "a cut file": (lambda lines: lines[:-1], "no message like 'TRIAL_RESULT #', as there is for all others"),
    "a cut name": (lambda lines: [one.replace("2.png 960 540", "") for one in lines], "without a picture's ending"),
}


@pytest.mark.parametrize("damage", SAID)
@pytest.mark.filterwarnings("ignore")
def test_what_is_damaged_is_said_in_words(damage, tmp_path):
    lines, settings = whole("experiment builder")
    change, says = SAID[damage]
    (tmp_path / "s1.asc").write_text("\n".join(change(lines)) + "\n")
    with pytest.warns(InputWarning, match=says):
        read_fixations(tmp_path / "s1.asc", **settings | {"picture_at": "screen"})


@pytest.mark.parametrize("event", ["EFIX", "ESACC"])
def test_an_event_that_is_missing_is_told_by_the_events_around_it(event, tmp_path):
    lines, settings = whole("experiment builder")
    second = [n for n, line in enumerate(lines) if line.startswith(event)][1]
    start = lines[second].split()[2]
    kept = [line for n, line in enumerate(lines) if n != second and not line.startswith(f"SFIX L   {start}")]
    (tmp_path / "s1.asc").write_text("\n".join(kept) + "\n")
    with pytest.warns(InputWarning, match="follows an event of its own kind"):
        read_fixations(tmp_path / "s1.asc", **settings)


def test_positions_that_are_mostly_off_the_screen_are_told_of(tmp_path):
    lines, settings = whole("experiment builder")
    text = "\n".join(lines).replace("1919.00 1079.00", "639.00 479.00")
    (tmp_path / "s1.asc").write_text(text)
    with pytest.warns(InputWarning, match=r"fixations are off the screen of 640 x 480 px"):
        read_fixations(tmp_path / "s1.asc", **settings)
