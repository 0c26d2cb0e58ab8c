"""Files that somebody cut, repeated, shuffled, saved otherwise or typed into: the truth, a word, or one sentence."""

import gzip
import json
import random
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from scanpath._core.errors import InputWarning, ScanpathError
from scanpath.datasets.formats import read_fixations, write_fixations
from scanpath.gaze.table import scanpath_keys

#: Name -> lines of names, lines of rows, settings.
FILES = {
    "tidy.csv": (
        ["stimulus,subject,fixation,x_px,y_px,onset_ms,duration_ms"],
        [f"bild é{n % 2}.png,s{n // 4},{n % 4 // 2},{10.5 + 7 * n},{20 + n},{n % 4 // 2 * 300},{200 + n}"
         for n in range(8)],
        {},
    ),
    "plain.txt": (
        ["# of a program", "Bild;Person;X;Y;Beginn;Dauer"],
        [f"bild é{n % 2}.png;s{n // 4};{10 + n},5;{20 + n};{n * 0.3:.2f};0,{210 + n}".replace(".", ",")
         .replace(",png", ".png") for n in range(8)],
        {"columns": {"Bild": "stimulus", "Person": "subject", "X": "x_px", "Y": "y_px", "Beginn": "onset_ms",
                     "Dauer": "duration_ms"}, "time_unit": "s", "comment": "#"},
    ),
    "tobii.tsv": (
        ["Recording timestamp\tParticipant name\tPresented Media name\tPresented Media width\tPresented Media height\t"
         "Presented Media position X (DACSpx)\tPresented Media position Y (DACSpx)\tEye movement type\t"
         "Gaze event duration\tEye movement type index\tFixation point X\tFixation point Y"],
        [f"{n * 100_000}\tP1\tbild é.png\t800\t600\t10\t20\t{'Saccade' if n % 3 == 2 else 'Fixation'}\t"
         f"{100 if n % 3 == 2 else 200}\t{n // 3}\t{'' if n % 3 == 2 else 100 + n // 3 * 50}\t"
         f"{'' if n % 3 == 2 else 200 + n // 3 * 50}" for n in range(12)],
        {},
    ),
    "gazepoint.csv": (
        ["MEDIA_ID,MEDIA_NAME,CNT,FPOGX,FPOGY,FPOGS,FPOGD,FPOGID,FPOGV,"],
        [f"0,bild é.png,{n},0.{25 + n // 3},0.5,{n // 3 * 0.5:.5f},0.{1 + n % 3}0000,{n // 3 + 1},{int(n != 5)},"
         for n in range(9)],
        {"subject": "s", "screen_px": (1280, 720), "picture_at": "screen"},
    ),
    "pupil.csv": (
        ["id,start_timestamp,duration,norm_pos_x,norm_pos_y,dispersion,confidence,method"],
        [f"{n},{1000 + n * 0.3:.2f},{200.5 + n},0.{20 + n},0.7,1.2,0.98,3d gazé" for n in range(6)],
        {"subject": "s", "stimulus": "a.png", "screen_px": (1280, 720), "picture_at": "screen"},
    ),
    "cloud.csv": (
        ["section id,recording id,fixation id,start timestamp [ns],end timestamp [ns],duration [ms],fixation x [px],"
         "fixation y [px],é"],
        [f"s1,r1,{n},{1700000000000000000 + n * 300000000},1,{200 + n},{480.5 + n},270.25,1" for n in range(6)],
        {"subject": "s", "stimulus": "a.png", "picture_at": "screen"},
    ),
    "smi.txt": (
        ["## [BeGaze]", "## Subject:\tPé", "Table Header for Fixations:",
         "Event Type\tTrial\tNumber\tStart\tEnd\tDuration\tLocation X\tLocation Y\tPlane"],
        [f"Fixation L\t1\t{n}\t{1000000 + n * 300000}\t{1200000 + n * 300000}\t{200000 + n}\t{480.5 + n}\t270.25\t-1"
         for n in range(6)],
        {"stimulus": "a.png", "picture_at": "screen"},
    ),
    "remodnav.tsv": (
        ["onset\tduration\tlabel\tstart_x\tstart_y\tend_x\tend_y\tamp\tpeak_vel\té"],
        [f"{n * 0.3:.3f}\t0.2{n}\t{'SACC' if n == 3 else 'FIXA'}\t{497.2 + n}\t158.0\t1\t2\t0.5\t7.6\t1"
         for n in range(6)],
        {"stimulus": "a.png", "subject": "s"},
    ),
    "report.txt": (
        ["RECORDING_SESSION_LABEL\tTRIAL_INDEX\tEYE_USED\tCURRENT_FIX_INDEX\tCURRENT_FIX_X\tCURRENT_FIX_Y\t"
         "CURRENT_FIX_START\tCURRENT_FIX_DURATION\timage"],
        [f"s{n // 3}\t1\tLEFT\t{n % 3 + 1}\t{100.5 + n}\t{200.5 + n}\t{10 + n % 3 * 300}\t{200 + n}\tbild é.png"
         for n in range(6)],
        {"stimulus_column": "image", "picture_at": "screen"},
    ),
    "pymovements.csv": (
        ["subject,stimulus,name,onset,offset,location_x,location_y"],
        [f"s1,bild é.png,{'saccade' if n == 3 else 'fixation'},{n * 300},{n * 300 + 200},{10.5 + n},20.5"
         for n in range(6)],
        {"picture_at": "screen"},
    ),
}  # fmt: skip


def cut(choose, names, rows):
    text = "\n".join([*names, *rows]) + "\n"
    return text[: choose.randrange(len("\n".join(names)), len(text))]


def repeat(choose, names, rows):
    twice = choose.choice([*names, *rows])
    lines = [*names, *rows]
    lines.insert(choose.randrange(len(lines) + 1), twice)
    return "\n".join(lines) + "\n"


def shuffle(choose, names, rows):
    return "\n".join([*names, *choose.sample(rows, len(rows))]) + "\n"


def shuffle_all(choose, names, rows):
    lines = [*names, *rows]
    return "\n".join(choose.sample(lines, len(lines))) + "\n"


def save_otherwise(choose, names, rows):
    end = choose.choice(["\n", "\r\n", "\r"])
    return (end.join([*names, *rows]) + end).encode(
        choose.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "latin-1"])
    )


def type_into(choose, names, rows):
    """Something that is no number where a measure was; other words in a name would be another name."""
    sign = max("\t;,", key=names[-1].count)
    line = choose.randrange(len(rows))
    cells = rows[line].split(sign)
    measures = [place for place, cell in enumerate(cells) if re.fullmatch(r"\d*[.,]\d+|\d{3,}", cell)]
    cells[choose.choice(measures)] = choose.choice(["x", "1e400", "1.2.3", "9" * 30, '"', "[1, 2]", "12 px"])
    return "\n".join([*names, *rows[:line], sign.join(cells), *rows[line + 1 :]]) + "\n"


MUTATIONS = (cut, repeat, shuffle, shuffle_all, save_otherwise, type_into)


def outcome(path, settings):
    """The table in order, and all words; None and the sentence where it is refused."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        try:
            table, changes = read_fixations(path, **settings)
        except ScanpathError as error:
            return None, {str(error)}
    order = [*scanpath_keys(table), "fixation"]
    words = {str(change) for change in changes} | {str(one.message) for one in caught}
    return table.sort_values(order).reset_index(drop=True), words


def whole_rows(text, names, rows):
    """The rows that a cut left whole."""
    return rows[: text.count("\n") - len(names)]


@pytest.mark.parametrize("name", FILES)
def test_a_hundred_mutated_files_give_the_truth_a_word_or_one_sentence(name, tmp_path, share_of_trials):
    names, rows, settings = FILES[name]
    path, choose = tmp_path / name, random.Random(name)
    path.write_text("\n".join([*names, *rows]) + "\n", encoding="utf-8")
    truth, said = outcome(path, settings)
    assert truth is not None, said
    for number in range(int(100 * share_of_trials)):
        mutate = MUTATIONS[number % len(MUTATIONS)]
        content = mutate(choose, names, rows)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        table, words = outcome(path, settings)
        if table is None:
            assert all("\n" not in sentence and "Error)" not in sentence for sentence in words), words
            continue
        expected = truth
        if mutate is cut and content.endswith("\n"):
            path.write_text("\n".join([*names, *whole_rows(content, names, rows)]) + "\n", encoding="utf-8")
            expected, _ = outcome(path, settings)
        if not same(table, expected):
            assert words - said, f"{mutate.__name__}: another table without a word\n{content!r}\n{table.to_string()}"


def same(table, truth):
    try:
        pd.testing.assert_frame_equal(table, truth, check_dtype=False, rtol=1e-9)
    except AssertionError:
        return False
    return True


#: Trials that formats of records hold: what is about them, and lists of their fixations.
TRIALS = [
    {"stimulus": f"bild{n % 2}.png", "subject": f"s{n // 2}", "task": "cup", "x": [10.5 + n, 40.0, 70.25, 20.0],
     "y": [20.0, 35.5 + n, 50.0, 80.0], "duration": [200.0 + n, 310.0, 180.0, 240.0], "onset": [0.0, 300.0, 650.0, 900]}
    for n in range(6)
]  # fmt: skip
_OWN_NAMES = {
    "coco.json": {"stimulus": "name", "x": "X", "y": "Y", "duration": "T"},
    "visions.json": {"stimulus": "image", "x": "X", "y": "Y", "duration": "T", "task": "target_object"},
    "trials.mat": {"stimulus": "image", "onset": "onset_ms", "duration": "duration_ms"},
    "trials.hdf5": {"x": "xs", "y": "ys", "onset": "ts", "duration": "durations"},
}


def in_own_names(name, trial):
    return {_OWN_NAMES[name].get(key, key): value for key, value in trial.items()}


def write_coco(path, trials):
    told = [{"condition": "present", "bbox": [1, 2, 30, 40], **in_own_names(path.name, one)} for one in trials]
    for one in told:
        one.pop("onset", None)
    path.write_text(json.dumps(told, allow_nan=True))
    return {"format": "coco_search18"}


def write_visions(path, trials):
    about = {"image_height": 100, "image_width": 120, "screen_height": 100, "screen_width": 120,
             "target_found": False, "target_bbox": [1, 2, 30, 40]}  # fmt: skip
    told = [about | in_own_names(path.name, one) for one in trials]
    for one in told:
        one.pop("onset", None)
    path.write_text(json.dumps(told, allow_nan=True))
    return {"format": "visions"}


def write_matlab(path, trials):
    told = [in_own_names(path.name, one) for one in trials]
    array = np.empty(len(told), dtype=[(key, object) for key in in_own_names(path.name, TRIALS[0])])
    for index, one in enumerate(told):
        array[index] = tuple(
            np.array(one[key]) if isinstance(one.get(key), list) else one.get(key, []) for key in array.dtype.names
        )
    savemat(path, {"scanpaths": array}, do_compression=True)
    return {"one_based": True, "time_unit": "ms"}


def write_pysaliency(path, trials):
    h5py = pytest.importorskip("h5py")
    told = [in_own_names(path.name, one) for one in trials]
    with h5py.File(path, "w") as file:
        file.attrs["type"], file.attrs["version"] = np.bytes_("Scanpaths"), np.bytes_("1.0")
        file["n"] = [int(one["stimulus"][4]) if isinstance(one["stimulus"], str) else one["stimulus"] for one in told]
        file["length"] = [len(one["xs"]) for one in told]
        for key in ("xs", "ys"):
            file[key] = [value for one in told for value in one[key]]
        group = file.create_group("fixation_attributes")
        for key in ("ts", "durations"):
            group[key] = [value for one in told for value in one[key]]
        group = file.create_group("scanpath_attributes")
        for key in ("subject", "task"):
            group[key] = [one[key] for one in told]
    return {"stimuli": ["bild0.png", "bild1.png"], "time_unit": "ms"}


RECORDS = {
    "coco.json": write_coco, "visions.json": write_visions, "trials.mat": write_matlab, "trials.hdf5": write_pysaliency
}  # fmt: skip


def copies(trials):
    return [{key: list(value) if isinstance(value, list) else value for key, value in one.items()} for one in trials]


def without_a_field(choose, trials):
    one = choose.choice(trials)
    del one[choose.choice(sorted(one))]
    return trials


def of_another_type(choose, trials):
    one = choose.choice(trials)
    name = choose.choice(sorted(one))
    wrong = choose.choice([{}, [[1, 2], [3, 4]], [], "x", "\ud83d\ude00", float("inf"), 10**30])
    if isinstance(one[name], str):  # other text and numbers would be another name
        one[name] = choose.choice([{}, [[1, 2], [3, 4]], []])
    elif choose.random() < 0.6:
        one[name][choose.randrange(len(one[name]))] = wrong
    else:
        one[name] = wrong
    return trials


def with_a_list_shorter(choose, trials):
    choose.choice(trials)[choose.choice(["x", "y", "duration", "onset"])].pop()
    return trials


def with_a_trial_twice(choose, trials):
    trials.insert(choose.randrange(len(trials)), copies([choose.choice(trials)])[0])
    return trials


def in_another_order(choose, trials):
    return choose.sample(trials, len(trials))


def with_a_number_lost(choose, trials):
    name = choose.choice(["x", "y", "duration"])
    values = choose.choice(trials)[name]
    values[choose.randrange(len(values))] = choose.choice([1e8, -32768.0, float("nan") if name != "duration" else -1.0])
    return trials


OF_RECORDS = (
    without_a_field, of_another_type, with_a_list_shorter, with_a_trial_twice, in_another_order, with_a_number_lost
)  # fmt: skip


def different(trials):
    return [one for one in trials if one not in TRIALS] or trials


@pytest.mark.filterwarnings("ignore:.*:scipy.io.matlab.MatWriteWarning")
@pytest.mark.parametrize("name", RECORDS)
def test_a_hundred_mutated_files_of_trials_give_the_truth_a_word_or_one_sentence(name, tmp_path, share_of_trials):
    path, choose = tmp_path / name, random.Random(name)
    settings = RECORDS[name](path, copies(TRIALS))
    whole = path.read_bytes()
    truth, said = outcome(path, settings)
    assert truth is not None, said
    for number in range(int(100 * share_of_trials)):
        mutate = (*OF_RECORDS, None)[number % (len(OF_RECORDS) + 1)]
        path.unlink()
        trials = copies(TRIALS)
        if mutate is None:
            path.write_bytes(whole[: choose.randrange(1, len(whole))])
        else:
            trials = mutate(choose, trials)
            try:
                RECORDS[name](path, trials)
            except (TypeError, ValueError, KeyError, OverflowError, AttributeError, IndexError):
                path.write_bytes(whole)  # the format cannot hold it
                continue
        table, words = outcome(path, settings)
        if table is None:
            assert all("\n" not in sentence and "Error)" not in sentence for sentence in words), words
        elif not same(table, truth):
            assert words - said, f"{mutate}: another table without a word\n{different(trials)}"


SCREEN = {"width_px": 800, "height_px": 600, "width_cm": 40, "height_cm": 30, "distance_cm": 60}


def test_a_hundred_mutated_event_files_of_bids_give_the_truth_a_word_or_one_sentence(tmp_path, share_of_trials):
    table = pd.DataFrame([
        {"stimulus": f"bild{n % 2}.png", "subject": f"s{n // 2}", "trial": "1", "fixation": place,
         "x_px": 10.5 + 90 * place + n, "y_px": 20.0 + 40 * place, "onset_ms": 300.0 * place,
         "duration_ms": 200.0 + n}
        for n in range(4) for place in range(4)
    ])  # fmt: skip
    write_fixations(
        table, tmp_path / "bids", format="bids", screen=SCREEN, picture_at="screen", eye="right", sampling_hz=100
    )
    files = sorted(path for path in (tmp_path / "bids").rglob("*.tsv*") if "event" in path.name)
    contents, choose, settings = [path.read_bytes() for path in files], random.Random("bids"), {"picture_at": "screen"}
    truth, said = outcome(tmp_path / "bids", settings)
    assert truth is not None, said
    mutations = (repeat, shuffle, type_into, cut_within_a_line)
    for number in range(int(100 * share_of_trials)):
        place, mutate = choose.randrange(len(files)), mutations[number % len(mutations)]
        files[place].write_bytes(mutated(choose, mutate, files[place].name, contents[place]))
        read, words = outcome(tmp_path / "bids", settings)
        if read is None:
            assert all("\n" not in sentence and "Error)" not in sentence for sentence in words), words
        elif not same(read, truth):
            assert words - said, f"{mutate.__name__}: another table without a word\n{files[place].name}"
        files[place].write_bytes(contents[place])


def cut_within_a_line(choose, names, rows):
    return cut(choose, names, rows).rstrip("\n")[:-3]  # of whole lines that are gone nothing can be known


def mutated(choose, mutate, name, content):
    """Content of a file of lines, packed and then without names, or not, after a mutation."""
    if not name.endswith(".gz"):
        names, *rows = content.decode().splitlines()
        return mutate(choose, [names], rows).encode()
    text = mutate(choose, ["\t"], gzip.decompress(content).decode().splitlines())
    return gzip.compress(text.replace("\t\n", "", 1).encode())
