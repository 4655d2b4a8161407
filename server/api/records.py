"""GET /api/v1/records/{kind}, one record, and its history."""

from flask import Blueprint, Response, current_app, jsonify, request

from server.api.access import bearer
from server.reading import history, records

blueprint = Blueprint("records", __name__, url_prefix="/api/v1/records")


@blueprint.get("/<kind>")
def listed(kind: str) -> Response:
    """A page of the caller's records of a type, sensitive values masked. Of a repeated parameter any value will
    do; `page` is bound to the other parameters.
    ---
    summary: Records of a type
    security: [{token: []}]
    parameters:
      - {in: path, name: kind, required: true, schema: {$ref: '#/components/schemas/RecordTypeName'}}
      - {in: query, schema: ListQuery}
      - fields
    responses:
      200:
        description: A page
        content:
          application/json: {schema: RecordPage}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    arguments = request.args.to_dict(flat=False)
    return jsonify(records.listed(current_app.extensions["center"], bearer(request), kind, arguments))


@blueprint.get("/<kind>/<record>")
def single(kind: str, record: str) -> Response:
    """One record, nothing masked. One that is not the caller's is answered like one that is not there.
    ---
    summary: A record
    security: [{token: []}]
    parameters:
      - {in: path, name: kind, required: true, schema: {$ref: '#/components/schemas/RecordTypeName'}}
      - {in: path, name: record, required: true, schema: {type: string, format: uuid}}
    responses:
      200:
        description: The record
        content:
          application/json: {schema: ListedRecord}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    return jsonify(records.single(current_app.extensions["center"], bearer(request), kind, record))


@blueprint.get("/<kind>/<record>/history")
def history_of(kind: str, record: str) -> Response:
    """Who changed what of a record from what to what, when, when it arrived, and what became of it; oldest first.
    ---
    summary: A record's history
    security: [{token: []}]
    parameters:
      - {in: path, name: kind, required: true, schema: {$ref: '#/components/schemas/RecordTypeName'}}
      - {in: path, name: record, required: true, schema: {type: string, format: uuid}}
      - {in: query, schema: PageQuery}
    responses:
      200:
        description: A page
        content:
          application/json: {schema: HistoryPage}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    arguments = request.args.to_dict(flat=False)
    center, token = current_app.extensions["center"], bearer(request)
    return jsonify(history.history_of(center, token, kind, record, arguments))
