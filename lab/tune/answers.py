"""Answers on disk, one JSON line each, so that a long generation survives being killed."""

import json
from collections.abc import Iterable
from pathlib import Path

from lab import hashing
from lab.errors import DataError
from lab.tune.decode import Decoding, Job

Answer = tuple[list[int], bool]  # ids, and whether the model stopped by itself
WEIGHTS = ("*.safetensors", "*.bin")


class AnswerFile:
    """Answers by model, decoding, prompt and sample; in memory alone without a `path`."""

    def __init__(
        self, path: str | Path | None, model_folder: str | Path, decoding: Decoding
    ) -> None:
        self.path = None if path is None else Path(path)
        self.about = [
            str(model_folder),
            _files(Path(model_folder)),
            [decoding.temperature, decoding.top_p, decoding.repetition_penalty],
            [decoding.seed if decoding.temperature else None, decoding.bf16],
        ]
        self.known: dict[str, Answer] = {}
        if self.path is not None and self.path.exists():
            self._read(self.path)

    def __contains__(self, job: Job) -> bool:
        return self._key(job) in self.known

    def __getitem__(self, job: Job) -> Answer:
        return self.known[self._key(job)]

    def add(self, answers: Iterable[tuple[Job, list[int], bool]]) -> None:
        """Remember answers, and write them down at once."""
        lines = []
        for job, ids, stopped in answers:
            key = self._key(job)
            self.known[key] = (ids, stopped)
            lines.append(json.dumps({"key": key, "ids": ids, "stopped": stopped}) + "\n")
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write("".join(lines))

    def _key(self, job: Job) -> str:
        return hashing.digest([self.about, list(job.prompt), job.sample, job.limit], digits=32)

    def _read(self, path: Path) -> None:
        *lines, half = path.read_text(encoding="utf-8").split("\n")
        if half:  # killed while writing it
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                self.known[row["key"]] = (row["ids"], row["stopped"])
            except (ValueError, KeyError, TypeError) as error:
                raise DataError("not an answer of a generation", file=path, row=number) from error


def _files(folder: Path) -> list[list[str | int]]:
    """Tell a folder's weights apart from others that were there before, without reading them."""
    found = [path for pattern in WEIGHTS for path in sorted(folder.glob(pattern))]
    return [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in found]
