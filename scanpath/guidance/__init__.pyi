from .itti_koch import itti_koch as itti_koch
from .sharpening import enlarge as enlarge
from .sharpening import sharpen as sharpen
from .spectral_residual import spectral_residual as spectral_residual
from .target_cue import combine_levels as combine_levels
from .target_cue import cue_map as cue_map
from .target_cue import level_weights as level_weights
from .target_cue import scale_to_unit as scale_to_unit
