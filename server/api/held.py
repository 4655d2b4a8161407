"""GET /api/v1/held, and the staff's word on a held edit."""

from flask import Blueprint, Response, current_app, jsonify, request

from schemas.reading import DECISION_BYTES_MAX
from server import bodies
from server.api.access import bearer
from server.reading import held

blueprint = Blueprint("held", __name__, url_prefix="/api/v1/held")


@blueprint.get("")
def listed() -> Response:
    """The held edits that the caller sees: their own, and those of the people in the units that they staff.
    ---
    summary: Held edits
    security: [{token: []}]
    parameters:
      - {in: query, schema: ListQuery}
      - fields
    responses:
      200:
        description: A page
        content:
          application/json: {schema: HeldPage}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    return jsonify(held.held(current_app.extensions["center"], bearer(request), request.args.to_dict(flat=False)))


@blueprint.post("/<edit>")
def decide(edit: str) -> Response:
    """The staff's word on a held edit. Releasing one needs the right to write what it writes.
    ---
    summary: Release or refuse a held edit
    security: [{token: []}]
    parameters:
      - {in: path, name: edit, required: true, schema: {type: string, format: uuid}}
    requestBody:
      required: true
      content:
        application/json: {schema: HeldDecision}
    responses:
      200:
        description: What became of it
        content:
          application/json: {schema: HeldOutcome}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    token = bearer(request)
    body = bodies.read(request, DECISION_BYTES_MAX)
    return jsonify(held.decide(current_app.extensions["center"], token, edit, body))
