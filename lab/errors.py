"""What a caller may want to catch.

WinnowError
├── DataError               a file or a pool that is not what it should be
├── RunError                a recorded run that is missing or unreadable
├── StoreError              a store of replies or vectors that cannot be used
├── CallError               calls to a language model that cannot go on
│   └── BudgetError         the cap on spending is reached
├── ModelError              a model that cannot be found, loaded or converted
├── TuneError               a fine-tuning that cannot start or go on
├── SandboxError            code that this machine cannot hold back, so that it is not run
└── MissingPackageError     an optional package is not installed (an ImportError too)

A wrong argument is a plain ValueError or TypeError.
"""

from pathlib import Path


class WinnowError(Exception):
    """Any error that this package raises on purpose."""


class DataError(WinnowError):
    """Bad input, named by file, row, field and value as far as they are known."""

    def __init__(
        self,
        message: str,
        *,
        file: str | Path | None = None,
        row: int | str | None = None,
        field: str | None = None,
        value: object = None,
    ) -> None:
        self.reason, self.value = message, value
        self.file, self.row, self.field = file, row, field
        where = [
            str(file) if file is not None else "",
            f"row {row}" if row is not None else "",
            f"field {field!r}" if field is not None else "",
        ]
        place = ", ".join(part for part in where if part)
        shown = f" (got {_short(value)})" if value is not None else ""
        super().__init__(f"{place}: {message}{shown}" if place else f"{message}{shown}")


class RunError(WinnowError):
    """A recorded run that is missing or unreadable."""


class StoreError(WinnowError):
    """A store of replies or vectors that cannot be used; it is never replaced silently."""


class CallError(WinnowError):
    """Calls to a language model that cannot go on."""


class BudgetError(CallError):
    """The cap on spending is reached; what is finished is kept."""


class ModelError(WinnowError):
    """A model that cannot be found, loaded or converted."""


class TuneError(WinnowError):
    """A fine-tuning that cannot start or go on."""


class SandboxError(WinnowError):
    """Code that this machine cannot hold back, so that it is not run."""


class MissingPackageError(WinnowError, ImportError):
    """An optional package is not installed."""

    def __init__(self, package: str, *, needed_by: str) -> None:
        self.package = package
        super().__init__(f"{needed_by} needs {package}; install it with: pip install {package}")


def _short(value: object, limit: int = 80) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
