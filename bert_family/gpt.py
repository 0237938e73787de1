"""GPT (Radford et al., 2018): a language model, fine-tuned to classify.

https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf

A transformer that reads left to right: it learns to predict the next subword of the reviews,
labelled or not, and then, from the state of the last token, whether a review is positive. It keeps
predicting the next subword while it is fine-tuned; that loss counts half (section 3.2). In the
paper it first reads 7,000 books; here it is trained on nothing but the reviews, in the sizes of
`bert` from scratch, with byte pairs that keep capitals; </s> is the paper's extract token. The
optimizer, batches and learning rates are those of `bert`.

    python bert_family/gpt.py
    python bert_family/gpt.py --size small --pretrain 5
    python bert_family/gpt.py --variant not-pretrained
"""

from typing import Any, Literal

from benchmark.rows import Step, Variant, hyperparameters, option
from bert_family.shared.architecture import (
    SIZES,
    Architecture,
    backbone_inputs,
    initializer,
)
from bert_family.shared.causal_lm import LanguageModelLoss, next_tokens
from bert_family.shared.fine_tuning import FineTunedRow, FineTuningOptions, backbone_of
from preprocessing.subwords.training import learn_byte_pairs

import keras
from keras import layers, ops


@hyperparameters
class Hyperparameters(FineTuningOptions):
    """The paper's weight of the language model; the rest is `bert`'s."""

    pretrain: int = option(
        1, "passes of language modelling over train and unsup before fine-tuning", ge=0
    )
    language_model_weight: float = option(
        0.5, "what the language model's loss counts in fine-tuning; the paper's lambda", ge=0
    )
    max_tokens: int = option(256, "subwords read of a review, both ends included", ge=8, le=512)
    truncation: Literal["head", "tail", "head_tail"] = option(
        "tail", "what is kept of a longer review; head_tail is the first 128 of 510 and the "
        "last 382, or in that proportion",
    )  # fmt: skip


def build(options: Hyperparameters, backbone: keras.Model, padding: int) -> keras.Model:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    states = backbone(backbone_inputs(tokens, backbone, padding))
    states = layers.Identity(name="states")(states)  # which predict the next tokens
    present = ops.cast(ops.not_equal(tokens, 0), "int32")
    end = ops.argmax(ops.cumsum(present, axis=1), axis=1)  # the first place that has seen them all
    last = ops.take_along_axis(states, end[:, None, None], axis=1)[:, 0]
    last = layers.Dropout(options.dropout)(last)
    positive = layers.Dense(
        1, "sigmoid", kernel_initializer=initializer(), dtype="float32", name="positive"
    )
    return keras.Model(tokens, positive(last))


def with_language_model(options: Hyperparameters, model: keras.Model) -> keras.Model:
    """Return the model with the language model's loss added to that of the labels."""
    if not options.language_model_weight:
        return model
    loss = LanguageModelLoss(
        backbone_of(model).token_embedding, options.language_model_weight, dtype="float32"
    )
    states = model.get_layer("states").output
    return keras.Model(model.input, loss([model.output, states, model.input]))


def load_classes() -> Any:
    """Import the network and its tokenizer, and with them KerasHub."""
    from bert_family.shared import gpt_backbone

    return gpt_backbone


architecture = Architecture(
    name="GPT",
    preset="",
    outside_data="",
    learn_vocabulary=learn_byte_pairs,
    scratch=SIZES,
    classes=load_classes,
)

row = FineTunedRow(
    "language model",
    Hyperparameters,
    architecture=architecture,
    build=build,
    objective=with_language_model,
    pretraining=next_tokens,
    step=Step(
        "transformer",
        "subwords read left to right, pretrained as a language model; no word vectors",
    ),
    variants={
        "not-pretrained": Variant(
            {"pretrain": 0},
            Step("gpt", "no language model of the reviews first"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
