"""Calls to language models, each reply stored: a changed row costs one call."""

from lab.llm.board import Progress
from lab.llm.client import Client
from lab.llm.estimate import Estimate, tokenizer
from lab.llm.job import Job
from lab.llm.local import local
from lab.llm.parsing import Parsed, parse, tally
from lab.llm.pricing import Price
from lab.llm.request import Completion, Request
from lab.llm.session import Limits
from lab.llm.store import Store
from lab.llm.thoughts import answer_text
from lab.llm.wire import Server

__all__ = [
    "Client",
    "Completion",
    "Estimate",
    "Job",
    "Limits",
    "Parsed",
    "Price",
    "Progress",
    "Request",
    "Server",
    "Store",
    "answer_text",
    "local",
    "parse",
    "tally",
    "tokenizer",
]
