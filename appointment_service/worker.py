"""The worker: `python -m appointment_service.worker`, as many as you like. It sends letters and looks after who waits.

The outbox says what is to be told, and the waiting list who waits. The jobs of procrastinate only wake a worker, every
few seconds one of them, so it does not matter when one is lost or comes twice.

On TERM it begins nothing more, ends what is under way, and goes. Whether it works, `heartbeat.py` beside it says.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from flask import Flask
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status
from sqlalchemy import make_url

from appointment_service import offering, retention
from appointment_service.app import create_app
from appointment_service.delivery import Delivery
from appointment_service.heartbeat import EVERY, Heartbeat
from appointment_service.settings import AppointmentSettings
from chassis import logs, spans

EVERY_FIVE_SECONDS = "* * * * * */5"
EVERY_QUARTER_MINUTE = "* * * * * */15"
EVERY_HOUR = "7 * * * *"
EVERY_NIGHT = "23 2 * * *"
"""As cron writes it; the sixth field are seconds."""
WIRE = {"connect_timeout": "5", "keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}
WIRE |= {"tcp_user_timeout": "10000"}
"""So that a server that has fallen silent is noticed: the library waits without a limit for its answers."""


def main() -> None:
    """Send until told to stop. What is being sent then is sent first."""
    settings = AppointmentSettings.from_environment()
    program = create_app(settings)
    logs.adopt("procrastinate")
    program.extensions["watch"].start()
    asyncio.run(_work(settings, program))


def jobs(
    settings: AppointmentSettings,
    round_of: Callable[[], None],
    offers: Callable[[], None],
    purge: Callable[[], None],
) -> App:
    """What wakes the worker, over the service's own database: letters, free times to offer, old rows to purge."""
    url = make_url(settings.database_url).set(drivername="postgresql").update_query_dict(WIRE)
    conninfo = url.render_as_string(hide_password=False)
    app = App(connector=PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4))

    @app.periodic(cron=EVERY_FIVE_SECONDS)
    @app.task(name="deliver", queueing_lock="deliver")
    def deliver(timestamp: int) -> None:
        round_of()

    @app.periodic(cron=EVERY_QUARTER_MINUTE)
    @app.task(name="offer", queueing_lock="offer")
    def offer(timestamp: int) -> None:
        offers()

    @app.periodic(cron=EVERY_NIGHT)
    @app.task(name="purge", queueing_lock="purge")
    def purge_what_has_ended(timestamp: int) -> None:
        purge()

    @app.periodic(cron=EVERY_HOUR)
    @app.task(name="tidy", queueing_lock="tidy")
    async def tidy(timestamp: int) -> None:
        """Take away the jobs of workers that were killed."""
        for job in await app.job_manager.get_stalled_jobs():
            await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)

    return app


async def _work(settings: AppointmentSettings, program: Flask) -> None:
    parts = program.extensions
    delivery = Delivery(settings, parts["in_step"].auth, parts["clinic"], parts["clocks"])
    heart = Heartbeat()

    def round_of() -> None:
        with spans.job("deliver"), program.app_context(), heart.job():
            delivery.deliver_due()

    def offers() -> None:
        with spans.job("offer"), program.app_context(), heart.job():
            offering.offer_what_is_free(parts["clocks"].zone())

    def purge() -> None:
        with spans.job("purge"), program.app_context():
            logs.logger.info("purged", extra=retention.purge_all())

    async with jobs(settings, round_of, offers, purge).open_async() as app:
        beats = asyncio.create_task(_keep_beating(app, heart))
        await app.run_worker_async(delete_jobs="always")
        beats.cancel()


async def _keep_beating(app: App, heart: Heartbeat) -> None:
    while True:
        with suppress(Exception):  # no database, no beat
            async with asyncio.timeout(EVERY):
                await app.connector.execute_query_one_async("SELECT 1")
            heart.beat()
        await asyncio.sleep(EVERY)


if __name__ == "__main__":
    main()
