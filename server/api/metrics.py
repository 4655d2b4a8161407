"""GET /metrics: what stands and what waits, as numbers, for whoever watches the server.

All of it is asked of the database, so that it is the same whichever process answers. It names nobody and no place.
"""

import hashlib
from collections.abc import Iterable
from importlib import metadata
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from server.center import Center
from server.status.report import FRESH_MS
from server.store import center_outbox, dialect, gauges
from sync.stamps import stamp

blueprint = Blueprint("metrics", __name__)


class _Read(Collector):
    """Metrics that were read beforehand."""

    def __init__(self, read: Iterable[Metric]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        return self._read


@blueprint.get("/metrics")
def metrics() -> Response:
    """Counts for Prometheus, none of them of one person or place.
    ---
    summary: What stands and what waits
    responses:
      200:
        description: Prometheus's text format
        content: {text/plain: {schema: {type: string}}}
      default:
        description: Not ready
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    center: Center = current_app.extensions["center"]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Read(_read(center)))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _read(center: Center) -> list[Metric]:
    now_ms = center.clock()
    with dialect.reading(center.engine, one_snapshot=True) as connection:
        county = center.county(connection)
        held = gauges.held(connection, county.code)
        tablets = gauges.tablets(connection, county.code, stamp(now_ms - FRESH_MS))
        centers = center_outbox.shown(connection, county.code)
    return [
        InfoMetricFamily(
            "doorstep", "The release, and the county.", {"version": metadata.version("doorstep"), "county": county.code}
        ),
        GaugeMetricFamily("doorstep_revision", "How many lines and rows were ever written.", county.revision),
        _labelled("doorstep_held_edits", "Edits that wait to be judged, by their code.", "code", held.items()),
        GaugeMetricFamily("doorstep_tablets", "Tablets that are at work.", tablets.working),
        GaugeMetricFamily("doorstep_tablets_heard", "Those that synced within a day.", tablets.heard),
        GaugeMetricFamily("doorstep_tablets_revoked", "Tablets that were revoked.", tablets.revoked),
        GaugeMetricFamily("doorstep_edits_owed", "Edits that tablets last said they still owe.", tablets.owed),
        *(
            _labelled(name, says, "center", ((_called(each["url"]), made(each)) for each in centers))
            for name, says, made in _OF_CENTERS
        ),
    ]


_OF_CENTERS = (
    ("doorstep_center_waiting", "Snapshots on their way to a center.", lambda each: each["waiting"]),
    ("doorstep_center_refused", "Snapshots that a center would not have.", lambda each: each["refused"]),
    ("doorstep_center_stopped", "1 where nothing more is sent until staff say so.", lambda each: bool(each["stopped"])),
    (
        "doorstep_center_delivered_timestamp_seconds",
        "When a snapshot arrived last; 0 where none has.",
        lambda each: (each["last_delivered_ms"] or 0) / 1000,
    ),
)


def _called(url: str) -> str:
    """The host of a center, and what tells two on one host apart: the rest of an address may hold a secret."""
    return f"{urlsplit(url).hostname}/{hashlib.sha256(url.encode()).hexdigest()[:8]}"


def _labelled(name: str, says: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for value, count in values:
        family.add_metric([value], count)
    return family
