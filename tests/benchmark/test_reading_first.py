"""What reading first buys: the tables, and the report's section."""

import html
import re

from benchmark.analysis import label_curves, leaderboard, reading_first, steps
from benchmark.report import build
from tests.benchmark.made_up_runs import put_many

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Runs of two rows that read first, one of subwords, and of the rows that do not."""
    folder = tmp_path_factory.mktemp("results")
    reads = {"family": "language model", "hyperparameters": {"pretrain": 2}}
    for labels, with_it, without in ((10, 100, 160), (None, 20, 40)):
        put_many(folder, "lm_lstm", with_it, seeds=1, with_labels=labels, **reads,
            perplexity={"language model forwards": [90.0, 80.0]})  # fmt: skip
        put_many(folder, "lstm", without, seeds=1, with_labels=labels, family="recurrent")
    for labels, wrong in ((10, 200), (None, 25)):
        put_many(folder, "lm_lstm", wrong, seeds=1, with_labels=labels, family="language model",
            hyperparameters={"pretrain": 0}, variant="not-pretrained")  # fmt: skip
    both_ways = {"language model forwards": [100.0], "language model backwards": [400.0, 500.0]}
    put_many(folder, "elmo", 30, seeds=1, **reads, perplexity=both_ways)
    put_many(folder, "gpt", 44, seeds=1, family="BERT family", hyperparameters={"pretrain": 1},
        perplexity={"pretraining": [29.0, 31.0]})  # fmt: skip
    put_many(folder, "gpt", 60, seeds=1, family="BERT family", hyperparameters={"pretrain": 0},
        variant="not-pretrained")  # fmt: skip
    return folder


def test_perplexities_by_hand(folder):
    table = reading_first.perplexities(leaderboard.evaluate(folder, "imdb").predictions)
    found = {line.model: (round(line.perplexity, 6), line.of) for line in table.itertuples()}
    assert found == {"lm_lstm": (80, "words"), "elmo": (200, "words"), "gpt": (31, "subwords")}


def test_gains_by_hand_whichever_way_the_step_goes(folder):
    evaluation = leaderboard.evaluate(folder, "imdb")
    bought = steps.build(evaluation)
    labels = leaderboard.by_labels(folder, "imdb")
    table = reading_first.gains(evaluation.predictions, bought, labels)
    gains = {(line.model, line.without, line.asked): line.gain for line in table.itertuples()}
    assert gains == {
        ("lm_lstm", "lstm", "10 labels"): pytest.approx(60 / 400),
        ("lm_lstm", "lstm", "all labels"): pytest.approx(20 / 400),
        ("lm_lstm", "lm_lstm (not-pretrained)", "all labels"): pytest.approx(5 / 400),
        ("gpt", "gpt (not-pretrained)", "all labels"): pytest.approx(16 / 400),
    }, "elmo steps from a row that has no run, and with 10 labels one stays at chance"
    assert (table["low"] <= table["gain"])[table["asked"] == reading_first.ALL].all()
    assert (table["gain"] <= table["high"])[table["asked"] == reading_first.ALL].all()
    step = bought.set_index("after").loc["gpt (not-pretrained)"]
    mirrored = table[table["model"] == "gpt"].iloc[0]
    assert (mirrored["low"], mirrored["high"]) == (
        -step["difference_ci_high"],
        -step["difference_ci_low"],
    )


def test_without_fewer_labels_gains_are_of_all_labels(folder):
    evaluation = leaderboard.evaluate(folder, "imdb")
    none = leaderboard.by_labels(folder, "imdb").iloc[:0]
    assert list(none.columns) == list(label_curves.COLUMNS)
    table = reading_first.gains(evaluation.predictions, steps.build(evaluation), none)
    assert set(table["asked"]) == {reading_first.ALL}


def test_the_page_says_what_reading_first_buys(folder, tmp_path):
    written = build.write(folder, "imdb", tmp_path)
    page = html.unescape(written.page.read_text(encoding="utf-8"))
    part = page.partition('<section class="part" id="reading_first">')[2].partition("</section>")[0]
    assert "lm_lstm 95.00 % with 80.0 of words" in part
    assert "gpt 89.00 % with 31.0 of subwords" in part
    assert "lm_lstm over lstm +15.00 with 10 labels, +5.00 with all labels" in part
    names = set(re.findall(r'<figure id="([^"]*)"', part))
    assert names == {"accuracy_by_perplexity", "gained_by_reading"}
    drawn = (written.figures / "gained_by_reading.svg").read_text(encoding="utf-8")
    tips = re.findall(r"tip:([^:]*):", drawn)
    assert {"lm_lstm over lstm", "lm_lstm over lm_lstm (not-pretrained)"} <= set(tips)
    for name in names:
        assert (written.figures / f"{name}.png").exists()
