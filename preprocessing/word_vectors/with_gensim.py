"""word2vec and fastText, as gensim has them."""

from collections.abc import Iterator

from preprocessing.corpus import Corpus
from preprocessing.word_vectors.settings import FastTextSettings, Word2VecSettings

import numpy as np
from gensim.models import FastText, Word2Vec

_LONGEST_SENTENCE = 10_000  # gensim silently drops the words after the ten-thousandth


def learn(corpus: Corpus, seed: int, settings: Word2VecSettings | FastTextSettings) -> np.ndarray:
    """Learn vectors from train and unsup.

    What is outside the vocabulary is the one word ``<unknown>`` by then, so that fastText's n-grams
    serve the rare words of the vocabulary, and no others.

    Returns:
        Shape (vocabulary, dimensions), float32; zero for words that train and unsup do not have.
    """
    common = {
        "vector_size": settings.dimensions,
        "window": settings.window,
        "epochs": settings.epochs,
        "negative": settings.negative_samples,
        "sample": settings.subsampling,
        "min_count": 1,
        "workers": 1,
        "seed": seed,
    }
    sentences = list(_sentences(corpus))
    if isinstance(settings, FastTextSettings):
        model = FastText(
            sentences,
            min_n=settings.shortest_ngram,
            max_n=settings.longest_ngram,
            bucket=settings.buckets,
            **common,
        )
    else:
        model = Word2Vec(
            sentences,
            sg=int(settings.skip_gram),
            hs=int(settings.negative_samples == 0),
            **common,
        )
    vectors = np.zeros((len(corpus.vocabulary), settings.dimensions), np.float32)
    for number, word in enumerate(corpus.vocabulary):
        if word in model.wv.key_to_index:
            vectors[number] = model.wv[word]
    return vectors


def _sentences(corpus: Corpus) -> Iterator[list[str]]:
    for split in ("train", "unsup"):
        for words in corpus.reviews(split).word_lists():
            for start in range(0, len(words), _LONGEST_SENTENCE):
                yield words[start : start + _LONGEST_SENTENCE]
