"""Optimal transport between two small sets of masses, for many pairs at once (sets and pairs as in `alignment`)."""

import math

import numpy as np

from scanpath.kernels.compiled import compiled
from scanpath.kernels.ragged import comes_first, longest, nth


@compiled
def _cheapest_way(cost, flow, supply, demand, price, distance, source_of, done, dust):
    """Dijkstra from all sources with supply left to the nearest sink with demand left, on reduced costs.

    Nodes 0..n-1 are sources, n..n+m-1 sinks. Returns that sink, or -1 if there is none; the prices are updated so
    that all reduced costs stay at least 0.
    """
    n, m = cost.shape
    for v in range(n + m):
        done[v] = False
        source_of[v] = -1
        distance[v] = 0.0 if v < n and supply[v] > dust else np.inf
    while True:
        best, node = np.inf, -1
        for v in range(n + m):
            if not done[v] and distance[v] < best:
                best, node = distance[v], v
        if node < 0:
            return -1
        done[node] = True
        if node >= n and demand[node - n] > dust:
            break
        if node < n:
            for j in range(m):
                # rounding may leave a reduced cost just below 0
                length = best + max(0.0, cost[node, j] + price[node] - price[n + j])
                if not done[n + j] and length < distance[n + j]:
                    distance[n + j] = length
                    source_of[n + j] = node
        else:
            j = node - n
            for i in range(n):
                if flow[i, j] > 0.0 and not done[i]:
                    length = best + max(0.0, price[node] - cost[i, j] - price[i])
                    if length < distance[i]:
                        distance[i] = length
                        source_of[i] = node
    for v in range(n + m):
        price[v] += min(distance[v], best)
    return node


@compiled
def _push(flow, supply, demand, source_of, sink, n):
    """Send as much as possible along the way that ends in `sink`."""
    amount = demand[sink - n]
    v = sink
    while source_of[v] >= 0:
        u = source_of[v]
        if u >= n:
            amount = min(amount, flow[v, u - n])
        v = u
    amount = min(amount, supply[v])
    supply[v] -= amount
    demand[sink - n] -= amount
    v = sink
    while source_of[v] >= 0:
        u = source_of[v]
        if u < n:
            flow[u, v - n] += amount
        else:
            flow[v, u - n] -= amount
        v = u


@compiled
def _transport(cost, supply, demand, dust):
    """Least cost of moving `supply` onto `demand`, which have equal totals: successive shortest ways."""
    n, m = cost.shape
    flow = np.zeros((n, m))
    price = np.zeros(n + m)
    distance = np.empty(n + m)
    source_of = np.empty(n + m, dtype=np.int64)
    done = np.empty(n + m, dtype=np.bool_)
    while True:
        sink = _cheapest_way(cost, flow, supply, demand, price, distance, source_of, done, dust)
        if sink < 0:
            break
        _push(flow, supply, demand, source_of, sink, n)
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += flow[i, j] * cost[i, j]
    return total


@compiled
def transport_pairs(pairs, skip, works, first, first_start, second, second_start):
    """Least mean distance over which the mass of one set must move to become the other; rows are x, y and mass.

    The masses of each set sum to 1. The two sets of a pair are first put in a fixed order, so that swapping them
    changes nothing.
    """
    scratch = np.empty(longest(first_start) * longest(second_start))
    for k in range(len(pairs)):
        if skip[k]:
            continue
        a, b = nth(first, first_start, pairs[k, 0]), nth(second, second_start, pairs[k, 1])
        if not comes_first(a, b):
            a, b = b, a
        cost = scratch[: len(a) * len(b)].reshape(len(a), len(b))
        for i in range(len(a)):
            for j in range(len(b)):
                dx, dy = a[i, 0] - b[j, 0], a[i, 1] - b[j, 1]
                cost[i, j] = math.sqrt(dx * dx + dy * dy)
        works[k] = _transport(cost, a[:, 2].copy(), b[:, 2].copy(), 1e-13)
