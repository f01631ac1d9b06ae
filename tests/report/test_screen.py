import pytest

from lab.errors import WinnowError
from lab.report import pdf, screen


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A machine without a browser: nothing on the path, none named."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LAB_CHROMIUM", raising=False)
    return tmp_path


def test_a_browser_is_found_on_the_path_or_by_name(bare, monkeypatch):
    assert screen.chromium() is None
    there = bare / "google-chrome"
    there.touch(mode=0o755)
    assert screen.chromium() == str(there)
    monkeypatch.setenv("LAB_CHROMIUM", str(bare / "mine"))
    assert screen.chromium() is None  # what is named and not there is not replaced
    (bare / "mine").touch()
    assert screen.chromium() == str(bare / "mine")


def test_without_a_browser_the_message_says_what_helps(bare):
    advice = "no browser on this machine: install Chromium or Chrome .* or set LAB_CHROMIUM"
    with pytest.raises(WinnowError, match=advice), screen.browser():
        pass
    with pytest.raises(WinnowError, match=advice):
        pdf.print_pages([])
    assert "pip install" not in screen.NO_CHROMIUM
