"""The models that read word vectors without a network, against NumPy."""

from benchmark.rows import catalogue
from benchmark.rows.pipelines.pipeline_row import as_texts
from benchmark.rows.training_data import TrainingData
from models.bag_of_centroids import ClusterNames

import numpy as np


def test_a_review_is_its_words_vectors_weighted_by_tf_idf(small):
    row, data = catalogue.load("averaged_word2vec"), TrainingData.of(small, 0)
    pipeline = row.build(row.hyperparameters(vectors="random"), data)
    found = pipeline[:2].fit_transform(as_texts(data.train), data.train.labels)
    vectors, ids = data.word_vectors("random"), data.train.words
    counts = np.stack([np.bincount(ids[i], minlength=len(vectors)) for i in range(len(ids))])
    idf = 1 + np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=0)))
    weights = np.where(counts > 0, 1 + np.log(np.maximum(counts, 1)), 0) * idf
    means = weights / weights.sum(axis=1, keepdims=True) @ vectors
    np.testing.assert_allclose(found, means, atol=1e-9)


def test_words_of_one_cluster_have_one_name_and_keep_their_order():
    vectors = 0.01 * np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    vectors[20:] += 5
    names = ClusterNames([f"w{n}" for n in range(40)], vectors, 20, 0).fit([], [])
    one, other = names.name_of_["w0"], names.name_of_["w39"]
    assert one != other
    assert names.transform(["w0 w39 w19", "w20"]) == [f"{one} {other} {one}", other]
    assert not {"words", "vectors"} & set(vars(names)), "a saved model would not use them"
