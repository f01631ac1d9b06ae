from lab import load

TABLE = """title,heading,paragraph
How to Tie a Knot: 3 Easy Ways,Take rope.,Take rope. This article needs it.
How to Tie a Knot: 3 Easy Ways,Pull.,See [here](http://a.b) and pull. ![x](y.png)
How to Rest,Lie down.,
,,nothing
"""


def test_steps_of_one_title_are_one_answer(tmp_path):
    path = tmp_path / "steps.csv"
    path.write_text(TABLE)
    found = load.wikihow(path)
    assert found.pool[["instruction", "output", "steps_count"]].values.tolist() == [
        [
            "How to Tie a Knot",
            "1. Take rope. The following answer needs it.\n2. Pull.\nSee here and pull.",
            2,
        ],
        ["How to Rest", "Lie down.", 1],
    ]
    assert "This article" in load.wikihow(path, as_answer=False).pool["output"].iloc[0]
    assert found.rows == len(found.pool) + len(found.refused)
