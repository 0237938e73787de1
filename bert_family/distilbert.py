"""DistilBERT (Sanh et al., 2019, https://arxiv.org/abs/1910.01108), fine-tuned.

BERT with half of its layers, taught by the whole one: to give words the teacher's probabilities,
and to have hidden states that point where the teacher's point. The public preset is the result.
With `--teacher`, a BERT is fine-tuned first, and the student learns from its soft labels and its
hidden states while it is fine-tuned itself, which the paper calls a second step of distillation.

    python bert_family/distilbert.py
    python bert_family/distilbert.py --preset FOLDER
    python bert_family/distilbert.py --preset scratch --size tiny --teacher scratch --pretrain 2
"""

from benchmark.rows import Step, Variant, hyperparameters
from bert_family import bert
from bert_family.bert import sized
from bert_family.shared.distillation import DistilledOptions, DistilledRow
from bert_family.shared.presets import Architecture
from preprocessing.subwords.training import learn_word_pieces


@hyperparameters
class Hyperparameters(DistilledOptions):
    """The paper's."""


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
            Step("bert (scratch-tiny)", "half of the layers, taught by a BERT"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
