"""The kinds of word vectors, and the settings that each is learned with.

All but cbow's are as near to its settings, or to the papers', as lets learning end within about ten
minutes on two cores that are otherwise idle.
"""

from dataclasses import asdict, dataclass
from typing import ClassVar, Literal

Kind = Literal["cbow", "skip_gram", "hierarchical_softmax", "glove", "fasttext", "random"]


@dataclass(frozen=True)
class Word2VecSettings:
    """How word2vec's vectors are learned (Mikolov et al., 2013, https://arxiv.org/abs/1310.4546).

    Attributes:
        dimensions: numbers in a vector.
        window: words to each side that a word is related to, at most; gensim draws the number anew
            for each word.
        epochs: passes over the reviews.
        skip_gram: predict the context from the word (True) or the word from the context (False).
        negative_samples: random words that each true pair is told apart from; 0 for hierarchical
            softmax in their place, which predicts the way to the word in a Huffman tree.
        subsampling: words more frequent than this share of all words are thinned out.
    """

    method: ClassVar[str] = "word2vec"

    dimensions: int = 300
    window: int = 10
    epochs: int = 10
    skip_gram: bool = False
    negative_samples: int = 5
    subsampling: float = 1e-4


@dataclass(frozen=True)
class FastTextSettings:
    """How fastText's vectors are learned (Bojanowski et al., 2017, https://arxiv.org/abs/1607.04606).

    The paper predicts the context from the word; here it is the word from the context, as in the
    default, so that n-grams are the one difference.

    Attributes:
        dimensions: as of `Word2VecSettings`; so the four below.
        window: words to each side.
        epochs: passes over the reviews.
        negative_samples: random words that each true pair is told apart from.
        subsampling: share of all words from which a word is thinned out.
        shortest_ngram: characters of the shortest n-grams of a word, its ends ``<`` and ``>``
            counted.
        longest_ngram: characters of the longest.
        buckets: vectors that all n-grams share, by a hash; fastText's 2,000,000 would take 2.4 GB.
    """

    method: ClassVar[str] = "fasttext"

    dimensions: int = 300
    window: int = 5
    epochs: int = 5
    negative_samples: int = 5
    subsampling: float = 1e-4
    shortest_ngram: int = 3
    longest_ngram: int = 6
    buckets: int = 200_000


@dataclass(frozen=True)
class GloveSettings:
    """How GloVe's vectors are learned (Pennington et al., 2014, https://aclanthology.org/D14-1162).

    Attributes:
        dimensions: numbers in a vector.
        window: words to each side that count as a word's context.
        epochs: passes over the pairs of words that occur together.
        learning_rate: AdaGrad's.
        x_max: co-occurrences from which on a pair has its full weight. The paper has 100 for
            billions of words; 10 is its authors' choice for 17 million, as many as these are.
        power: of the share of `x_max` in the weight of the other pairs.
        batch_size: pairs whose gradients are summed for one step.
    """

    method: ClassVar[str] = "glove"

    dimensions: int = 300
    window: int = 10
    epochs: int = 12
    learning_rate: float = 0.05
    x_max: float = 10.0
    power: float = 0.75
    batch_size: int = 1 << 19


@dataclass(frozen=True)
class RandomSettings:
    """Vectors of independent normal numbers, which say nothing but which word it is.

    Attributes:
        dimensions: numbers in a vector.
    """

    method: ClassVar[str] = "random"

    dimensions: int = 300


Settings = Word2VecSettings | FastTextSettings | GloveSettings | RandomSettings

SETTINGS: dict[str, Settings] = {
    "cbow": Word2VecSettings(),
    "skip_gram": Word2VecSettings(skip_gram=True, window=5, epochs=5),
    "hierarchical_softmax": Word2VecSettings(negative_samples=0),
    "glove": GloveSettings(),
    "fasttext": FastTextSettings(),
    "random": RandomSettings(),
}
"""Those of each kind that `Kind` names."""


def folder_name(settings: Settings, seed: int) -> str:
    """Return the name of the folder that the vectors are kept in, beside the corpus's files."""
    numbers = "-".join(f"{value:g}" for value in asdict(settings).values())
    return f"{settings.method}-{numbers}-seed-{seed}"
