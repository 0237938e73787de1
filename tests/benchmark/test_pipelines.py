from benchmark.rows.pipelines.pipeline_row import count_parameters

from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

TEXTS, LABELS = ["good film", "bad film"], [1, 0]


def test_parameters_by_hand():
    counts = make_pipeline(CountVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    assert count_parameters(counts) == 3 + 1, "a weight for each of three words, and the bias"
    weighted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    assert count_parameters(weighted) == 3 + 3 + 1, "and the words' idf"
    unweighted = make_pipeline(TfidfVectorizer(use_idf=False), LogisticRegression())
    assert count_parameters(unweighted.fit(TEXTS, LABELS)) == 3 + 1
