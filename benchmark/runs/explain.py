"""What a network with attention looks at: a review, its words shaded by their weights."""

import hashlib
import html
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.rows.contract import OnEvent
from benchmark.rows.networks.devices import dtype_policy
from benchmark.rows.networks.network_row import NetworkRow
from benchmark.rows.training_data import TrainingData
from preprocessing.corpus import Corpus
from preprocessing.errors import UserError
from preprocessing.storage import make_folder
from preprocessing.text import words
from preprocessing.vocabulary import UNKNOWN

import keras
import numpy as np
from rich.text import Text

_SHADE = (232, 119, 34)  # orange: apart from black and white for every kind of colour vision
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 18px/1.9 system-ui, sans-serif; max-width: 42em; margin: 2em auto; padding: 0 1em;
       color: #111; background: #fff }}
h1 {{ font-size: 1.3em; line-height: 1.3 }}
span {{ padding: .1em .15em; border-radius: .2em }}
small {{ color: #555 }}
</style>
<h1>{title}</h1>
<p>{shaded}</p>
<p><small>The darker a word, the more of the weighted mean comes from its state; the darkest has
{largest:.1%}. Point at a word to see its weight. Weights show where the network looks, not why it
answers as it does.</small></p>
"""


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

    def shades(self) -> np.ndarray:
        """Return how dark each word is shown, 0 to 1: its weight by the largest."""
        return self.weights / self.weights.max()


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
        raise UserError("--explain: there is no word in this text")
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
            {"event": "step", "text": "training once; the network is kept for the next review"}
        )
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


def for_terminal(explanation: Explanation) -> Text:
    """Return the words, shaded, for a rich console."""
    text = Text()
    for word, shade in zip(explanation.words, explanation.shades(), strict=True):
        red, green, blue = (round(255 + (part - 255) * shade) for part in _SHADE)
        text.append(word, style=f"black on rgb({red},{green},{blue})")
        text.append(" ")
    return text


def as_html(explanation: Explanation) -> str:
    """Return a page that needs nothing else."""
    red, green, blue = _SHADE
    shaded = " ".join(
        f'<span style="background: rgba({red}, {green}, {blue}, {shade:.3f})" '
        f'title="{weight:.2%}">{html.escape(word)}</span>'
        for word, weight, shade in zip(
            explanation.words, explanation.weights, explanation.shades(), strict=True
        )
    )
    title = str(explanation).capitalize()
    return _PAGE.format(title=title, shaded=shaded, largest=explanation.weights.max())
