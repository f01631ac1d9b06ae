"""Files and batches: requests handed in as a file, answered later as a file, at half the price."""

import email.parser
import email.policy
import json
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lab import hashing
from lab.testbed.teacher import protocol
from lab.testbed.teacher.log import Entry, Log
from lab.testbed.teacher.protocol import BadRequestError
from lab.testbed.teacher.settings import Teacher, Traffic

NO_SUCH = {"error": {"message": "no such object", "type": "not_found", "code": "not_found"}}
PATH = "/v1/batches"
OVER = ("completed", "expired", "cancelled")


@dataclass
class Batch:
    """A batch under way or over."""

    id: str
    input_file: str
    made: float
    status: str = "in_progress"
    output_file: str | None = None
    error_file: str | None = None
    counts: dict[str, int] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return it as the protocol shows it."""
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "created_at": protocol.CREATED,
            "input_file_id": self.input_file,
            "output_file_id": self.output_file,
            "error_file_id": self.error_file,
            "status": self.status,
            "request_counts": self.counts,
        }


class Batches:
    """The files and batches of one server."""

    def __init__(self, teacher: Teacher, traffic: Traffic, log: Log) -> None:
        self._teacher, self._traffic, self._log = teacher, traffic, log
        self._files: dict[str, bytes] = {}
        self._batches: dict[str, Batch] = {}

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route("/v1/files", self._upload, methods=["POST"]),
            Route("/v1/files/{file}/content", self._content, methods=["GET"]),
            Route(PATH, self._create, methods=["POST"]),
            Route(PATH, self._list, methods=["GET"]),
            Route(PATH + "/{batch}", self._show, methods=["GET"]),
            Route(PATH + "/{batch}/cancel", self._cancel, methods=["POST"]),
        ]

    async def _upload(self, request: Request) -> Response:
        head = f"content-type: {request.headers['content-type']}\r\n\r\n".encode()
        parser = email.parser.BytesParser(policy=email.policy.HTTP)
        for part in parser.parsebytes(head + await request.body()).iter_parts():
            if part.get_param("name", header="content-disposition") == "file":
                text = bytes(part.get_payload(decode=True) or b"")
                name = self._keep(text)
                body = {"id": name, "object": "file", "bytes": len(text), "purpose": "batch"}
                body |= {"created_at": protocol.CREATED, "filename": "batch.jsonl"}
                return JSONResponse(body | {"status": "processed"})
        return JSONResponse({"error": {"message": "no file in the form"}}, status_code=400)

    async def _content(self, request: Request) -> Response:
        text = self._files.get(request.path_params["file"])
        return Response(text) if text is not None else JSONResponse(NO_SUCH, status_code=404)

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        if body.get("input_file_id") not in self._files:
            return JSONResponse(NO_SUCH, status_code=404)
        name = f"batch_{len(self._batches)}"
        batch = Batch(name, body["input_file_id"], time.monotonic())
        self._batches[name] = batch
        return JSONResponse(batch.body())

    async def _list(self, _: Request) -> Response:
        data = [self._advance(batch).body() for batch in self._batches.values()]
        return JSONResponse({"object": "list", "data": data, "has_more": False})

    async def _show(self, request: Request) -> Response:
        batch = self._batches.get(request.path_params["batch"])
        if batch is None:
            return JSONResponse(NO_SUCH, status_code=404)
        return JSONResponse(self._advance(batch).body())

    async def _cancel(self, request: Request) -> Response:
        batch = self._batches.get(request.path_params["batch"])
        if batch is None:
            return JSONResponse(NO_SUCH, status_code=404)
        if batch.status not in OVER:
            self._finish(batch, share=0.0, status="cancelled")
        return JSONResponse(batch.body())

    def _advance(self, batch: Batch) -> Batch:
        """End a batch whose time has come."""
        if batch.status not in OVER and time.monotonic() - batch.made >= self._traffic.batch_s:
            share = self._traffic.batch_share
            self._finish(batch, share=share, status="completed" if share == 1 else "expired")
        return batch

    def _finish(self, batch: Batch, *, share: float, status: str) -> None:
        lines = [line for line in self._files[batch.input_file].split(b"\n") if line.strip()]
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for number, line in enumerate(lines):
            asked = json.loads(line)
            late = number >= round(share * len(lines))
            answer = self._late(asked, status) if late else self._answer(asked)
            bad = answer["error"] or answer["response"]["status_code"] != 200
            (failed if bad else done).append(answer)
        batch.status = status
        batch.counts = {"total": len(lines), "completed": len(done), "failed": len(failed)}
        batch.output_file = self._keep(_lines(done)) if done else None
        batch.error_file = self._keep(_lines(failed)) if failed else None

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        body = asked["body"]
        try:
            protocol.check(body, takes_schema=self._traffic.takes_schema)
        except BadRequestError as error:
            failure = {"error": {"message": str(error), "param": error.parameter, "code": None}}
            response: dict[str, Any] = {"status_code": 400, "body": failure}
            return {"custom_id": asked["custom_id"], "response": response, "error": None}
        reply = protocol.completion(self._teacher, body)
        usage = reply["usage"]
        counts = (usage["prompt_tokens"], usage["completion_tokens"])
        request = hashing.digest(body)
        self._log.add(Entry(PATH, 200, None, True, *counts, request))
        response = {"status_code": 200, "body": reply}
        return {"custom_id": asked["custom_id"], "response": response, "error": None}

    def _late(self, asked: dict[str, Any], status: str) -> dict[str, Any]:
        error = {"code": f"batch_{status}", "message": f"the batch was {status}"}
        return {"custom_id": asked["custom_id"], "response": None, "error": error}

    def _keep(self, text: bytes) -> str:
        name = f"file-{len(self._files)}"
        self._files[name] = text
        return name


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)
