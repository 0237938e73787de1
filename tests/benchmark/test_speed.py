from benchmark.rows import catalogue
from benchmark.runs.timing import some
from bert_family.shared.fine_tuning import find_source


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
