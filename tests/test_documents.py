"""What the documents say is what the code does."""

import csv
import re
import shutil

from benchmark.analysis import columns, leaderboard, steps, tables
from benchmark.records import store
from benchmark.rows import catalogue
from benchmark.rows.hyperparameters import plain
from benchmark.rows.networks.network_row import NetworkRow
from tests.conftest import ROOT, run_python

import pytest

README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNS = store.read_runs(ROOT / "results", "imdb")


def test_the_readme_and_the_leaderboard_come_from_the_records():
    evaluation = leaderboard.evaluate(ROOT / "results", "imdb")
    markdown = tables.as_markdown(evaluation.table, "imdb", evaluation.unreached)
    assert tables.inserted(README, markdown) == README
    assert (ROOT / "results" / "leaderboard.md").read_text(encoding="utf-8").endswith(markdown)
    bought = steps.as_markdown(steps.build(evaluation))
    assert tables.inserted(README, bought, steps.MARKS) == README


def test_rebuilding_the_tables_changes_no_byte(tmp_path):
    shutil.copytree(ROOT / "results" / "runs" / "imdb", tmp_path / "runs" / "imdb")
    leaderboard.write(tmp_path, "imdb")
    steps.write(steps.build(leaderboard.evaluate(tmp_path, "imdb")), tmp_path, "imdb")
    for name in ("leaderboard.csv", "leaderboard.md", "steps.csv"):
        assert (tmp_path / name).read_bytes() == (ROOT / "results" / name).read_bytes()


def test_the_figures_show_every_row_of_the_leaderboard():
    drawing = (ROOT / "results" / "figures" / "reliability.svg").read_text(encoding="utf-8")
    with (ROOT / "results" / "leaderboard.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            named = f">{line['model']}<" in drawing
            assert named == (line["status"] == "ok"), "run python -m benchmark report"


@pytest.mark.parametrize("path", RUNS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_committed_record_is_whole_and_answers_for_the_row_as_it_is(path):
    record = RUNS[path]
    row = catalogue.load(record.model)
    assert record.hyperparameters == plain(row.options_of(record.variant)), "run the row again"
    assert not record.changed
    variant = f" --variant {record.variant}" if record.variant else ""
    module = catalogue.modules()[record.model]
    assert record.command == f"python -m {module} --seed {record.seed}{variant}"
    assert path == store.record_path(
        ROOT / "results", "imdb", record.model, {}, record.seed, record.variant
    )
    assert len(store.read_predictions(path, record).logits) == 25_000


def test_the_readme_names_every_row_and_every_column():
    for name, module in catalogue.modules().items():
        assert f"[`{name}`]({module.replace('.', '/')}.py)" in README, "add it to its rows"
    section = README.partition("## How to read the CSV")[2].partition("\n## ")[0]
    assert set(columns.NAMES) <= set(re.findall(r"`([a-z0-9_]+)`", section))
    with (ROOT / "results" / "leaderboard.csv").open(encoding="utf-8") as file:
        assert tuple(next(csv.reader(file))) == columns.NAMES


def test_the_readme_says_how_long_the_networks_take():
    networks = [name for name in catalogue.modules() if type(catalogue.load(name)) is NetworkRow]
    table = leaderboard.build(ROOT / "results", "imdb").set_index("model").loc[networks]
    predicting = 25_000 / table["predict_reviews_per_second"]
    minutes = (table["train_seconds"] + predicting).sum() / 60
    said = f"its {len(networks)} networks take {minutes:.0f} minutes"
    assert said in " ".join(README.split()), "say so in the README"


def test_every_link_leads_somewhere():
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
            assert (ROOT / target).exists(), f"{document}: {target}"


def test_every_dependency_is_explained():
    section = README.partition("## What each dependency is for")[2].partition("\n## ")[0]
    for file in ("requirements.txt", "requirements/base.txt", "requirements/jax.txt"):
        for line in (ROOT / file).read_text().splitlines():
            if line and line[0].isalpha():
                name = re.match(r"[\w-]+", line)[0]
                assert re.search(rf"\b{name}\b", section), f"{name} of {file}"


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
