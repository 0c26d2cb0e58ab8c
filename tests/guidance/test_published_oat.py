"""The published OAT, compared with runs of the original program."""

import hashlib
import json
import math

import numpy as np
import pytest
import torch

import scanpath as sp
from scanpath import InputError
from scanpath.gaze import object_places
from scanpath.guidance import OatModel, oat_from_original, save_oat
from scanpath.guidance.object_positions import fit_position_table, position_code
from scanpath.guidance.object_transformer import TransformerRecipe
from scanpath.guidance.published_oat import PUBLISHED_RECIPE, PublishedOat, original_state
from scanpath.metrics import attention_similarity


class Original:
    """One run of the original program: its recipe makes patches and weights again."""

    def __init__(self, path):
        self.data = np.load(path)
        self.config = json.loads(str(self.data["config"]))
        config = self.config
        recipe = TransformerRecipe(
            n_features=config["emb"],
            n_heads=config["heads"],
            n_hidden=config["ffn"],
            n_layers=config["layers"],
            n_pointers=config["att_heads"],
            pointer_size=config["d_k"],
            patch_size=(150, 93),
            pools=(5, 3),
        )
        self.oat = PublishedOat(recipe, (config["rows"], config["cols"]), torch.from_numpy(self.data["pe"])).eval()
        weights = self._weights()
        self.oat.load_state_dict({**original_state(weights, n_pointers=config["att_heads"]), "table": self.oat.table})

    def _weights(self):
        """By the recipe of the runs; the hash of what comes out is the runs' own."""
        config, half, full = self.config, self.config["emb"] // 2, self.config["emb"]
        shapes = {name: tuple(value.shape) for name, value in self.oat.state_dict().items() if name != "table"}
        back = {"embedding.layers.0": "cnn_embedding.cnn1.0", "embedding.layers.3": "cnn_embedding.cnn2.0"}
        back |= {"embedding.layers.7": "cnn_embedding.fc", ".objects.": ".encode_fc.", ".gaze.": ".decode_fc."}
        named = {}
        for name, shape in shapes.items():
            for ours, theirs in back.items():
                name = name.replace(ours, theirs)
            head, _, tail = name.partition(".")
            head = {"encoder": "transformer_encoder", "decoder": "transformer_decoder"}.get(head, head)
            named[f"{'cross_attentions' if head == 'pointers' else head}.{tail}"] = shape
        named |= {"generator.weight": (config["N"] + 2, full), "generator.bias": (config["N"] + 2,)}
        named |= {"LinearEmbedding.weight": (half, 3), "LinearEmbedding.bias": (half,)}
        named |= {"readout.weight": (1, config["att_heads"]), "readout.bias": (1,)}
        generator = np.random.default_rng(config["seed"] + 2)
        weights = {name: _drawn(generator, name, shape) for name, shape in sorted(named.items())}
        content = b"".join(weights[name].tobytes() for name in sorted(weights))
        assert hashlib.sha256(content).hexdigest() == str(self.data["w_sha256"])
        return {name: torch.from_numpy(value) for name, value in weights.items()}

    def trials(self):
        """Patches, target and people's objects of each trial."""
        for trial in range(sum(name.startswith("target") for name in self.data.files)):
            random = np.random.default_rng(self.config["seed"] + 100 + trial)
            patches = random.random((self.config["N"], 150, 93, 3), dtype=np.float32)
            target, sequence = int(self.data[f"target{trial}"]), self.data[f"seq{trial}"].tolist()
            yield trial, torch.from_numpy(patches).permute(0, 3, 1, 2).contiguous(), target, sequence

    @torch.inference_mode()
    def scores(self, patches, target, sequence):
        memory, visual = self.oat.look(patches, target)
        return self.oat.score(memory, self.oat.gaze(visual, sequence, target))[0]


def _drawn(generator, name, shape):
    u = generator.random(shape) * 2 - 1
    if len(shape) >= 2:
        value = u * math.sqrt(6 / ((shape[0] + shape[1]) * math.prod(shape[2:])))
    elif "norm" in name and name.endswith("weight"):
        value = 1 + 0.1 * u
    else:
        value = 0.05 * u
    return value.astype(np.float32)


@pytest.fixture(scope="module", params=["small_3x9", "small_onehead", "full_3x9"])
def original(request, shared):
    return Original(shared / f"goldens/oat/{request.param}.npz")


def test_scores_loss_and_attention_are_those_of_the_original(original):
    losses = []
    for trial, patches, target, sequence in original.trials():
        scores = original.scores(patches, target, sequence)
        wanted = original.data["logits"][: len(scores), trial]
        np.testing.assert_allclose(scores.numpy(), wanted, atol=2e-5)
        log_probability = scores.log_softmax(1)
        choices = [*sequence, original.config["N"]]
        losses += [-float(row[choice]) for row, choice in zip(log_probability, choices)]
        if f"sim_test{trial}" in original.data:
            similar = attention_similarity(log_probability.exp()[:-1].double(), sequence)
            assert similar == pytest.approx(float(original.data[f"sim_test{trial}"]), abs=1e-6)
    assert np.mean(losses) == pytest.approx(float(original.data["loss"]), abs=2e-5)


def _display(original, patches, target):
    """A picture in which the patches stand side by side."""
    rows, columns = original.oat.grid
    image = patches.reshape(rows, columns, 3, 150, 93).permute(2, 0, 3, 1, 4).reshape(3, rows * 150, columns * 93)
    boxes = [(93 * column, 150 * row, 93, 150) for row in range(rows) for column in range(columns)]
    return sp.Stimulus(image, name="display", objects=boxes, target_box=boxes[target])


def test_the_agent_decodes_as_the_original_does(original):
    model = OatModel(original.oat)
    sampling, greedy = (
        sp.create_agent("oat", weights=model, target_location="given", decoding=how) for how in ("sample", "greedy")
    )
    for trial, patches, target, sequence in original.trials():
        if f"greedy{trial}" not in original.data:
            continue
        display = _display(original, patches, target)
        for agent, name in ((greedy, f"greedy{trial}"), *((sampling, f"sample{trial}_seed{n}") for n in (11, 12, 13))):
            chance = torch.Generator().manual_seed(int(name[-2:]) if "seed" in name else 0)
            path = agent.run([display], n_fixations=original.config["maxlen"] + 1, generators=[chance])[0]
            assert path.info["object_index"][1:] == original.data[name].astype(int).tolist()
        history = [display.center_xy, *object_places(display.objects)[sequence]]
        log_probability = sampling.object_log_probabilities(display, history)
        wanted = torch.from_numpy(original.data["logits"][len(sequence), trial, :-1]).log_softmax(0)
        torch.testing.assert_close(log_probability, wanted, atol=2e-5, rtol=0)


def test_the_published_network_is_told_where_the_target_is(tmp_path):
    oat = PublishedOat(TransformerRecipe(n_features=8, n_heads=2), (1, 2), torch.rand(3, 2))
    save_oat(OatModel(oat), tmp_path / "oat.safetensors")
    with pytest.raises(InputError, match="target_location='given'"):
        sp.create_agent("oat", weights=tmp_path / "oat.safetensors")
    again = sp.create_agent("oat", weights=tmp_path / "oat.safetensors", target_location="given")
    assert again.model.checksum() == OatModel(oat).checksum()


def test_parameters_of_the_original_are_taken_up_by_their_own_names(shared):
    run = np.load(shared / "goldens/oat/small_3x9.npz")
    state = {name[2:]: torch.from_numpy(run[name]) for name in run.files if name.startswith("w:")}
    recipe = TransformerRecipe(32, 4, 32, 2, 2, 512, (150, 93), (5, 3))
    model = oat_from_original(state, torch.from_numpy(run["pe"]), (3, 9), recipe)
    assert torch.equal(model.network.readout.weight, state["readout.weight"])


def test_the_published_sizes_are_18_million_parameters():
    oat = PublishedOat(PUBLISHED_RECIPE, (3, 9), torch.zeros(11, 86))
    idle = (27 + 2) * 512 + (27 + 2) + 256 * 3 + 256
    assert sum(value.numel() for value in oat.parameters()) + idle == pytest.approx(18_271_744, abs=60_000)


def test_a_table_too_small_for_the_grid_is_refused():
    with pytest.raises(InputError, match="at least 14 rows"):
        PublishedOat(PUBLISHED_RECIPE, (6, 14), torch.zeros(11, 86))
    oat = PublishedOat(TransformerRecipe(n_features=8, n_heads=2), (2, 2), torch.zeros(3, 2))
    with pytest.raises(InputError, match="2 x 2 objects"):
        oat.look(torch.zeros(5, 3, 24, 24), 0)


def test_the_table_is_fitted_as_the_original_fits_it(shared):
    run = np.load(shared / "goldens/oat/pe_11x86_200it.npz")
    start = np.random.default_rng(int(run["seed"])).standard_normal((11, 86)).astype(np.float32)
    table, losses = fit_position_table(torch.from_numpy(start), n_steps=200)
    np.testing.assert_allclose(losses.numpy(), run["loss"], rtol=1e-5)
    np.testing.assert_allclose(table.numpy(), run["W"], atol=2e-5)


def test_position_codes_are_as_alike_as_a_gaussian_of_their_distance():
    steps = torch.arange(14, dtype=torch.float64)
    code = position_code(torch.stack([steps, 0 * steps], dim=1), 172)
    torch.testing.assert_close(code.norm(dim=1), torch.ones(14, dtype=torch.float64))
    along = 2 * code @ code.T - 1  # y adds 1/2 everywhere
    gaussian = torch.exp(-((steps[:, None] - steps[None]) ** 2) / 8)
    assert float((along - gaussian).abs().max()) < 0.03
