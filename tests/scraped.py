"""What a program tells Prometheus, as tests read it."""

from dataclasses import dataclass

import requests
from flask import Flask
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True)
class Scrape:
    """All figures of one answer."""

    families: list[Metric]

    @property
    def names(self) -> set[str]:
        return {sample.name for family in self.families for sample in family.samples}

    def labels(self, name: str) -> list[dict[str, str]]:
        """The labels of each row of this name."""
        return [sample.labels for family in self.families for sample in family.samples if sample.name == name]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the rows with (at least) these labels; 0 where there is none."""
        rows = [sample for family in self.families for sample in family.samples if sample.name == name]
        return sum(row.value for row in rows if labels.items() <= row.labels.items())


def read(text: str) -> Scrape:
    return Scrape(list(text_string_to_metric_families(text)))


def scrape(program: Flask | str) -> Scrape:
    """Ask a program of this process, or the one at this address."""
    if isinstance(program, str):
        answer = requests.get(f"{program}/metrics", timeout=10)
        assert answer.status_code == 200
        return read(answer.text)
    given = program.test_client().get("/metrics")
    assert given.status_code == 200
    assert given.content_type == "text/plain; version=0.0.4; charset=utf-8"
    return read(given.get_data(as_text=True))
