"""A program that tells how its garbage collector stands, to be served as ours are."""

import gc

from flask import Flask

from chassis import watch


def create_app() -> Flask:
    app = Flask(__name__)
    watch.attach(app)

    @app.get("/health")
    def health() -> dict[str, object]:
        return {"collects": gc.isenabled(), "left_alone": gc.get_freeze_count()}

    return app
