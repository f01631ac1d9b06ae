"""A call as data: the name of a function and all its arguments, for the record of a run.

Two calls with equal records give equal results: tables and arrays are recorded by a hash of what
they hold, models and files by a hash of theirs, functions by name and arguments.
"""

import functools
import hashlib
import inspect
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lab import files, hashing, models


def describe(function: Callable[..., Any], *, role: str = "function") -> dict[str, Any]:
    """Return the full name of a function, as `function`, and its arguments with defaults filled in.

    Parameters
    ----------
    function : function of a module, or a `functools.partial` of one
        What is missing of its arguments is not recorded.
    role : str
        What to call it in an error.

    Raises
    ------
    ValueError
        For a lambda or a local function, which other processes cannot find.
    TypeError
        If an argument has no form that could be recorded.

    Examples
    --------
    >>> describe(functools.partial(sorted, [2, 1], reverse=True))
    {'function': 'builtins.sorted', 'iterable': [2, 1], 'key': None, 'reverse': True}
    """
    inner: Callable[..., Any] = function
    args: tuple[Any, ...] = ()
    named: dict[str, Any] = {}
    if isinstance(function, functools.partial):
        inner, args, named = function.func, function.args, function.keywords
    name = f"{getattr(inner, '__module__', '')}.{getattr(inner, '__qualname__', '<object>')}"
    if "<" in name or name.startswith("__main__."):
        raise ValueError(f"{role} must be a function of a module or a partial of one, got {name}")
    given = _bound(inner, args, named)
    return {"function": name, **{key: _plain(value, key) for key, value in given.items()}}


def content(table: "pd.DataFrame | pd.Series[Any] | pd.Index | np.ndarray[Any, Any]") -> str:
    """Return a hash of everything that a table or an array holds: names, index and values.

    Examples
    --------
    >>> content(np.array([1, 2])) == content(np.array([1, 3]))
    False
    """
    whole = hashlib.sha256()
    if isinstance(table, np.ndarray):
        whole.update(f"{table.dtype} {table.shape}".encode())
        whole.update(np.ascontiguousarray(table).tobytes())
        return whole.hexdigest()[:32]
    frame = table.to_frame() if isinstance(table, (pd.Series, pd.Index)) else table
    whole.update(repr([[str(name), str(kind)] for name, kind in frame.dtypes.items()]).encode())
    whole.update(pd.util.hash_pandas_object(frame.index, index=False).to_numpy().tobytes())
    for place in range(frame.shape[1]):
        whole.update(_values(frame.iloc[:, place]))
    return whole.hexdigest()[:32]


def _values(column: "pd.Series[Any]") -> bytes:
    if column.dtype == object:  # messages, lists, numbers and texts side by side
        return "\n".join(map(repr, column)).encode("utf-8", "surrogatepass")
    return bytes(pd.util.hash_pandas_object(column, index=False).to_numpy().tobytes())


def _bound(
    function: Callable[..., Any], args: Sequence[Any], named: Mapping[str, Any]
) -> dict[str, Any]:
    try:
        bound = inspect.signature(function).bind_partial(*args, **named)
    except ValueError:  # compiled functions may have no signature
        return {**{str(place): value for place, value in enumerate(args)}, **named}
    bound.apply_defaults()
    return dict(bound.arguments)


def _plain(value: Any, name: str) -> Any:
    """Return a value as JSON that is equal for equal values."""
    if isinstance(value, (pd.DataFrame, pd.Series, pd.Index, np.ndarray)):
        return {"content": content(value)}
    if isinstance(value, Path) or (isinstance(value, str) and os.sep in value):
        return _place(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each, name) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        plain = [_plain(each, name) for each in value]
        return (
            sorted(plain, key=hashing.canonical) if isinstance(value, (set, frozenset)) else plain
        )
    identity = getattr(value, "identity", None)
    if identity is not None and not isinstance(value, type):
        return _plain(identity, name)
    if is_dataclass(value) and not isinstance(value, type):
        own = {each.name: _plain(getattr(value, each.name), name) for each in fields(value)}
        return {"class": type(value).__name__, **own}
    if callable(value):
        return describe(value, role=name)
    try:
        hashing.canonical(value)
    except TypeError as error:
        raise TypeError(f"{name} cannot be recorded: {error}") from error
    return value


def _place(value: str | Path) -> Any:
    """Return what lies at a path, if anything does: another time it may hold something else."""
    try:
        path = Path(models.find(value))
        if path.is_dir() and (path / "config.json").exists():
            return {"model": models.identity(path)}
        return {"file": files.known_hash(path)} if path.is_file() else str(value)
    except (OSError, ValueError):  # a text that is no path
        return str(value)
