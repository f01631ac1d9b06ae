"""Self-Instruct's rules on a published raw run, row by row against its statuses."""

import gzip
import json

import pandas as pd
import pytest

from lab import filters
from lab.synth.self_instruct import wrong_tasks

pytestmark = pytest.mark.realdata
OURS = {
    "bad start": {"asks for a program", "starts with no letter"},
    "blacklist": {"asks for more than text", "length of the instruction"},
    "too short": {"length of the instruction"},
    "error": {"length of the instruction"},
}


def published(shared, version):
    folder = shared / "data" / "self_instruct" / "alpaca_libre_raw"
    path = folder / f"alpaca_libre_tasks_v{version}.jsonl.gz"
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file.read().split("\n"):
            try:
                rows.append(json.loads(line))
            except ValueError:  # 14 lines of the second file are cut
                continue
    table = pd.DataFrame(rows)
    return table[[isinstance(text, str) for text in table["instruction"]]].reset_index(drop=True)


@pytest.mark.parametrize(("version", "rows"), [(1, 2375), (2, 2280), (3, 1205)])
def test_rules_decide_as_published(shared, version, rows):
    table = published(shared, version)
    assert len(table) == rows
    ours = wrong_tasks(table["instruction"].tolist(), "en", words=filters.ALPACA_WORDS)
    for status, wanted in OURS.items():
        # a blacklisted row that is too long as well falls to our first rule
        assert {a for a, b in zip(ours, table["status"], strict=True) if b == status} <= wanted
    passed = table["status"].isin(["ok", "too similar", "empty"])
    assert {a for a, b in zip(ours, passed, strict=True) if b} == {""}


def test_their_cut_is_ours(shared):
    table = published(shared, 1)
    known = table[table["status"].isin(["ok", "too similar"])]
    assert ((known["similarity"] > 0.7) == (known["status"] == "too similar")).all()
