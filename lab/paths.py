"""Folders of data, runs, reports and weights; no other module names one.

The root is the checkout that holds this package; for an installed package the study that `lab new`
started, at or above the working folder, or else the working folder. `WINNOW_DATA` moves the data
folder, `WINNOW_STORE` the store in it, such as to a disk of each machine of a cluster;
`WINNOW_SHARED` names a folder of other people's data for tests and benchmarks.
"""

import os
import sysconfig
from pathlib import Path

STUDY = ".winnow"  # marks the folder of a study
SHIPPED = ("notebooks", "data/samples", "data/seeds")  # what a study starts with
PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """Return the folder of the checkout or of the study, or else the working folder."""
    if is_checkout():
        return PACKAGE.parent
    here = Path.cwd()
    return next((place for place in (here, *here.parents) if (place / STUDY).is_file()), here)


def is_checkout() -> bool:
    """Tell whether this package lies in a checkout, and is not installed."""
    return (PACKAGE.parent / "pyproject.toml").is_file()


def shipped() -> Path:
    """Return the folder with the notebooks and data that come with the package."""
    return (
        PACKAGE.parent if is_checkout() else Path(sysconfig.get_path("data")) / "share" / "winnow"
    )


def data() -> Path:
    """Return the data folder: `WINNOW_DATA`, or `data/` under the root."""
    moved = os.environ.get("WINNOW_DATA")
    return Path(moved).resolve() if moved else root() / "data"


def seeds() -> Path:
    """Return the folder of seed tasks, given and committed (never moved by `WINNOW_DATA`)."""
    return root() / "data" / "seeds"


def samples() -> Path:
    """Return the folder of sample files, given and committed (never moved by `WINNOW_DATA`)."""
    return root() / "data" / "samples"


def raw() -> Path:
    """Return the folder of downloads, given and never edited."""
    return data() / "raw"


def runs() -> Path:
    """Return the folder of runs: one folder per step, in it one per run."""
    return data() / "runs"


def store() -> Path:
    """Return the folder of replies and vectors that can be made again, or `WINNOW_STORE`."""
    moved = os.environ.get("WINNOW_STORE")
    return Path(moved).resolve() if moved else data() / "store"


def executed() -> Path:
    """Return the folder of executed notebooks, in the store."""
    return store() / "executed"


def human() -> Path:
    """Return the folder of what people rated and judged by hand, which cannot be made again."""
    return data() / "human"


def notebooks() -> Path:
    """Return the folder of notebooks."""
    return root() / "notebooks"


def reports() -> Path:
    """Return the folder of rendered reports: `WINNOW_REPORTS`, or `reports/` under the root."""
    moved = os.environ.get("WINNOW_REPORTS")
    return Path(moved).resolve() if moved else root() / "reports"


def shared() -> Path:
    """Return the folder of other people's data: `WINNOW_SHARED`, or `../shared` (may not exist)."""
    return Path(os.environ.get("WINNOW_SHARED", root().parent / "shared")).resolve()


def models() -> Path:
    """Return the folder of models that were converted or copied here, each in a folder by name."""
    return data() / "models"


def base_model() -> Path:
    """Return the folder of the testbed's base model, which ships with the package."""
    return PACKAGE / "testbed" / "base"


def prompts(part: str) -> Path:
    """Return the folder of prompt files of a part, such as `score`."""
    return PACKAGE / part / "prompts"


def results() -> Path:
    """Return the file of results, written by a command."""
    return root() / "RESULTS.md"


def benchmark_results() -> Path:
    """Return the folder of the tables that the benchmarks write."""
    return root() / "benchmarks" / "results"


def docs() -> Path:
    """Return the folder of pages and pictures that commands write."""
    return root() / "docs"
