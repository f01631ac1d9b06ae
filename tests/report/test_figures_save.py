import pandas as pd
import pytest

from lab.errors import WinnowError
from lab.report import figures


def test_without_a_browser_no_figure_is_a_file_and_the_message_says_what_helps(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("LAB_CHROMIUM", str(tmp_path / "none"))
    figure = figures.overlap(pd.DataFrame([[1.0]]))
    with pytest.raises(WinnowError, match="no browser on this machine: install Chromium"):
        figures.save(figure, tmp_path / "a.svg")
    assert not (tmp_path / "a.svg").exists()
