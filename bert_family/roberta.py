"""RoBERTa (Liu et al., 2019, https://arxiv.org/abs/1907.11692), fine-tuned.

BERT's network, pretrained longer, on ten times the text, and on masked tokens alone: no pairs of
texts, tokens masked anew at each pass, subwords of bytes. As no pair task has trained a dense layer
over the first token, the head brings its own. With higher learning rates, training may stay at
chance; the rate is in the paper's range, with 6 % of the steps for warm-up.

    python bert_family/roberta.py
    python bert_family/roberta.py --preset FOLDER
    python bert_family/roberta.py --variant scratch-tiny
"""

from benchmark.rows import Step, Variant, hyperparameters, option
from bert_family.shared.architecture import (
    SIZES,
    Architecture,
    backbone_inputs,
    initializer,
)
from bert_family.shared.fine_tuning import FineTunedRow, MaskedLMOptions
from bert_family.shared.presets import PresetOption
from preprocessing.subwords.training import learn_byte_pairs

import keras
from keras import layers


@hyperparameters
class Hyperparameters(MaskedLMOptions):
    """As in `bert`, but for the warm-up, which is the paper's."""

    preset: PresetOption = "roberta_base_en"
    warm_up: float = option(0.06, "share of the steps in which the rate rises", ge=0, lt=1)


def build(options: Hyperparameters, backbone: keras.Model, padding: int) -> keras.Model:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    states = backbone(backbone_inputs(tokens, backbone, padding))
    pooled = layers.Dense(
        backbone.hidden_dim, "tanh", kernel_initializer=initializer(), name="pooled"
    )(states[:, 0, :])
    pooled = layers.Dropout(options.dropout)(pooled)
    positive = layers.Dense(
        1, "sigmoid", kernel_initializer=initializer(), dtype="float32", name="positive"
    )
    return keras.Model(tokens, positive(pooled))


architecture = Architecture(
    name="Roberta",
    preset="roberta_base_en",
    outside_data="BooksCorpus, Wikipedia, CC-News, OpenWebText, Stories",
    learn_vocabulary=learn_byte_pairs,
    scratch=SIZES,
)

row = FineTunedRow(
    "BERT family",
    Hyperparameters,
    architecture=architecture,
    build=build,
    step=Step("bert", "byte pairs, no segments"),
    weights="roberta_base_en",
    variants={
        "scratch-tiny": Variant(
            {"preset": "scratch", "size": "tiny", "max_tokens": 256, "truncation": "tail"},
            Step("bert (scratch-tiny)", "byte pairs, no segments"),
        ),
        "scratch-small-pretrained-3": Variant(
            {
                "preset": "scratch",
                "size": "small",
                "pretrain": 3,
                "max_tokens": 256,
                "truncation": "tail",
            },
            Step("bert (scratch-small-pretrained-3)", "byte pairs, no segments"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
