"""The base model: the shipped weights are what their recipe says, and the command makes such."""

import csv
import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from lab import hashing, paths, testbed
from lab.errors import DataError
from lab.testbed import pretrain, vocabulary

STEP = 32 * 128  # tokens in a step of the shipped recipe


@pytest.fixture(scope="module")
def base():
    return testbed.base_model()


@pytest.fixture(scope="module")
def recipe(base):
    return pretrain.Pretraining(**json.loads((base / "recipe.json").read_text()))


@pytest.fixture(scope="module")
def manifest(base):
    return json.loads((base / "manifest.json").read_text())


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    return pretrain.run(tmp_path_factory.mktemp("pretrain") / "mini", tokens=10 * STEP, threads=1)


class TestShippedWeights:
    def test_every_file_has_the_hash_of_the_manifest(self, base, manifest):
        files = {path.name for path in base.iterdir()} - {"manifest.json"}
        assert {name: hashing.file(base / name) for name in files} == manifest["files"]

    def test_weights_are_small_and_have_the_shapes_that_the_recipe_gives(
        self, base, recipe, manifest
    ):
        path = base / "model.safetensors"
        assert path.stat().st_size <= 12_000_000
        with safe_open(path, "pt") as weights:
            shapes = {name: weights.get_slice(name).get_shape() for name in weights.keys()}  # noqa: SIM118
        built = {name: list(w.shape) for name, w in pretrain.network(recipe).named_parameters()}
        assert shapes == built == manifest["shapes"]
        assert manifest["parameters"] == sum(int(np.prod(shape)) for shape in shapes.values())
        assert 1_000_000 <= manifest["parameters"] <= 3_000_000

    def test_vocabulary_is_the_worlds(self, base, manifest):
        tokenizer = AutoTokenizer.from_pretrained(base)
        words = vocabulary.words()
        assert tokenizer.convert_ids_to_tokens(range(len(tokenizer))) == list(words)
        assert manifest["vocabulary"] == hashing.digest(words)
        text = "Hello! Look at the list dog cat, and reverse it.\n\nWhat is 3 + 4 (in sum)?"
        assert tokenizer.decode(tokenizer(text).input_ids) == text

    def test_the_recipe_is_that_of_the_command(self, recipe, manifest):
        assert recipe == pretrain.Pretraining()
        assert manifest["tokens"] == recipe.tokens // STEP * STEP

    def test_the_loss_fell(self, base, manifest):
        with (base / "loss.csv").open() as stream:
            curve = [(int(row["tokens"]), float(row["loss"])) for row in csv.DictReader(stream)]
        assert [tokens for tokens, _ in curve] == sorted({tokens for tokens, _ in curve})
        assert curve[-1] == (manifest["tokens"], manifest["loss"])
        assert curve[0][1] > 3 * curve[-1][1]

    def test_it_has_read_documents(self, base):
        """Fresh documents surprise it far less than the same words in another order."""
        model = AutoModelForCausalLM.from_pretrained(base)
        ids = torch.from_numpy(next(pretrain.batches(pretrain.Pretraining(seed=987))))[:4]
        mixed = ids[:, torch.randperm(ids.shape[1], generator=torch.Generator().manual_seed(0))]
        with torch.no_grad():
            read, jumbled = (float(model(input_ids=x, labels=x).loss) for x in (ids, mixed))
        assert read < 1.5
        assert jumbled > 2 * read

    def test_before_tuning_it_answers_nothing(self, base):
        model = AutoModelForCausalLM.from_pretrained(base)
        tokenizer = AutoTokenizer.from_pretrained(base)
        asked = testbed.prompts(50, split="seen", seed=8)
        texts = (asked["instruction"] + vocabulary.END).tolist()
        batch = tokenizer(texts, return_tensors="pt", padding=True)
        written = model.generate(**batch, max_new_tokens=30, do_sample=False)
        answers = asked["output"].copy()
        for key, ids in zip(asked.index, written[:, batch["input_ids"].shape[1] :], strict=True):
            answers[key] = tokenizer.decode(ids, skip_special_tokens=True)
        assert testbed.exact(asked, answers).mean() <= 0.02
        assert testbed.style(answers).mean() <= 0.02


def test_the_command_writes_a_folder_of_the_same_kind(mini, base):
    assert {path.name for path in mini.iterdir()} == {path.name for path in base.iterdir()}
    recipe, manifest = (
        json.loads((mini / f"{name}.json").read_text()) for name in ("recipe", "manifest")
    )
    assert recipe["tokens"] == manifest["tokens"] == 10 * STEP
    assert manifest["files"]["model.safetensors"] == hashing.file(mini / "model.safetensors")
    model = AutoModelForCausalLM.from_pretrained(mini)
    assert sum(weight.numel() for weight in model.parameters()) == manifest["parameters"]
    assert (mini / "tokenizer.json").read_text() == (base / "tokenizer.json").read_text()


def test_a_few_steps_learn(mini):
    lines = (mini / "loss.csv").read_text().splitlines()
    assert lines[0] == "tokens,loss"
    assert float(lines[-1].split(",")[1]) < np.log(len(vocabulary.words()))


def test_same_seed_same_weights_on_any_threads_and_the_folder_is_replaced(mini, tmp_path):
    folder = tmp_path / "again"
    folder.mkdir()
    (folder / "old").touch()
    pretrain.run(folder, tokens=10 * STEP, threads=2)
    assert not (folder / "old").exists()
    assert list(tmp_path.iterdir()) == [folder], "nothing else is left behind"
    assert hashing.file(folder / "model.safetensors") == hashing.file(mini / "model.safetensors")


def test_batches_are_the_documents_in_order():
    setup = pretrain.Pretraining()
    rows = next(pretrain.batches(setup))
    assert rows.shape == (setup.rows, setup.window)
    tokenizer = vocabulary.tokenizer()
    text = tokenizer.decode(rows.reshape(-1)[:400])
    first = next(pretrain.documents.stream(setup.seed, primer=setup.primer))
    assert text.startswith(f"{vocabulary.BEGIN} {first}")


def test_too_few_tokens_are_refused(tmp_path):
    with pytest.raises(ValueError, match=f"tokens must be at least {STEP}, got 10"):
        pretrain.run(tmp_path / "x", tokens=10)
    assert not list(tmp_path.iterdir())


def test_a_missing_base_model_says_how_to_make_it(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "base_model", lambda: tmp_path)
    with pytest.raises(DataError, match="has no weights; make them with: lab testbed pretrain"):
        testbed.base_model()
