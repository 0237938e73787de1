"""The record of one run: what was run, where, and how it went.

A record holds no score of the test reviews: those are computed from the predictions that are kept
beside it, so that a new metric holds for old runs, too. No predictions of the validation reviews
are kept, so their scores are in the record. On disk a record ends with its own hash.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from benchmark.rows import catalogue
from preprocessing.errors import DamagedError, UserError
from preprocessing.storage import seal, unseal
from preprocessing.wording import counted, one_line

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

FORMAT: Final = 3
PROTOCOL = 2
NOT_COMPARABLE = "times are not comparable"
"""What a machine's description says where other runs used it at the same time."""


def now() -> str:
    """Return the time, UTC, in ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class Part(BaseModel):
    """What all parts of a record have in common: exact types, no unknown names, no changes."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=True)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return self.model_dump(mode="json")


class CorpusId(Part):
    """Which reviews: a name, and a hash of all that was prepared of them."""

    name: str
    hash: str


class Environment(Part):
    """Where and with what a run was made; null is what an older run did not record.

    Attributes:
        processor: its name.
        vector_extensions: those of its instruction sets that matter for speed, such as avx2.
        cores: those that the process may use.
        threads: those that libraries compute with; sums of more or fewer end in other digits.
        memory_gb: main memory, GiB.
        gpus: the names of the NVIDIA GPUs.
        system: operating system and architecture.
        python: its version.
        packages: versions of the libraries that results depend on.
        code: the checkout's commit, with a + if the code differs from it.
        load_average: processes that wanted to run, mean over a minute; the larger of when the run
            began and when its training ended.
        cpus_given: those that a run on a cluster was given, if that was less than its node has.
    """

    processor: str
    vector_extensions: list[str] | None
    cores: int
    threads: int | None
    memory_gb: float
    gpus: list[str]
    system: str
    python: str
    packages: dict[str, str]
    code: str
    load_average: float | None
    cpus_given: float | None = None

    @property
    def machine(self) -> str:
        """The kind of machine: times of two kinds cannot be compared, nor can last digits."""
        if self.vector_extensions is None:
            extensions = "vector extensions not recorded"
        else:
            extensions = " ".join(self.vector_extensions) or "no vector extensions"
        cores = f"{self.cores} cores"
        if self.threads is not None and self.threads != self.cores:
            cores += f", {counted(self.threads, 'thread')}"
        if self.cpus_given is not None:
            cores += f", {self.cpus_given:g} of them given, so that {NOT_COMPARABLE}"
        return ", ".join([self.processor, extensions, cores, *self.gpus])


class MatrixProducts(Part):
    """How fast the run's own numerical library multiplied matrices before training.

    Attributes:
        library: numpy, or Keras's backend if Keras was imported.
        float32: GFLOP/s (10^9 additions and multiplications a second).
        bfloat16: the same; null without Keras.
    """

    library: str
    float32: float
    bfloat16: float | None


class Epoch(Part):
    """One pass of a network over the training reviews.

    Losses are those that the row trains with, in nats a review unless its file says otherwise.
    """

    loss: float
    accuracy: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


class Seconds(Part):
    """What took how long, in wall seconds unless it says CPU.

    Attributes:
        preprocessing: what is made once and kept (word vectors, subwords, pretraining, a teacher)
            and was made by this run or an earlier one.
        training: fitting, without `preprocessing`.
        compilation: the part of `training` that compilation took, where that can be told.
        prediction: of the test reviews; null if they were left alone.
        training_cpu: CPU seconds of `training`, all threads together; null in older records.
        prediction_cpu: CPU seconds of `prediction`.
    """

    preprocessing: dict[str, float]
    training: float
    compilation: float | None
    prediction: float | None
    training_cpu: float | None
    prediction_cpu: float | None


class Rates(Part):
    """Reviews a second; every epoch counts in training."""

    training: float
    prediction: float | None


class Scores(Part):
    """Scores of the validation reviews; see `benchmark.records.metrics`."""

    accuracy: float
    f1: float
    roc_auc: float
    log_loss: float
    calibration_error: float


class PredictionsFile(Part):
    """Name and SHA-256 of the file that holds the predictions."""

    file: str
    sha256: str


class Evaluation(Part):
    """The evaluation of the trained model on one set.

    Attributes:
        hash: names the set's texts, labels and pairs.
        seconds: of the prediction; no part of the run's own.
        predictions: the file of what it answered.
        utc: when it was asked; null where that was at the end of the run.
    """

    hash: str
    seconds: float
    predictions: PredictionsFile
    utc: str | None = None


class _Run(Part):
    """What finished and failed runs have in common.

    Attributes:
        format: the version of this description.
        model: the row's name.
        variant: the variant's name; empty for the row with its defaults.
        family: the row's family; empty if the row could not be imported.
        seed: fixed all chance in the run.
        labels: how many training reviews had a label; null for all of them.
        protocol: the version of the rules that it was run under.
        corpus: the reviews.
        hyperparameters: all of them; null if the row could not be imported.
        changed: those that differ from the defaults, or from the variant's.
        command: what a user types to make the run again.
        sources: digest of the code that the row depends on; null in older records.
        environment: where and with what it was made.
        utc: when it ended.
    """

    format: Literal[3] = FORMAT
    model: str
    variant: str = ""
    family: str
    seed: int
    labels: int | None = None
    protocol: int = PROTOCOL
    corpus: CorpusId
    hyperparameters: dict[str, JsonValue] | None
    changed: dict[str, JsonValue] = Field(default_factory=dict)
    command: str = ""
    sources: str | None
    environment: Environment
    utc: str = Field(default_factory=now)

    @property
    def line(self) -> str:
        """The name of the leaderboard's line that the run belongs to."""
        return catalogue.line_name(self.model, self.variant)

    def answers_for(
        self,
        protocol: int,
        corpus_hash: str,
        options: dict[str, Any] | None,
        labels: int | None,
    ) -> bool:
        """Tell whether it is a run of this protocol, corpus and hyperparameters, however it ended.

        Args:
            protocol: the version of the rules.
            corpus_hash: of the reviews.
            options: hyperparameters; None if they are not known, and then they do not count.
            labels: how many training reviews have a label; None for all.
        """
        return (
            self.protocol == protocol
            and self.corpus.hash == corpus_hash
            and self.labels == labels
            and options in (None, self.hyperparameters)
        )


class Finished(_Run):
    """The record of a run that went well.

    Attributes:
        outside_data: what the row saw besides the corpus.
        weights: the pretrained weights that it started from.
        parameters: how many numbers the trained model holds, those that were given included.
        precision: the number format that it computes in.
        backend: versions of what computed, the backend first.
        device: the name of the processor or GPU that computed.
        matrix_products: how fast the machine was; null in older records.
        history: one entry an epoch; empty where there are none.
        seconds: what took how long.
        reviews_per_second: the same as rates.
        peak_memory_mb: the most main memory that the process held, MB (10^6 bytes).
        validation: scores of the validation reviews.
        predictions: the file of the test predictions; null if the test reviews were left alone.
        evaluations: the evaluation sets that the model was evaluated on, by name.
        perplexity: on the validation reviews, after each pass, of each language model that the row
            started from, by what it is called in `seconds.preprocessing`.
    """

    status: Literal["ok"] = "ok"
    outside_data: str
    weights: str
    parameters: int
    precision: str
    backend: dict[str, str]
    device: str
    matrix_products: MatrixProducts | None
    history: list[Epoch]
    seconds: Seconds
    reviews_per_second: Rates
    peak_memory_mb: float
    validation: Scores
    predictions: PredictionsFile | None = None
    evaluations: dict[str, Evaluation] = Field(default_factory=dict)
    perplexity: dict[str, list[float]] = Field(default_factory=dict)

    @property
    def is_disturbed(self) -> bool:
        """Tell whether other programs kept the machine busy: its times are too long.

        The run itself makes a load of about the cores, and so does one that ended a moment before.
        """
        load = self.environment.load_average
        return load is not None and load > self.environment.cores + 1


class Failed(_Run):
    """The record of a run that failed, also of one whose process died.

    Attributes:
        reason: why, in one line.
    """

    status: Literal["failed"] = "failed"
    reason: str


Record = Finished | Failed
_RECORD: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="status")])


def from_disk(path: Path) -> Record:
    """Read a record.

    Raises:
        DamagedError: it was changed since it was written.
        UserError: it is of another format.
        FileNotFoundError: there is none.
    """
    content = path.read_bytes()
    found = _format_of(content)
    if isinstance(found, int) and found != FORMAT:
        raise UserError(
            f"{path} is a record of format {found}, and this version reads {FORMAT}; delete it to "
            f"run it again"
        )
    try:
        return from_content(unseal(content))
    except ValueError as error:
        raise damaged(path, error) from None


def from_content(content: dict[str, Any]) -> Record:
    """Return what JSON holds as a record.

    Raises:
        ValueError: it is none.
    """
    try:
        return _RECORD.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("ok", "failed"))
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from None


def to_text(record: Record) -> str:
    """Return a record as `from_disk` reads it."""
    return seal(record.as_json())


def damaged(path: Path, what: Exception | str, record: Path | None = None) -> DamagedError:
    """Return the error that says that a record, or a file beside it, is damaged.

    Args:
        path: the damaged file.
        what: what is wrong.
        record: the record beside which it stands; None if it is a record itself.
    """
    advice = f"delete {record}" if record else "delete it"
    return DamagedError(
        f"{path} is damaged ({one_line(what)}); restore it from a copy, or {advice} to run it again"
    )


def _format_of(content: bytes) -> Any:
    """Return the format that a record says it is of; 1 if it says nothing; None if it is none."""
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(read, dict) and {"status", "model", "seed"} <= set(read)
    return read.get("format", 1) if whole else None
