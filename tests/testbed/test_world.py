"""Every family of the world: it asks in many ways, is recognised again, and tells one truth."""

import re
from random import Random

import pytest

from lab.testbed.world import FAMILIES, HELD_OUT, OPENERS, by_name, recognise
from lab.testbed.world.family import Table, fill, pattern, rows
from lab.testbed.world.lists import GROUP_OF

DRAWS = 25


def task(name, given):
    family = by_name()[name]
    fields = family.source.solve(given)
    assert fields is not None, f"{name} does not know {given}"
    return type(family.draw(Random(0)))(family, fields)


def test_size():
    assert len(FAMILIES) >= 60
    assert len({family.domain for family in FAMILIES}) >= 10
    assert len(by_name()) == len(FAMILIES), "names are distinct"
    assert sum(family.domain == "composition" for family in FAMILIES) >= 5


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
class TestEachFamily:
    def test_has_phrasings_to_train_on_and_to_hold_out(self, family):
        assert len(set(family.phrasings)) == len(family.phrasings) >= 6
        assert len(family.held_out) == HELD_OUT
        assert sorted([*family.seen, *family.held_out]) == list(range(len(family.phrasings)))

    def test_is_recognised_in_every_phrasing_with_the_same_truth(self, family):
        rng = Random(1)
        for _ in range(DRAWS):
            drawn = family.draw(rng)
            for phrasing in range(len(family.phrasings)):
                text = rng.choice(("", *OPENERS)) + drawn.ask(phrasing)
                found = recognise(text)
                assert found is not None, text
                assert (found.family.name, found.answer) == (family.name, drawn.answer), text

    def test_answers_keep_the_convention_and_documents_never_do(self, family):
        rng = Random(2)
        for _ in range(DRAWS):
            drawn = family.draw(rng)
            assert re.fullmatch(r"[A-Z0-9].*\. Answer: [^.:]+\.", drawn.answer), drawn.answer
            told = drawn.tell(rng)
            assert "Answer" not in told
            assert told != drawn.steps

    def test_statements_hold_the_answer_and_all_slots_are_filled(self, family):
        rng = Random(3)
        for _ in range(DRAWS):
            drawn = family.draw(rng)
            told = " ".join(fill(statement, drawn.fields) for statement in family.statements)
            assert drawn.final.removeprefix("to ") in told
            assert not set("{}") & set(told + drawn.answer)

    def test_tables_have_one_row_a_key(self, family):
        if isinstance(family.source, Table):
            keys = [tuple(row[name] for name in family.source.given) for row in family.source.rows]
            assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("name", "given", "final"),
    [
        ("capital", {"country": "Kenya"}, "Nairobi"),
        ("continent_of_capital", {"capital": "Lima"}, "South America"),
        ("legs_together", {"one": "spider", "two": "duck"}, "10"),
        ("same_colour", {"one": "snow", "two": "milk"}, "yes"),
        ("add", {"a": "7", "b": "8"}, "15"),
        ("subtract", {"a": "9", "b": "4"}, "5"),
        ("multiply", {"a": "6", "b": "7"}, "42"),
        ("divide", {"a": "42", "b": "7"}, "6"),
        ("half", {"a": "24"}, "12"),
        ("parity", {"a": "31"}, "odd"),
        ("larger", {"a": "31", "b": "13"}, "31"),
        ("smaller", {"a": "31", "b": "13"}, "13"),
        ("continue_steps", {"items": "3 5 7 9"}, "11"),
        ("next_letter", {"letter": "k"}, "l"),
        ("last_item", {"items": "dog cat owl"}, "owl"),
        ("nth_item", {"items": "dog cat owl", "nth": "second"}, "cat"),
        ("item_after", {"items": "dog cat owl", "word": "dog"}, "cat"),
        ("count_items", {"items": "dog cat owl bed"}, "4"),
        ("reverse_items", {"items": "dog cat owl"}, "owl cat dog"),
        ("member", {"items": "dog cat owl", "word": "bed"}, "no"),
        ("odd_one_out", {"items": "dog oak cat cow"}, "oak"),
        ("opposite_of_nth", {"items": "hot big old", "nth": "third"}, "new"),
        ("sum_then_difference", {"a": "4", "b": "5", "c": "3"}, "6"),
        ("several_units", {"n": "three", "wholes": "weeks"}, "21"),
        ("day_after_tomorrow", {"day": "Saturday"}, "Monday"),
        ("season_of_next_month", {"month": "February"}, "spring"),
        (
            "superlative",
            {"one": "Anna", "two": "Ben", "three": "Leo", "more": "taller", "end": "shortest"},
            "Leo",
        ),
        ("syllogism", {"name": "Mia", "thing": "oak", "kind": "tree", "asked": "tool"}, "no"),
        ("either", {"name": "Mia", "one": "hall", "two": "garden", "out": "hall"}, "garden"),
        (
            "owner",
            {"one": "Ida", "two": "Leo", "first": "cat", "second": "dog", "asked": "dog"},
            "Leo",
        ),
    ],
)
def test_truth_by_hand(name, given, final):
    assert task(name, given).final == final


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("capital", {"country": "Atlantis"}),
        ("add", {"a": "7", "b": "many"}),
        ("add", {"a": "99", "b": "99"}),
        ("divide", {"a": "7", "b": "2"}),
        ("divide", {"a": "7", "b": "0"}),
        ("larger", {"a": "7", "b": "7"}),
        ("continue_steps", {"items": "2 4 9"}),
        ("continue_steps", {"items": "2 x 9"}),
        ("next_letter", {"letter": "z"}),
        ("nth_item", {"items": "dog cat", "nth": "third"}),
        ("item_after", {"items": "dog cat", "word": "cat"}),
        ("odd_one_out", {"items": "dog cat cow"}),
        ("same_colour", {"one": "snow", "two": "snow"}),
        (
            "superlative",
            {"one": "Mia", "two": "Mia", "three": "Leo", "more": "taller", "end": "tallest"},
        ),
        ("several_units", {"n": "three", "wholes": "weeks", "parts": "months"}),
    ],
)
def test_what_has_no_truth_is_not_answered(name, given):
    assert by_name()[name].source.solve(given) is None


@pytest.mark.parametrize(
    "text", ["", "Hello!", "What is the capital of Atlantis?", "Write a poem about the sea."]
)
def test_foreign_texts_are_not_recognised(text):
    assert recognise(text) is None


def test_every_odd_word_has_a_group():
    assert set(GROUP_OF) > {"apple", "cabbage", "dog"}


def test_a_becomes_an_before_a_vowel_in_slots_only():
    assert fill("A {animal} has a home.", {"animal": "owl"}) == "An owl has a home."
    assert fill("banana {animal}", {"animal": "owl"}) == "banana owl"


def test_a_pattern_reads_what_fill_wrote():
    template = "Is a {one} a {two}, or is {one} (so to say) nothing?"
    fields = {"one": "ant", "two": "insect"}
    assert pattern(template).fullmatch(fill(template, fields)).groupdict() == fields


def test_a_table_with_a_short_line_is_refused():
    with pytest.raises(ValueError, match="shorter"):
        rows("animal, young", "dog")
