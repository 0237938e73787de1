"""ALBERT (Lan et al., 2020, https://arxiv.org/abs/1909.11942), fine-tuned.

One transformer layer, gone through twelve times: the layers share their weights. Subwords have
vectors of 128 numbers that one matrix widens to the layer's 768, so the whole has 12 million
weights, a tenth of BERT's, but costs as much to run. Dropout is off in the layers, as in the paper,
and in the head, where the paper drops 10 %. With higher learning rates, training may stay at
chance.

    python bert_family/albert.py
    python bert_family/albert.py --preset FOLDER
    python bert_family/albert.py --variant scratch-tiny
"""

from benchmark.rows import Step, Uniform, Variant, hyperparameters, option
from bert_family.shared.architecture import (
    SIZES,
    Architecture,
    backbone_inputs,
    initializer,
)
from bert_family.shared.fine_tuning import FineTunedRow, MaskedLMOptions
from bert_family.shared.presets import PresetOption
from preprocessing.subwords.training import learn_sentence_pieces

import keras
from keras import layers


@hyperparameters
class Hyperparameters(MaskedLMOptions):
    """Near the paper's for single sentences (its table 14), with `bert`'s rate and warm-up."""

    preset: PresetOption = "albert_base_en_uncased"
    least_steps: int = option(
        300, "least number of steps; more than `bert` has, since it leaves chance later", ge=1
    )
    dropout: float = option(
        0.0, "share of a layer's answers dropped; in the layers the paper's", Uniform(0.0, 0.3),
        ge=0, lt=1,
    )  # fmt: skip


def build(options: Hyperparameters, backbone: keras.Model, padding: int) -> keras.Model:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    outputs = backbone(backbone_inputs(tokens, backbone, padding))
    pooled = layers.Dropout(options.dropout)(outputs["pooled_output"])
    positive = layers.Dense(
        1, "sigmoid", kernel_initializer=initializer(), dtype="float32", name="positive"
    )
    return keras.Model(tokens, positive(pooled))


architecture = Architecture(
    name="Albert",
    preset="albert_base_en_uncased",
    outside_data="BooksCorpus, Wikipedia",
    learn_vocabulary=learn_sentence_pieces,
    scratch={
        "tiny": SIZES["tiny"] | {"embedding_dim": 64},
        "small": SIZES["small"] | {"embedding_dim": 128},
        "base": SIZES["base"] | {"embedding_dim": 128},
    },
    shares_layers=True,
)

row = FineTunedRow(
    "BERT family",
    Hyperparameters,
    architecture=architecture,
    build=build,
    step=Step("bert", "layers that share their weights, small embeddings"),
    weights="albert_base_en_uncased",
    variants={
        "scratch-tiny": Variant(
            {"preset": "scratch", "size": "tiny", "max_tokens": 256, "truncation": "tail"},
            Step("bert (scratch-tiny)", "layers that share their weights, small embeddings"),
        ),
        "scratch-small-pretrained-3": Variant(
            {
                "preset": "scratch",
                "size": "small",
                "pretrain": 3,
                "max_tokens": 256,
                "truncation": "tail",
            },
            Step(
                "bert (scratch-small-pretrained-3)",
                "layers that share their weights, small embeddings",
            ),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
