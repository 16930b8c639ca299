"""The languages a person can ask to be spoken to in: BCP 47 tags with their own names, then the English ones."""

LANGUAGES = (
    ("en", "English"),
    ("ar", "العربية – Arabic"),
    ("bn", "বাংলা – Bengali"),
    ("bg", "Български – Bulgarian"),
    ("zh", "中文 – Chinese"),
    ("cs", "Čeština – Czech"),
    ("nl", "Nederlands – Dutch"),
    ("fa", "فارسی – Persian"),
    ("fr", "Français – French"),
    ("de", "Deutsch – German"),
    ("el", "Ελληνικά – Greek"),
    ("gu", "ગુજરાતી – Gujarati"),
    ("hi", "हिन्दी – Hindi"),
    ("hu", "Magyar – Hungarian"),
    ("it", "Italiano – Italian"),
    ("ja", "日本語 – Japanese"),
    ("ko", "한국어 – Korean"),
    ("ku", "Kurdî – Kurdish"),
    ("lt", "Lietuvių – Lithuanian"),
    ("ne", "नेपाली – Nepali"),
    ("pl", "Polski – Polish"),
    ("pt", "Português – Portuguese"),
    ("pa", "ਪੰਜਾਬੀ – Punjabi"),
    ("ro", "Română – Romanian"),
    ("ru", "Русский – Russian"),
    ("sk", "Slovenčina – Slovak"),
    ("so", "Soomaali – Somali"),
    ("es", "Español – Spanish"),
    ("sv", "Svenska – Swedish"),
    ("ta", "தமிழ் – Tamil"),
    ("tr", "Türkçe – Turkish"),
    ("uk", "Українська – Ukrainian"),
    ("ur", "اردو – Urdu"),
    ("vi", "Tiếng Việt – Vietnamese"),
    ("cy", "Cymraeg – Welsh"),
)

_NAMES = dict(LANGUAGES)


def language(tag: str) -> str:
    """The name of a language; of one that is not in our list, its tag."""
    return _NAMES.get(tag, tag)


def options(now: str) -> list[tuple[str, str]]:
    """All of the list, and the one that somebody has already."""
    return [*LANGUAGES, *([] if now in _NAMES else [(now, now)])]
