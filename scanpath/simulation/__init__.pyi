from .run import Run as Run
from .run import simulate_to_folder as simulate_to_folder
from .simulate import simulate as simulate
