"""WordLlama's model, which comes in its wheel: nothing is fetched, no text leaves the machine."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import wordllama

from webkit.sdk import (
    Embedded,
    Embeddings,
    Health,
    HealthReport,
    ProviderMisconfigured,
    Space,
    calls_nobody,
    check_passages,
)

from .settings import WordLlamaSettings

NAME = "wordllama"
BATCH = 64


class WordLlamaEmbeddings:
    """One model for each process, loaded when it is first asked."""

    def __init__(self, settings: WordLlamaSettings) -> None:
        self._space = Space("wordllama-l2-supercat", settings.dimensions)
        self._lock = threading.Lock()
        self._loaded: Any = None

    @calls_nobody
    def space(self) -> Space:
        return self._space

    def embed(self, texts: Sequence[str]) -> Embedded:
        if not check_passages(texts):
            return Embedded((), self._space)
        raw = np.asarray(self._model().embed(list(texts), norm=False, batch_size=BATCH), dtype=np.float64)
        lengths = np.linalg.norm(raw, axis=1, keepdims=True)
        lost = ~np.isfinite(lengths) | (lengths == 0)  # a text of which the model knows no part
        raw[lost[:, 0]] = np.eye(1, self._space.dimensions)
        return Embedded(tuple(map(tuple, (raw / np.where(lost, 1.0, lengths)).tolist())), self._space)

    def health(self) -> HealthReport:
        try:
            self._model()
        except ProviderMisconfigured as error:
            return HealthReport(Health.DOWN, str(error))
        return HealthReport(Health.OK, self._space.model)

    def _model(self) -> Any:
        with self._lock:
            if self._loaded is None:
                try:
                    self._loaded = wordllama.WordLlama.load(
                        cache_dir=Path(wordllama.__file__).parent,  # where its wheel put the model
                        trunc_dim=self._space.dimensions,
                        disable_download=True,
                    )
                except (OSError, ValueError) as error:
                    text = f"the model is not in the wheel of wordllama ({type(error).__name__})"
                    raise ProviderMisconfigured(text, provider=NAME) from None
            return self._loaded


_checked: type[Embeddings] = WordLlamaEmbeddings
