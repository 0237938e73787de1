"""Tables at the widths that terminals have, and names that are no markup."""

import io
import threading
from contextlib import suppress
from types import SimpleNamespace

from benchmark.analysis import comparison, label_curves, leaderboard, short_table, steps, tables
from benchmark.commands import predict
from benchmark.runs.overview import Overview
from tests.benchmark.made_up_runs import put_many

import pandas as pd
import pytest
from rich.console import Console

LONG = "bert (scratch-tiny)"
HOSTILE = "x[/b]", "a$b^$c", "a|b", "<i>c", "[red]d", "`e`"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    put_many(folder, "cnn", 10, parameters=15_000_000, hyperparameters={"dropout": 0.5})
    put_many(folder, "transformer", 20)
    put_many(folder, "bert", 40, variant="scratch-tiny", parameters=800_000)
    put_many(folder, "majority", 200)
    put_many(folder, "bag_of_words", 60)
    for number in (100, 200, 300, 400):
        put_many(folder, "cnn", 60, with_labels=number)
    return folder


def at(width, shown) -> list[str]:
    """Return the lines of what is shown in a terminal of this width."""
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(shown)
    lines = console.file.getvalue().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    return lines


def whole(lines) -> str:
    """Return all words, so that a name that is broken into lines is found."""
    return " ".join(" ".join(lines).split())


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_leaderboard_keeps_names_and_accuracies(results, width):
    table = leaderboard.build(results, "imdb")
    lines = at(width, tables.as_terminal(table[table["status"] == "ok"], "imdb"))
    for name, accuracy in (("cnn", "97.50 ± 0.00"), ("bert", "90.00 ± 0.00")):
        assert any(name in line and accuracy in line for line in lines)
    assert LONG in whole(lines)
    gone = [name for name in ("parameters", "training, s", "95 % interval")
            if name not in whole(lines).partition("───")[0]]  # fmt: skip
    assert gone == {40: ["parameters", "training, s", "95 % interval"],
                    60: ["parameters", "training, s"]}.get(width, [])  # fmt: skip
    assert (f"columns that do not fit: {', '.join(gone)}" in whole(lines)) == bool(gone)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_steps_and_labels_keep_names_figures_and_verdicts(results, width):
    bought = steps.build(leaderboard.evaluate(results, "imdb"))
    lines = at(width, steps.as_terminal(bought, "imdb"))
    first = next(line for line in lines if "bag_of_words" in line)
    assert first.split()[1] == "+35.00"
    assert "better" in first
    curves = leaderboard.by_labels(results, "imdb")
    lines = at(width, label_curves.as_terminal(curves, "imdb"))
    assert next(line for line in lines if "cnn" in line).split().count("85.00") == 4


@pytest.mark.parametrize("width", [60, 80, 120])
def test_compare_keeps_both_accuracies_and_the_verdict(results, tmp_path, width):
    put_many(tmp_path, "cnn", 90)
    put_many(tmp_path, "bert", 80, variant="scratch-tiny")
    shown = comparison.compare(str(results), str(tmp_path), results, "imdb").table
    line = next(line.split() for line in at(width, shown) if "cnn" in line)
    assert [line[1], line[2], line[-1]] == ["97.50", "77.50", "worse"]
    shown = comparison.compare("cnn", LONG, results, "imdb").table
    line = next(line.split() for line in at(width, shown) if "F1" in line)
    assert len(line) == 5, "both values and the difference"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_in_the_terminal(results, name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "150")
    evaluation = leaderboard.evaluate(results, "imdb")
    renamed = evaluation.table.replace({"model": {"cnn": name}})
    renamed.loc[renamed["model"] == name, "info"] = f"seed 1 failed: {name}"
    lines = at(150, tables.as_terminal(renamed, name))
    assert f"{name}, test reviews" in whole(lines)
    assert any(line.split()[:2] == ["1", name] for line in lines)
    assert f"{name}: seed 1 failed: {name}" in whole(lines)
    bought = steps.build(evaluation).replace("bag_of_words", name)
    assert name in whole(at(150, steps.as_terminal(bought, name)))
    curves = leaderboard.by_labels(results, "imdb").replace("cnn", name)
    assert whole(at(150, label_curves.as_terminal(curves, name))).count(name) == 2

    class Model:
        fitted = SimpleNamespace(tokenizer=None)

        def predict(self, texts):
            return pd.Series([0.9] * len(texts))

    predict._show({name: Model()}, [name])
    assert capsys.readouterr().out.count(name) == 2

    class Run:
        seed = 0

    Run.name = name
    assert name in whole(at(80, Overview([Run], [Run], Console())))


def test_a_sweep_that_was_interrupted_is_not_called_done():
    class Run:
        name, seed = "cnn", 0

    shown = {}
    for error in (None, KeyboardInterrupt):
        console = Console(file=io.StringIO(), force_terminal=True)
        with suppress(KeyboardInterrupt), Overview([Run], [Run], console):
            if error:
                raise error
        shown[error] = "done" in console.file.getvalue()
    assert shown == {None: True, KeyboardInterrupt: False}


def test_names_are_text_in_markdown(results):
    evaluation = leaderboard.evaluate(results, "imdb")
    curves = leaderboard.by_labels(results, "imdb")
    for name, written in zip(
        HOSTILE,
        (r"x\[/b\]", r"a\$b^\$c", r"a\|b", r"\<i\>c", r"\[red\]d", r"\`e\`"),
        strict=True,
    ):
        renamed = evaluation.table.replace({"model": {"cnn": name}})
        renamed["info"] = renamed["info"].where(renamed["model"] != name, f"seed 1 failed: {name}")
        made = tables.as_markdown(renamed, name, [name])
        assert f"| 1 | {written} |" in made
        assert f"- {written}: seed 1 failed: {written}" in made
        assert f"test reviews of {written};" in made
        assert f"was not run: {written}." in made
        assert f"| {written} |" in short_table.as_markdown(renamed, curves)
        bought = steps.build(evaluation).replace("bag_of_words", name)
        assert f"| majority | {written} |" in steps.as_markdown(bought)
    assert tables.escaped("bag_of_words (all-MiniLM-L6-v2)") == "bag_of_words (all-MiniLM-L6-v2)"
    assert tables.escaped("a\nb & _c_ \\") == r"a b &amp; \_c\_ \\"


def test_nothing_is_drawn_while_it_changes():
    overview, begun, drawn = Overview([], [], Console()), threading.Event(), threading.Event()

    def draw():
        begun.set()
        overview.__rich__()
        drawn.set()

    with overview.lock:
        threading.Thread(target=draw).start()
        assert begun.wait(10)
        assert not drawn.wait(0.1)
    assert drawn.wait(10)
