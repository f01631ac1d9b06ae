import pandas as pd
import pytest

from lab.report import figures_verdicts

TABLE = pd.DataFrame(
    {
        "claim": ["a < b & more.", "c is d."],
        "difference": [0.3, 0.0],
        "low": [0.1, -0.02],
        "high": [0.4, 0.03],
        "margin": [0.05, 0.1],
        "verdict": ["supported", "undecided"],
        "equivalence": [False, True],
    },
    index=["more", "same"],
)


def test_every_claim_has_its_point_interval_and_margin():
    bars, supported, undecided = figures_verdicts.forest(TABLE).data
    assert list(bars.base) == [0.0, -0.1]
    assert list(bars.x) == pytest.approx([0.05, 0.2])
    assert (supported.name, undecided.name) == ("supported", "undecided")
    assert list(supported.x) == [0.3]
    assert list(supported.error_x.array) == pytest.approx([0.1])
    assert list(supported.error_x.arrayminus) == pytest.approx([0.2])


def test_the_first_claim_is_on_top_and_no_text_is_markup():
    figure = figures_verdicts.forest(TABLE)
    top = max(figure.layout.annotations, key=lambda text: text.y)
    assert top.text == "a &lt; b &amp; more. <i>supported</i>"
    assert list(figure.data[1].y) == [top.y]


def test_claims_of_the_same_words_stand_apart():
    bars = figures_verdicts.forest(TABLE.assign(claim="c is d.")).data[0]
    assert len(set(bars.y)) == 2


def test_a_long_claim_is_broken_into_lines():
    long = TABLE.assign(claim="word " * 30)
    first = figures_verdicts.forest(long).layout.annotations[0].text
    lines = first.removesuffix(" <i>supported</i>").split("<br>")
    assert len(lines) == 3
    assert max(map(len, lines)) <= figures_verdicts.LONGEST


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (TABLE.drop(columns="margin"), "must have the column 'margin'"),
        (TABLE.iloc[:0], "at least one row, got none"),
    ],
)
def test_errors_say_what_is_missing(table, message):
    with pytest.raises(ValueError, match=message):
        figures_verdicts.forest(table)
