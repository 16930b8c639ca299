"""A `requests` adapter that answers from a WSGI application in this process: real code on both sides, no socket."""

from contextvars import copy_context
from io import BytesIO
from typing import Any

import requests
from flask import Flask
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from werkzeug.test import Client


class WSGIAdapter(BaseAdapter):
    """Sends what `requests` would send over a socket into `app`."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.client = Client(app, use_cookies=False)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        given = copy_context().run(  # another program, which changes nothing of what this one knows of its request
            self.client.open,
            path=request.path_url,
            method=request.method,
            headers=list(request.headers.items()),
            data=request.body,
            environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
        )
        answer = requests.Response()
        answer.status_code = given.status_code
        answer.headers = CaseInsensitiveDict(given.headers)
        answer.raw = BytesIO(given.get_data())
        answer.request, answer.url = request, request.url
        return answer

    def close(self) -> None:
        """Nothing is open."""
