"""One run: a row, a seed, a corpus; learn, predict, record."""

import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.records import environment, metrics, store
from benchmark.records.record import (
    CorpusId,
    Epoch,
    Failed,
    Finished,
    MatrixProducts,
    Rates,
    Record,
    Scores,
    Seconds,
)
from benchmark.records.store import Answered, TestPredictions
from benchmark.rows import catalogue, hardware, saved, sources
from benchmark.rows.contract import Fitted, OnEvent, Row
from benchmark.rows.hyperparameters import changed, plain
from benchmark.rows.training_data import MadeError, TrainingData
from benchmark.runs import kept_models
from benchmark.runs.evaluation import ask
from preprocessing.corpus import Corpus, withholding_test
from preprocessing.errors import DamagedError, OptionError, UserError
from preprocessing.evaluation_sets import EvaluationSet
from preprocessing.program import is_machine_trouble
from preprocessing.storage import verify
from preprocessing.subwords.ids import subword_ids
from preprocessing.wording import one_line


def run(
    name: str,
    row: Row,
    options: Any,
    seed: int,
    corpus: Corpus,
    results: Path,
    on_event: OnEvent,
    variant: str = "",
    command: str = "",
    validation_only: bool = False,
    save_to: Path | None = None,
    evaluation_sets: Sequence[EvaluationSet] = (),
    labels: int | None = None,
    keep_in: Path | None = None,
) -> tuple[Record, TestPredictions | None]:
    """Make one run and write its record, also when the row fails.

    What the machine does wrong, such as a full disk or a damaged file, is no failure of the row: it
    leaves no record.

    Args:
        name: the row's name.
        row: the row.
        options: an instance of its hyperparameters.
        seed: fixes all chance in the run.
        corpus: the reviews.
        results: the results folder.
        on_event: is told of progress.
        variant: the variant that the hyperparameters are of, or start from.
        command: what a user types to make this run again.
        validation_only: leave the test reviews alone; for making choices.
        save_to: the folder to keep the trained model in, if it is to be kept.
        evaluation_sets: what the trained model is asked, once, after the test reviews.
        labels: how many training reviews keep their label; None for all.
        keep_in: the cache to keep the trained model in; None for nowhere.

    Returns:
        The record, and the predictions for the test reviews if there are any.

    Raises:
        DamagedError: the corpus, or something else that is kept, was changed.
        OptionError: the row cannot learn with these options.
        OSError: the machine cannot write or open a file.
    """
    further = changed(options, row.options_of(variant))
    path = store.record_path(
        results,
        corpus.name,
        name,
        further,
        seed,
        variant=variant,
        tuning=validation_only,
        labels=labels,
    )
    about: dict[str, Any] = {
        "model": name,
        "variant": variant,
        "family": row.family,
        "seed": seed,
        "labels": labels,
        "corpus": CorpusId(name=corpus.name, hash=corpus.hash),
        "hyperparameters": plain(options),
        "changed": further,
        "command": command,
        "sources": sources.digest(catalogue.choose_row(name)),
        "environment": environment.describe(),
    }  # of finished and failed runs alike
    verify(corpus.folder)
    started = {"model": name, "variant": variant, "seed": seed, "corpus": corpus.name}
    on_event({"event": "start", "record": str(path), **started})
    record: Record
    fitted, predictions = None, None
    answered: dict[str, Answered] = {}
    try:
        row.warm_up()
        backend = row.versions()  # a package that cannot be found is told before training
        library, float32, bfloat16 = hardware.matrix_products()
        data = TrainingData.of(corpus, seed, labels)
        learning = _Stopwatch()
        with withholding_test():
            fitted = row.fit(options, data, on_event)
        learning.stop(less=data.clock.cache_seconds, less_cpu=data.clock.cache_cpu_seconds)
        load = max(about["environment"].load_average, environment.load_average())
        about["environment"] = about["environment"].model_copy(update={"load_average": load})
        on_event({"event": "step", "text": "predicting"})
        kept = metrics.logits_to_keep(fitted.predict(corpus.reviews("validation")))
        predicting = None
        if not validation_only:
            test = corpus.reviews("test")
            fitted.make_ready(test)
            predicting = _Stopwatch()
            probabilities = fitted.predict(test)
            predicting.stop()
            predictions = TestPredictions(
                metrics.logits_to_keep(probabilities),
                corpus.column("labels", "test"),
                corpus.column("also_in_train", "test"),
            )
            answered = ask(fitted, evaluation_sets, corpus.vocabulary, on_event)
        passes = max(1, len(fitted.history))
        record = Finished(
            **about,
            outside_data=fitted.outside_data,
            weights=fitted.weights,
            parameters=fitted.parameters,
            precision=fitted.precision,
            backend=backend,
            device=_device(fitted),
            matrix_products=MatrixProducts(library=library, float32=float32, bfloat16=bfloat16),
            history=[Epoch(**epoch) for epoch in fitted.history],
            perplexity=data.clock.perplexity,
            seconds=Seconds(
                preprocessing=data.clock.seconds,
                training=learning.seconds,
                training_cpu=learning.cpu_seconds,
                compilation=fitted.seconds_compiling,
                prediction=predicting.seconds if predicting else None,
                prediction_cpu=predicting.cpu_seconds if predicting else None,
            ),
            reviews_per_second=Rates(
                training=passes * len(data.train) / learning.seconds,
                prediction=len(test) / predicting.seconds if predicting else None,
            ),
            peak_memory_mb=environment.peak_memory_mb(),
            validation=Scores(**metrics.scores(kept, corpus.column("labels", "validation"))),
        )
    except Exception as error:
        if isinstance(error, DamagedError | OptionError) or is_machine_trouble(error):
            raise  # it is no failure of the row
        predictions = None
        if not isinstance(error, UserError):
            traceback.print_exc()
        record = Failed(**about, reason=_reason(error))
    record = store.write(path, record, predictions, answered)
    if fitted is not None and isinstance(record, Finished):
        if save_to is not None:
            saved.save(save_to, fitted, corpus, record.as_json())
            on_event({"event": "step", "text": f"saved to {save_to}"})
        if keep_in is not None:
            folder = kept_models.folder_of(keep_in, results, path)
            kept_models.keep(folder, fitted, corpus, record, keep_in)
    on_event({"event": "end", "record": str(path)})
    return record, predictions


def make_only(
    what: str,
    row: Row,
    options: Any,
    seed: int,
    corpus: Corpus,
    on_event: OnEvent,
    labels: int | None = None,
) -> None:
    """Make what a run makes once and keeps with the corpus, and train nothing.

    Args:
        what: one of `benchmark.rows.training_data.ONCE`; of subwords, those of the test reviews
            are made, too.
        row: the row that needs it.
        options: an instance of its hyperparameters.
        seed: fixes all chance.
        corpus: the reviews.
        on_event: is told of progress.
        labels: how many training reviews keep their label; None for all.

    Raises:
        UserError: the row makes no such thing.
    """
    data = replace(TrainingData.of(corpus, seed, labels), make_only=what)
    none = UserError(f"--make-only {what}: this model makes none")

    def before_training(event: dict[str, Any]) -> None:
        passes = event["event"] == "epoch" or event.get("what") == "epoch"
        if passes and not getattr(options, "teacher", ""):  # a teacher's passes come before
            raise none
        on_event(event)

    try:
        with withholding_test():
            row.fit(options, data, before_training)
    except MadeError as made:
        if made.tokenizer is not None:
            for split in ("train", "validation", "test"):
                subword_ids(corpus.reviews(split).texts, made.tokenizer)
        return
    raise none


class _Stopwatch:
    """Counts wall and CPU seconds from when it is made until it is stopped."""

    def __init__(self) -> None:
        self._start, self._cpu_start = time.perf_counter(), time.process_time()
        self.seconds = self.cpu_seconds = 0.0

    def stop(self, less: float = 0.0, less_cpu: float = 0.0) -> None:
        """Stop it, and subtract seconds that do not count."""
        self.seconds = time.perf_counter() - self._start - less
        self.cpu_seconds = time.process_time() - self._cpu_start - less_cpu


def _device(fitted: Fitted) -> str:
    machine = hardware.gpus()[:1] if fitted.on_gpu else []
    return machine[0] if machine else hardware.processor()


def _reason(error: Exception) -> str:
    text = one_line(error)
    return (text if isinstance(error, UserError) else f"{type(error).__name__}: {text}")[:500]
