"""GET /api/v1/status: the aggregated status of a unit."""

from flask import Blueprint, Response, current_app, jsonify, request

from server.api.access import bearer
from server.status import report

blueprint = Blueprint("status", __name__, url_prefix="/api/v1")


@blueprint.get("/status")
def status() -> Response:
    """A unit's counts and measures over local days, each measure with its numerator and denominator; those of the days
    before and of a year before; and those of each unit right under it.
    ---
    summary: Status of a unit
    security: [{token: []}]
    parameters:
      - {in: query, schema: StatusQuery}
    responses:
      200:
        description: The status; sums by the tree of units as it is now.
        content:
          application/json: {schema: Status}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    arguments = request.args.to_dict(flat=False)
    return jsonify(report.status(current_app.extensions["center"], bearer(request), arguments))
