"""Optional libraries, asked for where they are used."""

import importlib
from types import ModuleType

from scanpath._core.errors import MissingDependencyError


def require(module: str, *, package: str | None = None, purpose: str) -> ModuleType:
    """Import an optional library or say in one sentence how to install it.

    Parameters
    ----------
    module
        Name to import, for example ``"h5py"``.
    package
        Name on the package index where it differs from `module`.
    purpose
        What it is needed for, for the message.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{purpose} needs {package or module}, which is not installed; run: pip install {package or module}"
        ) from error
