"""RoBERTa (Liu et al., 2019, https://arxiv.org/abs/1907.11692), fine-tuned.

BERT's network, pretrained longer, on ten times the text, and on hidden words alone: no pairs of
texts, words hidden anew at each pass, subwords of bytes. As no pair task has trained a dense layer
over the first token, the head brings its own. Known to stay at 50 % with BERT's higher rates, so
the rate is of the paper's range, with 6 % of the steps to warm up.

    python bert_family/roberta.py
    python bert_family/roberta.py --preset FOLDER
    python bert_family/roberta.py --preset scratch --size tiny --pretrain 2
"""

from benchmark.rows import Step, Variant, hyperparameters, option
from bert_family.bert import SIZES
from bert_family.shared.fine_tuning import FineTunedRow, FineTuningOptions
from bert_family.shared.presets import Architecture
from preprocessing.subwords.training import learn_byte_pairs


@hyperparameters
class Hyperparameters(FineTuningOptions):
    """As in `bert`, but for the warm-up, which is the paper's."""

    warm_up: float = option(0.06, "share of the steps in which the rate rises", ge=0, lt=1)


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
    step=Step("bert", "byte pairs, no segments"),
    weights="roberta_base_en",
    variants={
        "scratch-tiny": Variant(
            {"preset": "scratch", "size": "tiny", "max_tokens": 256, "truncation": "tail"},
            Step("bert (scratch-tiny)", "byte pairs, no segments"),
        ),
    },
)

if __name__ == "__main__":
    from benchmark.commands.row import run_row

    run_row(__file__)
