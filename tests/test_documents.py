"""What the documents say is what the code does."""

import csv
import functools
import html
import json
import re
import shlex
import shutil

from benchmark.analysis import columns, leaderboard, short_table, statistics, steps, tables
from benchmark.records import store, trials
from benchmark.records.record import PROTOCOL
from benchmark.report import figures
from benchmark.rows import catalogue
from benchmark.rows.hyperparameters import plain
from docs import examples
from preprocessing.prepare import PUBLISHED as CORPORA
from preprocessing.word_vectors import SETTINGS
from tests.conftest import ROOT, run_python

import numpy as np
import pytest

DOCUMENTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in examples.DOCUMENTS}
RUNS = store.read_runs(ROOT / "results", "imdb")
OLDER_TUNING = ROOT / "results" / "protocol-1" / "tuning"
PUBLISHED = {"94.60"}
"""Accuracies that the documents quote from papers."""

SITE = "../../deployments/github-pages"
"""Where GitHub says what the newest site of a repository is, seen from its front page."""

COMMANDS = r"python (?:-m )?(?:run_all|preprocessing|benchmark|models|bert_family)\b"


@functools.cache
def evaluated(dataset: str = "imdb") -> leaderboard.Evaluation:
    """Return the committed table, and what it is made of."""
    return leaderboard.evaluate(ROOT / "results", dataset)


def test_the_tables_in_documents_come_from_the_records():
    evaluation = evaluated()
    markdown = tables.as_markdown(evaluation.table, "imdb", evaluation.unreached)
    assert (ROOT / "results" / "leaderboard.md").read_text(encoding="utf-8").endswith(markdown)
    readme, document = DOCUMENTS["README.md"], DOCUMENTS[steps.DOCUMENT]
    few = leaderboard.by_labels(ROOT / "results", "imdb")
    assert tables.inserted(readme, short_table.as_markdown(evaluation.table, few)) == readme
    bought = steps.as_markdown(steps.build(evaluation))
    assert tables.inserted(document, bought, steps.MARKS) == document


def test_the_short_table_has_the_best_of_each_family_with_and_without_outside_weights():
    table = evaluated().table
    finished = table[table["status"] == "ok"]
    groups = finished.groupby(["family", finished["weights"] != "none"])
    best = {name for _, group in groups for name in group.nlargest(1, "accuracy_mean")["model"]}
    assert set(short_table.select(table)["model"]) == best


def test_the_readme_is_short():
    assert len(DOCUMENTS["README.md"].splitlines()) <= 200


@pytest.mark.parametrize(("folder", "dataset", "names"), [
    ("results", "imdb", ("leaderboard.csv", "leaderboard.md", "steps.csv", "label_curves.csv")),
    ("results", "imdb-with-originals", ("leaderboard.csv", "leaderboard.md")),
    ("results/protocol-1", "imdb", ("leaderboard.csv", "leaderboard.md", "steps.csv")),
])  # fmt: skip
def test_rebuilding_the_tables_changes_no_byte(folder, dataset, names, tmp_path):
    shutil.copytree(ROOT / folder / "runs" / dataset, tmp_path / "runs" / dataset)
    leaderboard.write(tmp_path, dataset)
    if "steps.csv" in names:
        steps.write(steps.build(leaderboard.evaluate(tmp_path, dataset)), tmp_path, dataset)
    committed, made = (
        leaderboard.folder_of(results, dataset) for results in (ROOT / folder, tmp_path)
    )
    for name in names:
        assert (made / name).read_bytes() == (committed / name).read_bytes(), name


def test_the_figures_show_every_row_of_the_leaderboard():
    drawing = (ROOT / "results" / "figures" / "reliability.svg").read_text(encoding="utf-8")
    with (ROOT / "results" / "leaderboard.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            named = f">{line['model']}<" in drawing
            assert named == (line["status"] == "ok"), "run python -m benchmark report"


@pytest.mark.parametrize(
    ("figure", "column", "unit"),
    [
        ("accuracy_by_parameters", "parameters", "parameters"),
        ("accuracy_by_time", "seconds", "seconds"),
    ],
)
def test_a_committed_figure_has_the_values_of_the_table(figure, column, unit):
    table = evaluated().table
    table = table[table["status"] == "ok"].assign(seconds=tables.whole_seconds)
    drawing = (ROOT / "results" / "figures" / f"{figure}.svg").read_text(encoding="utf-8")
    for _, line in table.drop(figures.below_frame(table).index).iterrows():
        mean, low, high = (100 * line[f"accuracy_{end}"] for end in ("mean", "ci_low", "ci_high"))
        said = f"{line['model']}: {mean:.2f} %, interval {low:.2f} to {high:.2f}"
        said += f", {line[column]:,.0f} {unit}"
        assert f"tip:{said}" in html.unescape(drawing), "run python -m benchmark report"


@pytest.mark.parametrize("path", RUNS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_committed_record_is_whole_and_answers_for_the_row_as_it_is(path):
    record = RUNS[path]
    row = catalogue.load(record.model)
    if record.protocol == PROTOCOL:  # a row may have changed since an earlier one
        assert record.hyperparameters == plain(row.options_of(record.variant)), "run it again"
    assert not record.changed
    variant = f" --variant {record.variant}" if record.variant else ""
    module = catalogue.modules()[record.model]
    assert record.command == f"python -m {module} --seed {record.seed}{variant}"
    assert path == store.record_path(
        ROOT / "results", "imdb", record.model, {}, record.seed, record.variant
    )
    assert len(store.read_predictions(path, record).logits) == 25_000


def test_every_model_and_variant_has_its_line():
    page = DOCUMENTS["docs/models.md"]
    for name, module in catalogue.modules().items():
        assert f"\n| [`{name}`](../{module.replace('.', '/')}.py) |" in page, "add it to the table"
    variants = {(line.row, line.variant) for line in catalogue.lines().values() if line.variant}
    assert set(re.findall(r"^\| `(\w+)` \| `([\w-]+)` \|", page, re.MULTILINE)) == variants


def test_every_column_has_its_line():
    with (ROOT / "results" / "leaderboard.csv").open(encoding="utf-8") as file:
        assert tuple(next(csv.reader(file))) == columns.NAMES
    lines = re.findall(r"^\| (`.*?) \|", DOCUMENTS["docs/columns.md"], re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", " ".join(lines))) == columns.NAMES


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_table_begins_a_paragraph(document):
    """Without an empty line before it, the site shows it as text."""
    text = re.sub(r"```.*?```", "", DOCUMENTS[document], flags=re.DOTALL)
    assert not re.findall(r"^(?!\||<!--).*\S.*\n\|", text, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_accuracies_in_the_text_are_those_of_the_tables(document):
    table = (ROOT / "results" / "leaderboard.md").read_text(encoding="utf-8")
    text = re.sub(
        r"```.*?```|<!-- (\w+): made.*?<!-- end -->", "", DOCUMENTS[document], flags=re.DOTALL
    )
    quoted = set(re.findall(r"\b(\d\d\.\d\d) %", text))
    assert quoted <= PUBLISHED | set(re.findall(r"\| (\d\d\.\d\d)", table))


def test_the_hours_of_the_whole_benchmark_are_those_of_the_schedule():
    hours = re.search(r"made once for several: ([\d.]+) hours", DOCUMENTS["docs/cluster.md"])[1]
    assert f"takes about [{float(hours):.0f} hours]" in DOCUMENTS["README.md"]


def test_no_model_is_measurably_more_accurate_than_the_one_that_the_answer_names():
    assert evaluated().table.set_index("model").loc["naive_bayes_svm", "rank"] == 1


CLAIMS = (
    ("docs/findings.md", "naive_bayes_svm", "accuracy_mean",
     "`naive_bayes_svm` gets {:.1f} % of the test reviews right"),
    ("docs/findings.md", "bert (all-MiniLM-L6-v2)", "contrast_both",
     "it gets both right in {:.1f} %, against"),
    ("docs/findings.md", "naive_bayes_svm", "contrast_both",
     "against {:.1f} % for `naive_bayes_svm`; and"),
    ("docs/findings.md", "bert (all-MiniLM-L6-v2)", "sentences_accuracy",
     "it gets {:.1f} % of critics' sentences right"),
    ("docs/findings.md", "naive_bayes_svm", "sentences_accuracy",
     "sentences right, against {:.1f} %. It takes"),
    ("docs/findings.md", "cnn", "contrast_both",
     "`cnn` gets both right in {:.1f} % of the pairs"),
    ("docs/findings.md", "cnn", "sentences_accuracy", "gets {:.1f} % of the sentences right"),
    ("docs/findings.md", "elmo", "sentences_accuracy", "better on the sentences ({:.1f} %;"),
    ("README.md", "naive_bayes_svm", "accuracy_mean", "naive Bayes: it gets {:.2f} % right after"),
    ("README.md", "attention_lstm (paper)", "accuracy_mean",
     "and `attention_lstm (paper)` with {:.2f} %"),
    ("README.md", "cnn", "accuracy_mean", "no language model are `cnn` with {:.2f} % (after"),
    ("README.md", "bert (all-MiniLM-L6-v2)", "accuracy_mean", "for one epoch, gets {:.2f} % after"),
    ("README.md", "naive_bayes_svm", "contrast_both",
     "gets both right in {:.2f} % of these pairs"),
    ("README.md", "cnn", "contrast_both", "`cnn` in {:.2f} %"),
    ("README.md", "bert (all-MiniLM-L6-v2)", "contrast_both", "MiniLM in {:.2f} %"),
)  # fmt: skip
"""Percentages in the text: the document, the model, the column of the table, and the words."""


@pytest.mark.parametrize(("document", "model", "column", "words"), CLAIMS)
def test_a_percentage_in_the_text_is_that_of_its_model(document, model, column, words):
    value = evaluated().table.set_index("model").loc[model, column]
    assert words.format(100 * value) in " ".join(DOCUMENTS[document].split())


STEPS, LANGUAGE_MODELS = "docs/steps.md", "docs/language-models.md"
TESTED = ("verdict", "contrast_both_verdict", "sentences_accuracy_verdict")
VERDICTS = (
    (STEPS, "lm_lstm", "lm_lstm (not-pretrained)", ("better",),
     "`lm_lstm` is worse than the same network from random weights"),
    (STEPS, "lm_lstm", "ulmfit", ("better",), "`ulmfit` is better than `lm_lstm`"),
    (STEPS, "bidirectional_lstm", "elmo", ("better",) * 3,
     "`elmo` is better than `bidirectional_lstm` on the test reviews, on edited pairs and on "
     "sentences"),
    (STEPS, "transformer", "gpt", ("worse",), "`gpt` is worse than `transformer`"),
    (STEPS, "lstm", "bidirectional_lstm", ("tied", "tied", "better"),
     "A second direction is better on sentences"),
    *((STEPS, before, after, ("tied",),
       "no difference from a second layer, a second direction, attention or a convolution in front")
      for before, after in (("lstm", "stacked_lstm"), ("bidirectional_lstm", "attention_lstm"),
                            ("lstm", "cnn_lstm"))),
    (LANGUAGE_MODELS, "bidirectional_lstm", "elmo", ("better",) * 3,
     "by 0.52 points, on edited pairs, by 8.06 points, and on sentences from other sources, by "
     "2.16 points"),
    (LANGUAGE_MODELS, "lm_lstm", "lm_lstm (adversarial)", ("tied", "worse", "better"),
     "`lm_lstm (adversarial)` is tied with `lm_lstm` on the test reviews, worse on edited pairs "
     "and better on sentences"),
    (LANGUAGE_MODELS, "lm_lstm (adversarial)", "lm_lstm (virtual_adversarial)", ("tied",) * 3,
     "is tied with `lm_lstm (adversarial)` on all three"),
)  # fmt: skip
"""Verdicts in the text: the document, the two ends of a step, `TESTED` of it, and the words."""

TIES = (
    (STEPS, "ulmfit", ("lstm",), "and tied with `lstm` in the leaderboard"),
    (LANGUAGE_MODELS, "ulmfit", ("lstm",), "In the leaderboard it is tied with `lstm`"),
    (STEPS, "gpt", ("gpt (not-pretrained)", "bert (scratch-tiny)"),
     "tied with `gpt (not-pretrained)` and, in the leaderboard, with `bert (scratch-tiny)`"),
    (STEPS, "simple_rnn",
     ("lstm (paper)", "cnn_lstm (quick)", "bidirectional_lstm (quick)", "lm_lstm"),
     "these are tied with `simple_rnn` in the leaderboard: `lstm (paper)`"),
)  # fmt: skip
"""Ties of the leaderboard in the text: the document, a model, those tied with it, and the words."""


@pytest.mark.parametrize(("document", "before", "after", "verdicts", "words"), VERDICTS)
def test_a_verdict_in_the_text_is_that_of_the_step(document, before, after, verdicts, words):
    line = steps.build(evaluated()).set_index(["before", "after"]).loc[(before, after)]
    assert tuple(line[list(TESTED[: len(verdicts)])]) == verdicts
    assert words in " ".join(DOCUMENTS[document].split())


@pytest.mark.parametrize(("document", "model", "others", "words"), TIES)
def test_a_tie_in_the_text_is_one_of_the_leaderboard(document, model, others, words):
    tied = evaluated().table.set_index("model").loc[model, "tied_with"].split("; ")
    assert set(others) <= set(tied)
    assert words in " ".join(DOCUMENTS[document].split())


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("simple_rnn", "lstm", "come with gates ({:+.2f} ± {:.2f} points;"),
        ("lstm", "lstm (paper)", "instead of using the last one ({:+.2f} ± {:.2f};"),
    ],
)
def test_the_largest_differences_of_recurrent_networks_are_those_of_the_steps(before, after, words):
    table = steps.build(evaluated()).set_index(["before", "after"])
    line = table.loc[(before, after)]
    gain = abs(100 * line["difference"])
    wide = 50 * (line["difference_ci_high"] - line["difference_ci_low"])
    assert words.format(gain, wide) in " ".join(DOCUMENTS["README.md"].split())


@pytest.mark.parametrize("truncation", ["tail", "head", "head_tail"])
def test_the_choice_of_truncation_is_that_of_its_records(truncation):
    folder = OLDER_TUNING / "imdb-limit-2500" / "bert@all-MiniLM-L6-v2"
    name = "" if truncation == "tail" else f"truncation={truncation}"
    scores = json.loads((folder / name / "seed-0.json").read_text())["validation"]
    line = f"| `{truncation}` | {100 * scores['accuracy']:.1f} | {scores['log_loss']:.3f} |"
    assert line in DOCUMENTS["docs/bert.md"]


@pytest.mark.parametrize("changed", ["batch_size=32", "batch_size=32,batches=padded"])
def test_what_batches_of_similar_length_gain_is_what_was_recorded(changed):
    folder = OLDER_TUNING / "imdb" / "lstm" / f"{changed},max_words=400"
    record = json.loads((folder / "seed-0.json").read_text())
    text = " ".join(DOCUMENTS["docs/speed.md"].split())
    assert f" in {record['seconds']['training']:.0f} s to " in text
    assert f" {100 * record['validation']['accuracy']:.1f} % and " in text
    assert f" {record['validation']['log_loss']:.3f}" in text


def test_the_gain_of_number_formats_is_what_was_measured():
    measured = (ROOT / "results" / "speed.txt").read_text(encoding="utf-8")
    quoted = re.findall(r"([\d.]+) times", DOCUMENTS["docs/speed.md"])
    factors = re.findall(r"batches (?:padded|like length): .*× ([\d.]+)\n", measured)
    assert factors == ["1.00", *quoted]


def test_the_shares_of_the_rate_are_those_that_were_measured():
    measured = (ROOT / "results" / "speed.txt").read_text(encoding="utf-8")
    of = {model: int(share) for model, share in re.findall(r"(?m)^(\w+) .* (\d+)%$", measured)}
    of["its language model"] = int(re.search(r"matrix products, (\d+)%", measured)[1])
    text = " ".join(DOCUMENTS["docs/speed.md"].split())
    half = [of[model] for model in ("cnn", "cnn_lstm", "lm_lstm", "its language model")]
    third = [of[model] for model in of if model == "transformer" or model.endswith("lstm")]
    third = [share for share in third if share not in half]
    for said in (
        f"its language model use {min(half)} to {max(half)} % of the rate",
        f"the other LSTMs {min(third)} to {max(third)} %, `gru` {of['gru']} %",
        f"`simple_rnn` {of['simple_rnn']} %, and `capsule` {of['capsule']} %",
    ):
        assert said in text


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", DOCUMENTS[document]):
        if target == SITE:
            continue
        path, _, place = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        assert file.exists(), target
        if place:
            titles = re.findall(r"^#+ (.*)", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert place in {title.lower().replace(" ", "-") for title in titles}, target


def test_the_readme_begins_with_the_site_and_the_site_with_the_report():
    workflow = (ROOT / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8")
    assert f"]({SITE})" in "".join(DOCUMENTS["README.md"].splitlines()[:5])
    assert f"s#({SITE})#(results/report.html)#" in workflow
    reports = re.findall(r"run: (python -m benchmark report.*)", workflow)
    assert len(reports) == 2
    for command in reports:
        results = ROOT / (re.findall(r"--results (\S+)", command) or ["results"])[0]
        assert (results / "runs" / "imdb").is_dir()


def test_the_report_needs_no_backend_of_keras(tmp_path):
    """The site is built without one."""
    (tmp_path / "runs" / "imdb").mkdir(parents=True)
    shutil.copytree(ROOT / "results/runs/imdb/majority", tmp_path / "runs/imdb/majority")
    program = (
        "import atexit, runpy, sys\n"
        "backends = {'tensorflow', 'jax', 'torch', 'keras'}\n"
        "atexit.register(lambda: print(backends & set(sys.modules)))\n"
        "runpy.run_module('benchmark', run_name='__main__')"
    )
    process = run_python("-c", program, "report", "--results", tmp_path, cwd=ROOT)
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines()[-1] == "set()"
    assert process.stderr.startswith("reading the records\n"), "progress, also in a pipe"
    assert (tmp_path / "report.html").exists()


def test_the_readme_leads_to_every_page():
    linked = set(re.findall(r"\]\((docs/\w[\w-]*\.md)", DOCUMENTS["README.md"]))
    assert linked == {name for name in DOCUMENTS if name.startswith("docs/")}


@pytest.mark.parametrize(
    ("package", "file", "words"),
    [
        ("ray", "docs/cluster/Dockerfile", "rayproject/ray:{}-py311"),
        ("ray", "docs/cluster/kuberay.yaml", 'rayVersion: "{}"'),
        ("gradio", "docs/page.md", "sdk_version: {}"),
        ("ruff", ".pre-commit-config.yaml", "rev: v{}"),
    ],
)
def test_a_version_that_stands_elsewhere_is_the_one_in_the_constraints(package, file, words):
    pins = (ROOT / "constraints.txt").read_text()
    (version,) = re.findall(rf"^{package}==(\S+)", pins, re.MULTILINE)
    assert words.format(version) in (ROOT / file).read_text(encoding="utf-8")


def test_every_dependency_is_explained():
    page = DOCUMENTS["docs/requirements.md"]
    for file in ("requirements.txt", "requirements/base.txt", "requirements/jax.txt"):
        for line in (ROOT / file).read_text().splitlines():
            if line and line[0].isalpha():
                name = re.match(r"[\w-]+", line)[0]
                assert re.search(rf"\b{name}\b", page, re.IGNORECASE), f"{name} of {file}"


@pytest.mark.parametrize(
    "example",
    [one for name in DOCUMENTS for one in examples.examples(name) if one.kind != "imdb"],
    ids=lambda one: f"{one.document}: {' '.join(one.body.split()[1:5])}",
)
def test_an_example_prints_what_the_document_shows(example, run_here, monkeypatch):
    monkeypatch.setenv("COLUMNS", examples.WIDTH)

    def here(words: list[str]) -> str:
        done = run_here(*(word for word in words[1:] if word != "-m"))
        return done.stderr + done.stdout

    body = example.run_in_copy() if example.kind else example.run(here)
    assert example.agrees(body), f"run python docs/examples.py; it prints\n{body}"


def test_an_example_disagrees_with_another_output():
    old = examples.Example("README.md", "", "$ python x\nright on 91.27 of 100, 3 s\n")
    assert old.agrees("$ python x\nright on 91.27 of 100, 17.5 s\n")
    assert not old.agrees("$ python x\nright on 91.28 of 100, 3 s\n")
    rounded = examples.Example("README.md", "trained", "$ python x\nright on 91.27, 3 s on A\n")
    assert rounded.agrees("$ python x\nright on 91.28, 4 s on B\n")
    assert not rounded.agrees("$ python x\nright on 95.27, 3 s on A\n")
    assert not rounded.agrees("$ python x\nwrong on 91.27, 3 s on A\n")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_console_block_that_shows_output_is_an_example(document):
    for mark, block in re.findall(
        r"(<!-- example.*?-->\n|\n)```console\n(.*?)```", DOCUMENTS[document], re.DOTALL
    ):
        output = re.sub(r"^\$ (?:.*\\\n)*.*\n", "", block, flags=re.MULTILINE)
        assert mark.strip() or not output.strip(), block


def test_documented_options_exist(run_here):
    given: dict[tuple[str, ...], set[str]] = {}
    blocks = re.findall(r"```console\n(.*?)```", "\n".join(DOCUMENTS.values()), re.DOTALL)
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        if command := re.search(rf"{COMMANDS}.*", line):
            words = shlex.split(command[0], comments=True)[1:]
            words.remove("-m") if words[0] == "-m" else None
            program = tuple(words[: 1 + (words[0] == "benchmark")])
            given.setdefault(program, set()).update(w for w in words if w.startswith("--"))
    assert len(given) > 10
    known = set()
    for program, options in given.items():
        said = run_here(*program, "--help").stdout
        there = set(re.findall(r"--[a-z][a-z-]*", said))
        assert options <= there, program
        known |= there
    mentioned = set(re.findall(r"`(--[a-z-]+)", "\n".join(DOCUMENTS.values())))
    assert mentioned <= known


def test_the_example_row_of_contributing_works(tmp_path):
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    checkout = tmp_path / "checkout"
    for folder in ("preprocessing", "benchmark"):
        shutil.copytree(ROOT / folder, checkout / folder)
    (checkout / "models").mkdir()
    (checkout / "models" / "__init__.py").touch()
    (checkout / "models" / "bernoulli_naive_bayes.py").write_text(example)
    process = run_python(
        "-m", "models.bernoulli_naive_bayes", "--dataset", "sample", "--alpha", "0.5",
        cwd=checkout, PYTHONPATH=str(checkout),
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    accuracy = float(re.search(r"test accuracy (0\.\d+)", process.stdout)[1])
    assert accuracy > 0.65, "what tests/models/test_contract.py asks of such rows"


def lines_of_the_first_runs():
    """Return the table of `docs/evaluation-sets.md` as the records of those runs have it."""
    evaluation = evaluated()
    for name, line in evaluation.predictions.items():
        contrast, counterfactual, sentences, products = (
            evaluation.asked[name][one]
            for one in ("contrast", "counterfactual", "sentences", "products")
        )
        shares = (
            line.correct, contrast.original_right, contrast.edited_right, contrast.both_right,
            counterfactual.both_right, sentences.scored, products.both_right,
        )  # fmt: skip
        yield f"| `{name}` | {' | '.join(f'{100 * share.mean():.1f}' for share in shares)} |"


def test_the_first_runs_of_protocol_2_are_as_their_records_say():
    page = DOCUMENTS["docs/evaluation-sets.md"]
    lines = list(lines_of_the_first_runs())
    assert len(lines) > 5
    assert "\n".join(lines) in page


CLAIMED = (
    ("naive_bayes_svm", "cnn", "contrast",
     "{:.1f} points more than `naive_bayes_svm` (95 % interval {:.1f} to {:.1f})"),
    ("naive_bayes_svm", "cnn", "test", "({:.2f} points, {:.2f} to {:.2f})"),
    ("bag_of_words", "tfidf_logreg", "test", "is {:.1f} points ({:.1f} to {:.1f}) less accurate"),
    ("tfidf_logreg", "bag_of_words", "counterfactual", "{:.1f} points more ({:.1f} to {:.1f})"),
    ("bag_of_words", "tfidf_logreg", "sentences", "worse by {:.1f} ({:.1f} to {:.1f})"),
)  # fmt: skip
"""What `docs/evaluation-sets.md` says of pairs of models: of which, on what, in which words."""


@pytest.mark.parametrize(("one", "other", "asked", "words"), CLAIMED)
def test_what_is_said_of_two_models_and_a_set_is_as_their_records_say(one, other, asked, words):
    evaluation = evaluated()
    right = []
    for name in (one, other):
        if asked == "test":
            right.append(evaluation.predictions[name].correct)
        elif asked == "sentences":
            right.append(evaluation.asked[name][asked].scored)
        else:
            right.append(evaluation.asked[name][asked].both_right)
    pairs = statistics.compare(right)
    said = words.format(*(100 * end for end in (pairs.difference[1, 0], *pairs.interval(1, 0))))
    page = " ".join(DOCUMENTS["docs/evaluation-sets.md"].split())
    assert said.replace("-", "−") in page


def lines_of_the_held_out():
    """Return the table of `docs/protocol.md` as the records have it."""
    for name in ("tfidf_logreg", "cnn"):
        for said, dataset in (("held out", "imdb"), ("learned", "imdb-with-originals")):
            evaluation = evaluated(dataset)
            accuracy = 100 * evaluation.predictions[name].correct.mean(axis=1)
            asked = evaluation.asked[name]
            contrast, counterfactual = asked["contrast"], asked["counterfactual"]
            shares = (
                contrast.original_right, contrast.edited_right, contrast.both_right,
                counterfactual.both_right,
            )  # fmt: skip
            yield (
                f"| `{name}` | {said} | {accuracy.mean():.2f} ± {accuracy.std(ddof=1):.2f} | "
                f"{' | '.join(f'{100 * share.mean():.1f}' for share in shares)} |"
            )


def test_what_the_held_out_originals_cost_is_as_the_records_say():
    assert "\n".join(lines_of_the_held_out()) in DOCUMENTS["docs/protocol.md"]
    learned = evaluated("imdb-with-originals")
    held_out = evaluated()
    for name in ("tfidf_logreg", "cnn"):
        both = [one.predictions[name].correct for one in (held_out, learned)]
        pairs = statistics.compare(both)
        low, high = (f"{100 * end:.2f}".replace("-", "−") for end in pairs.interval(1, 0))
        assert f"{100 * pairs.difference[1, 0]:.2f}" in DOCUMENTS["docs/protocol.md"]
        assert f"{low} to {high})" in " ".join(DOCUMENTS["docs/protocol.md"].split())
        if name == "tfidf_logreg":
            said = f"{100 * pairs.difference[1, 0]:.2f} points (95 % interval {low} to {high})"
            assert said in " ".join(DOCUMENTS["README.md"].split())


def correct(path):
    """Return whether the run of a record is right on each test review, shape (reviews,), bool."""
    predicted = store.read_predictions(path, store.read(path))
    return (predicted.logits >= 0) == predicted.labels


def before_and_after_the_search(name):
    """Return the records of a model's old settings and of those that were chosen, seed 0."""
    folder = ROOT / "results" / "runs" / "imdb" / name
    (before,) = (path for path in folder.glob("*/seed-0.json")
                 if not path.parent.name.startswith(("labels=", "vectors=")))  # fmt: skip
    return before, folder / "seed-0.json"


SEARCHED = (
    "naive_bayes_svm", "tfidf_logreg", "averaged_word2vec", "bag_of_centroids", "bag_of_words",
)  # fmt: skip


def lines_of_the_searches():
    """Return the table of `docs/tuning.md` as the records have it."""
    for name in SEARCHED:
        validation, test = [], []
        for path in before_and_after_the_search(name):
            validation.append(f"{100 * store.read(path).validation.accuracy:.2f}")
            test.append(f"{100 * correct(path).mean():.2f}")
        yield f"| `{name}` | {' | '.join(validation + test)} |"


def test_what_the_searches_chose_is_as_the_records_say():
    assert "\n".join(lines_of_the_searches()) in DOCUMENTS["docs/tuning.md"]
    page = " ".join(DOCUMENTS["docs/tuning.md"].split())
    for name in SEARCHED:
        right = [correct(path) for path in before_and_after_the_search(name)]
        pairs = statistics.compare([one[None] for one in right])
        change, ends = 100 * pairs.difference[1, 0], (100 * end for end in pairs.interval(1, 0))
        points = f"`{name}` by {change:+.2f}".replace("-", "−")
        interval = "{:.2f} to {:.2f})".format(*ends).replace("-", "−")
        assert points in page
        assert interval in page.partition(points)[2][:50]


def lines_of_the_searches_of_networks():
    """Return the table of `docs/tuning.md` as the trials have it."""
    for path in sorted((ROOT / "results" / "tuning" / "imdb").glob("*/trials.jsonl")):
        found = trials.read(path)
        if len(found) == 6:
            first, *drawn = (f"{100 * trial.accuracy:.2f}" for trial in found)
            yield f"| `{path.parent.name}` | {first} | {min(drawn)} | {max(drawn)} |"


def test_what_the_searches_of_networks_found_is_as_their_trials_say():
    lines = list(lines_of_the_searches_of_networks())
    assert "\n".join(lines) in DOCUMENTS["docs/tuning.md"]
    command = re.search(r"benchmark tune ([\w ]+) --trials 6", DOCUMENTS["docs/tuning.md"])[1]
    assert command.split() == [line.split("`")[1] for line in lines]


def test_which_searches_found_something_better_is_as_their_trials_say():
    page = " ".join(DOCUMENTS["docs/tuning.md"].split())
    folders = (ROOT / "results" / "tuning" / "imdb").glob("*/trials.jsonl")
    searches = {path.parent.name: trials.read(path) for path in folders}
    searched = [name for name, found in searches.items() if len(found) in (6, 20)]
    assert f"So far {len(searched)} models have been searched." in page
    reviews = 2_426
    gains = {}
    for name, found in sorted(searches.items()):
        by_hand, *drawn = (round(reviews * trial.accuracy) for trial in found)
        if len(found) == 6 and max(drawn) > by_hand:
            gains[name] = max(drawn) - by_hand
    assert set(gains) == {"bidirectional_lstm", "gru", "lm_lstm", "lstm"}
    said = f"right on {gains['lm_lstm']} and {gains['lstm']} more of the {reviews:,} reviews"
    assert said in page


def test_why_the_default_of_gru_stays_is_as_the_records_say():
    results, page = ROOT / "results", " ".join(DOCUMENTS["docs/tuning.md"].split())
    folder = results / "tuning" / "imdb" / "gru"
    by_hand, *drawn = (100 * trial.accuracy for trial in trials.read(folder / "trials.jsonl"))
    further = [100 * store.read(path).validation.accuracy for path in folder.glob("*/seed-*.json")]
    kept = [
        100 * store.read(store.record_path(results, "imdb", "gru", {}, seed)).validation.accuracy
        for seed in range(3)
    ]
    chosen = [max(drawn), *sorted(further)]
    for said in (
        f"have {chosen[0]:.1f} % with seed 0, {chosen[0] - by_hand:.2f} points more",
        f"[{chosen[1]:.1f} and {chosen[2]:.1f} %]",
        f"Their standard deviation is {np.std(chosen, ddof=1):.2f} points",
        f"the mean of the three seeds, {np.mean(chosen):.1f} %, is (before rounding) only "
        f"{np.mean(chosen) - np.mean(kept):.2f} points above",
        f"in the leaderboard, {np.mean(kept):.1f} %",
    ):
        assert said in page


def test_why_the_default_of_bidirectional_lstm_stays_is_as_the_records_say():
    results, row = ROOT / "results", "bidirectional_lstm"
    found = trials.read(results / "tuning" / "imdb" / row / "trials.jsonl")
    by_hand, *drawn = (100 * trial.accuracy for trial in found)
    kept = [
        100 * store.read(store.record_path(results, "imdb", row, {}, seed)).validation.accuracy
        for seed in range(3)
    ]
    assert np.mean(kept) > max(drawn)
    page = " ".join(DOCUMENTS["docs/tuning.md"].split())
    said = (
        f"`{row}` have {max(drawn):.1f} % with seed 0, {max(drawn) - by_hand:.2f} points more than "
        f"those chosen by hand, but the three runs in the leaderboard have {np.mean(kept):.1f} % on"
    )
    assert said in page
    taken = {trial.accuracy: trial.record.seconds.training_cpu for trial in found}
    assert taken[max(taken)] > 2 * taken[found[0].accuracy]


def lines_of_the_smaller_forms():
    """Return the table of `docs/tuning.md` as the records have it."""
    results = ROOT / "results"
    tried = [results / "runs" / "imdb" / "cnn@quick"]
    tried += sorted((results / "tuning" / "imdb" / "cnn@quick").iterdir())
    for folder in tried:
        found = [store.read(folder / f"seed-{seed}.json").validation.accuracy for seed in range(3)]
        name = "none" if folder == tried[0] else f"`{folder.name}`"
        yield f"| {name} | {100 * np.mean(found):.2f} | {100 * np.std(found, ddof=1):.2f} |"


def test_what_smaller_forms_of_the_quick_cnn_reach_is_as_the_records_say():
    assert "\n".join(lines_of_the_smaller_forms()) in DOCUMENTS["docs/tuning.md"]


def test_what_lower_rates_and_more_passes_do_to_lm_lstm_is_as_the_records_say():
    folder = ROOT / "results" / "tuning" / "imdb" / "lm_lstm"
    page = " ".join(DOCUMENTS["docs/language-models.md"].split())
    low = [100 * trial.accuracy for trial in trials.read(folder / "trials.jsonl")
           if trial.record.hyperparameters["learning_rate"] <= 1.2e-3]  # fmt: skip
    assert len(low) == 4
    assert f"1.2e-3 and less have {min(low):.1f} to {max(low):.1f} % on validation" in page
    longer = store.read(folder / "epochs=4" / "seed-0.json")
    losses = [epoch.validation_loss for epoch in longer.history]
    assert np.argmin(losses) == 1, "the second"
    kept = 100 * longer.validation.accuracy
    assert f"the second has the lowest validation loss, and {kept:.1f} %" in page


def test_three_passes_of_the_transformer_are_as_the_records_say():
    folder = ROOT / "results" / "tuning" / "imdb" / "transformer"
    page = " ".join(DOCUMENTS["docs/tuning.md"].split())
    two, three = (
        [100 * store.read(of / f"seed-{seed}.json").validation.accuracy for seed in range(3)]
        for of in (ROOT / "results" / "runs" / "imdb" / "transformer", folder / "epochs=3")
    )
    for said, accuracies in (("`transformer` have [", three), ("with two ", two)):
        assert "{}{:.1f}, {:.1f} and {:.1f} %".format(said, *accuracies) in page
    assert f"the mean gains {np.mean(three) - np.mean(two):.2f} points" in page
    assert f"with three passes, {np.std(three, ddof=1):.2f}, so" in page
    assert np.mean(three) - np.mean(two) < np.std(three, ddof=1), "the rule for a new default"


def lines_of_the_word_vectors():
    """Return the table of `docs/word-vectors.md` as the records have it."""
    runs = ROOT / "results" / "runs" / "imdb"
    for kind, settings in SETTINGS.items():
        cells, learned = [], []
        for name in ("averaged_word2vec", "cnn", "lstm"):
            path = runs / name / ("" if kind == "cbow" else f"vectors={kind}") / "seed-0.json"
            if not path.exists():
                cells += ["", ""]
                continue
            record = store.read(path)
            assert record.hyperparameters["vectors"] == kind
            cells += [f"{100 * correct(path).mean():.2f}", f"{record.seconds.training:.0f}"]
            if kind != "random":
                learned.append(record.seconds.preprocessing[settings.method])
        shortest = f"{min(learned):.0f}" if learned else ""
        yield f"| `{kind}` | {' | '.join([shortest, *cells])} |".replace("  ", " ")


def test_what_each_kind_of_word_vectors_leads_to_is_as_the_records_say():
    assert "\n".join(lines_of_the_word_vectors()) in DOCUMENTS["docs/word-vectors.md"]


def test_what_learned_vectors_gain_over_random_ones_is_as_the_records_say():
    runs, page = ROOT / "results" / "runs" / "imdb", DOCUMENTS["docs/word-vectors.md"]
    gains = [
        correct(runs / name / "seed-0.json").mean()
        - correct(runs / name / "vectors=random" / "seed-0.json").mean()
        for name in ("averaged_word2vec", "cnn", "lstm")
    ]
    mean, cnn, lstm = (f"{100 * gain:.1f}" for gain in gains)
    page = " ".join(page.split())
    assert f"is {mean} points less accurate with random vectors than with `cbow`" in page
    assert f"are {cnn} and {lstm} points less accurate" in page


def test_how_far_the_other_kinds_are_behind_cbow_is_as_the_records_say():
    runs, page = ROOT / "results" / "runs" / "imdb", DOCUMENTS["docs/word-vectors.md"]

    def behind(name, *kinds):
        best = correct(runs / name / "seed-0.json").mean()
        gaps = [best - correct(runs / name / f"vectors={kind}" / "seed-0.json").mean()
                for kind in kinds]  # fmt: skip
        return f"{100 * min(gaps):.1f} to {100 * max(gaps):.1f}"

    others = ("skip_gram", "hierarchical_softmax", "glove", "fasttext")
    page = " ".join(page.split())
    assert f"The others are {behind('averaged_word2vec', *others)} points behind it" in page
    assert f"and {behind('lstm', *others)} for `lstm`" in page
    assert behind("cnn", *others[:2]).endswith("to 0.2")
    assert f"`glove` and `fasttext` {behind('cnn', *others[2:])}. " in page


def lines_of_the_language_models():
    """Return the table of `docs/language-models.md` as the records have it."""
    results = ROOT / "results"
    for line in catalogue.lines().values():
        path = store.record_path(results, "imdb", line.row, {}, 0, line.variant)
        if not path.exists() or (record := store.read(path)).family != "language model":
            continue
        if "pretrain" not in record.hyperparameters:
            continue
        seeds = {one: store.read(one) for one in sorted(path.parent.glob("seed-*.json"))}
        training = np.mean([one.seconds.training for one in seeds.values()])
        validation = np.mean([one.validation.accuracy for one in seeds.values()])
        test = np.mean([correct(one).mean() for one in seeds])
        reached = [f"{min(passes):.0f}" for passes in record.perplexity.values()]
        perplexity = " and ".join(reached) or "–"
        learned = sum(record.seconds.preprocessing[step] for step in record.perplexity)
        cells = (
            perplexity, f"{learned:,.0f}", f"{training:,.0f}",
            f"{100 * validation:.2f}", f"{100 * test:.2f}",
        )  # fmt: skip
        yield f"| `{line.name}` | {' | '.join(cells)} |"


def test_what_language_models_lead_to_is_as_the_records_say():
    assert "\n".join(lines_of_the_language_models()) in DOCUMENTS["docs/language-models.md"]


def test_what_starting_from_random_weights_changes_is_as_the_records_say():
    page = " ".join(DOCUMENTS["docs/language-models.md"].split())
    learned, chance, last, last_chance = (
        correct(store.record_path(ROOT / "results", "imdb", row, changed, 0, variant))
        for row, changed, variant in (
            ("lm_lstm", {}, ""), ("lm_lstm", {}, "not-pretrained"),
            ("lm_lstm", {"pooling": "last"}, ""), ("lstm", {}, "paper"),
        )
    )  # fmt: skip
    pairs = statistics.compare([learned[None], chance[None]])
    gain, (low, high) = -100 * pairs.difference[0, 1], 100 * np.array(pairs.interval(1, 0))
    said = f"{gain:.2f} points more accurate (95 % interval {low:.2f} to {high:.2f})"
    assert said in page
    assert f"is right on {100 * last.mean():.1f} % of the test reviews" in page
    assert f"starts from random weights, on {100 * last_chance.mean():.1f} %" in page


def test_what_pretraining_gains_gpt_is_as_the_records_say():
    learned, chance = (
        correct(store.record_path(ROOT / "results", "imdb", "gpt", {}, 0, variant))
        for variant in ("", "not-pretrained")
    )
    pairs = statistics.compare([learned[None], chance[None]])
    gain, (low, high) = 100 * pairs.difference[0, 1], 100 * np.array(pairs.interval(0, 1))
    said = f"is {gain:.2f} points less accurate than `gpt` (95 % interval {low:.2f} to {high:.2f}"
    assert said in " ".join(DOCUMENTS["docs/language-models.md"].split())


def test_what_pretraining_gains_with_few_labels_is_as_the_records_say():
    with (ROOT / "results" / "label_curves.csv").open(encoding="utf-8") as file:
        of = {
            (line["model"], line["labels"]): f"{100 * float(line['accuracy_mean']):.1f}"
            for line in csv.DictReader(file)
        }
    page = " ".join(DOCUMENTS["docs/language-models.md"].split())
    learned, chance = "lm_lstm", "lm_lstm (not-pretrained)"
    for said in (
        f"`{learned}` is right on {of[learned, '1000']} % of the test reviews, and "
        f"`{chance}` stays at chance, {of[chance, '1000']} %",
        f"neither gets far, {of[learned, '100']} % and {of[chance, '100']} %",
        f"is right on {of['averaged_word2vec', '1000']} % with 1,000 labels and on "
        f"{of['averaged_word2vec', '100']} % with 100",
    ):
        assert said in page


def test_the_spread_of_language_models_over_seeds_is_that_of_the_table():
    spread = evaluated().table.set_index("model")["accuracy_std"]
    said = "standard deviation of {:.2f} and {:.2f} points over them"
    page = " ".join(DOCUMENTS["docs/language-models.md"].split())
    assert said.format(100 * spread["elmo"], 100 * spread["ulmfit"]) in page


def test_the_stages_of_ulmfit_are_as_the_record_says():
    record = store.read(store.record_path(ROOT / "results", "imdb", "ulmfit", {}, 0))
    forwards, backwards = record.history[:4], record.history[4:]
    said = "{:.1%} of the validation reviews forwards and {:.1%} backwards"
    frozen = [stage[0].validation_accuracy for stage in (forwards, backwards)]
    both = "alone has {:.1%} and {:.1%}, and the mean of both {:.1%}"
    best = [
        min(stage, key=lambda epoch: epoch.validation_loss).validation_accuracy
        for stage in (forwards, backwards)
    ]
    page = " ".join(DOCUMENTS["docs/language-models.md"].split())
    assert said.format(*frozen).replace("%", " %") in page
    assert both.format(*best, record.validation.accuracy).replace("%", " %") in page


MENDED = "2026-12-01T02:36"
"""Since when no epoch begins late, UTC."""


def test_the_lines_whose_epochs_began_late_are_named():
    section = DOCUMENTS["docs/protocol.md"].partition("### Epochs that began late")[2]
    named = re.findall(r"`([^`]+)`", section.partition("\n## ")[0])
    late = {
        catalogue.line_name(record.model, record.variant)
        for record in store.read_runs(ROOT / "results", "imdb").values()
        if record.history and record.utc < MENDED
    }
    assert sorted(named) == sorted(late)


def test_the_first_language_model_is_as_described():
    folder = ROOT / "results" / "runs" / "imdb" / "lm_lstm"
    path = folder / "lm_learning_rate=0.002" / "seed-0.json"
    record, page = store.read(path), DOCUMENTS["docs/language-models.md"].replace("\n", " ")
    (perplexity,) = record.perplexity["language model forwards"]
    assert f"a perplexity of {perplexity:.0f} and" in page
    assert f"{100 * correct(path).mean():.1f} % of the test reviews" in page
    assert record.command in page


FOUND = (
    ("bag_of_words", "tfidf_logreg"),
    ("tfidf_logreg", "naive_bayes_svm"),
    ("averaged_word2vec", "bag_of_centroids"),
    ("averaged_word2vec", "lstm"),
    ("simple_rnn", "lstm"),
    ("lstm", "bidirectional_lstm"),
    ("bidirectional_lstm", "attention_lstm"),
    ("lstm", "cnn"),
    ("naive_bayes_svm", "cnn"),
    ("bidirectional_lstm", "transformer"),
    ("bidirectional_lstm", "elmo"),
    ("transformer", "bert (scratch-tiny)"),
    ("naive_bayes_svm", "bert (all-MiniLM-L6-v2)"),
    ("cnn", "bert (all-MiniLM-L6-v2)"),
)
"""The pairs of models that `docs/findings.md` compares."""


def lines_of_the_findings():
    """Return the table of differences in `docs/findings.md` as the records have it."""
    evaluation = evaluated()
    asked = evaluation.asked
    right = {
        "test": lambda name: evaluation.predictions[name].correct,
        "pairs": lambda name: asked[name]["contrast"].both_right,
        "sentences": lambda name: asked[name]["sentences"].scored,
    }
    cells = {pair: [] for pair in FOUND}
    for of in right.values():
        compared = [(statistics.compare([of(one), of(other)]), 1, 0) for one, other in FOUND]
        for pair, found in zip(FOUND, statistics.corrected(compared).itertuples(), strict=True):
            said = f"{100 * found.difference:+.2f} ({100 * found.ci_low:+.2f} to "
            said += f"{100 * found.ci_high:+.2f})"
            cells[pair].append(said if found.verdict == "tied" else f"**{said}**")
    for pair, own in cells.items():
        seeds = (len(evaluation.predictions[name].correct) for name in pair)
        names = map(columns.with_seeds, (f"`{name}`" for name in pair), seeds)
        yield f"| {' | '.join([*names, *own])} |"


def test_the_differences_found_are_as_the_records_say():
    assert "\n".join(lines_of_the_findings()) in DOCUMENTS["docs/findings.md"]


def lines_of_the_labels():
    """Return the table of few labels in `docs/findings.md` as the records have it."""
    with (ROOT / "results" / "label_curves.csv").open(encoding="utf-8") as file:
        curves = list(csv.DictReader(file))
    for model in dict.fromkeys(line["model"] for line in curves):
        own = [line for line in curves if line["model"] == model]
        cells = [
            columns.with_seeds(f"{100 * float(line['accuracy_mean']):.1f}", int(line["seeds"]))
            for line in sorted(own, key=lambda line: int(line["labels"]))
        ]
        yield f"| `{model}` | {' | '.join(cells)} |"


def test_what_few_labels_lead_to_is_as_the_records_say():
    lines = list(lines_of_the_labels())
    assert all(line.count("|") == 5 for line in lines), "with 100, 1,000 and all labels each"
    assert "\n".join(lines) in DOCUMENTS["docs/findings.md"]


LABELLED = (
    ("averaged_word2vec", "100", "it is the most accurate with 100, at {} %"),
    ("naive_bayes_svm", "100", "against {} % for `naive_bayes_svm` (not tested"),
    ("bert (all-MiniLM-L6-v2)", "100", "The pretrained MiniLM (one seed) has {} % with 100"),
    ("bert (all-MiniLM-L6-v2)", "1000", "makes only 35 steps, and {} % with 1,000"),
    ("elmo", "1000", "With 1,000, `elmo` (one seed) has {} %"),
    ("naive_bayes_svm", "1000", "`naive_bayes_svm` and `cnn` (two seeds) {} %"),
    ("cnn", "1000", "`naive_bayes_svm` and `cnn` (two seeds) {} %"),
    ("bidirectional_lstm", "1000", "`bidirectional_lstm` (one seed) {} %"),
    ("bag_of_centroids", "1000", "`bag_of_centroids` {} %; these"),
)
"""Percentages of the findings: the model, the labels, and the words."""


@pytest.mark.parametrize(("model", "labels", "words"), LABELLED)
def test_a_percentage_with_few_labels_is_that_of_its_model(model, labels, words):
    with (ROOT / "results" / "label_curves.csv").open(encoding="utf-8") as file:
        of = {(line["model"], line["labels"]): line for line in csv.DictReader(file)}
    said = words.format(f"{100 * float(of[model, labels]['accuracy_mean']):.1f}")
    assert said in " ".join(DOCUMENTS["docs/findings.md"].split())


SECONDS = (
    ("README.md", "naive_bayes_svm", "% right after {} s of training"),
    ("README.md", "cnn", "% (after {} s) and `attention_lstm (paper)`"),
    ("README.md", "bert (all-MiniLM-L6-v2)", "% after {} s (one seed, on a slower machine)"),
    ("docs/findings.md", "naive_bayes_svm", "After {} s of training, `naive_bayes_svm`"),
    ("docs/findings.md", "bert (all-MiniLM-L6-v2)", "It takes {} s to fine-tune"),
    ("docs/findings.md", "cnn", "It takes {} s, word vectors included"),
    ("docs/findings.md", "elmo", "but takes {} s, [somewhat too"),
    ("docs/findings.md", "naive_bayes_svm", "`naive_bayes_svm` trains in {} s and"),
    ("docs/findings.md", "cnn", "`cnn` takes {} s and"),
    ("docs/findings.md", "bert (all-MiniLM-L6-v2)", "`bert (all-MiniLM-L6-v2)` takes {} s and"),
)
"""Seconds in the text: the document, the model, and the words."""


@pytest.mark.parametrize(("document", "model", "words"), SECONDS)
def test_seconds_in_the_text_are_those_of_their_model(document, model, words):
    seconds = tables.whole_seconds(evaluated().table.set_index("model"))[model]
    assert words.format(f"{seconds:,.0f}") in " ".join(DOCUMENTS[document].split())


@pytest.mark.parametrize("dataset", CORPORA)
def test_the_published_corpus_is_that_of_the_committed_records(dataset):
    records = store.read_runs(ROOT / "results", dataset).values()
    assert {(one.corpus.name, one.corpus.hash) for one in records} == {(dataset, CORPORA[dataset])}


def test_figures_in_the_findings_are_those_of_the_tables():
    text = DOCUMENTS["docs/findings.md"].replace("\n", " ")
    table = evaluated().table
    shares = [name for name in table if name.endswith(("accuracy", "_both", "accuracy_mean"))]
    known = {f"{100 * value:.1f}" for name in shares for value in table[name].dropna()}
    known |= set(re.findall(r"\d\d\.\d\b", " ".join(lines_of_the_labels())))
    seeds = (ROOT / "results/runs/imdb/cnn/labels=100").glob("seed-*.json")
    known |= {f"{100 * correct(path).mean():.1f}" for path in seeds}
    quoted = set(re.findall(r"(\d\d\.\d) %", text))
    assert quoted
    assert quoted <= known
    seconds = {f"{value:,.0f}" for value in tables.whole_seconds(table).dropna()}
    assert set(re.findall(r"([\d,]+) s\b", text)) <= seconds
