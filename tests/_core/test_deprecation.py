import math

import pytest

from scanpath._core.deprecation import with_old_names


def present(name):
    if name == "here":
        return 1
    raise AttributeError(name)


def test_a_name_that_moved_is_found_and_the_caller_is_told_where():
    find = with_old_names("scanpath.metrics", present, {"root": "math:sqrt"}, since="0.2")
    with pytest.warns(
        DeprecationWarning, match=r"scanpath\.metrics\.root is called math\.sqrt since scanpath 0\.2"
    ) as seen:
        assert find("root") is math.sqrt
    assert seen[0].filename == __file__


def test_other_names_are_the_modules_own():
    find = with_old_names("scanpath.metrics", present, {"root": "math:sqrt"}, since="0.2")
    assert find("here") == 1
    with pytest.raises(AttributeError):
        find("nowhere")
