import json

import pandas as pd
import pytest

from lab import filters, load, recipes, records

LONG = "So it is with tea and water. " * 60  # 1,740 characters
ROW = '<row Id="{}" PostTypeId="{}" {} Score="{}" Body="&lt;p&gt;{}&lt;/p&gt;" />'


def exchange(folder, site, questions, *, votes=12, said=LONG):
    """Write a dump of as many questions with an answer each; question n has n votes."""
    rows = []
    for n in range(1, questions + 1):
        rows.append(ROW.format(2 * n, 1, f'Title="{site} {n}?"', n, f"{site} body {n}"))
        rows.append(ROW.format(2 * n + 1, 2, f'ParentId="{2 * n}"', votes, f"{site} {n}: {said}"))
    path = folder / site / "Posts.xml"
    path.parent.mkdir()
    path.write_text(f"<posts>{''.join(rows)}</posts>")
    return path


@pytest.fixture
def files(tmp_path):
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    for name in "abcd":
        instances = [{"input": f"{name}{n}", "output": [str(n)]} for n in range(9)]
        task = {"Definition": [f"Do {name}."], "Instances": instances}
        (tasks / f"task_{name}.json").write_text(json.dumps(task))
    hows = tmp_path / "hows.csv"
    steps = [(f"How to {n}", f"step {n}", "ab"[n % 5 == 0]) for n in range(20)]
    pd.DataFrame(steps, columns=["title", "text", "category"]).to_csv(hows, index=False)
    posts = tmp_path / "posts.jsonl"
    posts.write_text(
        "".join(
            json.dumps({"question": f"q{n}?", "answers": [{"text": f"a{n}", "score": n}]}) + "\n"
            for n in range(10)
        )
    )
    return {
        "stem": [exchange(tmp_path, "maths", 40), exchange(tmp_path, "coffee", 5)],
        "other": exchange(tmp_path, "tea", 30),
        "wikihow": hows,
        "reddit": posts,
        "tasks": tasks,
        "own": records.frame([{"instruction": f"o{n}", "output": "x"} for n in range(9)]),
    }


COUNTS = {"stem": 12, "other": 6, "wikihow": 6, "reddit": 3, "tasks": 3, "own": 4}


def test_every_part_gives_its_share(files):
    mixed = recipes.lima(files, counts=COUNTS)
    assert mixed.parts["picked"].to_dict() == COUNTS
    assert mixed.pool["part"].value_counts().to_dict() == COUNTS
    assert mixed.parts.loc["stem", "read"] == 45
    assert records.validate(mixed.pool) is mixed.pool
    assert repr(mixed) == "Mixture(34 examples of 6 parts)"


def test_the_draw_over_exchanges_takes_the_best_questions_with_a_temperature(files):
    stem = recipes.lima(files, counts=COUNTS).pool.query("part == 'stem'")
    by_site = stem.groupby("category")["question_votes"].apply(lambda v: sorted(v, reverse=True))
    # shares of 40 ** (1/3) and 5 ** (1/3): 3.42 to 1.71, of 12 picks 8 and 4
    assert by_site["maths"] == list(range(40, 32, -1))
    assert by_site["coffee"] == [5, 4, 3, 2]


def test_other_parts_are_drawn_as_the_paper_says(files):
    pool = recipes.lima(files, counts=COUNTS).pool
    assert pool.query("part == 'tasks'")["task"].nunique() == 3
    assert sorted(pool.query("part == 'reddit'")["votes"]) == [7, 8, 9]
    assert pool.query("part == 'wikihow'")["category"].value_counts().to_dict() == {"a": 3, "b": 3}


def test_same_seed_same_pool_and_another_seed_another(files):
    first = recipes.lima(files, counts=COUNTS).pool.index.tolist()
    turned = {**files, "own": files["own"].iloc[::-1], "stem": files["stem"][::-1]}
    again = recipes.lima(turned, counts=COUNTS).pool.index.tolist()
    assert first == again
    assert first != recipes.lima(files, counts=COUNTS, seed=1).pool.index.tolist()


def test_what_is_short_is_told_and_not_filled(files):
    mixed = recipes.lima(files)
    assert mixed.parts.loc["tasks"].tolist() == [50, 36, 0, 36, 4]
    short = {"stem": 155, "other": 170, "wikihow": 180, "reddit": 140, "tasks": 46, "own": 191}
    assert (mixed.parts["wanted"] - mixed.parts["picked"]).to_dict() == short
    assert "882 short in stem, other, wikihow, reddit, tasks, own" in repr(mixed)


def test_the_rules_are_filters_and_each_is_counted(tmp_path):
    folder = tmp_path / "s"
    folder.mkdir()
    dumps = [
        exchange(folder, "good", 3),
        exchange(folder, "low", 2, votes=9),
        exchange(folder, "short", 2, said="Yes."),
        exchange(folder, "mine", 2, said="I think " + LONG),
        exchange(folder, "others", 2, said="As others have mentioned, " + LONG),
    ]
    mixed = recipes.lima({"stem": dumps})
    assert mixed.tallies["stem"]["rejects"].to_dict() == {
        "at least 10 votes": 2,
        "1,200 to 4,096 characters": 2,
        "no first person": 2,
        "no other answers": 2,
    }
    assert mixed.tallies["stem"]["left"].tolist() == [9, 7, 5, 3]
    assert set(mixed.pool["category"]) == {"good"}


def test_unknown_parts_are_an_error(files):
    with pytest.raises(ValueError, match="files must name parts of .* got 'news'"):
        recipes.lima({"news": files["own"]})
    with pytest.raises(ValueError, match="got 'own'"):
        recipes.lima({"own": files["own"]}, counts={"stem": 3})


@pytest.mark.realdata
def test_the_strict_reading_rejects_93_of_the_released_answers(shared):
    pool = load.alpaca(shared / "data/lima/lima.json.gz").pool.iloc[:400]  # Stack Exchange's
    strict = recipes.lima_rules(pool, stripped=True)
    tally = filters.tally(strict)["rejects"]
    assert tally["1,200 to 4,096 characters"] == 48
    assert tally["no first person"] == 52
    both = strict["1,200 to 4,096 characters"] & strict["no first person"]
    assert int((~both).sum()) == 93
    lengths = pool["output"].str.len()
    assert int((lengths < 1_200).sum()) == 45
    assert int((lengths > 4_096).sum()) == 3
    # ours reads words in their place: I/O, form I-407, I.e. and a formula are no first person
    plain, ours = strict["no first person"], recipes.lima_rules(pool)["no first person"]
    spared = pool.loc[~plain & ours, "output"]
    assert len(spared) == 4
    assert spared.str.contains(r"I/O|I-407|I\.e\.|mathbb\{I\}").all()


@pytest.mark.realdata
def test_the_published_dumps_make_a_mixture(shared):
    data = shared / "data"
    site = "stackexchange/{}.stackexchange.com/Posts.xml.gz"
    mixed = recipes.lima(
        {
            "stem": [data / site.format(n) for n in ("ai", "quantumcomputing")],
            "other": [data / site.format(n) for n in ("coffee", "matheducators")],
            "wikihow": data / "wikihow/wikihow_steps.csv.gz",
            "reddit": [data / f"reddit_qa/{n}.jsonl.gz" for n in ("AskCulinary", "AskHistorians")],
            "tasks": data / "natural_instructions",
            "own": data / "dolly/dolly_3k.json.gz",
        }
    )
    picked = mixed.parts["picked"]
    assert picked[["wikihow", "reddit", "own"]].tolist() == [200, 150, 200]
    assert picked["tasks"] == 24
    assert (mixed.parts["picked"] == mixed.parts[["wanted", "left"]].min(axis=1))[
        ["stem", "other"]
    ].all()
    assert len(mixed.pool) == picked.sum()
