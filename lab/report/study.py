"""Start a study of one's own: the notebooks, a data folder, and a README on what is where."""

import shutil
from pathlib import Path

from lab import paths
from lab.errors import DataError

README = """# {name}

A study made with Winnow. `notebooks/` are yours to change; begin with `00-tour`.

```sh
lab report                 # run the notebooks on the testbed, write reports/index.html
lab ablations              # run the long ones, too, which train models for minutes
lab run own-method         # rank a selector, score or filter of yours among the others
lab run 00-tour --setting local --param data=alpaca.json --param model=path/or/hub-name
jupyter lab notebooks      # work by hand
```

`data/raw/` is for what you were given and do not change, `data/runs/` holds what was done, and
`data/store/` what can be made again; `data/README.md` says more. Keep `.winnow`: it marks this
folder as the one that commands and notebooks work in.
"""
IGNORED = "/reports/\n/data/raw/\n/data/runs/\n/data/human/\n/data/store/\n.ipynb_checkpoints/\n"


def start(folder: str | Path) -> Path:
    """Start a study in a new or empty folder, and return the folder.

    Raises
    ------
    DataError
        If the folder holds anything, or what comes with the package is not there.

    Examples
    --------
    >>> import tempfile
    >>> made = start(Path(tempfile.mkdtemp()) / "mine")
    >>> sorted(path.name for path in made.iterdir())
    ['.gitignore', '.winnow', 'README.md', 'data', 'notebooks']
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError("a study begins in a new or empty folder", file=folder)
    shipped = paths.shipped()
    for name in paths.SHIPPED:
        if not (shipped / name).is_dir():
            raise DataError(f"{name} did not come with this installation", file=shipped)
        leave = shutil.ignore_patterns(".ipynb_checkpoints", "*.md")
        shutil.copytree(shipped / name, folder / name, ignore=leave)
    shutil.copyfile(shipped / "data" / "README.md", folder / "data" / "README.md")
    (folder / "data" / "raw").mkdir()
    name = folder.resolve().name
    (folder / "README.md").write_text(README.format(name=name), encoding="utf-8")
    (folder / ".gitignore").write_text(IGNORED, encoding="utf-8")
    (folder / paths.STUDY).write_text("", encoding="utf-8")
    return folder
