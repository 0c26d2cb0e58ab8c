"""What SceneWalk is made of, by name: its configurations and its parameters."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from scanpath._core.checks import check_number
from scanpath._core.errors import InputError, unknown_name

#: A parameter: a number, or a tensor () that may require gradients.
Parameter = float | Tensor

#: The constants of the published program's demonstration: not the papers' estimates, which differ between people.
DEMO_PARAMETERS: Mapping[str, float] = {
    "attention_rate": 10.0,
    "inhibition_rate": 1.97,
    "attention_sd_deg": 5.9,
    "inhibition_sd_deg": 4.5,
    "inhibition_exponent": 1.0,
    "attention_exponent": 0.8115,
    "inhibition_strength": 0.3637,
    "uniform_share": 0.0722,
}
#: For the extensions: durations, window and oculomotor exponent are the published model's; the others are round numbers
#: of ours to start a fit from, read in no source.
EXTENSION_PARAMETERS: Mapping[str, float] = {
    "post_s": 0.1,
    "pre_s": 0.05,
    "return_size_deg": 2.0,
    "oculomotor_exponent": 0.3,
    "oculomotor_weight": 1.0,
    "shift_sd_deg": 3.0,
    "shift_deg": 1.5,
    "start_rate": 2.5,
    "start_sd_x_deg": 4.0,
    "start_sd_y_deg": 4.0,
    "return_rate": 2.0,
}
DEFAULTS: Mapping[str, float] = {**DEMO_PARAMETERS, **EXTENSION_PARAMETERS}
#: Names in the published program -> names here.
PUBLISHED_NAMES: Mapping[str, str] = {
    "omegaAttention": "attention_rate",
    "omegaInhib": "inhibition_rate",
    "sigmaAttention": "attention_sd_deg",
    "sigmaInhib": "inhibition_sd_deg",
    "gamma": "inhibition_exponent",
    "lamb": "attention_exponent",
    "inhibStrength": "inhibition_strength",
    "zeta": "uniform_share",
    "sigmaShift": "shift_sd_deg",
    "shift_size": "shift_deg",
    "first_fix_OmegaAttention": "start_rate",
    "cb_sd_x": "start_sd_x_deg",
    "cb_sd_y": "start_sd_y_deg",
    "omega_prevloc": "return_rate",
    "chi": "oculomotor_exponent",
    "ompfactor": "oculomotor_weight",
    "tau_post": "post_s",
    "tau_pre": "pre_s",
    "foR_size": "return_size_deg",
}
#: Parameters that may be zero; all others are above zero.
MAY_BE_ZERO = ("uniform_share", "inhibition_strength", "shift_deg", "post_s", "pre_s", "oculomotor_weight")
#: The nine that are compared with the published program, by the names that its results are filed under.
FILED_UNDER: Mapping[str, str] = {
    "sub_basic": "subtractive",
    "div_basic": "divisive",
    "sub_cb": "subtractive+center",
    "sub_post": "subtractive+post",
    "sub_pre": "subtractive+pre",
    "sub_both_cb_locdep": "subtractive+center+both+return",
    "div_both_cb_locdep": "divisive+center+both+return",
    "sub_omp_add": "subtractive+oculomotor_add",
    "sub_omp_mult": "subtractive+oculomotor_multiply",
}
CONFIGURATIONS = tuple(FILED_UNDER.values())
_WORDS: Mapping[str, Mapping[str, object]] = {
    "subtractive": {"divisive": False},
    "divisive": {"divisive": True},
    "center": {"center": True},
    "post": {"post": True},
    "pre": {"pre": True},
    "both": {"post": True, "pre": True},
    "return": {"back": True},
    "oculomotor_add": {"oculomotor": "add"},
    "oculomotor_multiply": {"oculomotor": "multiply"},
}


class Configuration(NamedTuple):
    """Which of SceneWalk's parts are in use."""

    divisive: bool
    center: bool = False
    post: bool = False
    pre: bool = False
    back: bool = False
    oculomotor: str = "none"

    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that this configuration reads."""
        used = list(DEMO_PARAMETERS)
        used += ["start_rate", "start_sd_x_deg", "start_sd_y_deg"] if self.center else []
        used += ["shift_sd_deg", "shift_deg", "post_s"] if self.post else []
        used += ["pre_s"] if self.pre else []
        used += ["return_rate", "return_size_deg"] if self.back else []
        # a product with a positive weight is brought to sum 1 and so does not depend on the weight
        used += {"none": [], "multiply": ["oculomotor_exponent"]}.get(
            self.oculomotor, ["oculomotor_exponent", "oculomotor_weight"]
        )
        return tuple(used)


def read_configuration(text: str) -> Configuration:
    """Read a configuration, words joined by "+": how the maps are combined, then extensions in any order.

    Parameters
    ----------
    text
        ``"subtractive"`` or ``"divisive"``, then any of ``center`` (attention starts as a Gaussian in the middle and
        has its own rate in the first fixation), ``post`` (attention is shifted onward after a saccade), ``pre``
        (attention moves to the next place before a saccade), ``both`` of these, ``return`` (attention fades slowly
        round the place before) and one of ``oculomotor_add`` and ``oculomotor_multiply``. The keys of `FILED_UNDER`
        are known too.

    Examples
    --------
    >>> read_configuration("divisive+center").center
    True
    """
    words = FILED_UNDER.get(str(text), str(text)).split("+")
    for word in words:
        if word not in _WORDS:
            raise unknown_name("part of SceneWalk", word, _WORDS)
    if sum(word in ("subtractive", "divisive") for word in words) != 1:
        raise InputError(
            f"configuration must hold either 'subtractive' or 'divisive', as in {CONFIGURATIONS[5]!r}, got {text!r}."
        )
    settings: dict[str, object] = {}
    for word in words:
        settings |= _WORDS[word]
    return Configuration(**settings)  # type: ignore[arg-type]  # the table holds what the fields need


def complete_parameters(parameters: Mapping[str, Parameter] | None) -> dict[str, Parameter]:
    """Return all parameters, the given ones over the defaults, under the names used here.

    Examples
    --------
    >>> complete_parameters({"omegaAttention": 12})["attention_rate"]
    12.0
    """
    complete: dict[str, Parameter] = dict(DEFAULTS)
    for given, value in (parameters or {}).items():
        name = PUBLISHED_NAMES.get(given, given)
        if name not in DEFAULTS:
            raise unknown_name("parameter of SceneWalk", given, DEFAULTS)
        number = check_number(f"Parameter {given}", float(value.detach() if isinstance(value, Tensor) else value))
        if number < 0 or (number == 0 and name not in MAY_BE_ZERO):
            raise InputError(
                f"Parameter {given} must be {'at least' if name in MAY_BE_ZERO else 'above'} 0, got {number:g}."
            )
        if name == "uniform_share" and number > 1:
            raise InputError(f"Parameter {given} must lie in [0, 1], got {number:g}.")
        complete[name] = value if isinstance(value, Tensor) else number
    return complete
