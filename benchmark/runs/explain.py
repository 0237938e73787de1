"""What a network with attention looks at: a review, its words shaded by their weights."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.rows.contract import OnEvent
from benchmark.rows.networks.devices import dtype_policy
from benchmark.rows.networks.network_row import NetworkRow
from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Corpus, withholding_test
from preprocessing.errors import UserError
from preprocessing.storage import make_folder
from preprocessing.text import words
from preprocessing.vocabulary import UNKNOWN

import keras
import numpy as np


@dataclass(frozen=True)
class Explanation:
    """A review and where the network looked.

    Attributes:
        words: the words read; one that is not in the vocabulary is read as unknown.
        weights: of each word, shape (words,); they sum to one.
        positive: the probability of "positive".
    """

    words: list[str]
    weights: np.ndarray
    positive: float

    def __str__(self) -> str:
        return f"positive with probability {self.positive:.3f}"


def explain(
    name: str,
    row: NetworkRow,
    options: Any,
    seed: int,
    corpus: Corpus,
    text: str,
    on_event: OnEvent,
) -> Explanation:
    """Return what the row says of a review and where it looked.

    The network is trained when it is first asked and then kept with the corpus.

    Args:
        name: the row's name.
        row: a row with `attention`.
        options: its hyperparameters.
        seed: fixes all chance in the training.
        corpus: what it is trained on.
        text: a raw review.
        on_event: is told of the training's progress.

    Raises:
        UserError: the text has no words.
    """
    number_of = {word: number for number, word in enumerate(corpus.vocabulary)}
    found = words(text)
    if not found:
        raise UserError("--explain: this text has no words")
    end = (
        slice(options.max_words)
        if options.truncation == "head"
        else slice(-options.max_words, None)
    )
    read = found[end]
    ids = np.array([[number_of.get(word, UNKNOWN) for word in read]], np.int32)

    options = replace(options, precision=dtype_policy(options.precision))
    settings = json.dumps([name, seed, asdict(options)], sort_keys=True).encode()
    folder = corpus.folder / f"{name}-{hashlib.sha256(settings).hexdigest()[:16]}"

    def train(target: Path) -> dict:
        on_event(
            {"event": "step", "text": "training once; the network is cached for the next review"}
        )
        with withholding_test():
            row.fit(options, TrainingData.of(corpus, seed), on_event).save(target)
        return {"row": name, "seed": seed, "hyperparameters": asdict(options)}

    make_folder(folder, train)
    model = row.load(options, folder).model
    looking = keras.Model(model.input, [model.get_layer(row.attention).output[1], model.output])
    weights, positive = (keras.ops.convert_to_numpy(out) for out in looking(ids))
    return Explanation(
        words=read,
        weights=weights[0].astype(np.float64),
        positive=float(positive[0, 0]),
    )
