from .eccentricity import eccentricity_map as eccentricity_map
from .screen import Screen as Screen
