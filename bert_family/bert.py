"""BERT (Devlin et al., 2019, https://arxiv.org/abs/1810.04805), fine-tuned.

A transformer that reads both ways, pretrained to fill in masked tokens and to tell whether two
texts belong together. The vector of [CLS], through the dense layer that the second task trained,
goes to a single unit; from scratch that layer starts at random, and all-MiniLM-L6-v2 was trained on
the mean of the tokens' vectors instead. The public preset is base size, lower-cased: 12 layers, 768
wide, 110 million weights, pretrained on BooksCorpus and the English Wikipedia.

    python bert_family/bert.py
    python bert_family/bert.py --list-presets
    python bert_family/bert.py --preset all-MiniLM-L6-v2=FOLDER --max-tokens 256
    python bert_family/bert.py --variant scratch-tiny
"""

from benchmark.rows import Step, Variant, hyperparameters
from bert_family.shared.architecture import (
    SIZES,
    Architecture,
    backbone_inputs,
    initializer,
)
from bert_family.shared.fine_tuning import FineTunedRow, MaskedLMOptions
from bert_family.shared.presets import PresetOption
from preprocessing.subwords.training import learn_word_pieces

import keras
from keras import layers


@hyperparameters
class Hyperparameters(MaskedLMOptions):
    """The paper's, but for what the shared options say."""

    preset: PresetOption = "bert_base_en_uncased"


def build(options: Hyperparameters, backbone: keras.Model, padding: int) -> keras.Model:
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    outputs = backbone(backbone_inputs(tokens, backbone, padding))
    pooled = layers.Dropout(options.dropout)(outputs["pooled_output"])
    positive = layers.Dense(
        1, "sigmoid", kernel_initializer=initializer(), dtype="float32", name="positive"
    )
    return keras.Model(tokens, positive(pooled))


architecture = Architecture(
    name="Bert",
    preset="bert_base_en_uncased",
    outside_data="BooksCorpus, Wikipedia",
    learn_vocabulary=learn_word_pieces,
    scratch=SIZES,
)

row = FineTunedRow(
    "BERT family",
    Hyperparameters,
    architecture=architecture,
    build=build,
    step=Step("transformer", "subwords and BERT's form, pretrained on other texts"),
    weights="bert_base_en_uncased",
    variants={
        "all-MiniLM-L6-v2": Variant(
            {
                "preset": "all-MiniLM-L6-v2=hf://sentence-transformers/all-MiniLM-L6-v2",
                "epochs": 1,
                "max_tokens": 256,
                "truncation": "tail",
                "batch_size": 16,
                "learning_rate": 5e-5,
            },
            Step("transformer", "subwords and BERT's form, pretrained on other texts"),
            weights="all-MiniLM-L6-v2",
        ),
        "scratch-tiny": Variant(
            {"preset": "scratch", "size": "tiny", "max_tokens": 256, "truncation": "tail"},
            Step("transformer", "subwords and BERT's form, no word vectors"),
        ),
        "scratch-tiny-pretrained-3": Variant(
            {
                "preset": "scratch",
                "size": "tiny",
                "pretrain": 3,
                "max_tokens": 256,
                "truncation": "tail",
                "learning_rate": 3e-4,
            },
            Step("bert (scratch-tiny)", "three passes over the reviews with masked tokens first"),
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
                "bert (scratch-tiny-pretrained-3)",
                "four layers of 512 numbers instead of two of 128",
            ),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
