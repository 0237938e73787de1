"""The nearest words, as the command prints them."""

import pytest

SAMPLE = ("--dataset", "sample", "--limit", "100")


@pytest.fixture
def neighbours(run_here, cache):
    return lambda *words: run_here("benchmark", "neighbours", *words, *SAMPLE, "--cache", cache)


def test_neighbours_are_made_once_and_said_to_be(neighbours, small):
    words = small.vocabulary[2], "--vectors", "glove", "--top", "3", "--seed", "7"
    first, second = neighbours(*words), neighbours(*words)
    assert first.returncode == 0, first.stderr
    assert first.stderr == f"learning glove vectors of {small.name}, seed 7\n"
    assert not second.stderr
    assert first.stdout == second.stdout
    title, *lines = (line.strip() for line in first.stdout.splitlines() if line.strip())
    assert title == f"{small.vocabulary[2]} (glove, {small.name})"
    cosines = [float(line.split()[1]) for line in lines[2:]]
    assert len(cosines) == 3
    assert cosines == sorted(cosines, reverse=True)


def test_an_analogy_is_shown_as_a_sum(neighbours, small):
    a, b, c = small.vocabulary[2:5]
    done = neighbours("--analogy", a, b, c, "--vectors", "random")
    assert done.returncode == 0, done.stderr
    assert f"{b} - {a} + {c} (random, " in done.stdout
    assert not done.stderr


def test_an_unknown_word_is_one_line_with_what_is_spelt_alike(neighbours, small):
    word = max(small.vocabulary, key=len)
    done = neighbours(f"{word}x")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: the vocabulary has no word '{word}x'; did you mean ")
    assert word in done.stderr.partition("did you mean")[2]
    assert len(done.stderr.splitlines()) == 1


def test_neighbours_of_nothing(neighbours):
    done = neighbours()
    assert done.returncode == 2
    assert "name a word" in done.stderr
