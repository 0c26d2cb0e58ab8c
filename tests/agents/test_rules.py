"""The pieces that agents are put together from: selection, inhibition, recognition, the loop, the catalog."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import InputError, Stimulus, create_agent, list_agents, run_episode
from scanpath.agents.agent import PriorityAgent, as_history
from scanpath.agents.inhibition import (
    CellInhibition,
    CellOrSquareInhibition,
    GaussianInhibition,
    NoInhibition,
    SquareInhibition,
)
from scanpath.agents.selection import ProportionalSampling, WinnerTakeAll
from scanpath.agents.target_found import InBox, Never, WindowOverlap

CELLS = torch.zeros(20, 30, dtype=torch.int64)
CELLS[:10, :10], CELLS[:10, 12:22], CELLS[10:, :10] = 1, 2, 3


def blank(**settings):
    return Stimulus(torch.zeros(1, 20, 30), **settings)


class Steep(PriorityAgent):
    """Prefers places to the lower right."""

    def attention(self, stimulus, history):
        height, width = stimulus.size
        return torch.arange(height * width, dtype=torch.float64).reshape(height, width)


# selection


@settings(max_examples=30, deadline=None)
@given(values=st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_the_first_of_the_highest_values_wins(values):
    x, y = WinnerTakeAll().select(torch.tensor(values).reshape(2, 3), torch.Generator())
    assert int(y) * 3 + int(x) == values.index(max(values))


def test_places_are_drawn_in_proportion_to_their_value_to_the_exponent():
    values = torch.tensor([[1.0, 2.0], [0.0, 3.0]])
    for exponent in (1.0, 2.0):
        generator = torch.Generator().manual_seed(0)
        counts = np.zeros((2, 2))
        for _ in range(4000):
            x, y = ProportionalSampling(exponent).select(values, generator)
            counts[int(y), int(x)] += 1
        expected = (values**exponent / (values**exponent).sum()).numpy()
        np.testing.assert_allclose(counts / 4000, expected, atol=0.03)
        assert counts[1, 0] == 0


# inhibition


def test_a_closed_square_lies_half_before_and_half_behind_the_fixation():
    weight = SquareInhibition(6).weight(blank(), [(15, 10)])
    expected = torch.ones(20, 30)
    expected[7:13, 12:18] = 0
    assert torch.equal(weight, expected)
    shifted = SquareInhibition(6, shift_px=1).weight(blank(), [(15, 10)])
    assert torch.equal(shifted[1:, 1:], weight[:-1, :-1])


def test_squares_are_cut_at_the_border_and_the_first_may_be_left_open():
    weight = SquareInhibition(10, from_first=False).weight(blank(), [(15, 10), (0, 0), (29, 19), (-50, 3)])
    assert weight[10, 15] == 1
    assert weight[:5, :5].sum() == 0
    assert weight[14:, 24:].sum() == 0
    assert weight.sum() == 600 - 25 - 36


def test_a_visited_slot_closes_and_the_ground_between_slots_is_never_open():
    weight = CellInhibition().weight(blank(cells=CELLS), [(3, 3), (14, 2), (25, 15)])
    assert torch.equal(weight, ((CELLS == 1) | (CELLS == 3)).float())
    closed = CellInhibition(from_first=True).weight(blank(cells=CELLS), [(3, 3), (14, 2)])
    assert torch.equal(closed, (CELLS == 3).float())


def test_slots_need_a_display_with_slots():
    with pytest.raises(InputError, match="cells"):
        CellInhibition().weight(blank(), [(0, 0)])


def test_slots_or_squares_follow_the_picture():
    rule = CellOrSquareInhibition(4)
    assert torch.equal(rule.weight(blank(), [(5, 5)]), SquareInhibition(4).weight(blank(), [(5, 5)]))
    display = blank(cells=CELLS)
    assert torch.equal(rule.weight(display, [(5, 5)]), CellInhibition().weight(display, [(5, 5)]))


def test_a_gaussian_is_deepest_at_the_last_fixation_and_fades():
    weight = GaussianInhibition(3.0, decay=0.5).weight(blank(), [(5, 5), (20, 12)])
    assert weight[12, 20] == pytest.approx(0, abs=1e-6)
    assert weight[5, 5] == pytest.approx(0.5, abs=1e-4)
    assert torch.equal(NoInhibition().weight(blank(), [(5, 5)]), torch.ones(20, 30))
    with pytest.raises(InputError, match="decay"):
        GaussianInhibition(3.0, decay=2)


# recognition


@pytest.mark.parametrize(("x", "found"), [(10, True), (19.9, True), (20, False), (9.9, False)])
def test_a_box_holds_its_left_edge_and_not_its_right(x, found):
    assert InBox().found(blank(target_box=(10, 5, 10, 8)), (x, 6), 1) is found


def test_a_margin_counts_on_every_side():
    assert InBox(margin_px=2).found(blank(target_box=(10, 5, 10, 8)), (8, 14.5), 1)
    assert not InBox(margin_px=2, test_first=False).found(blank(target_box=(10, 5, 10, 8)), (8, 14.5), 0)


def test_a_window_reaches_half_its_side_before_the_fixation_and_one_less_behind():
    mask = torch.zeros(20, 30, dtype=torch.bool)
    mask[10, 15] = True
    rule, stimulus = WindowOverlap(4), blank(target_mask=mask)
    assert [x for x in range(30) if rule.found(stimulus, (x, 10), 1)] == [14, 15, 16, 17]
    assert [y for y in range(20) if WindowOverlap(4, shift_px=1).found(stimulus, (15, y), 1)] == [8, 9, 10, 11]


def test_on_displays_the_first_fixation_finds_nothing_unless_told():
    display = blank(cells=CELLS, target_box=(10, 5, 10, 8))
    assert WindowOverlap(10).found(display, (15, 8), 0) is False
    assert WindowOverlap(10, test_first=True).found(display, (15, 8), 0) is True
    assert WindowOverlap(10).found(blank(target_box=(10, 5, 10, 8)), (15, 8), 0) is True
    assert WindowOverlap(10, size_with_cells_px=2).found(display, (8, 8), 1) is False


def test_without_a_target_there_is_no_answer():
    for rule in (InBox(), WindowOverlap(4), Never()):
        assert rule.found(blank(), (3, 3), 1) is None


# the loop and the catalog


def test_an_episode_ends_when_the_target_is_found_or_fixations_are_used_up():
    agent = Steep(name="steep", inhibition=SquareInhibition(4), found_rule=InBox())
    found = run_episode(agent, blank(target_box=(20, 11, 7, 9)), n_fixations=9, generator=torch.Generator())
    assert found.info["target_found"] is True
    assert found.info["on_target"] == [False] * (len(found) - 1) + [True]
    spent = run_episode(agent, blank(target_box=(0, 0, 2, 2)), n_fixations=3, generator=torch.Generator())
    assert len(spent) == 3
    assert spent.info["target_found"] is False


def test_a_history_can_be_a_persons():
    agent = Steep(name="steep", inhibition=SquareInhibition(4))
    priority = agent.priority(blank(), np.array([[28.0, 18.0]]))
    assert priority[17, 27] == 0
    assert as_history(torch.tensor([[1.0, 2.0]])) == [(1.0, 2.0)]
    for bad, words in ((np.empty((0, 2)), "empty"), ([[float("nan"), 1.0]], "NaN")):
        with pytest.raises(InputError, match=words):
            agent.priority(blank(), bad)


def test_names_are_listed_by_pattern_and_near_names_are_suggested():
    assert "eccnet.single_level" in list_agents("eccnet.*")
    assert "chance" in list_agents()
    with pytest.raises(InputError, match="eccnet"):
        create_agent("ecnet")
    with pytest.raises(InputError, match="backbone"):
        create_agent("eccnet", backbon="steerable")
