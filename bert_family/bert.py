"""BERT (Devlin et al., 2019, https://arxiv.org/abs/1810.04805), fine-tuned.

A transformer that reads both ways, pretrained to fill in words that were hidden and to tell whether
two texts belong together. The vector of [CLS], through the dense layer that the second task
trained, goes to a single unit. The public preset is base size, lower-cased: 12 layers, 768 wide,
110 million weights, pretrained on BooksCorpus and the English Wikipedia.

    python bert_family/bert.py
    python bert_family/bert.py --list-presets
    python bert_family/bert.py --preset all-MiniLM-L6-v2=FOLDER --max-tokens 256
    python bert_family/bert.py --preset scratch --size tiny --pretrain 2
"""

from benchmark.rows import Step, Variant, hyperparameters
from bert_family.shared.fine_tuning import FineTunedRow, FineTuningOptions
from bert_family.shared.presets import Architecture
from bert_family.shared.speed import ways_to_train
from preprocessing.subwords.training import learn_word_pieces


@hyperparameters
class Hyperparameters(FineTuningOptions):
    """The paper's, but for what the shared options say."""


def sized(layers: int, width: int) -> dict[str, int]:
    """Return the settings of Turc et al. (2019): heads 64 wide, four times the width inside."""
    return {
        "num_layers": layers,
        "num_heads": width // 64,
        "hidden_dim": width,
        "intermediate_dim": 4 * width,
    }


SIZES = {"tiny": sized(2, 128), "small": sized(4, 512), "base": sized(12, 768)}

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
    also_measure=ways_to_train,
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
            Step("transformer", "subwords and BERT's form"),
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
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
