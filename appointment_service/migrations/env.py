"""Runs this service's migrations."""

from chassis.migrations import run

run(foreign="procrastinate_")
