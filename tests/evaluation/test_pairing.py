import json

import pytest

from scanpath import InputError, Scanpath
from scanpath.evaluation import PAIRINGS, Pairing, as_pairing
from scanpath.evaluation.pairing import agent_of, observer_of


def path(**info):
    return Scanpath([(0, 0), (1, 1)], info=info)


def test_a_pairing_survives_json():
    for pairing in PAIRINGS.values():
        assert Pairing(**json.loads(json.dumps(pairing.to_dict()))) == pairing


def test_the_text_of_every_named_pairing_is_its_own():
    assert len({str(pairing) for pairing in PAIRINGS.values()}) == len(PAIRINGS)


def test_keys_in_within_name_the_picture_together():
    pairing = Pairing(within=("stimulus", "task"))
    assert pairing.picture_of(path(stimulus="a", task="cup")) != pairing.picture_of(path(stimulus="a", task="fork"))
    assert Pairing(within="stimulus").within == ("stimulus",)


def test_a_missing_key_is_named():
    with pytest.raises(InputError, match="'task'"):
        Pairing(within=("stimulus", "task")).picture_of(path(stimulus="a"))


@pytest.mark.parametrize(("keywords", "message"), [({"reduce": "median"}, "median"), ({"within": ()}, "at least one")])
def test_an_unusable_pairing_is_refused(keywords, message):
    with pytest.raises(InputError, match=message):
        Pairing(**keywords)


def test_an_unknown_name_hints_at_the_near_one():
    with pytest.raises(InputError, match="leave_one_out"):
        as_pairing("leave_one")


def test_runs_of_one_agent_with_other_seeds_are_other_observers():
    first, second = path(agent="random", seed=0), path(agent="random", seed=1)
    assert observer_of(first) != observer_of(second)
    assert agent_of(first) == agent_of(second) == "random"
    assert agent_of(path(subject="s1")) == "people"


def test_a_scanpath_of_nobody_is_refused():
    with pytest.raises(InputError, match="neither 'subject' nor 'agent'"):
        observer_of(path(stimulus="a"))
