"""The pieces that agents are put together from: selection, inhibition, recognition, the loop, the catalog."""

import inspect
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scanpath import Agent, InputError, PriorityAgent, Stimulus, create_agent, list_agents, run_episode, simulate
from scanpath.agents.catalog import AGENTS, agent_card, agent_settings
from scanpath.agents.history import as_history
from scanpath.agents.inhibition import (
    CellInhibition,
    CellOrSquareInhibition,
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


def test_without_inhibition_every_place_stays_open():
    assert torch.equal(NoInhibition().weight(blank(), [(5, 5)]), torch.ones(20, 30))


# recognition


@pytest.mark.parametrize(("x", "found"), [(10, True), (9.5, True), (19.4, True), (19.5, False), (9.4, False)])
def test_a_box_holds_its_left_edge_and_not_its_right(x, found):
    assert InBox().found(blank(target_box=(10, 5, 10, 8)), (x, 6), 1) is found


def test_a_margin_counts_on_every_side():
    assert InBox(margin_px=2).found(blank(target_box=(10, 5, 10, 8)), (8, 14.4), 1)
    assert not InBox(margin_px=2).found(blank(target_box=(10, 5, 10, 8)), (8, 14.5), 1)
    assert not InBox(margin_px=2, test_first=False).found(blank(target_box=(10, 5, 10, 8)), (8, 14.4), 0)


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


class Reader(Agent):
    """Steps to the right, and ends the scanpath at the border."""

    ends_itself = True

    def next_fixation(self, stimulus, history, generator):
        x, y = history[-1]
        return (x + 5, y) if x + 5 < stimulus.size[1] else None


@pytest.mark.parametrize(
    ("limit", "box", "n", "found", "ended_by"),
    [
        (9, None, 3, None, "agent"),
        (9, (0, 0, 2, 2), 3, False, "agent"),
        (2, None, 2, None, "limit"),
        (9, (19, 9, 3, 3), 2, True, "target"),
    ],
)
def test_an_agent_may_end_its_scanpath_and_tables_tell_that_from_found(limit, box, n, found, ended_by):
    table = simulate(Reader(found_rule=InBox()), blank(name="a", target_box=box), n_fixations=limit)
    assert len(table) == n
    assert set(table["ended_by"]) == {ended_by}
    assert table["target_found"].isna().all() if found is None else (table["target_found"] == found).all()
    assert "ended_by" not in simulate(create_agent("random"), blank(name="a"))


def test_an_end_of_its_own_that_the_agent_has_not_stated_is_named():
    class Silent(Reader):
        ends_itself = False

    with pytest.raises(InputError, match=r"'Silent' ended its scanpath on 'a' after 3 of 9 .*ends_itself = True"):
        simulate(Silent(), blank(name="a"), n_fixations=9)


def test_a_scanpath_that_ends_before_it_begins_is_refused():
    class Idle(Reader):
        chooses_first = True

        def next_fixation(self, stimulus, history, generator):
            return None

    with pytest.raises(InputError, match="'Idle' ended its scanpath on 'a' before any fixation"):
        run_episode(Idle(), blank(name="a"), n_fixations=2, generator=torch.Generator())


def test_the_first_fixation_is_the_agents_own_only_if_it_says_so():
    given, chosen = Steep(name="given"), Steep(name="chosen")
    chosen.chooses_first = True
    first = [run_episode(a, blank(), n_fixations=1, generator=torch.Generator()).xy[0] for a in (given, chosen)]
    assert [tuple(xy) for xy in first] == [(15, 10), (29, 19)]


def test_episodes_end_each_by_itself_when_they_run_in_step():
    agent = Steep(name="steep", inhibition=SquareInhibition(4), found_rule=InBox())
    stimuli = [blank(target_box=(20, 11, 7, 9)), blank(target_box=(0, 0, 2, 2)), blank()]
    generators = [torch.Generator() for _ in stimuli]
    alone = agent.run(stimuli, n_fixations=4, generators=generators)
    agent.in_step = True
    together = agent.run(stimuli, n_fixations=4, generators=generators)
    assert together == alone
    assert [path.info for path in together] == [path.info for path in alone]


def test_settings_of_an_agent_are_stated_once_and_variants_change_their_defaults():
    eccnet, single, rotated, clip = (
        agent_settings(name) for name in ("eccnet", "eccnet.single_level", "eccnet.rotated", "nevaclip")
    )
    assert set(single) == set(rotated) == set(eccnet)
    assert (eccnet["levels"].default, single["levels"].default) == ((3, 4, 5), (5,))
    assert rotated["weights"].default is rotated["weights"].empty
    assert clip["mode"].default == "best"
    assert "loss" not in clip
    with pytest.raises(InputError, match=r"'eccnet\.rotated' needs weights"):
        create_agent("eccnet.rotated")


@pytest.mark.parametrize("name", list_agents())
def test_every_agent_says_what_it_is_and_documents_its_settings(name):
    assert 20 < len(agent_card(name).claim) < 125
    built = AGENTS[name]
    if isinstance(built, type):
        text = "\n".join(inspect.getdoc(kind) or "" for kind in built.__mro__)
        for setting in agent_settings(name):
            assert re.search(rf"^(\w+, )*{setting}(, \w+)*$", text, re.MULTILINE), setting


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
