"""Searching by chance on validation, and what the searches are worth."""

import itertools
from dataclasses import replace

from benchmark.analysis import budget
from benchmark.records import trials
from benchmark.records.trials import Trial
from benchmark.rows import catalogue
from benchmark.rows.hyperparameters import Choice, LogUniform, Uniform, search_space
from benchmark.runs import tuning
from benchmark.runs.child import Settings
from preprocessing.errors import DamagedError, UserError
from preprocessing.options import DataOptions
from tests.benchmark.made_up_runs import ENVIRONMENT, a_corpus, a_failure, a_record, a_trial
from tests.checkouts import add_row
from tests.conftest import run_python

import numpy as np
import pytest
from filelock import FileLock

SPACE = {"c": LogUniform(0.1, 1000.0), "units": LogUniform(8, 512), "share": Uniform(0.0, 0.5),
         "widths": Choice((1, 2), (3,))}  # fmt: skip


def test_draws_lie_in_their_ranges_and_fill_them():
    found = [tuning.drawn(SPACE, 0, number) for number in range(1, 201)]
    logs = np.log10([draw["c"] for draw in found])
    assert logs.min() >= -1
    assert logs.max() <= 3
    np.testing.assert_allclose(np.quantile(logs, [0.25, 0.5, 0.75]), [0, 1, 2], atol=0.35)
    assert {type(draw["units"]) for draw in found} == {int}
    assert all(8 <= draw["units"] <= 512 and 0 <= draw["share"] <= 0.5 for draw in found)
    assert {draw["widths"] for draw in found} == {(1, 2), (3,)}


def test_a_trial_is_drawn_by_its_number_and_seed_alone():
    assert tuning.drawn(SPACE, 0, 0) == {}
    assert tuning.drawn(SPACE, 0, 7) == tuning.drawn(SPACE, 0, 7)
    draws = [tuning.drawn(SPACE, seed, number) for seed in (0, 1) for number in (7, 8)]
    assert all(one != other for one, other in itertools.combinations(draws, 2))


@pytest.mark.parametrize("name", [name for name in catalogue.modules() if name != "majority"])
def test_every_row_accepts_what_is_drawn_for_it(name):
    row = catalogue.load(name)
    space = search_space(row.hyperparameters)
    assert space
    for number in range(1, 40):
        replace(row.options_of(""), **tuning.drawn(space, 0, number))


def test_a_trial_that_another_process_has_begun_is_left_to_it(small, tmp_path, monkeypatch):
    made = []

    def make(run, *rest):
        made.append(run.hyperparameters)
        return a_record(
            model=run.line.row,
            corpus=a_corpus(name=small.name, hash=small.hash),
            hyperparameters=run.hyperparameters,
        )

    monkeypatch.setattr(tuning, "make", make)
    line = catalogue.choose(["tfidf_logreg"])["tfidf_logreg"]
    path = trials.path_of(tmp_path, small.name, "tfidf_logreg")
    path.parent.mkdir(parents=True)

    def search():
        own = Settings(DataOptions(), tmp_path)
        return [one.number for one in tuning.tune(line, 3, 0, small, own, lambda trial: None)]

    with FileLock(path.parent / ".trial-1.lock"):
        assert search() == [0, 2]
    assert search() == search() == [0, 1, 2]
    assert len(made) == 3


def test_trials_are_kept_by_number_and_know_when_they_were_changed(tmp_path):
    path = trials.path_of(tmp_path, "imdb", "cnn")
    for trial in (a_trial(2, 0.9), a_trial(0, 0.8), Trial(1, a_failure())):
        trials.add(path, trial)
    trials.add(path, a_trial(2, 0.7))
    found = trials.read(path)
    assert [(trial.number, trial.accuracy) for trial in found] == [(0, 0.8), (1, 0.0), (2, 0.7)]
    path.write_text(path.read_text().replace('"accuracy": 0.7', '"accuracy": 0.9'))
    with pytest.raises(DamagedError, match=r"trials.jsonl is damaged \(line 3: it was changed"):
        trials.read(path)


@pytest.mark.parametrize("other", [{"corpus": a_corpus(hash="old")}, {"protocol": 1}, {"seed": 1}])
def test_trials_of_something_else_are_refused(tmp_path, small, other):
    path = trials.path_of(tmp_path, "imdb", "cnn")
    trials.add(path, a_trial(0, 0.8, **{"corpus": a_corpus(hash=small.hash)} | other))
    with pytest.raises(UserError, match="holds trials of"):
        tuning.read(path, small, 0)
    before = path.read_bytes()
    with pytest.raises(UserError, match="another search by now, so trial 1 was not kept"):
        trials.add(path, a_trial(1, 0.8, corpus=a_corpus(hash=small.hash)))
    assert path.read_bytes() == before


def test_the_expected_best_is_the_mean_over_all_choices():
    values = np.array([0.3, 0.9, 0.5, 0.5, 0.0])
    by_hand = [
        np.mean([max(chosen) for chosen in itertools.combinations(values, k)])
        for k in range(1, len(values) + 1)
    ]
    np.testing.assert_allclose(budget.expected_best(values), by_hand)
    many = np.random.default_rng(0).random(2000)
    curve = budget.expected_best(many)
    np.testing.assert_allclose(curve[[0, -1]], [many.mean(), many.max()])
    assert (np.diff(curve) > -1e-9).all()


def test_a_failed_trial_counts_and_the_present_settings_do_not():
    found = [a_trial(0, 1.0), a_trial(1, 0.8), Trial(2, a_failure())]
    curve = budget.curve_of(found)
    np.testing.assert_allclose(curve.expected, [0.4, 0.8])
    assert (curve.failed, curve.before, curve.best.number) == (1, 1.0, 0)
    assert curve.seconds == found[1].seconds > 0, "how long a failed one took is not known"


def test_what_all_trials_share_is_counted_once():
    def trial(number, training, **made):
        preprocessing = {"word2vec": 700.5, **made}
        return a_trial(number, 0.8, seconds=a_record().seconds.model_copy(
            update={"training": training, "preprocessing": preprocessing}
        ))  # fmt: skip

    curve = budget.curve_of([trial(1, 10.0), trial(2, 20.0, subwords=6.0)])
    assert (curve.once, curve.seconds) == (700.5, 18.0)


def test_the_present_settings_alone_are_no_search(tmp_path):
    path = trials.path_of(tmp_path, "imdb", "majority")
    trials.add(path, a_trial(0, 0.9))
    assert budget.read(tmp_path, "imdb") == {}
    trials.add(path, a_trial(1, 0.8))
    assert budget.read(tmp_path, "imdb")["majority"].expected == [0.8]


@pytest.mark.parametrize("other", [{"protocol": 1}, {"corpus": a_corpus(hash="old")}])
def test_searches_under_other_rules_or_of_other_reviews_are_not_compared(tmp_path, other):
    new, old = "2026-02-01T00:00:00+00:00", "2026-01-01T00:00:00+00:00"
    for number in (0, 1):
        trials.add(trials.path_of(tmp_path, "imdb", "majority"), a_trial(number, 0.8, utc=new))
        trials.add(trials.path_of(tmp_path, "imdb", "cnn"), a_trial(number, 0.9, utc=old, **other))
    assert list(budget.read(tmp_path, "imdb")) == ["majority"]


def test_seconds_of_other_machines_and_of_busy_ones_are_named():
    busy = ENVIRONMENT.model_copy(update={"load_average": 3.1})  # of 2 cores
    other = ENVIRONMENT.model_copy(update={"processor": "another"})
    curves = {
        name: budget.curve_of([a_trial(1, 0.8), a_trial(2, 0.8, environment=environment)])
        for name, environment in (("cnn", ENVIRONMENT), ("gru", busy), ("lstm", other))
    }
    said = budget.about_times(curves)
    assert "they were measured on several" in said
    assert "(lstm)" in said
    assert said.endswith("so their times may be too long: gru.")
    del curves["lstm"], curves["gru"]
    assert budget.about_times(curves) == (
        f"All times were measured on one kind of machine: {ENVIRONMENT.machine}."
    )


def test_a_search_of_which_all_trials_failed_has_no_times():
    failed = a_trial(1, 0)
    failed = replace(failed, record=a_failure())
    curves = {"cnn": budget.curve_of([failed])}
    assert curves["cnn"].failed == 1
    assert budget.about_times(curves) == ""
    curves["gru"] = budget.curve_of([a_trial(1, 0.8)])
    assert budget.about_times(curves).startswith("All times were measured on one kind")


def test_where_two_curves_cross_is_said():
    curves = {
        "steady": budget.curve_of([a_trial(n, 0.8) for n in range(5)]),
        "risky": budget.curve_of([a_trial(n, v) for n, v in enumerate([0, 0.6, 0.6, 0.6, 1])]),
        "worse": budget.curve_of([a_trial(n, 0.5) for n in range(5)]),
    }
    np.testing.assert_allclose(curves["risky"].expected, [0.7, 0.8, 0.9, 1.0])
    assert budget.crossings(curves) == [("steady", "risky", 3)]


def test_a_search_goes_on_where_it_stopped_and_shows_what_it_is_worth(checkout):
    options = "from benchmark.rows.pipelines import Choice, option\n"
    add_row(checkout, "searched", extra=options)
    file = checkout / "models/searched.py"
    file.write_text(file.read_text().replace(
        "    pass\n", '    c: int = option(0, "a number", Choice(1, 2, 3))\n'
    ).replace("def build(options, data):\n", (
        "def build(options, data):\n    if options.c == 3:\n        raise ValueError('diverged')\n"
    )))  # fmt: skip

    def run(*arguments):
        process = run_python("-m", "benchmark", *arguments, cwd=checkout, PYTHONPATH=str(checkout))
        assert process.returncode == 0, process.stderr
        return process.stdout

    tune = ("tune", "searched", "--dataset", "sample", "--limit", "40", "--trials")
    assert "0: current settings: validation accuracy 0.5000" in run(*tune, "1")
    again = run(*tune, "3")
    assert "0: current settings" not in again.split("the best")[0]
    path = trials.path_of(checkout / "results", "sample-limit-40", "searched")
    found = trials.read(path)
    drawn = [tuning.drawn({"c": Choice(1, 2, 3)}, 0, number) for number in range(3)]
    assert [trial.record.changed for trial in found] == drawn
    assert [trial.record.status for trial in found] == [
        "failed" if settings.get("c") == 3 else "ok" for settings in drawn
    ]
    assert not list((checkout / "results").rglob("seed-*.json"))
    file.write_text(file.read_text().replace("Choice(1, 2, 3)", "Choice(4, 5, 6)"))
    refused = run_python("-m", "benchmark", *tune, "4", cwd=checkout, PYTHONPATH=str(checkout))
    assert refused.returncode == 2
    assert "trial 1 differs from what would be drawn now; move the file away" in refused.stderr
    file.write_text(file.read_text().replace("Choice(4, 5, 6)", "Choice(1, 2, 3)"))
    shown = run("budget", "--dataset", "sample-limit-40")
    assert "searched" in shown
