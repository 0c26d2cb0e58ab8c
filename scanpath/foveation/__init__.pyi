from .metamer import Metamer as Metamer
from .metamer import MetamerReport as MetamerReport
from .metamer import synthesize_metamer as synthesize_metamer
from .statistics import pooled_statistics as pooled_statistics
from .steerable_frame import SteerableFrame as SteerableFrame
from .texture import foveated_texture as foveated_texture
from .windows import PoolingWindows as PoolingWindows
