import doctest
import time

from preprocessing import text
from preprocessing.text import words

import pytest


def test_the_documented_examples_hold():
    results = doctest.testmod(text)
    assert results.attempted >= 5
    assert results.failed == 0


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", []),
        (" \n\t", []),
        ("<br /><br />", []),
        (", ; - ( )", []),
        ("a < b and c > d", ["a", "b", "and", "c", "d"]),
        ("<b>bold</b>move", ["bold", "move"]),
        ("I don’t", ["i", "do", "not"]),
        ("DON'T", ["do", "not"]),
        ("10/10 and 7.5/10 and 3/4", ["10/10", "and", "7.5/10", "and", "3", "4"]),
        ("&quot;Fine&quot; &lt;3", ["fine", "3"]),
        ("Крым 東京", ["крым", "東京"]),
        ("😀 good", ["good"]),
        ("snake_case", ["snake", "case"]),
    ],
)
def test_awkward_text(raw, expected):
    assert words(raw) == expected


def test_cleaning_is_linear_in_the_length():
    """It takes a fraction of a second; by the square of the length it would take minutes."""
    start = time.perf_counter()
    assert len(words("<a" * 200_000 + " good" * 200_000)) == 400_000
    assert time.perf_counter() - start < 20
