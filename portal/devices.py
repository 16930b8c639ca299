"""A browser's own long name in two words that people know: `Firefox on Windows`.

A guess, and it says no more than it can: enough for somebody to tell their own telephone from a stranger's computer.
"""

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""In this order: each of them also names those below it."""
SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "a Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "a Mac"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """The browser and what it runs on, as far as the browser tells."""
    browser = _first(BROWSERS, user_agent) if user_agent.startswith("Mozilla/") else None
    system = _first(SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A program on {system}" if system else "A device we do not know")


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str | None:
    return next((words for sign, words in known if sign in user_agent), None)
