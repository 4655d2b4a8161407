"""POST /api/v1/sync."""

from flask import Blueprint, Response, current_app, request

from server import bodies
from server.api.access import bearer
from server.center import Center
from server.exchange import exchange

blueprint = Blueprint("sync", __name__, url_prefix="/api/v1")


@blueprint.post("/sync")
def sync() -> Response:
    """Hand over edits, take outcomes and the caller's next page.
    ---
    summary: One round trip of a tablet
    security: [{token: []}]
    requestBody:
      required: true
      description: The head, then edit lines, one JSON object a line; gzip or zstd by Content-Encoding.
      content:
        application/x-ndjson: {schema: RequestHead}
    responses:
      200:
        description: The head with the outcomes, feed rows and lost keys, the last line; one JSON object a line.
        content:
          application/x-ndjson:
            schema: {oneOf: [AnswerHead, FeedRow, ScopeLine, LastLine]}
      default:
        description: A problem with the request as a whole
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    center: Center = current_app.extensions["center"]
    token = bearer(request)
    body = bodies.received(request)
    return bodies.packed(request, exchange(center, token, body.unpacked, len(body.packed)))
