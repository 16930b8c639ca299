"""What a structured medicine may hold, given the medicine: every limit that is broken, all at once.

Shapes and ranges are checked as the request is read; here stands what only the medicine list can tell.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from chassis.errors import FieldError, Invalid
from prescription_service.facts import Facts, ListedMedicine
from prescription_service.forms import FORMS, Form
from prescription_service.models import Medicine
from prescription_service.structure import EYES, AsNeeded, Duration, Frequency, Structure

VALID_DAYS, VALID_DAYS_CONTROLLED, VALID_AT_MOST = 90, 28, 180
CONTROLLED_REPEATS = 5
START_WITHIN, REVIEW_WITHIN, LONGEST = timedelta(days=90), timedelta(days=366), 365
QUARTER = Decimal("0.25")
_NEEDS = {"per-day": ("times",), "per-week": ("times",), "parts-of-day": ("amounts",), "once": (), "as-needed": ()}
_MOST = {"per-day": 12, "per-week": 6, "every-hours": 72, "every-days": 12, "every-weeks": 12, "every-months": 12}
Problem = tuple[str, str, str]
"""Which field below the medicine, a code and a sentence."""


def problems(medicines: Sequence[object], facts: Facts, today: date) -> list[FieldError]:
    """Everything that is wrong about the structured ones among `medicines`."""
    errors = [
        FieldError(f"/medicines/{place}{field}", code, message)
        for place, medicine in enumerate(medicines)
        if isinstance(medicine, Structure)
        for field, code, message in _problems(medicine, facts, today)
    ]
    return [*errors, *_together(medicines, facts)]


def valid_until(wished: date | None, medicines: Sequence[Medicine], today: date) -> date:
    """The last day on which a prescription is supplied. Raises `Invalid`, also where treatment starts only after it."""
    if wished and not timedelta(days=1) <= wished - today <= timedelta(days=VALID_AT_MOST):
        raise Invalid.field("/valid_until", "validity-range", f"Choose a day from 1 to {VALID_AT_MOST} days ahead.")
    controlled = any(medicine.listed and medicine.listed["controlled"] for medicine in medicines)
    until = wished or today + timedelta(days=VALID_DAYS_CONTROLLED if controlled else VALID_DAYS)
    late = [one for one in medicines if one.structure and (one.structure["start_on"] or "") > until.isoformat()]
    if late:
        message = f"{late[0].name} starts after the last day on which it is supplied, {until.isoformat()}."
        raise Invalid.field("/valid_until", "validity-range", message)
    return until


def _together(medicines: Sequence[object], facts: Facts) -> Iterator[FieldError]:
    for place, medicine in enumerate(medicines):
        listed = facts.medicines.get(medicine.formulary_id) if isinstance(medicine, Structure) else None
        if listed and listed.controlled and len(medicines) > 1:
            message = "A controlled medicine needs a prescription of its own."
            yield FieldError(f"/medicines/{place}", "controlled-separate", message)


def _problems(medicine: Structure, facts: Facts, today: date) -> Iterator[Problem]:
    listed = facts.medicines.get(medicine.formulary_id)
    if listed is None:
        yield (
            "/formulary_id",
            "medicine-required",
            "This medicine is not in the list.",
        )
        return
    form = FORMS[listed.dose_form]
    yield from _product(medicine, listed, form)
    yield from _frequency(medicine, medicine.frequency)
    yield from _doses(medicine, form)
    if medicine.as_needed or medicine.frequency.kind == "as-needed":
        yield from _as_needed(medicine.frequency, medicine.as_needed)
    yield from _course(medicine, medicine.duration, today)
    yield from _supply(medicine, listed, form)


def _product(medicine: Structure, listed: ListedMedicine, form: Form) -> Iterator[Problem]:
    if medicine.strength not in listed.strengths:
        yield "/strength", "strength-format", f"Choose one of: {'; '.join(listed.strengths)}."
    if medicine.route not in listed.routes:
        yield "/route", "route-not-for-form", f"Choose one of: {', '.join(listed.routes)}."
    if "ocular" in listed.routes and medicine.site not in EYES:
        yield "/site", "site-required", f"Say which eye: {', '.join(EYES)}."
    if medicine.route not in {"ocular", "topical"} and medicine.site:
        yield "/site", "site-not-for-route", "A place on the body is for the skin and the eyes."
    if medicine.dose_unit not in form.dose_units:
        yield "/dose_unit", "unit-not-for-form", f"Choose one of: {', '.join(form.dose_units)}."
    if listed.by_brand and not medicine.brand:
        yield "/brand", "brand-required", "Products of this medicine differ. Name the brand."
    if medicine.brand and len(medicine.brand) < 2:
        yield "/brand", "text-length", "Write at least 2 characters."


def _frequency(medicine: Structure, how: Frequency) -> Iterator[Problem]:
    needs = _NEEDS.get(how.kind, ("every",))
    has = {"times": how.times, "every": how.every, "amounts": how.amounts}
    wrong = [name for name, value in has.items() if bool(value) != (name in needs)]
    if how.kind != "parts-of-day" and any(
        vars(how)[part] is not None for part in ("morning", "noon", "evening", "night")
    ):
        wrong.append("amounts")
    if wrong:
        yield "/frequency", "frequency-invalid", f"“{how.kind}” goes with {' and '.join(needs) or 'nothing else'}."
    if (how.times or how.every or 0) > _MOST.get(how.kind, 72):
        yield "/frequency", "frequency-invalid", f"“{how.kind}” goes up to {_MOST[how.kind]}."
    if how.weekdays and (how.kind not in {"per-week", "every-weeks"} or len(set(how.weekdays)) != (how.times or 1)):
        yield "/frequency/weekdays", "frequency-invalid", "Name as many different weekdays as there are times a week."
    if how.kind == "per-week" and not how.weekdays:
        yield "/frequency/weekdays", "frequency-invalid", "Name the weekdays."
    if how.when and (how.kind != "per-day" or how.times != 1):
        yield "/frequency/when", "frequency-invalid", "Morning or bedtime goes with once a day."


def _doses(medicine: Structure, form: Form) -> Iterator[Problem]:
    grid = medicine.frequency.kind == "parts-of-day"
    if grid != (medicine.dose is None):
        message = "The parts of the day have their own amounts." if grid else "Write the dose."
        yield "/dose", "dose-range", message
    doses = [("/dose", medicine.dose)] if medicine.dose else []
    doses += [(f"/frequency/{part}", amount) for part, amount in medicine.frequency.amounts.items()]
    if medicine.as_needed and medicine.as_needed.max_amount:
        doses.append(("/as_needed/max_amount", medicine.as_needed.max_amount))
    for field, amount in doses:
        step = QUARTER if form.halves else Decimal(1)
        if form.whole and medicine.dose_unit not in {"mg", "g"} and amount % step:
            message = "Divide it into halves or quarters at most." if form.halves else "This cannot be divided."
            yield field, "dose-range", message


def _as_needed(how: Frequency, needed: AsNeeded | None) -> Iterator[Problem]:
    if needed is None:
        yield "/as_needed", "prn-reason", "Say what it is needed for, and the most in 24 hours."
        return
    if not (needed.max_doses or needed.max_amount):
        yield "/as_needed/max_doses", "prn-max", "Say the most in 24 hours: doses or amount."
    if needed.max_doses and how.kind == "per-day" and (how.times or 0) > needed.max_doses:
        yield "/as_needed/max_doses", "prn-max", "This is less than the times a day."
    if needed.max_doses and needed.hours_apart and needed.max_doses * needed.hours_apart > 24:
        yield "/as_needed/hours_apart", "prn-max", "So many doses so far apart do not fit into 24 hours."


def _course(medicine: Structure, duration: Duration | None, today: date) -> Iterator[Problem]:
    if duration is None:
        if medicine.frequency.kind != "once":
            yield "/duration", "duration-required", "Say for how long, or long-term with a day of review."
    elif bool(duration.review_on) == bool(duration.count) or bool(duration.count) != bool(duration.unit):
        yield "/duration", "duration-required", "Give count and unit, or a day of review."
    elif (duration.days or 0) > LONGEST:
        yield "/duration", "duration-required", f"Treat for at most {LONGEST} days, or long-term with a day of review."
    elif duration.review_on and not timedelta() < duration.review_on - today <= REVIEW_WITHIN:
        yield "/duration/review_on", "duration-required", "Review it within 12 months."
    if medicine.start_on and not timedelta() <= medicine.start_on - today <= START_WITHIN:
        yield "/start_on", "start-date", f"Start today or within {START_WITHIN.days} days."


def _supply(medicine: Structure, listed: ListedMedicine, form: Form) -> Iterator[Problem]:
    if form.whole and medicine.quantity % 1:
        yield "/quantity", "quantity-whole", f"Only whole units of {listed.quantity_unit} are supplied."
    if listed.controlled and medicine.repeats > CONTROLLED_REPEATS:
        yield "/repeats", "repeats-limit", f"A controlled medicine is repeated at most {CONTROLLED_REPEATS} times."
    if medicine.repeat_interval_days and not medicine.repeats:
        yield "/repeat_interval_days", "repeats-limit", "There are no repeats to be apart."
    reason = medicine.no_substitution_reason
    if not medicine.substitution_allowed and len(reason) < 5:
        yield "/no_substitution_reason", "reason-required", "Say why the product may not be exchanged (5 characters)."
    if medicine.substitution_allowed and reason:
        yield "/no_substitution_reason", "reason-required", "A reason goes with a substitution that is not allowed."
