"""What mypy and pyright must make of scores: run by `.ci/types`, never executed."""

import os
from typing import assert_type

import numpy as np
import pandas as pd
import polars as pl
import torch

import scanpath as sp
from scanpath.evaluation import evaluate_maps, predict_fixations
from scanpath.gaze.frames import TableLike
from scanpath.gaze.scanpath import ScanpathLike
from scanpath.metrics import (
    MultiMatch,
    Plausibility,
    conditional_auc,
    dtw,
    found_at,
    information_gain,
    levenshtein,
    multimatch,
    nss,
    pairwise,
    performance_auc,
    plausibility,
    score_pairs,
)
from scanpath.studies.asymmetry_index import reaction_time_ms


def one_pair(path: sp.Scanpath, array: np.ndarray, tensor: torch.Tensor, frame: pl.DataFrame) -> None:
    assert_type(dtw(path, array), float)
    assert_type(dtw(tensor, [(0, 0), (1, 1)]), float)
    assert_type(dtw(frame, {"x_px": [0.0], "y_px": [0.0]}), float)
    assert_type(multimatch(path, path, screen_px=(1280, 720)), MultiMatch)
    assert_type(levenshtein("abc", ["a", "b"]), float)
    assert_type(sp.as_scanpath(frame), sp.Scanpath)
    assert_type(found_at(path, (0, 0, 9, 9), rule="box", margin_px=2.0), int | None)
    dtw(path)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    found_at(path, (0, 0, 9, 9), role="box")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def maps(map: np.ndarray, tensor: torch.Tensor, path: sp.Scanpath) -> None:
    assert_type(nss(map, path), float)
    assert_type(nss(tensor, [(1, 1)], per_fixation=True), np.ndarray)
    assert_type(information_gain(map, None, path, per_fixation=False), float)
    assert_type(conditional_auc(tensor, path), np.ndarray)
    assert_type(conditional_auc([map, map], path, return_reasons=True), tuple[np.ndarray, np.ndarray])


def sets(paths: list[sp.Scanpath], batch: sp.ScanpathBatch) -> None:
    assert_type(pairwise("dtw", paths), np.ndarray)
    assert_type(pairwise("dtw", paths, batch, return_reasons=True), tuple[np.ndarray, np.ndarray])
    assert_type(score_pairs("levenshtein", ["abc", "abd"], None, [(0, 1)]), np.ndarray)
    assert_type(plausibility("dtw", paths[0], paths), Plausibility)
    assert_type(performance_auc([0.0, 0.5, 1.0]), float)
    assert_type(reaction_time_ms(1.0), float)
    assert_type(reaction_time_ms(np.arange(3.0)), np.ndarray)


def tables(
    frame: pl.LazyFrame,
    table: pd.DataFrame,
    paths: list[sp.Scanpath],
    stimuli: list[sp.Stimulus],
    agent: sp.PriorityAgent,
) -> None:
    assert_type(sp.evaluate(frame, table, ["dtw"], screen_px=(10, 10)), pd.DataFrame)
    assert_type(sp.evaluate(paths, table, {"dtw": {}}, screen_px={"a": (10, 10)}), pd.DataFrame)
    assert_type(evaluate_maps({"mine": {"a": np.eye(4)}}, paths, ["nss"]), pd.DataFrame)
    assert_type(sp.search_performance(frame, stimuli), pd.DataFrame)
    assert_type(sp.search_performance(paths, {"a": (0, 0, 9, 9)}), pd.DataFrame)
    assert_type(predict_fixations(agent, stimuli, paths), pd.DataFrame)
    assert_type(sp.scanpaths_from_table(frame), list[sp.Scanpath])
    sp.evaluate("fixations.csv", table)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def names(path: os.PathLike[str], table: TableLike, gaze: ScanpathLike) -> None:
    """The aliases are what the functions take."""
    sp.write_table(table, path)
    sp.as_scanpath(gaze)
