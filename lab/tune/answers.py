"""Answers on disk, one JSON line each, so that a long generation survives being killed."""

import json
from collections.abc import Iterable
from pathlib import Path

from lab import files, hashing, models
from lab.errors import DataError
from lab.models.decode import Decoding, Job

Answer = tuple[list[int], bool]  # ids, and whether the model stopped by itself


class AnswerFile:
    """Answers by model, decoding, prompt and sample; in memory alone without a `path`."""

    def __init__(
        self, path: str | Path | None, model_folder: str | Path, decoding: Decoding
    ) -> None:
        self.path = None if path is None else Path(path)
        self.about = [
            "" if path is None else models.identity(model_folder),
            [decoding.temperature, decoding.top_p, decoding.repetition_penalty],
            [decoding.seed if decoding.temperature else None, decoding.bf16],
        ]
        self.known: dict[str, Answer] = {}
        if self.path is not None:
            self._read(self.path)

    def __contains__(self, job: Job) -> bool:
        return self._key(job) in self.known

    def __getitem__(self, job: Job) -> Answer:
        return self.known[self._key(job)]

    def add(self, answers: Iterable[tuple[Job, list[int], bool]]) -> None:
        """Remember answers, and write them down at once."""
        added = []
        for job, ids, stopped in answers:
            key = self._key(job)
            self.known[key] = (ids, stopped)
            added.append(json.dumps({"key": key, "ids": ids, "stopped": stopped}))
        if self.path is not None:
            files.append(self.path, added)

    def _key(self, job: Job) -> str:
        return hashing.digest([self.about, list(job.prompt), job.sample, job.limit], digits=32)

    def _read(self, path: Path) -> None:
        for number, line in enumerate(files.read_lines(path), start=1):
            try:
                row = json.loads(line)
                self.known[row["key"]] = (row["ids"], row["stopped"])
            except (ValueError, KeyError, TypeError) as error:
                raise DataError("not an answer of a generation", file=path, row=number) from error
