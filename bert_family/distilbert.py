"""DistilBERT (Sanh et al., 2019, https://arxiv.org/abs/1910.01108), fine-tuned.

BERT with half of its layers, taught by the whole one: to give words the teacher's probabilities,
and to have hidden states that point where the teacher's point. The public preset is the result.
With `--teacher`, a BERT is fine-tuned first, and the student learns from its soft labels while it
is fine-tuned itself, which the paper calls a second step of distillation; here from its hidden
states, too, and all three losses count the same. A student from scratch starts from the embeddings
and every other layer of its fine-tuned teacher, while the paper copies a teacher that has only been
pretrained; so teacher and student together see the labels for twice the epochs.

    python bert_family/distilbert.py
    python bert_family/distilbert.py --preset FOLDER
    python bert_family/distilbert.py --variant scratch-tiny-taught-by-scratch
"""

from benchmark.rows import Step, Variant, hyperparameters
from bert_family import bert
from bert_family.shared.architecture import (
    Architecture,
    backbone_inputs,
    initializer,
    sized,
)
from bert_family.shared.distillation import DistilledOptions, DistilledRow
from bert_family.shared.presets import PresetOption
from preprocessing.subwords.training import learn_word_pieces

import keras
from keras import layers


@hyperparameters
class Hyperparameters(DistilledOptions):
    """As in `bert`; the paper names no settings of fine-tuning."""

    preset: PresetOption = "distil_bert_base_en_uncased"


def build(options: Hyperparameters, backbone: keras.Model, padding: int) -> keras.Model:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    states = backbone(backbone_inputs(tokens, backbone, padding))
    states = layers.Identity(name="states")(states)  # which the teacher's are compared with
    pooled = layers.Dense(
        backbone.hidden_dim, "relu", kernel_initializer=initializer(), name="pooled"
    )(states[:, 0, :])
    pooled = layers.Dropout(options.dropout)(pooled)
    positive = layers.Dense(
        1, "sigmoid", kernel_initializer=initializer(), dtype="float32", name="positive"
    )
    return keras.Model(tokens, positive(pooled))


architecture = Architecture(
    name="DistilBert",
    preset="distil_bert_base_en_uncased",
    outside_data="BooksCorpus, Wikipedia",
    learn_vocabulary=learn_word_pieces,
    scratch={"tiny": sized(1, 128), "small": sized(2, 512), "base": sized(6, 768)},
)

row = DistilledRow(
    "BERT family",
    Hyperparameters,
    architecture=architecture,
    build=build,
    teacher=bert.row,
    step=Step("bert", "half of the layers"),
    weights="distil_bert_base_en_uncased",
    variants={
        "scratch-tiny-taught-by-scratch": Variant(
            {
                "preset": "scratch",
                "size": "tiny",
                "teacher": "scratch",
                "max_tokens": 256,
                "truncation": "tail",
            },
            Step("bert (scratch-tiny)", "half of a fine-tuned BERT's layers, taught by it"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
