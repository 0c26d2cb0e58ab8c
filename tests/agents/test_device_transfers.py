"""What crosses between the host and the device of a network, counted on a device that is only acted."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from scanpath import Stimulus, create_agent

DEVICE = torch.device("meta")
READS = {"aten::_local_scalar_dense", "aten::nonzero", "aten::masked_select", "aten::equal", "aten::item"}


class Acted(torch.Tensor):
    """A tensor that says it is on another device; its values are on the CPU, where only `ActedDevice` finds them."""

    @staticmethod
    def __new__(cls, values):
        with torch.inference_mode(False):
            return torch.Tensor._make_wrapper_subclass(
                cls, values.size(), strides=values.stride(), dtype=values.dtype, device=DEVICE
            )

    def __init__(self, values):
        self.values = values

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError(f"{func} was called outside of the acted device")

    def numpy(self, **_):
        raise TypeError("memory of a device cannot be read")


class ActedDevice(TorchDispatchMode):
    """Computes for `Acted` tensors as a device would, refuses to mix devices, and notes what comes to the host."""

    def __init__(self):
        super().__init__()
        self.to_host = []  # bytes of each transfer for which the host waits

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        with self:  # ops made of others arrive as such in inference mode
            parts = func.decompose(*args, **kwargs)
        if parts is not NotImplemented:
            return parts
        given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
        acted = [one for one in given if isinstance(one, Acted)]
        device = kwargs.get("device")
        name = func._schema.name
        wanted = None if device is None else torch.device(device)
        stays = bool(acted) if wanted is None else wanted == DEVICE
        if wanted == DEVICE:
            kwargs["device"] = torch.device("cpu")
        if acted and (not stays or name in READS):
            self.to_host.append(sum(one.nbytes for one in acted))
        if name == "aten::_to_copy" and stays and not acted and not kwargs.get("non_blocking"):
            self.to_host.append(0)  # the host waits until it is copied
        mixed = acted and any(not isinstance(one, Acted) and one.ndim for one in given)
        if mixed and name != "aten::copy_":
            raise RuntimeError(f"{name} got tensors of two devices")
        plain = tree_map(lambda one: one.values if isinstance(one, Acted) else one, (args, kwargs))
        result = func(*plain[0], **plain[1])
        if name.endswith("_") and isinstance(args[0], torch.Tensor):
            return args[0]
        return tree_map(lambda one: Acted(one) if stays and isinstance(one, torch.Tensor) else one, result)


def stimuli():
    image = torch.rand(1, 90, 120, generator=torch.Generator().manual_seed(2))
    cells = torch.zeros(90, 120, dtype=torch.int64)
    for label in range(6):
        row, column = divmod(label, 3)
        cells[45 * row : 45 * row + 44, 40 * column : 40 * column + 39] = label + 1
    common = {"target_box": (80, 20, 24, 24), "px_per_deg": 10}
    return [Stimulus(image, name="natural", **common), Stimulus(image, name="display", cells=cells, **common)]


@pytest.mark.parametrize("features", ["patchwise", "whole", "fixed_grid"])
@pytest.mark.parametrize("display", [False, True])
def test_only_the_place_of_the_next_fixation_comes_to_the_host(features, display):
    stimulus = stimuli()[display]
    walk = [(60.0, 45.0), (20.0, 20.0), (100.0, 70.0)]
    generator = torch.Generator()
    expected = create_agent("eccnet", backbone="steerable", features=features)
    agent = create_agent("eccnet", backbone="steerable", features=features)
    with ActedDevice() as device:
        agent.backbone = on_acted(agent.backbone)
        agent.prepared(stimulus)
        agent.next_fixation(stimulus, walk[:1], generator)  # keeps what later fixations use again
        for n in (2, 3):
            device.to_host.clear()
            chosen = agent.next_fixation(stimulus, walk[:n], generator)
            assert device.to_host == [8]  # one whole number
            assert chosen == expected.next_fixation(stimulus, walk[:n], generator)
        device.to_host.clear()
        priority = agent.priority(stimulus, walk)
        assert device.to_host == [priority.nbytes]
    np.testing.assert_allclose(priority.numpy(), expected.priority(stimulus, walk).numpy(), atol=1e-5)


def on_acted(backbone):
    """Move buffers and weights of a network to the acted device."""
    for module in backbone.modules():
        for store in (module._parameters, module._buffers):
            for name, held in store.items():
                if held is not None:
                    store[name] = Acted(held.detach())
    return backbone


def test_the_acted_device_notices_what_comes_to_the_host():
    with ActedDevice() as device:
        there = torch.ones(3).to(DEVICE, non_blocking=True)
        assert device.to_host == []
        assert torch.equal(there.add(1).cpu(), torch.full((3,), 2.0))
        assert device.to_host == [12]
        if there.sum() > 2:
            assert device.to_host == [12, 1]
        torch.ones(3).to(DEVICE)
        assert device.to_host == [12, 1, 0]
        with pytest.raises(RuntimeError, match="two devices"):
            there + torch.ones(3)
        with pytest.raises(TypeError, match="cannot be read"):
            there.numpy()
