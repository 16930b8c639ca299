"""What the token check costs: the same trivial view with a token and without, and with a token never seen before.

Both views are sent the same headers. No table is asked, and the auth service only every few seconds, in the background.
"""

from collections.abc import Iterator

from auth_service import access_tokens
from benchmarks import measure
from benchmarks.house import House, Somebody
from benchmarks.measure import Request, Side
from benchmarks.table import Row

REQUESTS, ROUNDS = 1500, 9
NEW_REQUESTS, NEW_ROUNDS = 400, 5


def rows(house: House) -> Iterator[Row]:
    """The ratios."""
    patient = house.people("patient", 1)[0]
    program = house.program("benchmarks.trivial")
    anonymous = Side(program, asked(house, patient, "/anonymous"))
    known = Side(program, asked(house, patient, "/authenticated"))
    found = measure.compare(known, anonymous, house.database, REQUESTS, ROUNDS)
    yield Row("a token seen before, against anonymous", 1.05, found.ratio(), how=found.how)
    new = Side(program, with_new_tokens(house, patient))
    found = measure.compare(new, anonymous, house.database, NEW_REQUESTS, NEW_ROUNDS)
    yield Row("a token never seen before, against anonymous", None, found.ratio(), how=found.how)


def asked(house: House, who: Somebody, path: str) -> Iterator[Request]:
    """The same question for ever."""
    while True:
        headers = house.bearer(who)
        for _ in range(measure.REQUESTS):
            yield Request("GET", path, headers)


def with_new_tokens(house: House, who: Somebody) -> Iterator[Request]:
    """Each with a token of its own."""
    with house.auth.app_context():
        while True:
            token = access_tokens.sign(who.row, who.session, house.auth.config["AUTH_SECRET_KEY"])
            yield Request("GET", "/authenticated", {"Authorization": f"Bearer {token}"})
