import pytest

import scanpath as sp


@pytest.mark.parametrize("name", ["Fisheye", "LineOverlay", "Rotate90", "fisheye", "overlay_lines", "regime_transform"])
def test_what_pictures_undergo_in_training_is_still_found_where_it_was(name):
    with pytest.warns(DeprecationWarning, match=f"scanpath.training.{name}"):
        assert getattr(sp.recognition, name) is getattr(sp.training, name)
