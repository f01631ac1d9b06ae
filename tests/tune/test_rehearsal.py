import json
import shutil
from dataclasses import replace

import pytest

from lab import files, models, tune
from lab.errors import TuneError
from lab.tune import rehearsal


def settings_of(folder, **changes):
    path = folder / "generation_config.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(known | changes), encoding="utf-8")


@pytest.fixture
def copied(base, tmp_path):
    return shutil.copytree(base, tmp_path / "base")


def test_a_generation_set_up_that_cannot_be_saved_is_mended(copied, pool, recipe, tmp_path):
    settings_of(copied, temperature=0.9, top_p=0.6, do_sample=False)
    asked = replace(recipe, model=str(copied), epochs=None, steps=1)
    folder = tune.sft(pool, asked, tmp_path / "tuned")
    saved = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))
    assert (saved["do_sample"], saved["temperature"], saved["top_p"]) == (True, 0.9, 0.6)
    assert (folder / "model.safetensors").exists()
    assert not (folder / ".rehearsal").exists()


def test_what_cannot_be_saved_is_refused_before_the_first_step(pool, recipe, tmp_path, monkeypatch):
    def refuse(*_):
        raise RuntimeError("some tensors share memory")

    monkeypatch.setattr(rehearsal.base, "save", refuse)
    with pytest.raises(TuneError, match="so nothing is trained: some tensors share memory"):
        tune.sft(pool, recipe, tmp_path / "tuned")
    assert not (tmp_path / "tuned" / "tune.json").exists()


def test_a_file_is_no_folder(pool, recipe, tmp_path):
    path = files.write_text(tmp_path / "tuned", "here first")
    with pytest.raises(TuneError, match="tuned is a file; choose another folder"):
        tune.sft(pool, recipe, path)
    assert path.read_text(encoding="utf-8") == "here first"


def test_a_folder_that_cannot_be_made_is_told(pool, recipe, tmp_path):
    files.write_text(tmp_path / "file", "")
    with pytest.raises(TuneError, match="could not be saved to .*so nothing is trained"):
        tune.sft(pool, recipe, tmp_path / "file" / "tuned")


def test_the_base_model_is_not_overwritten(copied, pool, recipe):
    before = models.identity(copied)
    with pytest.raises(TuneError, match="is the folder of the base model"):
        tune.sft(pool, replace(recipe, model=str(copied)), copied)
    assert models.identity(copied) == before


def test_another_model_is_not_overwritten(copied, pool, recipe):
    with pytest.raises(TuneError, match="holds a model that was not tuned here"):
        tune.sft(pool, recipe, copied)
