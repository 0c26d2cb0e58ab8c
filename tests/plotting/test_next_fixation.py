import pandas as pd

from scanpath.plotting import plot_next_fixation


def test_the_best_stands_on_top_and_late_fixations_of_few_pictures_are_left_out():
    bits = {"uniform": -0.4, "poor": 0.1, "good": 1.2, "gold standard": 2.0}
    about = {"metric": "information_gain", "n_pictures": 8}
    scores = pd.DataFrame([about | {"agent": n, "value": v, "low": v - 0.1, "high": v + 0.1} for n, v in bits.items()])
    numbers = pd.DataFrame(
        [
            about | {"agent": name, "fixation": k, "value": v, "low": v - 0.2, "high": v + 0.2, "n_pictures": pictures}
            for name, v in bits.items()
            for k, pictures in ((1, 8), (2, 4), (3, 2))
        ]
    )
    left = plot_next_fixation(scores, numbers)
    assert [text.get_text() for text in left.get_yticklabels()] == list(bits)
    right = left.figure.axes[1]
    assert all(line.get_xdata().max() == 2 for line in right.lines)
    # who is good has one color in both panels
    colors = {line.get_label(): line.get_color() for line in right.lines}
    assert colors["good"] != colors["poor"]
    assert colors["good"] in {line.get_color() for line in left.lines}
    assert [text.get_text() for text in right.get_legend().get_texts()] == list(bits)[::-1]
