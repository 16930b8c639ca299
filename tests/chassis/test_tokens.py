"""What is not exactly an access token of ours gets nobody in, at any of the three services."""

import hmac
import json
import time
from collections import Counter
from collections.abc import Iterable
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask

from appointment_service import create_app
from appointment_service.settings import AppointmentSettings
from chassis import tokens
from chassis.errors import Refusal
from chassis.keys import KeySet
from tests import make, thorough
from tests.api import Api
from tests.chassis.conftest import Service, outcome
from tests.chassis.forge import ORDER, Forger, b64, dump, forger, unb64
from tests.chassis.network import answer, client_of, neighbour, says

INVALID = (401, "token-invalid")
MISSING = (401, "token-missing")
FLOOD = thorough.times(300, 100_000)


@pytest.fixture
def forge(auth: Flask, doctor: make.Person) -> Forger:
    return forger(auth, doctor.token)


def accepted(
    services: list[Service], rows: Iterable[tuple[str, str]], refusal: tuple[int, str] = INVALID
) -> dict[tuple[str, str], tuple[int, str]]:
    """The rows that got any other answer than this refusal, by default that the token is invalid."""
    found = {}
    for row, token in rows:
        for service in services:
            answer = service.read(token)
            if outcome(answer) != refusal or answer.headers["WWW-Authenticate"] != 'Bearer error="invalid_token"':
                found[service.name, row] = outcome(answer)
    return found


def test_a_token_made_like_the_real_ones_is_accepted(services: list[Service], forge: Forger) -> None:
    """The control: every refusal below is due to the one thing that is changed there."""
    good = [forge.token(), forge.spliced('"iat"', '"iat"'), forge.token(jti=str(uuid4()), extra="claims are no harm")]

    assert [s.read(token).status_code for s in services for token in good] == [200] * 9


def test_no_token_is_another_answer_than_a_bad_one(services: list[Service], doctor: make.Person) -> None:
    for service in services:
        for header in (
            None,
            "",
            "Bearer",
            "Bearer ",
            "Bearer     ",
            "Basic YTpi",
            doctor.token,
            "Token " + doctor.token,
        ):
            answer = service.read(None, headers={} if header is None else {"Authorization": header})
            assert outcome(answer) == MISSING, (service.name, header)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_counts_in_the_authorization_header_only(services: list[Service], doctor: make.Person) -> None:
    token = doctor.token
    for service in services:
        assert outcome(service.read(None, path=f"{service.reads}?access_token={token}")) == MISSING
        assert outcome(service.read(None, headers={"Cookie": f"access_token={token}; token={token}"})) == MISSING
        assert outcome(service.read(None, headers={"X-Authorization": f"Bearer {token}"})) == MISSING
        assert outcome(service.write(None, json={"access_token": token})) == MISSING
        other = {"X-Authorization": "Bearer x.y.z", "Cookie": "access_token_cookie=x"}
        assert service.read(token, headers=other).status_code == 200


def test_two_authorization_headers_contradict_each_other(services: list[Service], doctor: make.Person) -> None:
    both = f"Bearer {doctor.token},Bearer {doctor.token}"  # as a WSGI server joins them

    for service in services:
        assert outcome(service.read(None, headers={"Authorization": both})) == (400, "invalid-request")


def test_the_scheme_is_no_matter_of_case(services: list[Service], doctor: make.Person) -> None:
    for service in services:
        assert service.read(None, headers={"Authorization": f"bEARER {doctor.token}"}).status_code == 200


def test_what_is_not_three_plain_segments_is_refused(services: list[Service], forge: Forger) -> None:
    header, payload, signature = forge.token().split(".")
    whole = f"{header}.{payload}.{signature}"
    rows = {
        "one segment": header,
        "two segments": f"{header}.{payload}",
        "no signature": f"{header}.{payload}.",
        "four segments": f"{whole}.{signature}",
        "five segments": f"{whole}.{signature}.{signature}",
        "only dots": "..",
        "an empty header": f".{payload}.{signature}",
        "an empty payload": f"{header}..{signature}",
        "padding": f"{header}=.{payload}.{signature}",
        "padding of the signature": f"{whole}==",
        "a space inside": f"{header}. {payload}.{signature}",
        "a space before": f" {whole}",
        "a tab inside": f"{header}.{payload[:9]}\t{payload[9:]}.{signature}",
        "plain base64": f"{header}.{payload}.+/{signature[2:]}",
        "not base64": f"{header}.{payload[:-1]}!.{signature}",
        "high bytes": f"{header}.{payload}.{signature[:-1]}\xff",
        "latin letters": f"{header}.{payload}.\xe9\xe8{signature[2:]}",
        "unused bits set": whole[:-1] + chr(ord(whole[-1]) + 1),
        "a signature too short": whole[:-4],
        "a signature too long": whole + "AAAA",
        "a DER signature": f"{header}.{payload}.{b64(forge.key.sign(b'x', ec.ECDSA(hashes.SHA256())))}",
        "a quote around": f'"{whole}"',
        "another token behind": f"{whole} {whole}",
        "not JSON as header": f"{b64(b'{')}.{payload}.{signature}",
        "a list as header": f"{b64(b'[]')}.{payload}.{signature}",
        "a list as payload": forge.signed(dump(forge.header), b"[]"),
        "null as payload": forge.signed(dump(forge.header), b"null"),
        "no JSON as payload": forge.signed(dump(forge.header), b"sub"),
        "a mark before the payload": forge.signed(dump(forge.header), b"\xef\xbb\xbf" + dump(forge.claims)),
        "UTF-16 as payload": forge.signed(dump(forge.header), json.dumps(forge.claims).encode("utf-16")),
    }

    assert accepted(services, rows.items()) == {}


def test_only_the_real_key_and_algorithm_sign(services: list[Service], forge: Forger) -> None:
    header, payload, signature = forge.token().split(".")
    pem = forge.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    rows = {}
    for algorithm in (
        "none",
        "None",
        "NONE",
        "nOnE",
        "",
        "HS256",
        "RS256",
        "ES384",
        "es256",
        "EdDSA",
        None,
        1,
        ["ES256"],
    ):
        changed = b64(dump(forge.header | {"alg": algorithm}))
        rows[f"alg {algorithm}, no signature"] = f"{changed}.{payload}."
        rows[f"alg {algorithm}, the old signature"] = f"{changed}.{payload}.{signature}"
        rows[f"alg {algorithm}, signed all the same"] = forge.token(forge.header | {"alg": algorithm})
    secrets = {"the PEM": pem, "the PEM with CRLF": pem.replace(b"\n", b"\r\n"), "the PEM in one line": pem.strip()}
    for word in ("", "secret", "password", "changeme", "key", "123456", "jwt", "test", "admin", "auth".ljust(32, "-")):
        secrets[f"the secret {word!r}"] = word.encode()
    for name, secret in secrets.items():
        text = f"{b64(dump(forge.header | {'alg': 'HS256'}))}.{payload}"
        rows[f"HS256 with {name}"] = f"{text}.{b64(_hmac(secret, text))}"
        rows[f"HS256 with {name}, said to be ES256"] = f"{header}.{payload}.{b64(_hmac(secret, f'{header}.{payload}'))}"
    zero, order = bytes(32), ORDER.to_bytes(32, "big")
    for name, forged in {"zeros": zero + zero, "r = 0": zero + unb64(signature)[32:], "n": order + order}.items():
        rows[f"a signature of {name}"] = f"{header}.{payload}.{b64(forged)}"
    stranger = ec.generate_private_key(ec.SECP256R1())
    rows["a stranger's key"] = forge.signed(dump(forge.header), dump(forge.claims), stranger)
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(stranger.public_key()))
    for name, extra in {
        "jwk": jwk,
        "jku": "http://127.0.0.1:9/jwks.json",
        "x5u": "http://127.0.0.1:9/",
        "x5c": [],
    }.items():
        rows[f"{name} in the header"] = forge.signed(dump(forge.header | {name: extra}), dump(forge.claims), stranger)
        rows[f"{name} in the header, signed"] = forge.token(forge.header | {name: extra})
    for name, extra in {"crit": ["exp"], "b64": False, "zip": "DEF", "cty": "JWT"}.items():
        rows[f"{name} in the header"] = forge.token(forge.header | {name: extra})

    assert accepted(services, rows.items()) == {}


def _hmac(secret: bytes, text: str) -> bytes:
    return hmac.digest(secret, text.encode(), "sha256")


def test_the_other_spelling_of_a_signature_speaks_for_the_same_person(services: list[Service], forge: Forger) -> None:
    """ECDSA has two signatures for one text, (r, s) and (r, n - s): nothing may hang on which one is shown."""
    head, _, signature = forge.token().rpartition(".")
    r, s = unb64(signature)[:32], int.from_bytes(unb64(signature)[32:], "big")
    twin = f"{head}.{b64(r + (ORDER - s).to_bytes(32, 'big'))}"

    assert [service.read(twin).status_code for service in services] == [200, 200, 200]


def test_a_kid_that_is_none_of_ours_is_refused(services: list[Service], forge: Forger) -> None:
    kids = ["", "unknown-kid", "x" * 2_000, "../../dev/null", "' OR 1=1 --", "http://127.0.0.1:9/", "a\0b", "é" * 16]
    rows = {f"kid {kid!r:.30}": forge.token(forge.header | {"kid": kid}) for kid in [*kids, 1, None, True, [], {}]}
    rows["no kid"] = forge.token({"alg": "ES256", "typ": "at+jwt"})
    rows["kid twice"] = forge.signed(dump(forge.header)[:-1] + b',"kid":"other-kid"}', dump(forge.claims))

    assert accepted(services, rows.items()) == {}


def test_only_an_access_token_by_its_type_is_accepted(services: list[Service], forge: Forger) -> None:
    types = ["JWT", "jwt", "refresh+jwt", "logout+jwt", "application/at+jwt", "AT+JWT", "", None, ["at+jwt"]]
    rows = {f"typ {typ}": forge.token(forge.header | {"typ": typ}) for typ in types}
    rows["no typ"] = forge.token({"alg": "ES256", "kid": forge.kid})
    rows |= {f"type {kind}": forge.token(type=kind) for kind in ("refresh", "Access", "", None, 1, ["access"])}

    assert accepted(services, rows.items()) == {}


REQUIRED = ["iss", "sub", "aud", "iat", "nbf", "exp", "jti", "sid", "ver", "type", "role", "name"]


def test_every_claim_is_needed_and_null_is_none(services: list[Service], forge: Forger) -> None:
    rows = {f"no {claim}": forge.token(without=claim) for claim in REQUIRED}
    rows |= {f"{claim} null": forge.token(**{claim: None}) for claim in REQUIRED}
    confusable = forge.spliced('"sub"', '"\u0455ub"')

    assert accepted(services, [*rows.items(), ("a lookalike of sub", confusable)]) == {}


def test_a_claim_of_the_wrong_kind_is_refused(services: list[Service], forge: Forger) -> None:
    now, one = int(time.time()), str(uuid4())
    misspelled = [one.upper(), f"{{{one}}}", one.replace("-", ""), f"urn:uuid:{one}", f"{one}\n"]
    wrong = {
        "iss": ["other", "clinic-auth/", "Clinic-Auth", "", ["clinic-auth"], 1, {}],
        "aud": ["other", [], ["other"], "", {}, 1, [1]],
        "sub": ["", 1, [], {}, True, "not-a-uuid", *misspelled, "0" * 36, "00000000-0000-0000-0000-000000000000"],
        "sid": ["", 1, [], "x", str(uuid4()).upper(), True],
        "jti": ["", 1, [], "x", True],
        "ver": ["0", "", -1, 1.0, True, [], 1e3],
        "role": [1, [], {}, True],
        "name": [1, [], {}, True],
        "exp": [str(now + 60), now + 60.5, -1, 0, True, now - 11, 2**62, [], now + 400],
        "iat": [str(now), now + 0.5, now + 60, True, 0, -1, 1, [], 2**62],
        "nbf": [str(now), now + 60, now + 0.5, True, 0, -1, []],
        "auth_time": [str(now), now + 0.5, True, 0, -1, [], None, 2**62],
        "birthdate": [5, "x", "1988-02-30", [], True, "19880314"],
        "licence": ["verified", 1, ["state"], True, {"state": 1}, {"state": "verified", "number": 5}, {"state": []}],
    }
    rows = {f"{claim} {value!r:.40}": forge.token(**{claim: value}) for claim in wrong for value in wrong[claim]}

    assert accepted(services, rows.items()) == {}


def test_numbers_that_are_none_are_refused(services: list[Service], forge: Forger) -> None:
    exp = f'"exp":{forge.claims["exp"]}'
    rows = {
        f"exp {text}": forge.spliced(exp, f'"exp":{text}') for text in ("NaN", "Infinity", "1e400", "1e10", "9" * 5000)
    }

    assert accepted(services, rows.items()) == {}


def test_a_longer_life_than_ours_is_refused(services: list[Service], forge: Forger) -> None:
    iat = forge.claims["iat"]
    rows = {"too long": forge.token(exp=iat + 311), "a day": forge.token(exp=iat + 86_400)}

    assert accepted(services, rows.items()) == {}
    assert [s.read(forge.token(exp=iat + 310)).status_code for s in services] == [200] * 3


def test_a_claim_said_twice_is_refused(services: list[Service], forge: Forger) -> None:
    rows = {
        "sub twice": forge.spliced('{"', f'{{"sub":"{uuid4()}","'),
        "sub twice, escaped": forge.spliced('{"', f'{{"\\u0073ub":"{uuid4()}","'),
        "role twice": forge.spliced('"role":"doctor"', '"role":"admin","role":"doctor"'),
        "twice inside": forge.spliced('"licence":{', '"licence":{"state":"verified",'),
    }

    assert accepted(services, rows.items()) == {}


def test_a_token_too_long_to_be_ours_is_refused(services: list[Service], forge: Forger) -> None:
    rows = {"5 kB": forge.token(extra="x" * 5_000), "100 kB": forge.token(extra="x" * 100_000)}

    assert accepted(services, rows.items()) == {}


def test_a_role_that_nobody_has_may_do_nothing(services: list[Service], forge: Forger) -> None:
    for service in services:
        assert outcome(service.read(forge.token(role="root"))) == (403, "forbidden")


def test_a_claim_changed_without_the_key_is_refused(services: list[Service], forge: Forger) -> None:
    header, _, signature = forge.token().split(".")
    raised = [forge.claims | {"role": "admin"}, forge.claims | {"sub": str(uuid4())}, forge.claims | {"ver": 99}]
    rows = {str(n): f"{header}.{b64(dump(claims))}.{signature}" for n, claims in enumerate(raised)}

    assert accepted(services, rows.items()) == {}


def test_no_single_flipped_bit_is_accepted(services: list[Service], forge: Forger) -> None:
    """Every bit of every character of a valid token, at the rule itself: no cache and no route before it."""
    token = forge.token()
    flipped = [
        token[:n] + chr(ord(token[n]) ^ 1 << bit) + token[n + 1 :] for n in range(len(token)) for bit in range(8)
    ]

    for service in services:
        with service.app.app_context():
            assert tokens.verify(token) == forge.claims
            assert sum(_holds(wrong) for wrong in flipped) == 0


def _holds(token: str) -> bool:
    try:
        tokens.verify(token)
    except Refusal:
        return False
    return True


def test_a_remembered_token_still_ends(services: list[Service], forge: Forger) -> None:
    """Verified tokens are remembered for a minute; their end is looked at each time."""
    now = int(time.time())
    almost_over = forge.token(exp=now - tokens.LEEWAY + 3, iat=now - 60, nbf=now - 60)

    assert [s.read(almost_over).status_code for s in services] == [200] * 3

    deadline = time.monotonic() + 20
    for service in services:
        while service.read(almost_over).status_code == 200:
            assert time.monotonic() < deadline, service.name


def test_a_signed_out_or_unknown_person_is_refused_by_auth(auth: Flask, services: list[Service], forge: Forger) -> None:
    rows = {"unknown person": forge.token(sub=str(uuid4())), "unknown session": forge.token(sid=str(uuid4()))}

    only_auth = [service for service in services if service.name == "auth"]
    assert accepted(only_auth, rows.items(), refusal=(401, "token-revoked")) == {}


def test_a_flood_of_made_up_tokens_gets_nobody_in_and_asks_auth_for_keys_once(
    environment: dict[str, str], auth: Flask, migrated: None, forge: Forger
) -> None:
    """Each names another key and another person; people with good tokens go on between them."""
    jwks = answer(Api(auth).client.get("/.well-known/jwks.json").get_data())
    found: Counter[tuple[int, str]] = Counter()
    with neighbour(says(jwks)) as there:
        app = create_app(AppointmentSettings(**environment), client_of("auth", there.url))

        def good() -> int:
            now = int(time.time())
            token = forge.token(iat=now, nbf=now, exp=now + tokens.LIFE)
            return Api(app, token).send("GET", "/appointments").status_code

        assert good() == 200
        first = len(there.requests)
        _, payload, signature = forge.token().split(".")
        began = time.monotonic()
        for n in range(FLOOD):
            header = b64(dump(forge.header | {"kid": f"made-up-{n}"}))
            found[outcome(Api(app, f"{header}.{payload}.{signature}").send("GET", "/appointments"))] += 1
            if n % 100 == 0:
                assert good() == 200
        spent = time.monotonic() - began

    assert found == {INVALID: FLOOD}
    assert len(there.requests) - first <= 1 + spent / KeySet.FRESH_FOR
