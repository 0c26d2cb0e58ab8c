from .asymmetry import plot_asymmetry as plot_asymmetry
from .asymmetry import plot_asymmetry_index as plot_asymmetry_index
from .asymmetry import plot_search_slopes as plot_search_slopes
from .figures import new_axes as new_axes
from .figures import save_figure as save_figure
from .overlay import plot_scanpath as plot_scanpath
from .performance import plot_cumulative_performance as plot_cumulative_performance
from .scores import plot_scores as plot_scores
