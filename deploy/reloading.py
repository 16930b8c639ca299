"""gunicorn's settings for who works on the code: those of production, and a restart of the worker on every edit."""

from pathlib import Path

from chassis.gunicorn import *  # noqa: F403

preload_app = False
workers = 1
reload = True
reload_extra_files = [str(path) for path in Path("templates").rglob("*.html")]
graceful_timeout = 1
drain_seconds = 0.0
