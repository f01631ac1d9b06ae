"""Small notebooks to execute and render."""

import nbformat
import pytest

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


BOTH = {"testbed": {}, "local": {}}


def notebook(*cells, title="# A small one\nDoes it work?\n- yes", settings=BOTH):
    """Build a notebook: a title, a cell of parameters, and `cells` of code (or `md:` text)."""
    make = nbformat.v4
    made = [
        make.new_markdown_cell(title),
        make.new_code_cell(
            'SETTING = "testbed"\nN = 3\nDATA = ""',
            metadata={"tags": ["parameters"], "settings": settings},
        ),
    ]
    for cell in cells:
        text = cell.removeprefix("md:")
        new = make.new_markdown_cell if cell.startswith("md:") else make.new_code_cell
        made.append(new(text))
    return make.new_notebook(cells=made, metadata={"kernelspec": KERNEL})


@pytest.fixture
def write(tmp_path):
    """Write a notebook of the given cells to a file and return its path."""

    def to_file(name, *cells, **words):
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(notebook(*cells, **words), path)
        return path

    return to_file
