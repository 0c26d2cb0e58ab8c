"""What the map and search metrics are: range, direction, unit, needs and source of each."""

from math import inf
from typing import Any

from scanpath.metrics.conditional import conditional_auc, conditional_information_gain, conditional_nss
from scanpath.metrics.information import information_gain, log_likelihood
from scanpath.metrics.map_similarity import correlation, kl_divergence, map_emd, similarity
from scanpath.metrics.saliency import auc, auc_borji, auc_judd, fixation_kl_divergence, nss, shuffled_auc
from scanpath.metrics.search import (
    cumulative_performance,
    performance_auc,
    probability_mismatch,
    scanpath_ratio,
    tfp_auc,
)
from scanpath.metrics.spec import MetricSpec

_BYLINSKII: dict[str, Any] = {
    "reference": "Bylinskii et al. (2019), IEEE TPAMI 41",
    "doi": "10.1109/TPAMI.2018.2815601",
}
_KUEMMERER: dict[str, Any] = {
    "reference": "Kümmerer, Wallis & Bethge (2015), PNAS 112",
    "doi": "10.1073/pnas.1510393112",
}
_TRAVI: dict[str, Any] = {"reference": "Travi, Ruarte, Bujia & Kamienkowski (2022), NeurIPS 35 Datasets and Benchmarks"}
_YANG: dict[str, Any] = {"reference": "Yang et al. (2020), CVPR", "doi": "10.1109/CVPR42600.2020.00027"}

_FIXATIONS: dict[str, Any] = {"takes": "map and fixations", "symmetric": False, "least": 1}
_MAPS: dict[str, Any] = {"takes": "maps", "least": 0}
_SEARCH: dict[str, Any] = {"takes": "search", "symmetric": False}

NSS = MetricSpec(
    name="nss",
    function=nss,
    summary="Map value at fixations in standard deviations above the mean",
    range=(-inf, inf),
    direction="similarity",
    unit="sd",
    reference="Peters et al. (2005), Vision Research 45",
    doi="10.1016/j.visres.2005.03.019",
    **_FIXATIONS,
)
AUC = MetricSpec(
    name="auc",
    function=auc,
    summary="Exact rank of fixated pixels among all pixels; chance 0.5",
    range=(0.0, 1.0),
    direction="similarity",
    **_FIXATIONS,
    **_BYLINSKII,
)
AUC_JUDD = MetricSpec(
    name="auc_judd",
    function=auc_judd,
    summary="ROC through the fixated values against unfixated pixels",
    range=(0.0, 1.0),
    direction="similarity",
    reference="Judd et al. (2009), ICCV",
    doi="10.1109/ICCV.2009.5459462",
    **_FIXATIONS,
)
AUC_BORJI = MetricSpec(
    name="auc_borji",
    function=auc_borji,
    summary="ROC against random pixels with coarse thresholds, seeded",
    range=(0.0, 1.0),
    direction="similarity",
    **_FIXATIONS,
    **_BYLINSKII,
)
SHUFFLED_AUC = MetricSpec(
    name="shuffled_auc",
    function=shuffled_auc,
    summary="Rank of fixated pixels among those fixated on other pictures",
    range=(0.0, 1.0),
    direction="similarity",
    needs=("other_xy",),
    reference="Zhang et al. (2008), Journal of Vision 8(7)",
    doi="10.1167/8.7.32",
    **_FIXATIONS,
)
FIXATION_KL = MetricSpec(
    name="fixation_kl_divergence",
    function=fixation_kl_divergence,
    summary="Divergence of map values at fixations from those elsewhere, 10 bins",
    range=(0.0, inf),
    direction="similarity",
    unit="nat",
    **_FIXATIONS,
    **_BYLINSKII,
)
LOG_LIKELIHOOD = MetricSpec(
    name="log_likelihood",
    function=log_likelihood,
    summary="Mean log probability of the fixated pixels",
    range=(-inf, 0.0),
    direction="similarity",
    unit="nat",
    needs=("log_density",),
    **_FIXATIONS,
    **_KUEMMERER,
)
INFORMATION_GAIN = MetricSpec(
    name="information_gain",
    function=information_gain,
    summary="Bits a fixation known beyond a baseline",
    range=(-inf, inf),
    direction="similarity",
    unit="bit",
    needs=("log_density", "baseline_log_density"),
    **_FIXATIONS,
    **_KUEMMERER,
)
CORRELATION = MetricSpec(
    name="correlation",
    function=correlation,
    summary="Pearson correlation of two maps (CC)",
    range=(-1.0, 1.0),
    direction="similarity",
    symmetric=True,
    **_MAPS,
    **_BYLINSKII,
)
SIMILARITY = MetricSpec(
    name="similarity",
    function=similarity,
    summary="Common mass of two maps scaled to sum 1 (SIM)",
    range=(0.0, 1.0),
    direction="similarity",
    symmetric=True,
    **_MAPS,
    **_BYLINSKII,
)
KL_DIVERGENCE = MetricSpec(
    name="kl_divergence",
    function=kl_divergence,
    summary="Kullback-Leibler divergence of a map from the gold density",
    range=(0.0, inf),
    direction="distance",
    symmetric=False,
    unit="nat",
    **_MAPS,
    **_BYLINSKII,
)
MAP_EMD = MetricSpec(
    name="map_emd",
    function=map_emd,
    summary="Mean way mass must move to turn one map into the other",
    range=(0.0, inf),
    direction="distance",
    symmetric=True,
    unit="px",
    **_MAPS,
    **_BYLINSKII,
)
CONDITIONAL_NSS = MetricSpec(
    name="conditional_nss",
    function=conditional_nss,
    summary="NSS of one map a fixation at the next fixation (cNSS)",
    range=(-inf, inf),
    direction="similarity",
    unit="sd",
    **_FIXATIONS,
    **_TRAVI,
)
CONDITIONAL_AUC = MetricSpec(
    name="conditional_auc",
    function=conditional_auc,
    summary="AUC of one map a fixation; chance 0.5 (rank) or 0.75 (stonybrook cAUC)",
    range=(0.0, 1.0),
    direction="similarity",
    **_FIXATIONS,
    **_TRAVI,
)
CONDITIONAL_INFORMATION_GAIN = MetricSpec(
    name="conditional_information_gain",
    function=conditional_information_gain,
    summary="Bits one map a fixation knows of the next fixation (cIG)",
    range=(-inf, inf),
    direction="similarity",
    unit="bit",
    needs=("baseline",),
    **_FIXATIONS,
    **_TRAVI,
)
CUMULATIVE_PERFORMANCE = MetricSpec(
    name="cumulative_performance",
    function=cumulative_performance,
    summary="Share of targets found within n fixations",
    range=(0.0, 1.0),
    direction="description",
    needs=("target_box",),
    **_SEARCH,
    **_TRAVI,
)
PERFORMANCE_AUC = MetricSpec(
    name="performance_auc",
    function=performance_auc,
    summary="Area under cumulative performance, n scaled to [0, 1]",
    range=(0.0, 1.0),
    direction="description",
    needs=("target_box",),
    **_SEARCH,
    **_TRAVI,
)
TFP_AUC = MetricSpec(
    name="tfp_auc",
    function=tfp_auc,
    summary="Sum of the target fixation probabilities over steps",
    range=(0.0, inf),
    direction="description",
    needs=("target_box",),
    **_SEARCH,
    **_YANG,
)
PROBABILITY_MISMATCH = MetricSpec(
    name="probability_mismatch",
    function=probability_mismatch,
    summary="Sum of differences from people's target fixation probability",
    range=(0.0, inf),
    direction="distance",
    takes="search",
    symmetric=True,
    needs=("target_box",),
    **_YANG,
)
SCANPATH_RATIO = MetricSpec(
    name="scanpath_ratio",
    function=scanpath_ratio,
    summary="Straight way to the target over the way that was taken",
    range=(0.0, 1.0),
    direction="description",
    needs=("target_box",),
    least=2,
    **_SEARCH,
    **_YANG,
)
