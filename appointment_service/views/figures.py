"""Figures of the clinic over HTTP."""

from apiflask import APIBlueprint

from appointment_service import figures
from appointment_service.schemas.figures import FiguresIn, FiguresOut
from appointment_service.views import today, zone
from chassis.identity import allow

bp = APIBlueprint("figures", __name__, tag="Figures")


@bp.get("/figures")
@allow("admin")
@bp.input(FiguresIn, location="query", arg_name="wanted")
@bp.output(FiguresOut)
def read(wanted: FiguresIn) -> FiguresOut:
    """Count what became of the visits of up to a year, by doctor and by week, and how long people wait for one."""
    return FiguresOut.of_figures(figures.of(wanted.from_, wanted.to, zone()), today(), zone())
