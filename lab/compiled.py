"""Functions compiled by numba, cached on disk where there is a folder that can be written.

numba keeps compiled code beside the source or in the user's cache folder, and refuses the import of
a module where neither can be written: a read-only install without a home, as in many containers.
There it goes to the store of the data folder, or, if that cannot be written either, is not kept.
The same holds for libraries that compile with numba (UMAP's), once a module here is imported.
"""

import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.misc.appdirs import AppDirs

from lab import paths

F = TypeVar("F", bound=Callable[..., Any])
VARIABLE = "NUMBA_CACHE_DIR"


def njit(**options: Any) -> Callable[[F], F]:
    """Compile as `numba.njit` does, and keep the code where it can be kept.

    Parameters
    ----------
    options
        Those of `numba.njit`; `cache` is dropped where nothing can be written.

    Examples
    --------
    >>> @njit(fastmath=True)
    ... def double(x):
    ...     return 2 * x
    >>> double(2)
    4
    """
    if not _can_keep():
        options.pop("cache", None)
    compiled: Callable[[F], F] = numba.njit(**options)
    return compiled


@lru_cache(maxsize=1)
def _can_keep() -> bool:
    """Tell whether compiled code can be kept, and where numba finds no place, name ours."""
    if os.environ.get(VARIABLE):
        return True
    users: Any = AppDirs  # untyped
    if writable(Path(users(appname="numba", appauthor=False).user_cache_dir)):
        return True
    place = paths.store() / "numba"
    if writable(place):
        os.environ[VARIABLE] = str(place)  # read by numba itself, and by processes started here
        vars(numba.config)["CACHE_DIR"] = str(place)
        return True
    return writable(paths.PACKAGE)


def writable(path: Path) -> bool:
    """Make a folder, write a file in it that goes away, and tell whether that could be done.

    Asking the system for rights is not enough: root has them on a file system without room for it.

    Examples
    --------
    >>> import tempfile
    >>> writable(Path(tempfile.mkdtemp()) / "new")
    True
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return True
    except OSError:
        return False
