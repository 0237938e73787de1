"""KerasHub, which takes a second to import: whoever asks for `--help` does not wait for it."""

import importlib
from types import ModuleType

from benchmark.rows.quiet import native_log_hidden
from preprocessing.errors import UserError


def kerashub() -> ModuleType:
    """Return the package `keras_hub`, imported when it is first needed.

    Raises:
        UserError: it is not installed.
    """
    try:
        with native_log_hidden():
            return importlib.import_module("keras_hub")
    except ImportError as error:
        raise UserError(
            f"the BERT family needs keras-hub ({error}): pip install -r requirements.txt, or on "
            "JAX pip install --no-deps keras-hub; -c constraints.txt with either"
        ) from None
