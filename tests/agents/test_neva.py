"""NeVA: equal to the original where it repeats it, and better where it does not."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import scanpath as sp
import scanpath.foveation
from scanpath.agents.neva import frozen
from scanpath.agents.neva_eye import NevaEye, NevaEyeSettings
from scanpath.agents.neva_search import Look, Walk, published_search

EYE = {"mask_sigma": 0.15, "blur_sigma_px": 3.0, "kernel_px": 11}


class Reference:
    """One reference run of the original with a tiny network."""

    def __init__(self, data):
        self.data = data
        self.image = torch.from_numpy(self.data["image_u8"]).permute(2, 0, 1).float() / 255
        self.stimulus = sp.Stimulus(self.image, name="scene")
        weights, bias = torch.from_numpy(self.data["conv_w"]), torch.from_numpy(self.data["conv_b"])
        self.model = lambda seen: F.relu(F.conv2d(seen, weights, bias, stride=4)).mean((2, 3))
        cos, mse = torch.from_numpy(self.data["target_cos"]), torch.from_numpy(self.data["target_mse"])
        label = int(self.data["label_ce"])
        self.losses = {
            "cos": lambda out: 1 - F.cosine_similarity(out, cos[None]),
            "mse": lambda out: ((out - mse) ** 2).mean(1),
            "ce": lambda out: F.cross_entropy(out, torch.full((len(out),), label), reduction="none"),
        }

    def eye(self, retention):
        return {
            "mask_sigma": float(self.data["foveation_sigma"]),
            "blur_sigma_px": float(self.data["blur_sigma"]),
            "kernel_px": int(self.data["blur_filter_size"]),
            "retention": retention,
        }

    def agent(self, loss, retention, **settings):
        return sp.create_agent("neva", model=self.model, loss=loss, **self.eye(retention), **settings)

    def points(self, table):
        size = self.image.shape[-1]
        return np.stack([table["y_px"], table["x_px"]], axis=1) * 2 / (size - 1) - 1


@pytest.fixture
def reference(neva_original):
    return Reference(neva_original)


@pytest.mark.parametrize("loss", ["cos", "mse", "ce"])
@pytest.mark.parametrize("memory", [0, 1, 2])
def test_published_mode_repeats_the_original(reference, loss, memory):
    expected = reference.data[f"traj_{loss}_f{memory}"]
    retention = float(reference.data["forgetting"][memory])
    agent = reference.agent(reference.losses[loss], retention, mode="published", restart="none")
    table = sp.simulate(agent, [reference.stimulus], n_fixations=len(expected))
    np.testing.assert_allclose(reference.points(table), expected, atol=1e-5)


@pytest.mark.parametrize("memory", [0, 1, 2])
def test_layer_and_gradients_equal_the_original(reference, memory):
    data = reference.data
    eye = NevaEye(reference.image, NevaEyeSettings(**reference.eye(float(data["forgetting"][memory]))))
    stride = int(data["stride"])
    np.testing.assert_allclose(eye.blurred[:, ::stride, ::stride], data["blurred_image"], atol=2e-6)
    history = torch.from_numpy(data["history_positions"])
    for n in range(len(history) + 1):
        remembered = eye.memory(history[:n])
        np.testing.assert_allclose(remembered[::stride, ::stride], data[f"memory_f{memory}"][n], atol=1e-6)
        points = torch.from_numpy(data["candidate_positions"]).requires_grad_()
        seen = eye.see(points, remembered)
        for name, loss in reference.losses.items():
            values = loss(reference.model(seen))
            (gradient,) = torch.autograd.grad(values.sum(), points, retain_graph=True)
            # the cosine loss falls to 1e-4, of which float32 resolves a thousandth
            np.testing.assert_allclose(values.detach(), data[f"loss_{name}_f{memory}"][n], rtol=2e-4, atol=1e-7)
            expected = data[f"grad_{name}_f{memory}"][n]
            np.testing.assert_allclose(gradient, expected, atol=1e-3 * np.abs(expected).max())
    perceived = data[f"perceived_f{memory}"]
    last = perceived[-1] if perceived.ndim == 5 else perceived
    np.testing.assert_allclose(seen.detach()[..., ::stride, ::stride], last, atol=2e-6)


def test_eye_equals_the_layer(noise):
    """What the search sees from a row and column is what the layer shows at that x and y."""
    eye = NevaEye(noise.image, NevaEyeSettings(0.2, 4.0, 15, 0.7))
    memory = eye.memory(torch.tensor([[0.5, -0.25], [-0.3, 0.1]]))
    remembered = torch.zeros(noise.size)
    for x, y in ((36.0, 48.0), (52.8, 22.4)):
        remembered = sp.foveation.neva_memory(remembered, (x, y), retention=0.7, mask_sigma=0.2)
    torch.testing.assert_close(memory, remembered, atol=1e-6, rtol=0)
    seen = eye.see(torch.tensor([[0.25, 0.75]]), memory)[0]
    layer = sp.foveation.neva_blur(
        noise.image, (84.0, 40.0), memory=memory, mask_sigma=0.2, blur_sigma_px=4.0, kernel_px=15
    )
    torch.testing.assert_close(seen, layer, atol=2e-6, rtol=0)


@pytest.mark.parametrize("restart", ["jitter", "restart"])
def test_random_steps_equal_the_original_given_its_random_numbers(reference, restart):
    data = reference.data
    eye = NevaEye(reference.image, NevaEyeSettings(**reference.eye(0.7)))
    draws = iter(torch.from_numpy(data[f"draws_mse_f1_{restart}"]))
    found = []
    for tried in data[f"iterpos_mse_f1_{restart}"]:
        memory = eye.memory(torch.stack(found) if found else [])
        look = Look(
            see=lambda points, memory=memory: eye.see(points, memory),
            loss=lambda seen: reference.losses["mse"](reference.model(seen)),
        )
        search = published_search(
            look,
            Walk(20, 0.1, "uniform" if restart == "restart" else "jitter", draw=lambda: next(draws)),
            device=torch.device("cpu"),
        )
        np.testing.assert_allclose(torch.stack(search.points), tried, atol=1e-5)
        found.append(search.kept())
    np.testing.assert_allclose(torch.stack(found), data[f"traj_mse_f1_{restart}"], atol=1e-5)
    assert next(draws, None) is None


@pytest.mark.parametrize("memory", [0, 1, 2])
def test_our_search_finds_lower_losses_in_a_third_of_the_passes(reference, memory):
    counted = Counted(reference.model)
    losses, passes = {}, {}
    for mode in ("published", "best"):
        counted.rows = 0
        retention = float(reference.data["forgetting"][memory])
        agent = sp.create_agent(
            "neva", model=counted, loss=reference.losses["mse"], mode=mode, **reference.eye(retention)
        )
        agent.prepared(reference.stimulus)
        sp.simulate(agent, [reference.stimulus], n_fixations=5)
        passes[mode] = counted.rows
        losses[mode] = np.mean(agent.watch(reference.stimulus, n_fixations=5, generator=torch.Generator()).losses)
    assert losses["best"] <= losses["published"]
    assert passes["best"] <= passes["published"] / 3


class Counted:
    """A model that counts the pictures it is shown."""

    def __init__(self, model):
        self.model, self.rows = model, 0

    def __call__(self, seen):
        self.rows += len(seen)
        return self.model(seen)


def sharpness_at(*places_xy):
    """Model: how near the picture is to the sharp one at each of some places, one output a place."""

    def model(seen):
        return torch.stack([seen[:, 0, y - 3 : y + 4, x - 3 : x + 4].var((1, 2)) for x, y in places_xy], dim=1)

    return model


@pytest.fixture
def noise():
    return sp.Stimulus(torch.rand(3, 65, 97, generator=torch.Generator().manual_seed(1)), name="noise")


@pytest.mark.parametrize("place", [(20, 45), (80, 10)])
def test_eye_goes_to_the_place_that_matters_in_xy(noise, place):
    agent = sp.create_agent("neva", model=sharpness_at(place), loss=lambda out: -out[:, 0], **EYE)
    x, y = sp.simulate(agent, [noise], n_fixations=1)[["x_px", "y_px"]].to_numpy()[0]
    assert abs(x - place[0]) < 0.1 * 48
    assert abs(y - place[1]) < 0.1 * 32


def test_memory_frees_the_eye_for_new_places(noise):
    places = {"left": (15, 45), "middle": (50, 12), "right": (85, 50)}
    visits = {}
    for retention in (0.0, 1.0):
        agent = sp.create_agent(
            "neva", model=sharpness_at(*places.values()), loss=lambda out: -out.sum(1), retention=retention, **EYE
        )
        table = sp.simulate(agent, [noise], n_fixations=3)
        visits[retention] = [min(places, key=lambda name: abs(x - places[name][0])) for x in table["x_px"]]
    assert len(set(visits[1.0])) == 3
    # without retention only the last fixation is still seen
    assert visits[0.0][2] == visits[0.0][0] != visits[0.0][1]


def test_priority_peaks_where_the_eye_goes_and_sinks_where_it_has_been(noise):
    agent = sp.create_agent("neva", model=sharpness_at((20, 45)), loss=lambda out: -out[:, 0], retention=1.0, **EYE)
    fresh = agent.priority(noise, [(90, 5)])
    assert fresh.shape == noise.size
    assert fresh.min() == 0
    row, column = divmod(int(fresh.argmax()), noise.size[1])
    assert abs(column - 20) < 8
    assert abs(row - 45) < 8
    assert agent.priority(noise, [(90, 5), (20, 45)])[45, 20] < 0.2 * fresh[45, 20]


@pytest.mark.parametrize(("mode", "restart"), [("best", "none"), ("best", "uniform"), ("published", "jitter")])
def test_tables_do_not_depend_on_batches_workers_or_order(mode, restart):
    generator = torch.Generator().manual_seed(3)
    pictures = [sp.Stimulus(torch.rand(3, 40, 56, generator=generator), name=f"p{i}") for i in range(5)]
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 5, 2), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.LazyLinear(6)
    )
    with torch.no_grad():
        model(pictures[0].image[None])
    agent = sp.create_agent("neva", model=model, loss="classification", mode=mode, restart=restart, steps=4, **EYE)
    whole = sp.simulate(agent, pictures, n_fixations=3, seed=5, batch_size=8)
    single = sp.simulate(agent, pictures, n_fixations=3, seed=5, batch_size=1)
    reverse = sp.simulate(agent, pictures[::-1], n_fixations=3, seed=5, batch_size=2)
    assert whole.equals(single)
    keys = ["stimulus", "fixation", "x_px", "y_px"]
    assert whole[keys].equals(reverse[keys].sort_values(["stimulus", "fixation"], ignore_index=True))
    if restart != "none":
        other = sp.simulate(agent, pictures, n_fixations=3, seed=6)
        assert not whole["x_px"].equals(other["x_px"])


def test_own_search_stays_inside_and_keeps_what_it_measured(noise):
    agent = sp.create_agent("neva", model=sharpness_at((4, 4)), loss=lambda out: -out[:, 0], steps=6, **EYE)
    record = agent.watch(noise, n_fixations=3, generator=torch.Generator())
    assert (record.scanpath.xy >= 0).all()
    assert (record.scanpath.xy <= [96, 64]).all()
    for loss, (points, losses), xy in zip(record.losses, record.searches, record.scanpath.xy):
        assert loss == pytest.approx(min(losses), rel=1e-5)
        assert tuple(xy) in points
    assert record.seen.shape == (3, 3, 65, 97)


def test_model_is_left_as_it_was(noise):
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, 4), torch.nn.BatchNorm2d(4), torch.nn.Flatten())
    model[0].weight.requires_grad_(False)
    agent = sp.create_agent("neva", model=model, loss="feature_match", **EYE)
    sp.simulate(agent, [noise], n_fixations=2)
    assert model.training
    assert model[1].training
    assert not model[0].weight.requires_grad
    assert model[0].bias.requires_grad
    assert model[1].num_batches_tracked == 0
    assert all(weight.grad is None for weight in model.parameters())
    with frozen(model):
        assert not model(noise.image[None]).requires_grad


@pytest.mark.parametrize("framing", ["whole", "center_crop"])
def test_resized_pictures_give_points_of_the_original(framing):
    picture = torch.full((3, 120, 200), 0.5)
    picture[:, 70:90, 120:140] = torch.rand(3, 20, 20, generator=torch.Generator().manual_seed(0))
    agent = sp.create_agent("neva", size=(64, 64), framing=framing, blur_sigma_px=4.0, kernel_px=15, mask_sigma=0.1)
    table = sp.simulate(agent, [sp.Stimulus(picture, name="patch")], n_fixations=1)
    assert abs(table["x_px"][0] - 129.5) < 8
    assert abs(table["y_px"][0] - 79.5) < 8


def test_another_foveation_can_take_its_place(noise):
    def foveate(image, fixations):
        rows, columns = torch.meshgrid(torch.arange(65.0), torch.arange(97.0), indexing="ij")
        x, y = fixations[..., 0, None, None], fixations[..., 1, None, None]
        clear = torch.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 400).amax(1)
        return image * clear[:, None]

    settings = {"model": sharpness_at((40, 30)), "loss": lambda out: -out[:, 0], "foveation": foveate}
    agent = sp.create_agent("neva", retention=1, starts=8, steps=4, **settings)
    table = sp.simulate(agent, [noise], n_fixations=1)
    assert abs(table["x_px"][0] - 40) < 12
    assert abs(table["y_px"][0] - 30) < 12
    with pytest.raises(sp.InputError, match="retention=1"):
        sp.simulate(sp.create_agent("neva", retention=0.5, **settings), [noise], n_fixations=1)
    with pytest.raises(sp.InputError, match="leave out foveation"):
        agent.priority(noise, [(0, 0)])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"loss": "classification"}, "needs model="),
        ({"loss": "nonsense"}, "nonsense"),
        ({"mode": "bets"}, "best"),
        ({"restart": "always"}, "restart"),
        ({"retention": 1.5}, "retention"),
        ({"retention": "long"}, "retention"),
        ({"size": (0, 5)}, "size"),
        ({"size": "a"}, "size"),
        ({"kernel_px": 10}, "odd"),
        ({"steps": 0}, "steps"),
        ({"framing": "crop"}, "center_crop"),
    ],
)
def test_wrong_settings_are_named(settings, message):
    with pytest.raises(sp.InputError, match=message):
        sp.create_agent("neva", **{"model": None if "loss" in settings else torch.nn.Identity(), **settings})


def test_inputs_that_cannot_work_say_why(noise):
    with pytest.raises(sp.InputError, match="smaller kernel_px"):
        sp.simulate(sp.create_agent("neva", kernel_px=201), [noise], n_fixations=1)
    mean = sp.create_agent("neva", model=torch.nn.Identity(), loss=lambda out: out.mean(), **EYE)
    with pytest.raises(sp.InputError, match="one number a row"):
        sp.simulate(mean, [noise], n_fixations=1)
    broken = sp.create_agent("neva", model=lambda seen: seen.flatten(1) / 0, loss=lambda out: out.mean(1) * 0, **EYE)
    with pytest.raises(sp.InputError, match="NaN"):
        sp.simulate(broken, [noise], n_fixations=1)
    flat = sp.create_agent("neva", model=torch.nn.Flatten(), loss="reconstruction", **EYE)
    with pytest.raises(sp.InputError, match="returns a picture"):
        sp.simulate(flat, [noise], n_fixations=1)


def test_one_number_is_the_side_of_a_square(noise):
    tables = [sp.simulate(sp.create_agent("neva", size=size, **EYE), [noise], n_fixations=2) for size in (48, (48, 48))]
    assert tables[0].equals(tables[1])


def test_gray_and_odd_sized_pictures_work():
    picture = sp.Stimulus(torch.rand(1, 33, 47, generator=torch.Generator().manual_seed(0)), name="gray")
    table = sp.simulate(sp.create_agent("neva", **EYE), [picture], n_fixations=4)
    assert table["x_px"].between(0, 46).all()
    assert table["y_px"].between(0, 32).all()
