import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from scanpath._core.kept import kept


def test_results_made_in_inference_mode_work_with_gradients():
    table = kept(maxsize=1)(lambda length: torch.arange(length, dtype=torch.float32))
    with torch.inference_mode():
        table(3)
    factor = torch.ones(3, requires_grad=True)
    (factor * table(3)).sum().backward()
    assert factor.grad.tolist() == [0, 1, 2]


def test_two_threads_make_one_result_once():
    made, started, may_end = [], threading.Event(), threading.Event()

    @kept(maxsize=2)
    def table(length):
        made.append(length)
        started.set()
        may_end.wait(5)
        return torch.zeros(length)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(table, 3)
        assert started.wait(5)
        second = pool.submit(table, 3)
        may_end.set()
        assert first.result() is second.result()
    assert made == [3]


def test_another_result_need_not_wait():
    started, may_end = threading.Event(), threading.Event()

    @kept(maxsize=2)
    def table(length):
        if length == 3:
            started.set()
            assert may_end.wait(5)
        return torch.zeros(length)

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(table, 3)
        assert started.wait(5)
        assert len(pool.submit(table, 4).result(5)) == 4
        may_end.set()
        assert len(slow.result()) == 3


def test_a_failure_is_not_kept():
    calls = []

    @kept(maxsize=1)
    def table():
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("no")
        return len(calls)

    with pytest.raises(ValueError, match="no"):
        table()
    assert table() == table() == 2


def test_the_oldest_result_is_forgotten():
    table = kept(maxsize=1)(lambda length: torch.zeros(length))
    first = table(1)
    table(2)
    assert table(1) is not first
