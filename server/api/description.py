"""GET /api/v1/openapi.json and /api/v1/docs: the API described by itself, browsable with nothing from elsewhere."""

from collections.abc import Iterable
from importlib import metadata

from apispec import APISpec, yaml_utils
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec_webframeworks.flask import FlaskPlugin
from flask import Blueprint, Flask, Response, current_app, jsonify, render_template

from schemas import reading, snapshots, status, wire
from schemas.catalog import CATALOG
from sync import limits

blueprint = Blueprint("description", __name__, url_prefix="/api/v1")

_FRAMES = (
    wire.EditShape, wire.RequestHead, wire.AnswerHead, wire.FeedRow, wire.ScopeLine, wire.LastLine, wire.EnrollRequest,
    wire.EnrollAnswer, wire.Me, wire.ProblemDocument,
    reading.RecordPage, reading.HistoryPage, reading.HeldPage, reading.HeldDecision, reading.HeldOutcome,
    snapshots.Snapshot, snapshots.SnapshotTest,
    snapshots.SnapshotTaken, snapshots.SummedStatus, status.Status,
)  # fmt: skip

_FILTERS = {
    "name": "fields",
    "description": "Fields of the record type, each with a value that records are to have: codes, names, links, days,"
    " instants, yes or no.",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """This description (OpenAPI 3.1).
    ---
    summary: The API's description
    responses:
      200:
        description: OpenAPI 3.1
        content: {application/json: {schema: {type: object}}}
    """
    return jsonify(current_app.extensions["description"])


@blueprint.get("/docs")
def docs() -> str:
    """The description as a page.
    ---
    summary: The API's description for people
    responses:
      200:
        description: A page
        content: {text/html: {schema: {type: string}}}
    """
    return render_template("docs.html", description=current_app.extensions["description"])


def described(app: Flask) -> dict[str, object]:
    """The OpenAPI description of an app's views, with the record types, their fields' merge rules and the limits."""
    spec = APISpec(
        title="Doorstep",
        version=metadata.version("doorstep"),
        openapi_version="3.1.0",
        plugins=[FlaskPlugin(), MarshmallowPlugin()],
        info={"description": "Offline-first field data: sync for tablets. docs/protocol.md states the wire in full."},
    )
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for shape in _FRAMES:
        spec.components.schema(shape.__name__, schema=shape)
    for record_type in CATALOG.types.values():
        spec.components.schema(record_type.name, schema=record_type.schema)
    spec.components.schema("RecordTypeName", {"type": "string", "enum": list(CATALOG.types)})
    spec.components.parameter("fields", "query", _FILTERS)
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if view.__module__.startswith("server.api"):
            spec.path(view=view, app=app, operations=_operations(rule.methods or (), view.__doc__ or ""))
    described = spec.to_dict()
    for record_type in CATALOG.types.values():
        declared = described["components"]["schemas"][record_type.name]["properties"]
        for name, field in record_type.fields.items():
            declared[name]["x-rule"] = field.rule.value
    described["x-limits"] = {
        name: value for name, value in vars(limits).items() if name.isupper() and isinstance(value, int)
    }
    return described


def _operations(methods: Iterable[str], docstring: str) -> dict[str, object]:
    """What the part of a view's docstring under `---` says, for the one method that the view is written for."""
    (method,) = set(methods) - {"HEAD", "OPTIONS"}
    return {method.lower(): yaml_utils.load_yaml_from_docstring(docstring)}
