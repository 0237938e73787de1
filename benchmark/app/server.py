"""The page on the network: on this machine alone unless told otherwise, and nothing from outside.

Gradio and the libraries that it uses are told to report nothing. The browser, too, is told to load
nothing from another host, by the policy that goes with each answer.
"""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.app.library import GIGABYTES, Library, listed
from benchmark.app.pairs import Pair, at_hand
from benchmark.report.rendering import static
from preprocessing.corpus import is_synthetic
from preprocessing.errors import UserError

if TYPE_CHECKING:
    import fastapi

_POLICY = (
    "default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'"
)
_SILENCE = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def serve(
    cache: Path,
    results: Path,
    dataset: str,
    evaluation_data: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 7860,
    gigabytes: float | None = None,
) -> None:
    """Serve the page until Ctrl-C.

    Args:
        cache: where finished runs keep their models, in ``models/<dataset>/``.
        results: where the leaderboard is, for accuracies; it may be missing.
        dataset: the data set that the models were trained on.
        evaluation_data: a folder with published evaluation sets; None for what is in the cache.
        host: the address to listen at; "0.0.0.0" for all of this machine's.
        port: the port, 0 for any free one.
        gigabytes: what loaded models take at most, 10^9 bytes each; None for the default.

    Raises:
        UserError: Gradio is not installed, no model is kept, or the port is taken.
    """
    models = listed(cache, results, dataset)
    library = Library(models, GIGABYTES if gigabytes is None else gigabytes)
    examples = at_hand(evaluation_data, cache)
    if is_synthetic(dataset):
        examples.sort(key=lambda pair: not pair.name.startswith("edits "))
    app = application(library, examples)

    import uvicorn

    listening = listen(host, port)
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    print(
        f"http://{shown}:{listening.getsockname()[1]}/ asks the models; Ctrl-C ends it", flush=True
    )
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listening])


def application(library: Library, examples: list[Pair]) -> "fastapi.FastAPI":
    """Return the page for a library of models and pairs to try, as an application.

    Raises:
        UserError: Gradio is not installed.
    """
    os.environ.update(_SILENCE)
    try:
        import fastapi
        import gradio as gr
    except ImportError as error:
        raise UserError(
            f"the page needs {error.name}; "
            f"pip install -r requirements/page.txt -c constraints.txt installs it"
        ) from None

    from benchmark.app import page

    plain = ["system-ui", "sans-serif"]
    theme = gr.themes.Default(
        primary_hue="indigo",  # neither the blue nor the orange of words
        font=plain,
        font_mono=["ui-monospace", "monospace"],
    ).set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        checkbox_border_color="*neutral_500",
        checkbox_border_color_dark="*neutral_400",
    )
    app = gr.mount_gradio_app(
        fastapi.FastAPI(openapi_url=None),
        page.build(library, examples),
        path="/",
        theme=theme,
        css=static("explanation.css") + static("page.css"),
        footer_links=[],
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        show_error=True,
        max_file_size="1kb",
    )
    app.add_middleware(_NothingFromOutside)
    return app


class _NothingFromOutside:
    """Sends with each answer the policy that the browser loads nothing from another host."""

    def __init__(self, app: Any):
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handle a request, as ASGI has it."""

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", _POLICY.encode())
                message["headers"] = [*message.get("headers", ()), policy]
            await send(message)

        await self.app(scope, receive, sending)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        UserError: the port is taken, or there is no such address.
    """
    if not host:
        raise UserError("--host is empty; 0.0.0.0 lets other machines in")
    try:
        return socket.create_server((host, port))
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise UserError(f"cannot listen at {host}, port {port}: {said}; see --port") from None
