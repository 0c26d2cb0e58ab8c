"""`scanpath fit`: models fitted to one's own people."""

import typer

from scanpath.cli import fit_calibration, fit_channels, fit_oat, fit_scenewalk, fit_searcher, fit_viewer

fit = typer.Typer(help="Fit a model to your own people.", no_args_is_help=True, rich_markup_mode=None)


@fit.callback()
def _group() -> None:
    """Fit a model to your own people."""


fit_calibration.register(fit)
fit_channels.register(fit)
fit_oat.register(fit)
fit_scenewalk.register(fit)
fit_searcher.register(fit)
fit_viewer.register(fit)
