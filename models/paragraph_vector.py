"""Paragraph vectors: a vector of each review's own, learned by predicting its words
(Le & Mikolov, 2014, https://arxiv.org/abs/1405.4053).

Averaged word vectors forget which words stood together; here the review itself has a vector, which
must tell its words apart from random ones. PV-DBOW predicts each word from that vector alone; PV-DM
from the mean of it and of the words around. Both are learned from the training and the unlabelled
reviews by gensim, with negative sampling instead of the paper's tree of words. A new review gets
its vector afterwards: the model is frozen and only the new vector is fitted. The classifier's
training reviews get theirs in the same way, since vectors that were learned together with the model
are of another kind. Logistic regression reads both vectors side by side; the paper uses a network
with one hidden layer of 50 units.

Many reproductions learn from the test reviews' texts, too; the paper and this row do not.

    python models/paragraph_vector.py
    python models/paragraph_vector.py --dm-dimensions 0
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.rows.pipelines import (
    Choice,
    LogUniform,
    PipelineRow,
    Step,
    TrainingData,
    hyperparameters,
    option,
)

import numpy as np

if TYPE_CHECKING:
    from gensim.models.doc2vec import Doc2Vec, TaggedDocument
    from sklearn.pipeline import Pipeline

RATES = 0.05, 1e-4
"""The first and the last learning rate; it falls evenly in between."""


@hyperparameters
class Hyperparameters:
    """Chosen on validation."""

    dimensions: int = option(
        100, "numbers in the vector of PV-DBOW; the paper has 400", Choice(50, 100, 200), ge=1
    )
    dm_dimensions: int = option(
        100, "numbers in that of PV-DM beside it; 0 for none", Choice(0, 50, 100), ge=0
    )
    window: int = option(5, "words to each side that PV-DM reads", Choice(3, 5, 10), ge=1)
    epochs: int = option(10, "passes over the reviews", Choice(5, 10, 20), ge=1)
    subsampling: float = option(
        1e-4,
        "words more frequent than this share of all words are thinned out; 0 for none",
        Choice(0.0, 1e-4, 1e-3),
        ge=0,
    )
    inference_epochs: int = option(
        10, "passes over a review that gets its vector afterwards", Choice(5, 10, 20), ge=1
    )
    c: float = option(0.01, "inverse strength of the L2 penalty", LogUniform(1e-4, 1.0), gt=0)


class ParagraphVectors:
    """Fits a vector to each text, with a model that stays as it is.

    A text's vector depends on nothing but the text: it begins at zero, and what is random in
    fitting it (negative samples, words thinned out) is drawn from a seed that is its checksum.

    Attributes:
        words: what the model knows, shape (words,), str.
        counts: how often it has seen each, shape (words,), int64.
        output: what a vector is multiplied with to predict each word, shape (words, dimensions).
        inputs: the words' own vectors, which PV-DM reads, of the same shape; else None.
    """

    def __init__(self, folder: Path, method: str, options: Hyperparameters):
        """Read what `_learn` wrote for a method, "dbow" or "dm"."""
        self.words = np.load(folder / f"{method}-words.npy", allow_pickle=False)
        self.counts = np.load(folder / f"{method}-counts.npy", allow_pickle=False)
        self.output = np.load(folder / f"{method}-output.npy", allow_pickle=False)
        self.inputs = None
        if method == "dm":
            self.inputs = np.load(folder / f"{method}-inputs.npy", allow_pickle=False)
        self.window = options.window
        self.subsampling = options.subsampling
        self.inference_epochs = options.inference_epochs

    def fit(self, texts: list[str], labels: np.ndarray) -> "ParagraphVectors":
        """Learn nothing more."""
        return self

    def transform(self, texts: list[str]) -> np.ndarray:
        """Return the vectors, shape (texts, dimensions), float32.

        gensim reads the first ten thousand words of a text.
        """
        from gensim.models.doc2vec import train_document_dbow, train_document_dm

        model = self._model()
        step = train_document_dbow if self.inputs is None else train_document_dm
        vectors = np.zeros((len(texts), self.output.shape[1]), np.float32)
        factors = np.ones(1, np.float32)  # of each vector's steps
        for number, text in enumerate(texts):
            words = text.split()
            model.random = np.random.RandomState(zlib.crc32(text.encode()))
            for rate in np.linspace(*RATES, self.inference_epochs):
                step(
                    model,
                    words,
                    [0],
                    rate,
                    learn_words=False,
                    learn_hidden=False,
                    doctag_vectors=vectors[number : number + 1],
                    doctags_lockf=factors,
                )
        return vectors

    def _model(self) -> "Doc2Vec":
        """Return the model as gensim has it; its own file would be a pickle."""
        model = _untrained(
            self.inputs is not None, self.output.shape[1], self.window, self.subsampling
        )
        model.build_vocab_from_freq(
            dict(zip(self.words.tolist(), self.counts.tolist(), strict=True))
        )
        model.syn1neg = self.output
        if self.inputs is not None:
            model.wv.vectors = self.inputs
        return model


def _untrained(is_dm: bool, dimensions: int, window: int, subsampling: float, **more: Any):
    """Return a gensim model without words; they keep the order in which it gets them."""
    from gensim.models.doc2vec import Doc2Vec

    return Doc2Vec(
        dm=int(is_dm),
        vector_size=dimensions,
        window=window,
        sample=subsampling,
        negative=5,
        min_count=1,
        sorted_vocab=0,
        workers=1,  # more of them would make the result depend on their speed
        alpha=RATES[0],
        min_alpha=RATES[1],
        **more,
    )


def _learned(options: Hyperparameters, data: TrainingData) -> Path:
    """Return the folder of the models, which are learned once and kept."""
    dimensions = {"dbow": options.dimensions, "dm": options.dm_dimensions}
    settings = (*dimensions.values(), options.window, options.epochs, options.subsampling)
    name = "-".join(f"{value:g}" for value in settings)

    def build(target: Path) -> dict:
        for method, size in dimensions.items():
            if size == 0:
                continue
            model = _untrained(
                method == "dm",
                size,
                options.window,
                options.subsampling,
                epochs=options.epochs,
                seed=data.seed,
            )
            documents = list(_documents(data))
            model.build_vocab(documents)
            model.train(documents, total_examples=model.corpus_count, epochs=model.epochs)
            counts = [model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key]
            arrays = {
                "words": np.array(model.wv.index_to_key, str),
                "counts": np.array(counts, np.int64),
                "output": model.syn1neg,
                "inputs": model.wv.vectors,
            }
            for part, array in arrays.items():
                if part != "inputs" or method == "dm":
                    np.save(target / f"{method}-{part}.npy", array, allow_pickle=False)
        return {}

    return data.cached("pretraining", f"paragraph-vectors-{name}-seed-{data.seed}", build)


def _documents(data: TrainingData) -> "Iterator[TaggedDocument]":
    """Yield the words of the training and the unlabelled reviews."""
    from gensim.models.doc2vec import TaggedDocument

    number = 0
    for reviews in (data.train_texts, data.unsup):
        for words in reviews.word_lists():
            yield TaggedDocument(words, [number])
            number += 1


def build(options: Hyperparameters, data: TrainingData) -> "Pipeline":
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.preprocessing import StandardScaler

    folder = _learned(options, data)
    methods = ["dbow"] if options.dm_dimensions == 0 else ["dbow", "dm"]
    return make_pipeline(
        FeatureUnion([(one, ParagraphVectors(folder, one, options)) for one in methods]),
        StandardScaler(),
        LogisticRegression(C=options.c, max_iter=1000),
    )


row = PipelineRow(
    "word vectors",
    Hyperparameters,
    build=build,
    step=Step("averaged_word2vec", "a vector that each review learns, not its words' average"),
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
