"""Judges without a server."""

from lab import llm
from lab.testbed.teacher import policy


class Fake:
    """A judge that answers each request by a function of its last message."""

    def __init__(self, say, model="fake"):
        self.model, self.say, self.asked = model, say, []

    def complete(self, requests):
        self.asked += requests
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        said = self.say(request.messages[-1]["content"])
        return said if isinstance(said, llm.Completion) else llm.Completion(said, cost_usd=0.001)


class Direct:
    """The testbed's judge, spoken to without a protocol: quick enough for a hundred repetitions."""

    def __init__(self, teacher, model="teacher"):
        self.model, self.teacher = model, teacher

    def complete(self, requests):
        said = [policy.respond(self.teacher, request.messages) for request in requests]
        return [llm.Completion(one.text) for one in said]
