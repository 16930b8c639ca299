"""Fixed phrases for the patient's sheet, by language. Nothing in it is translated by a machine while somebody waits.

A phrase that a language does not have is missing, never guessed: the medicine is then shown as its doctor wrote it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Plural = tuple[str, str]


@dataclass(frozen=True)
class Phrases:
    """One language: its tag, its name for itself, and all it can say."""

    tag: str
    name: str
    direction: str
    decimal: str
    title: str
    words: Mapping[str, str]
    units: Mapping[str, Plural]
    routes: Mapping[str, str]
    sites: Mapping[str, str]
    timings: Mapping[str, str]
    weekdays: Mapping[str, str]
    months: tuple[str, ...]
    date: str


ENGLISH = Phrases(
    tag="en",
    name="English",
    direction="ltr",
    decimal=".",
    title="How to take your medicines",
    words={
        "for": "For",
        "medicine": "Medicine",
        "morning": "Morning",
        "noon": "Noon",
        "evening": "Evening",
        "night": "Night",
        "once": "Once only",
        "per-day-1": "Once a day",
        "per-day": "{n} times a day",
        "morning-only": "in the morning",
        "bedtime-only": "at bedtime",
        "per-week-1": "Once a week",
        "per-week": "{n} times a week",
        "on": "on",
        "and": "and",
        "every-hours-1": "Every hour",
        "every-hours": "Every {n} hours",
        "every-days-1": "Every day",
        "every-days": "Every {n} days",
        "every-weeks-1": "Every week",
        "every-weeks": "Every {n} weeks",
        "every-months-1": "Every month",
        "every-months": "Every {n} months",
        "as-needed": "Only when you need it",
        "max-doses-1": "At most 1 dose in 24 hours",
        "max-doses": "At most {n} doses in 24 hours",
        "max-amount": "At most {amount} in 24 hours",
        "hours-apart-1": "At least 1 hour between doses",
        "hours-apart": "At least {n} hours between doses",
        "days-1": "For 1 day",
        "days": "For {n} days",
        "weeks-1": "For 1 week",
        "weeks": "For {n} weeks",
        "months-1": "For 1 month",
        "months": "For {n} months",
        "long": "Long-term. Next review by {day}",
        "from": "From {day}",
        "what-for": "What it is for",
        "wrote": "Your doctor wrote",
        "not-in-words": "This medicine stands here as your doctor wrote it.",
        "stop": "Stop and call {emergency} at once if it is hard to breathe, or if your face, lips or throat swell.",
        "questions": "Questions, or you feel worse? Call us: {phone}.",
        "not-a-prescription": "This sheet is a help for you. It is not a prescription.",
        "prescription": "Prescription",
        "address": "Address",
        "sex": "Sex",
        "female": "female",
        "male": "male",
        "other": "other",
        "weight": "Weight {kg} kg on {day}",
        "by-weight": "Reckoned by body weight: {amount} for each kg",
    },
    units={
        "tablet": ("tablet", "tablets"),
        "capsule": ("capsule", "capsules"),
        "mL": ("mL", "mL"),
        "mg": ("mg", "mg"),
        "g": ("g", "g"),
        "units": ("unit", "units"),
        "sachet": ("sachet", "sachets"),
        "application": ("application", "applications"),
        "drop": ("drop", "drops"),
        "puff": ("puff", "puffs"),
        "spray": ("spray", "sprays"),
        "auto-injector": ("auto-injector", "auto-injectors"),
    },
    routes={
        "oral": "By mouth",
        "sublingual": "Under the tongue",
        "oromucosal": "In the mouth",
        "inhalation": "Breathe it in",
        "topical": "On the skin",
        "ocular": "Into the eye",
        "subcutaneous": "Injection under the skin",
        "intramuscular": "Injection into a muscle",
        "intravenous": "Injection into a vein",
    },
    sites={"left eye": "Left eye", "right eye": "Right eye", "both eyes": "Both eyes"},
    timings={
        "before food": "Before food",
        "with food": "With food",
        "after food": "After food",
        "on an empty stomach": "On an empty stomach",
        "at bedtime": "At bedtime",
    },
    weekdays={
        "Monday": "Monday",
        "Tuesday": "Tuesday",
        "Wednesday": "Wednesday",
        "Thursday": "Thursday",
        "Friday": "Friday",
        "Saturday": "Saturday",
        "Sunday": "Sunday",
    },
    months=(
        *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
        *("November", "December"),
    ),
    date="{day} {month} {year}",
)

SPANISH = Phrases(
    tag="es",
    name="Español",
    direction="ltr",
    decimal=",",
    title="Cómo tomar sus medicamentos",
    words={
        "for": "Para",
        "medicine": "Medicamento",
        "morning": "Mañana",
        "noon": "Mediodía",
        "evening": "Tarde-noche",
        "night": "Al acostarse",
        "once": "Una sola vez",
        "per-day-1": "Una vez al día",
        "per-day": "{n} veces al día",
        "morning-only": "por la mañana",
        "bedtime-only": "al acostarse",
        "per-week-1": "Una vez a la semana",
        "per-week": "{n} veces a la semana",
        "on": "el",
        "and": "y el",
        "every-hours-1": "Cada hora",
        "every-hours": "Cada {n} horas",
        "every-days-1": "Cada día",
        "every-days": "Cada {n} días",
        "every-weeks-1": "Cada semana",
        "every-weeks": "Cada {n} semanas",
        "every-months-1": "Cada mes",
        "every-months": "Cada {n} meses",
        "as-needed": "Solo si lo necesita",
        "max-doses-1": "Como máximo 1 dosis en 24 horas",
        "max-doses": "Como máximo {n} dosis en 24 horas",
        "max-amount": "Como máximo {amount} en 24 horas",
        "hours-apart-1": "Al menos 1 hora entre dosis",
        "hours-apart": "Al menos {n} horas entre dosis",
        "days-1": "Durante 1 día",
        "days": "Durante {n} días",
        "weeks-1": "Durante 1 semana",
        "weeks": "Durante {n} semanas",
        "months-1": "Durante 1 mes",
        "months": "Durante {n} meses",
        "long": "Tratamiento prolongado. Próxima revisión: a más tardar el {day}",
        "from": "A partir del {day}",
        "what-for": "Para qué es",
        "wrote": "Su médico escribió",
        "not-in-words": "Este medicamento aparece tal como lo escribió su médico.",
        "stop": (
            "Deje de tomarlo y llame enseguida al {emergency} si le cuesta respirar o si se le hinchan la cara, los "
            "labios o la garganta."
        ),
        "questions": "¿Tiene preguntas o se siente peor? Llámenos: {phone}.",
        "not-a-prescription": "Esta hoja es una ayuda para usted. No es una receta.",
        "prescription": "Receta",
        "address": "Dirección",
        "sex": "Sexo",
        "female": "femenino",
        "male": "masculino",
        "other": "otro",
        "weight": "Peso {kg} kg el {day}",
        "by-weight": "Calculado según el peso: {amount} por cada kg",
    },
    units={
        "tablet": ("comprimido", "comprimidos"),
        "capsule": ("cápsula", "cápsulas"),
        "mL": ("mL", "mL"),
        "mg": ("mg", "mg"),
        "g": ("g", "g"),
        "units": ("unidad", "unidades"),
        "sachet": ("sobre", "sobres"),
        "application": ("aplicación", "aplicaciones"),
        "drop": ("gota", "gotas"),
        "puff": ("inhalación", "inhalaciones"),
        "spray": ("pulverización", "pulverizaciones"),
        "auto-injector": ("autoinyector", "autoinyectores"),
    },
    routes={
        "oral": "Por la boca",
        "sublingual": "Debajo de la lengua",
        "oromucosal": "En la boca",
        "inhalation": "Por inhalación",
        "topical": "Sobre la piel",
        "ocular": "En el ojo",
        "subcutaneous": "Inyección debajo de la piel",
        "intramuscular": "Inyección en un músculo",
        "intravenous": "Inyección en una vena",
    },
    sites={"left eye": "Ojo izquierdo", "right eye": "Ojo derecho", "both eyes": "Ambos ojos"},
    timings={
        "before food": "Antes de comer",
        "with food": "Con la comida",
        "after food": "Después de comer",
        "on an empty stomach": "Con el estómago vacío",
        "at bedtime": "Al acostarse",
    },
    weekdays={
        "Monday": "lunes",
        "Tuesday": "martes",
        "Wednesday": "miércoles",
        "Thursday": "jueves",
        "Friday": "viernes",
        "Saturday": "sábado",
        "Sunday": "domingo",
    },
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre"),
        *("noviembre", "diciembre"),
    ),
    date="{day} de {month} de {year}",
)

LANGUAGES = {one.tag: one for one in (ENGLISH, SPANISH)}
