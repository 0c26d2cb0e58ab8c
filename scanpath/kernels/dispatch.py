"""Which of the kernels that give the same numbers runs: torch's reference, the compiled CPU loops, or Triton."""

import contextvars
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor

from scanpath._core.checks import check_choice
from scanpath._core.errors import InputError

Given = TypeVar("Given")
Made = TypeVar("Made")
KERNELS = ("auto", "reference", "cpu", "gpu")
#: Pictures with fewer pixels than this are not worth a second thread.
PIXELS_PER_THREAD = 1 << 17
_chosen: contextvars.ContextVar[str] = contextvars.ContextVar("scanpath_kernel", default="auto")


@contextmanager
def use_kernel(kernel: str) -> Iterator[None]:
    """Let one kind of kernel do the work inside the block, for tests, benchmarks and comparisons.

    Parameters
    ----------
    kernel
        "auto", "reference" (torch, differentiable, any floating type), "cpu" (compiled) or "gpu" (Triton).

    Examples
    --------
    >>> with use_kernel("reference"):
    ...     choose_kernel("auto", torch.zeros(1))
    'reference'
    """
    token = _chosen.set(check_choice("kernel", kernel, KERNELS))
    try:
        yield
    finally:
        _chosen.reset(token)


def choose_kernel(kernel: str, data: Tensor, *others: Tensor, double: bool = False) -> str:
    """Name the kernel that handles `data`: as asked, or for "auto" by its device and dtype and need of gradients.

    The compiled kernels have no backward pass, so data that require gradients, or are combined with `others` that do,
    go to the reference; so do float64 data, unless the compiled loops take them (`double`), on a CPU.

    Examples
    --------
    >>> choose_kernel("auto", torch.zeros(3)), choose_kernel("auto", torch.zeros(3, requires_grad=True))
    ('cpu', 'reference')
    """
    kernel = check_choice("kernel", kernel, KERNELS)
    if kernel == "auto":
        kernel = _chosen.get()
    needs_grad = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (data, *others))
    if kernel == "auto":
        device = data.device.type
        if needs_grad or (data.dtype == torch.float64 and not (double and device == "cpu")):
            return "reference"
        return "cpu" if device == "cpu" else "gpu" if device == "cuda" and _has_triton() else "reference"
    if kernel != "reference" and needs_grad:
        raise InputError(
            f"The {kernel!r} kernel has no backward pass and an input requires gradients; "
            "use kernel='reference', or detach the inputs."
        )
    return kernel


@lru_cache(maxsize=1)
def _has_triton() -> bool:
    return find_spec("triton") is not None


def run_bands(work: Callable[[int, int], None], rows: int, pixels: int) -> None:
    """Call ``work(first, last)`` over bands of rows, on as many threads as torch uses if the picture is large.

    `work` must release the interpreter's lock. Plain threads are used, so there is no threading layer that a fork
    or another library could disturb, and the bands do not change any result.
    """
    threads = max(1, min(torch.get_num_threads(), rows, pixels // PIXELS_PER_THREAD))
    if threads == 1:
        work(0, rows)
        return
    edges = [rows * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, first, last) for first, last in pairwise(edges)]:
            done.result()


def run_pictures(work: Callable[[Given], Made], pictures: Sequence[Given]) -> list[Made]:
    """Call `work` for each of several pictures, side by side on as many threads as torch uses, one thread a picture.

    Within a picture threads wait for each other at every step, which on busy processors takes longer than the steps.
    `work` must not need gradients: whether they are recorded is a matter of each thread.
    """
    threads = min(torch.get_num_threads(), len(pictures))
    if threads <= 1:
        return [work(picture) for picture in pictures]
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # which new threads take over
    try:
        with ThreadPoolExecutor(threads) as pool:
            contexts = [contextvars.copy_context() for _ in pictures]
            return list(pool.map(lambda context, picture: context.run(work, picture), contexts, pictures))
    finally:
        torch.set_num_threads(before)
