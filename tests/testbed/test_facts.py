"""The data files of the world: whole, used, and the same world as ever."""

import itertools
import json
import re
from random import Random

import pytest

from lab import hashing, testbed
from lab.testbed import chains, chinese, documents, faults, vocabulary
from lab.testbed.world import FAMILIES, by_name, facts
from lab.testbed.world.family import Rule, Table

FILES = sorted(path.stem for path in facts.FOLDER.glob("*.toml"))
SLOT = re.compile(r"\{(\w+)\}")
WORLD = {  # of the world as the base model learnt it; a change here asks for a new base model
    "families": "27c344d9",
    "vocabulary": "9a32acf7",
    "documents": "e1f4cc95",
    "pool": "470c9a40",
    "prompts": "a077725d",
    "chinese": "68e03553",
    "faults": "0d51beac",
    "moves": "b36f54d5",
}


def world():
    """Return a short hash of everything that the world's files decide."""
    rng, told = Random(5), []
    for family in FAMILIES:
        spoilt = [faults.spoil(family.draw(rng), kind, rng) for kind in faults.FAULTS]
        told.append([spoilt, family.draw(rng).answer])
    asked = [chinese.ask(Random(seed)) for seed in range(100)]
    texts = ("name", "domain", "phrasings", "statements", "steps", "final")
    pool, prompts = testbed.pool(200, noise=0.4, tail=1.0, seed=3), testbed.prompts(80, seed=2)
    held = {
        "families": [[getattr(f, name) for name in texts] + [f.source.words] for f in FAMILIES],
        "vocabulary": vocabulary.words(),
        "documents": list(itertools.islice(documents.stream(0, primer=100), 200)),
        "pool": [pool.index.tolist(), pool["output"].tolist()],
        "prompts": prompts.index.tolist(),
        "chinese": [[text, chinese.answer(text)] for text in asked],
        "faults": told,
        "moves": [[move.name, move.kind, move.phrasings, move.told] for move in chains.MOVES],
    }
    return {name: hashing.digest(json.dumps(value), digits=8) for name, value in held.items()}


def test_it_is_the_world_that_the_base_model_learnt():
    assert world() == WORLD


@pytest.mark.parametrize("name", FILES)
def test_a_file_holds_what_is_known_of_it_and_nothing_empty(name):
    held = facts.content(name)
    assert held, "the file is not empty"
    for family in held.get("families", ()):
        optional = {"table", "given"} if "table" in family else set()
        assert (
            set(family)
            == {"name", "domain", "phrasings", "statements", "steps", "final"} | optional
        )
        assert len(family["statements"]) >= 3
        assert all(family[key] for key in ("name", "domain", "steps", "final"))
    for key in held.get("tables", ()):
        rows = facts.table(name, key)
        assert len(rows) >= 5, key
        assert all(value == value.strip() != "" for row in rows for value in row.values()), key
        assert len({tuple(row.values()) for row in rows}) == len(rows), f"{key} has a row twice"
    for key in held.get("words", ()):
        words = facts.words(name, key)
        assert len(set(words)) == len(words) >= 4, key
    for key in held.get("texts", ()):
        assert all(isinstance(text, str) for text in facts.texts(name, key)), key


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_templates_ask_for_no_other_slots_than_their_source_has(family):
    source = family.source
    solved = set(family.draw(Random(0)).fields)
    asked = set(SLOT.findall(" ".join(family.phrasings)))
    assert asked <= (set(source.given) if isinstance(source, Table) else solved)
    assert set(SLOT.findall(" ".join([*family.statements, family.steps, family.final]))) <= solved


def test_every_family_of_the_files_is_in_the_world():
    filed = [family["name"] for name in FILES for family in facts.content(name).get("families", ())]
    assert sorted(filed) == sorted(by_name())


def test_a_family_without_a_source_is_refused():
    with pytest.raises(KeyError, match="add"):
        facts.families("numbers", rules={"subtract": Rule(lambda _: {}, lambda _: None)})
