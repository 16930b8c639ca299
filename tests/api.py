"""Talking to a service under test in a line, with the status that is expected."""

import json
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse


def code_of(answer: Any) -> str | None:
    """What a refusal is called, in a problem document or in an *OperationOutcome*; None where there is no refusal."""
    said = answer.get_json(silent=True) if isinstance(answer, TestResponse) else answer.json()
    if not isinstance(said, dict) or said.get("resourceType") != "OperationOutcome":
        return said.get("code") if isinstance(said, dict) else None
    coding = said["issue"][0]["details"].get("coding")
    return str(coding[0]["code"]) if coding else None


class Api:
    """One service, as one person (or nobody) calls it."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.client = app.test_client()
        self.token = token

    def send(self, method: str, path: str, headers: dict[str, str] | None = None, **given: Any) -> TestResponse:
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if "json" in given:  # as any client would send it; the test client's own writer refuses lone surrogates
            given |= {"data": json.dumps(given.pop("json")), "content_type": "application/json"}
        return self.client.open(path, method=method, headers={**sent, **(headers or {})}, **given)

    def call(self, method: str, path: str, expect: int, **given: Any) -> Any:
        answer = self.send(method, path, **given)
        assert answer.status_code == expect, (answer.status_code, answer.get_data(as_text=True))
        if answer.status_code >= 400 and path.startswith("/fhir/"):
            assert answer.content_type == "application/fhir+json"
            assert answer.get_json()["resourceType"] == "OperationOutcome"
        elif answer.status_code >= 400:
            assert answer.content_type == "application/problem+json"
            problem = answer.get_json()
            assert problem["status"] == expect
            assert {"type", "title", "detail", "code", "request_id"} <= problem.keys()
        return answer.get_json()

    def get(self, path: str, expect: int = 200, **given: Any) -> Any:
        return self.call("GET", path, expect, **given)

    def post(self, path: str, expect: int = 200, **given: Any) -> Any:
        return self.call("POST", path, expect, **given)

    def put(self, path: str, expect: int = 200, **given: Any) -> Any:
        return self.call("PUT", path, expect, **given)

    def patch(self, path: str, expect: int = 200, **given: Any) -> Any:
        return self.call("PATCH", path, expect, **given)
