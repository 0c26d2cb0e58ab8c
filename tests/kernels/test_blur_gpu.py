"""The Triton kernels: compiled without a GPU, run in Triton's interpreter, and on a device where there is one."""

import importlib.util
import os
import subprocess
import sys

import pytest
import torch

import scanpath as sp

needs_triton = pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="triton is not installed")

COMPARED = """
import sys
import numpy as np, torch
from scanpath.kernels.blur import KeptLevels, variable_blur
from scanpath.kernels.blur_field import Field
from scanpath.kernels.blur_plan import BlurPlan, level_table, plan_blur

device, cases = sys.argv[1], [((19, 23), "fast"), ((8, 40), "standard"), ((1, 1), "fast"), ((27, 9), "precise")]
generator, worst = torch.Generator().manual_seed(0), 0.0
for size, quality in cases[: int(sys.argv[2])]:
    plan = plan_blur(quality, 0.2 * max(size), size)
    table = torch.from_numpy(np.interp(0.1 * np.arange(600) / 8, *level_table(plan.sigmas_px)))
    image = torch.rand(2, 2, *size, generator=generator)
    sides = torch.tensor([size[1], size[0]], dtype=torch.float64)
    points = (torch.rand(2, 2, 2, generator=generator, dtype=torch.float64) * 2 - 0.5) * sides
    for field in [
        Field(table, 1 / 8, points[:1, :1]),
        Field(table, 1 / 8, points, torch.tensor([2.0, 0.0])),
        Field(table, 1 / 8, values=torch.rand(2, *size, generator=generator) * 60),
    ]:
        wanted = variable_blur(image.double(), plan, field, kernel="reference")
        results = variable_blur(image.to(device), plan, field, kernel="gpu"), variable_blur(image, plan, field)
        worst = max(worst, *(float((result.cpu() - wanted).abs().max()) for result in results))
    slopes = []
    for kernel, place in (("reference", "cpu"), ("gpu", device), ("cpu", "cpu")):
        values = (torch.rand(1, *size, generator=generator.manual_seed(1)) * 60).requires_grad_()
        field = Field(table, 1 / 8, values=values)
        (variable_blur(image.to(place), plan, field, kernel=kernel).cpu() * image).sum().backward()
        slopes.append(values.grad)
    worst = max(worst, *(float((slope - slopes[0]).abs().max()) for slope in slopes[1:]))
dark = torch.zeros(1, 1, 3, 4, device=device)
half = Field(torch.tensor([0.0, 1.0, 1.0]), 1.0, values=torch.full((1, 3, 4), 0.5))
ready = BlurPlan.made_by(lambda image: [image, image + 1], 2)
mixed = KeptLevels(dark, ready, kernel="gpu").blend(half)
print(max(worst, float((mixed - 0.5).abs().max())))
"""

COMPILED = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from scanpath.kernels import blur_gpu

FLOATS = {"image", "levels", "out", "slope", "values", "fixations", "delays", "table", "source", "share", "taps"}
WHOLES = {"level_from", "level_rows", "level_steps", "first", "second"}
constants = {"BLOCK": 1024, "HAS_VALUES": True, "SLOPE": True}
for kernel in (blur_gpu._blend, blur_gpu._weigh, blur_gpu._stretch):
    names = kernel.arg_names
    signature = {name: "constexpr" if name in constants else "i32" for name in names}
    signature |= {name: "*fp32" for name in names if name in FLOATS} | {n: "*i64" for n in names if n in WHOLES}
    signature |= {"per_px": "fp32"} if "per_px" in names else {}
    given = {(names.index(name),): value for name, value in constants.items() if name in names}
    binary = triton.compile(ASTSource(kernel, signature, given), target=GPUTarget("cuda", 90, 32))
    print(kernel.__name__, len(binary.asm["ptx"]))
"""


def run(code, *arguments, **environment):
    """Run code in a fresh interpreter, as Triton reads its environment once."""
    command = [sys.executable, "-c", code, *arguments]
    result = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout


@needs_triton
@pytest.mark.parametrize("cases", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_interpreted_kernels_equal_the_reference(cases):
    assert float(run(COMPARED, "cpu", str(cases), TRITON_INTERPRET="1")) < 2e-6


@needs_triton
def test_kernels_compile_for_a_gpu(tmp_path):
    lines = run(COMPILED, TRITON_CACHE_DIR=str(tmp_path), TRITON_INTERPRET="0").splitlines()
    assert [line.split()[0] for line in lines] == ["_blend", "_weigh", "_stretch"]
    assert all(int(line.split()[1]) > 1000 for line in lines)


@needs_triton
def test_a_gpu_kernel_refuses_cpu_tensors_in_one_sentence(monkeypatch):
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    with pytest.raises(sp.InputError, match="CUDA device"):
        sp.foveated_blur(torch.zeros(1, 4, 4), (1, 1), px_per_deg=1, kernel="gpu")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_device_equals_the_reference():
    assert float(run(COMPARED, "cuda", "4")) < 2e-6
