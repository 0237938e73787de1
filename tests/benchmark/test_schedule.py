"""The order of runs on many machines."""

from benchmark.rows import catalogue
from benchmark.rows.catalogue import Line
from benchmark.rows.hyperparameters import plain
from benchmark.runs.child import Run
from benchmark.runs.cluster import schedule
from benchmark.runs.cluster.schedule import Job, Order, Shared
from tests.conftest import ROOT

import pytest


def job(name: str, seconds: float, *needs: Shared, makes: Shared | None = None) -> Job:
    line = Line(name, "", "models.majority")
    return Job(Run(line, 0, ROOT / name), seconds, frozenset(needs), makes)


def test_the_committed_table_on_16_nodes_is_near_what_no_order_can_beat():
    results = ROOT / "results"
    runs = schedule.lines_with_records(catalogue.lines().values(), results, "imdb", 3)
    jobs = schedule.estimate(runs, results, "imdb")
    found = schedule.simulate(jobs, 16)
    assert found.bound <= found.seconds <= 1.1 * found.bound
    assert len(found.starts) == len(jobs)
    alone = schedule.simulate(jobs, 1)
    assert alone.seconds == pytest.approx(sum(job.seconds for job in jobs))
    made = [job.makes.name for job in jobs if job.makes and job.makes.kind == "word2vec"]
    assert made == ["cbow, seed 0", "cbow, seed 1", "cbow, seed 2"], "once a seed, for all models"


def test_longest_first_and_what_is_needed_before_those_that_need_it():
    vectors = Shared("word2vec", "seed 0")
    jobs = [
        job("short", 1), job("long", 50), job("needy", 40, vectors),
        job("needy_too", 5, vectors), job("maker", 20, makes=vectors),
    ]  # fmt: skip
    order = Order(jobs)
    first, second, third = order.next(), order.next(), order.next()
    assert [one.run.name for one in (first, second, third)] == ["maker", "long", "short"]
    assert order.next() is None, "the others wait"
    order.done(first)
    assert order.next().run.name == "needy"
    assert order.next().run.name == "needy_too"
    assert not order
    assert schedule.simulate(jobs, 2).seconds == 60


def test_word_vectors_of_each_kind_are_made_once_and_random_ones_never():
    cnn, majority = catalogue.choose(["cnn"])["cnn"], catalogue.choose(["majority"])["majority"]
    made = {Shared("glove", "glove, seed 3")}
    assert schedule.needs(cnn, {"vectors": "glove"}, 3, None) == made
    assert schedule.needs(cnn, {"vectors": "random"}, 3, None) == set()
    assert schedule.needs(majority, {}, 3, None) == set()


def test_language_models_are_made_once_for_all_rows_and_seeds_that_start_from_them():
    lines = catalogue.choose(["lm_lstm", "elmo", "ulmfit"])
    forwards, elmo, ulmfit = (
        schedule.needs(lines[name], plain(catalogue.load(name).hyperparameters()), seed, None)
        for name, seed in (("lm_lstm", 0), ("elmo", 0), ("ulmfit", 1))
    )
    assert {need.kind for need in forwards} == {"word2vec", "language model forwards"}
    assert elmo == ulmfit > forwards
    chance = plain(catalogue.load("lm_lstm").hyperparameters(pretrain=0))
    (vectors,) = schedule.needs(lines["lm_lstm"], chance, 1, None)
    assert vectors == Shared("word2vec", "cbow, seed 0"), "the language model's seed"


def test_what_one_run_alone_needs_it_makes_itself():
    lines = catalogue.choose(["cnn"])
    (one,) = schedule.estimate([Run(lines["cnn"], 0, ROOT, hyperparameters={})], ROOT, "none")
    assert one.makes is None
    assert one.seconds > 100, "as on IMDB"
    assert one.memory_mb == 0, "that of other reviews says nothing"
    assert not one.needs
    two = [Run(lines["cnn"], 0, ROOT / str(n), hyperparameters={}) for n in range(2)]
    made, *users = schedule.estimate(two, ROOT, "none")
    assert made.makes == Shared("word2vec", "cbow, seed 0")
    assert all(user.needs == {made.makes} for user in users)
