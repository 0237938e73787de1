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
