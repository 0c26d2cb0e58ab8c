import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from scanpath import InputError, Stimulus, create_agent, create_backbone, run_episode


@pytest.fixture(scope="module")
def picture():
    return torch.rand(1, 300, 260, generator=torch.Generator().manual_seed(0))


def test_the_map_is_a_mosaic_of_blocks_seen_one_by_one(picture):
    """The published steps by hand, with Pillow's resizing: blocks of 224 px, the last ones smaller."""
    backbone = create_backbone("squeezenet1_1", weights={"seed": 2}, eccentricity=False)
    stimulus = Stimulus(picture, target_box=(30, 40, 50, 50))
    found = create_agent("ivsn", backbone=backbone).attention(stimulus, [])

    def pillow(image, size, how):
        return np.asarray(Image.fromarray(image.numpy()).resize(size[::-1], how))

    target = torch.from_numpy(pillow(picture[0, 40:90, 30:80], (28, 28), Image.Resampling.BILINEAR).copy())
    kernel = backbone.target_features(target.expand(1, 3, 28, 28))[-1]
    assert kernel.shape[-2:] == (1, 1)
    expected = np.empty((300, 260))
    for top, left in ((0, 0), (0, 224), (224, 0), (224, 224)):
        block = picture[0, top : top + 224, left : left + 224]
        seen = torch.from_numpy(pillow(block, (224, 224), Image.Resampling.BILINEAR).copy())
        likeness = F.conv2d(backbone(seen.expand(1, 3, 224, 224))[-1], kernel, padding=1)[0, 0]
        assert likeness.shape == (16, 16)
        size = tuple(block.shape)
        expected[top : top + 224, left : left + 224] = pillow(likeness, size, Image.Resampling.BICUBIC)
    expected = (expected - expected.min()) / (expected.max() - expected.min())
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


def test_the_first_fixation_is_the_maps_maximum_and_each_closes_a_square(picture):
    stimulus = Stimulus(picture, target_box=(30, 40, 50, 50))
    agent = create_agent("ivsn", backbone="steerable", inhibition_px=100, recognition_px=2)
    path = run_episode(agent, stimulus, n_fixations=4, generator=torch.Generator()).xy.tolist()
    likeness = agent.attention(stimulus, [])
    assert divmod(int(likeness.argmax()), 260) == (path[0][1], path[0][0])
    for earlier, later in ((a, b) for i, a in enumerate(path) for b in path[i + 1 :]):
        assert not all(-49 <= b - a <= 50 for a, b in zip(earlier, later))
    x, y = (int(value) for value in path[0])
    priority = agent.priority(stimulus, path[:1])
    assert (priority[max(0, y - 49) : y + 51, max(0, x - 49) : x + 51] == 0).all()
    if y - 50 >= 0:
        assert (priority[y - 50] > 0).any()


def test_a_given_start_is_used_instead(picture):
    stimulus = Stimulus(picture, target_box=(30, 40, 50, 50), start_xy=(7.0, 9.0))
    agent = create_agent("ivsn", backbone="steerable")
    assert run_episode(agent, stimulus, n_fixations=1, generator=torch.Generator()).xy.tolist() == [[7, 9]]


def test_a_display_with_slots_is_seen_in_one_piece_and_slots_close(picture):
    cells = torch.ones(300, 260, dtype=torch.int64)
    cells[150:] = 2
    display = Stimulus(picture, target_box=(0, 0, 20, 20), cells=cells)
    agent = create_agent("ivsn", backbone="steerable", block_px=112)
    whole = create_agent("ivsn", backbone="steerable", block_px=112).block_map
    kernel = agent.backbone.target_features(
        F.interpolate(display.require_target("x")[None], (28, 28), mode="bilinear", antialias=True).expand(1, 3, -1, -1)
    )[-1]
    likeness = whole(display.rgb, kernel)
    found = agent.attention(display, [])
    torch.testing.assert_close(found, (likeness - likeness.min()) / (likeness.max() - likeness.min()))
    closed = agent.priority(display, [(5, 200)])
    assert (closed[150:] == 0).all()
    assert (closed[:150] > 0).any()


def test_white_is_256_as_in_the_2018_program_for_networks_that_count_gray_levels():
    agent = create_agent("ivsn", weights={"seed": 1})
    assert agent.backbone.preprocessing.scale == 256
    backbone = create_backbone("squeezenet1_1", weights={"seed": 1}, eccentricity=False)
    assert create_agent("ivsn", backbone=backbone).backbone.preprocessing.scale == 1


def test_a_backbone_that_is_handed_over_is_not_changed():
    backbone = create_backbone("vgg16", weights={"seed": 1}, eccentricity=False)
    create_agent("ivsn", backbone=backbone)
    assert backbone.preprocessing.scale == 255


@pytest.mark.parametrize(("settings", "words"), [({"target_px": 0}, "target_px"), ({"block_px": 8}, "block_px")])
def test_bad_settings_get_one_sentence(settings, words):
    with pytest.raises(InputError, match=words):
        create_agent("ivsn", backbone="steerable", **settings)
