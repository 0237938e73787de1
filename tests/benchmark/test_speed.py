from types import SimpleNamespace

from benchmark.rows import catalogue
from benchmark.runs import speed
from benchmark.runs.timing import some
from bert_family.shared.fine_tuning import find_source
from preprocessing.options import DataOptions

import pytest


def test_what_is_learned_of_some_reviews_is_not_kept_with_the_corpus(small):
    before = set(small.folder.iterdir())
    row = catalogue.load("bert")
    with some(small, 10) as data:
        options = row.hyperparameters(preset="scratch")
        source = find_source(row, options, data, print)
        ids = data.subword_ids(data.train, source.tokenizer)
    assert len(data.train) == len(ids) == 10
    assert set(data.train.labels) == {0, 1}
    assert set(small.folder.iterdir()) == before


def test_where_only_the_prepared_reviews_are_left_nothing_is_downloaded(
    small, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(speed, "corpus_from", lambda data: small)
    monkeypatch.setattr(speed.catalogue, "choose", lambda rows: {})
    speed.measure([], DataOptions(dataset="imdb", cache=tmp_path))
    said = capsys.readouterr().out
    assert "preprocessing: not measured, since only the prepared reviews are here" in said
    assert "opening the prepared corpus: " in said


@pytest.mark.parametrize("row", ["lm_lstm", "elmo", "ulmfit", "gpt"])
def test_the_speed_of_training_is_measured_without_pretraining(small, monkeypatch, row):
    class Asked(Exception):
        pass

    def fit(row, options, data, epochs):
        raise Asked(options.pretrain)

    monkeypatch.setattr(speed, "timed_fit", fit)
    with pytest.raises(Asked, match=r"^0$"):
        speed._row(row, small)


def test_the_ratio_is_of_the_textbook_form_and_the_share_of_the_rate(small, monkeypatch):
    fitted = SimpleNamespace(history=[{}] * speed.EPOCHS, predict=lambda reviews: None)
    asked = []

    def fit(row, options, data, epochs):
        asked.append(options)
        return fitted, (2.0, 6.0)[len(asked) - 1]

    monkeypatch.setattr(speed, "timed_fit", fit)
    monkeypatch.setattr(speed, "_operations", lambda *about: 3e9)
    monkeypatch.setattr(speed, "_rate", lambda fitted: 3.0)
    assert speed._row("cnn", small)[2:] == ("3.00", "50%")
    assert (asked[0].batches, asked[1].batches) == ("like_length", "padded")
    assert (asked[1].batch_size, asked[1].max_words) == (32, 400)


def test_of_a_model_that_learns_in_stages_only_prediction_is_measured(small, monkeypatch):
    fitted = SimpleNamespace(history=[{}] * (speed.EPOCHS + 1), predict=lambda reviews: None)
    monkeypatch.setattr(speed, "timed_fit", lambda *about: (fitted, 1.0))
    trained, predicted, ratio, share = speed._row("ulmfit", small)
    assert (trained, ratio, share) == ("–", "–", "–")
    assert int(predicted.replace(",", "")) > 0
