import hashlib
import pickle
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision

from scanpath import InputError, create_backbone, list_backbones
from scanpath.recognition import conversion
from scanpath.recognition.backbone import Backbone
from scanpath.recognition.backbones import BACKBONES
from scanpath.recognition.eccentricity_pooling import plain_pool
from scanpath.recognition.weights import seeded_weights

SEED = {"seed": 20261122}
#: Channels of the levels, as the networks' papers give them.
CHANNELS = {
    "alexnet": (64, 192, 256),
    "mobilenet_v2": (144, 192, 576),
    "resnet18": (64, 128, 256),
    "resnet50": (256, 512, 1024),
    "squeezenet1_1": (128, 256, 512),
    "steerable": (30, 40, 50),
    "vgg16": (256, 512, 512),
    "vgg19": (256, 512, 512),
}


@pytest.fixture(scope="module")
def vgg16_weights():
    return seeded_weights(conversion.network("vgg16"), SEED["seed"])


def random_picture(height, width, seed=0):
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def built(name, **settings):
    return create_backbone(name, **settings) if name == "steerable" else create_backbone(name, weights=SEED, **settings)


@pytest.mark.parametrize("name", sorted(CHANNELS.keys() - {"vgg19", "resnet50"}))
def test_levels_are_at_a_sixteenth_and_targets_at_a_thirty_second(name):
    backbone = built(name)
    assert [backbone.stages[index].scale for index in backbone.levels] == [4, 8, 16]
    for side in (64, 67):
        levels = backbone(random_picture(side, side))
        assert tuple(level.shape[1] for level in levels) == CHANNELS[name]
        assert {tuple(level.shape[-2:]) for level in levels} == {(-(-side // 16),) * 2}
        targets = backbone.target_features(random_picture(side, side))
        assert {tuple(level.shape[-2:]) for level in targets} == {(-(-side // 32),) * 2}


@pytest.mark.parametrize("name", ["steerable", "squeezenet1_1", "mobilenet_v2"])
def test_only_levels_behind_an_eccentric_pool_depend_on_eccentricity(name):
    picture = random_picture(208, 208)
    with_growth, without = built(name, px_per_deg=8), built(name, px_per_deg=8, **PLAIN[name])
    fine, middle, coarse = (torch.equal(a, b) for a, b in zip(with_growth(picture), without(picture)))
    assert (fine, middle, coarse) == (True, False, False)


PLAIN = {
    "steerable": {"eccentricity": False},
    "squeezenet1_1": {"eccentricity": False, "pooling": "avg"},
    "mobilenet_v2": {"eccentricity": False, "pooling": "avg"},
}


@pytest.mark.parametrize("name", ["steerable", "squeezenet1_1", "mobilenet_v2"])
def test_the_fovea_is_as_the_network_was(name):
    """Around the fixation, nothing changes when eccentricity is switched off, up to what later layers bring in."""
    backbone = built(name)
    x = torch.randn(1, 8, 200, 200, generator=torch.Generator().manual_seed(0))
    pool = backbone.stages[backbone.levels[0]].pool
    plain = built(name, **PLAIN[name]).stages[backbone.levels[0]].pool
    a, b = pool(x), plain(x)
    middle, inside = a.shape[-1] // 2, 10 * 2 // pool.law.stride
    rows = slice(middle - inside, middle + inside)
    assert torch.equal(a[..., rows, rows], b[..., rows, rows])
    assert not torch.equal(a, b)


def test_stages_of_vgg_compute_what_torchvision_computes(vgg16_weights):
    layers = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"])
    layers.load_state_dict({key.removeprefix("features."): value for key, value in vgg16_weights.items()})
    backbone = built("vgg16", eccentricity=False, pooling="max")
    picture = random_picture(64, 64)
    with torch.inference_mode():
        for level, end, steps in zip(backbone(picture), (15, 22, 29), (2, 1, 0)):
            expected = layers[: end + 1](backbone.preprocessing(picture))
            for _ in range(steps):
                expected = plain_pool(expected, "max")
            assert (level - expected).abs().max() <= 2e-5 * expected.abs().max()


def test_stages_of_mobilenet_compute_what_torchvision_computes(shared):
    file = shared / "weights" / "mobilenet_v2_fp16.safetensors"
    from safetensors.torch import load_file

    model = torchvision.models.mobilenet_v2(weights=None).eval()
    model.load_state_dict({key: value.float() for key, value in load_file(file).items()}, strict=False)
    backbone = create_backbone("mobilenet_v2", weights=file, eccentricity=False)
    picture = random_picture(96, 96)
    with torch.inference_mode():
        x = backbone.preprocessing(picture)
        for index, stage in enumerate(backbone.stages):
            x = stage.body(x)
            block = (4, 7, 14)[index]
            expected = model.features[block].conv[0](model.features[:block](backbone.preprocessing(picture)))
            assert (x - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_pretrained_networks_recognize_their_own_scale(shared):
    """A sanity check that fp16 files arrive intact: real weights answer a picture by few, strong channels."""
    for name in ("squeezenet1_1", "mobilenet_v2"):
        backbone = create_backbone(name, weights=shared / "weights" / f"{name}_fp16.safetensors")
        assert all(
            value.dtype == torch.float32 for value in backbone.state_dict().values() if value.is_floating_point()
        )
        coarse = backbone(random_picture(128, 128))[-1]
        assert coarse.isfinite().all()
        assert coarse.max() > 0


def test_seeded_weights_follow_the_recipe_of_the_reference_outputs(vgg16_weights):
    digest = hashlib.sha256()
    for name, value in vgg16_weights.items():
        array = value.numpy().transpose(2, 3, 1, 0) if name.endswith("weight") else value.numpy()
        digest.update(np.ascontiguousarray(array).tobytes())
    assert digest.hexdigest() == "3172f5fa5670daf098701bfd41c5e1f6df9b8882e81a895c27b6b3b08d218d0f"


@pytest.mark.parametrize("pooling", ["max", "avg"])
def test_without_eccentricity_a_target_keeps_its_proportions(pooling):
    """The published control is an ordinary network, which fills nothing up to a square."""
    backbone = create_backbone("vgg16", weights={"seed": 1}, eccentricity=False, pooling=pooling)
    target = torch.rand(1, 3, 21, 50, generator=torch.Generator().manual_seed(0))
    halve = F.max_pool2d if pooling == "max" else partial(F.avg_pool2d, count_include_pad=False)
    found = backbone.target_features(target)
    x = backbone.preprocessing(target)
    for index, stage in enumerate(backbone.stages):
        x = stage.body(x)
        expected = x
        for _ in range(5 - index):
            expected = halve(expected, 2, ceil_mode=True)
        if index >= 2:
            assert expected.shape[-2:] == (1, 2)
            torch.testing.assert_close(found[index - 2], expected)
        x = halve(x, 2, ceil_mode=True)


def test_other_scales_share_weights_but_not_windows():
    backbone = built("squeezenet1_1")
    other = backbone.at_scale(15)
    assert other.at_scale(15) is other
    assert other.stages[0].body[0].weight is backbone.stages[0].body[0].weight
    assert [stage.pool.law.px_per_deg for stage in other.stages] == [8, 4, 2, 1]
    assert [stage.pool.law.px_per_deg for stage in backbone.stages] == [15, 8, 4, 2]


def test_a_copy_through_pickle_gives_the_same_features():
    backbone = built("steerable")
    picture = random_picture(64, 64)
    for a, b in zip(backbone(picture), pickle.loads(pickle.dumps(backbone))(picture)):  # noqa: S301
        assert torch.equal(a, b)


def test_going_on_from_fine_features_is_the_same_as_going_through():
    backbone = built("squeezenet1_1")
    picture = random_picture(160, 128)
    fine = backbone.preprocessing(picture).contiguous(memory_format=torch.channels_last)
    for index in range(backbone.levels[0]):
        fine = backbone.stages[index].pool(backbone.stages[index].body(fine), (20, 20))
    fine = backbone.stages[backbone.levels[0]].body(fine)
    with torch.inference_mode():
        for a, b in zip(backbone.coarse(fine, (70, 30), 256), backbone(picture, (70, 30), 256)):
            torch.testing.assert_close(a, b)


def test_smooth_windows_are_an_option():
    picture = random_picture(208, 208)
    rings, smooth = built("steerable", px_per_deg=8), built("steerable", px_per_deg=8, windows="smooth")
    assert torch.equal(rings(picture)[0], smooth(picture)[0])
    assert not torch.equal(rings(picture)[2], smooth(picture)[2])


def test_arrays_and_gray_pictures_are_taken_and_other_shapes_refused():
    backbone = create_backbone("steerable")
    gray = np.random.default_rng(0).random((1, 1, 64, 48))
    found = backbone(gray)
    assert all(isinstance(level, np.ndarray) for level in found)
    expected = backbone(torch.from_numpy(gray).float().expand(1, 3, 64, 48))
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(found, expected, strict=True))
    for shape in ((3, 64, 64), (1, 2, 64, 64), (64, 64)):
        with pytest.raises(InputError, match="shape"):
            backbone(torch.zeros(shape))


def test_a_backbone_can_be_registered():
    def tiny(*, eccentricity, windows, px_per_deg):
        whole = create_backbone("steerable", eccentricity=eccentricity, windows=windows, px_per_deg=px_per_deg)
        whole.name = "tiny"
        return whole

    BACKBONES.register("test_only_tiny", tiny)
    assert isinstance(create_backbone("test_only_tiny"), Backbone)
    with pytest.raises(ValueError, match="taken"):
        BACKBONES.register("test_only_tiny", tiny)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("vgg61", {}, "Did you mean"),
        ("steerable", {"weights": "file.pth"}, "takes no weights"),
        ("vgg16", {"weights": {"sed": 1}}, "seed"),
        ("vgg16", {"weights": {"seed": -1}}, "seed of random weights"),
        ("vgg16", {"weights": 3}, "imagenet"),
        ("squeezenet1_1", {"weights": SEED, "pooling": "mean"}, "pooling"),
        ("squeezenet1_1", {"weights": SEED, "preprocessing": "keras"}, "preprocessing"),
        ("steerable", {"px_per_deg": -1}, "px_per_deg"),
        ("steerable", {"windows": "square"}, "windows"),
    ],
)
def test_bad_settings_get_one_sentence(name, settings, words):
    with pytest.raises(InputError, match=words):
        create_backbone(name, **settings)


def test_all_networks_of_the_table_are_known():
    assert set(list_backbones()) >= CHANNELS.keys()


def test_a_network_without_the_three_scales_is_refused():
    model = torchvision.models.squeezenet1_1(weights=None)
    model.features = model.features[:8]
    with pytest.raises(InputError, match="1/16"):
        conversion.stages(model, "squeezenet1_1", "avg")
