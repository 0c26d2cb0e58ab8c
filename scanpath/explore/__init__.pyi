from .figure import draw_looks as draw_looks
from .notebook import widget as widget
from .pictures import working_copy as working_copy
from .server import explore as explore
