"""How every program is served: `gunicorn -c python:chassis.gunicorn --bind HOST:PORT 'package:create_app()'`."""

import atexit
import gc
import os
import shutil
import tempfile
from typing import Any

from chassis import drain

gc.disable()  # until all is imported: nothing of it is garbage, and to look for some takes a tenth of the start

_demo = os.environ.get("ENVIRONMENT") == "demo"

workers = int(os.environ.get("WEB_CONCURRENCY", "1" if _demo else "2"))
worker_class = "chassis.gthread.Worker"
threads = 8
preload_app = True  # one import for all workers; no connection is open before the fork
timeout = 30
graceful_timeout = 10
drain_seconds = float(os.environ.get("DRAIN_SECONDS") or 0)
keepalive = 30
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 16380  # the portal may keep two cookies of 3.8 kB beside the session
control_socket_disable = True
accesslog = None  # the chassis writes one JSON line per request itself
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")


def when_ready(master: Any) -> None:
    """Let whoever sends requests leave before the program does, and workers share what was imported."""
    drain.on_term(master, drain_seconds)
    # collections in workers leave alone what was there before the fork, so that they go on sharing its memory
    gc.collect()
    gc.freeze()
    gc.enable()


pre_request = drain.close_connection


def post_worker_init(worker: Any) -> None:
    """Start what a worker does beside its requests. Only now: no thread comes along through the fork."""
    worker.wsgi.extensions["watch"].start()


def worker_exit(_: Any, worker: Any) -> None:
    """Let it end with the worker, which may never have come as far as to load the program."""
    if program := getattr(worker, "wsgi", None):
        program.extensions["watch"].stop()


def child_exit(_: Any, worker: Any) -> None:
    """Forget what a worker that has ended said of itself; what it has counted stays."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def _folder() -> str:
    """A new folder of this process, and of those it forks, which goes with it."""
    found, owner = tempfile.mkdtemp(prefix="clinic-metrics-"), os.getpid()

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(found, ignore_errors=True)

    atexit.register(remove)
    return found


# Where workers write down what they count. Set before the program is loaded, since that decides at once how to count.
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={_folder()}"]
