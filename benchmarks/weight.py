"""What a program weighs: the memory of all its processes, what one more worker adds, and what it takes to start.

Memory is counted as PSS, where a page that processes share counts once in all; what a worker adds is what it shares
with nobody (USS). A start is counted until the first answer, in processor time, because other work makes seconds long.
"""

import statistics
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import psutil

from benchmarks import measure
from benchmarks.clinic import Clinic
from benchmarks.house import House, Somebody, config_of
from benchmarks.lists import LIST, asked
from benchmarks.table import Row
from tests.servers import Program, free_port

MB = 1024 * 1024
REQUESTS, STARTS = 400, 5


def rows(house: House) -> Iterator[Row]:
    """The ratios, each against the bare program served in the same way."""
    clinic = Clinic.of(house)
    patient = house.people("patient", 1)[0]
    clinic.fill(patient, 20)
    ours, bare = (weighed(house, program, patient) for program in (clinic.service, clinic.bare))
    how = f"{ours[0]:.0f} against {bare[0]:.0f} MB"
    yield Row("memory of a service with two workers, against bare", 1.3, ours[0] / bare[0], how=how)
    how = f"{ours[1]:.1f} against {bare[1]:.1f} MB"
    yield Row("what one more worker adds to it, against bare", None, ours[1] / bare[1], how=how)
    took: dict[str, list[tuple[float, float]]] = {"appointment_service": [], "benchmarks.bare": []}
    for _ in range(STARTS):
        for package, some in took.items():
            some.append(started(house, package))
    cpu, clock = ([statistics.median(one[n] for one in some) for some in took.values()] for n in (0, 1))
    how = f"{cpu[0]:.2f} against {cpu[1]:.2f} s; on the clock {clock[0]:.2f} against {clock[1]:.2f} s"
    yield Row("a cold start, against bare", None, cpu[0] / cpu[1], how=how)


def weighed(house: House, program: Program, who: Somebody) -> tuple[float, float]:
    """MB of the whole program, and of one worker alone, after it has worked for a while."""
    requests = asked(house, who, LIST)
    measure.send(program.port, [next(requests) for _ in range(REQUESTS)])
    assert program.process  # noqa: S101 - it runs
    first = psutil.Process(program.process.pid)
    workers = first.children()
    each = [one.memory_full_info() for one in (first, *workers)]
    return sum(one.pss for one in each) / MB, statistics.mean(one.uss for one in each[1:]) / MB


def started(house: House, package: str) -> tuple[float, float]:
    """Seconds of processor time, and on the clock, from the start of a program to its first answer."""
    log = house.place / "started.log"
    program = Program(package, house.environment, log, free_port(), config=config_of(package))
    began = time.perf_counter()
    program.start()
    try:
        wait_for_an_answer(program)
        assert program.process  # noqa: S101 - it runs
        return measure.cpu_seconds(program.process.pid), time.perf_counter() - began
    finally:
        program.stop()


def wait_for_an_answer(program: Program) -> None:
    """Ask again and again, often."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        connection = HTTPConnection("127.0.0.1", program.port, timeout=20)
        try:
            connection.request("GET", "/health")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise AssertionError(f"{program.package} did not start")
