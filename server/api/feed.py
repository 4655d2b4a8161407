"""GET /api/v1/feed."""

from flask import Blueprint, Response, current_app, request

from server import bodies
from server.api.access import bearer
from server.reading.feed import fed

blueprint = Blueprint("feed", __name__, url_prefix="/api/v1")


@blueprint.get("/feed")
def feed() -> Response:
    """The caller's next page of changes, as a tablet's sync answers it; nothing is handed over.
    ---
    summary: Changes, for other systems
    security: [{token: []}]
    parameters:
      - {in: query, schema: FeedQuery}
    responses:
      200:
        description: The head, feed rows and lost keys, the last line; one JSON object a line.
        content:
          application/x-ndjson:
            schema: {oneOf: [AnswerHead, FeedRow, ScopeLine, LastLine]}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    arguments = request.args.to_dict(flat=False)
    return bodies.packed(request, fed(current_app.extensions["center"], bearer(request), arguments))
