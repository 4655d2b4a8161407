"""POST and GET /api/v1/center/status: aggregated status from other centers, and its sums."""

from flask import Blueprint, Response, current_app, jsonify, request

from server import bodies
from server.api.access import bearer
from server.center import Center
from server.center_push import receiving, sums
from sync.limits import SNAPSHOT_BYTES_MAX

blueprint = Blueprint("center", __name__, url_prefix="/api/v1/center")


@blueprint.post("/status")
def receive() -> Response:
    """Take in a day of another county, signed per Standard Webhooks.
    ---
    summary: A day's status, pushed by another center
    parameters:
      - {in: header, name: doorstep-county, schema: {type: string}, description: Whose secret signs}
      - {in: header, name: webhook-id, schema: {type: string}, description: The same for every try of a message}
      - {in: header, name: webhook-timestamp, schema: {type: string}, description: Seconds since 1970 of this try}
      - {in: header, name: webhook-signature, schema: {type: string}, description: "v1,… over id, timestamp and text"}
    requestBody:
      required: true
      description: One snapshot or test message; gzip or zstd by Content-Encoding, signed as it is unpacked.
      content:
        application/json:
          schema: {oneOf: [Snapshot, SnapshotTest]}
    responses:
      200:
        description: What became of it; the same message again changes nothing.
        content:
          application/json: {schema: SnapshotTaken}
      default:
        description: A problem with the request; nothing is kept
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    center: Center = current_app.extensions["center"]
    bodies.check_length(request)
    sender = receiving.sender(center, request.headers)  # Before anything is unpacked: that is for those we know.
    return jsonify(receiving.receive(center, sender, request.headers, bodies.read(request, SNAPSHOT_BYTES_MAX)))


@blueprint.get("/status")
def sums_of_days() -> Response:
    """What another center pushed, summed by unit at every level.
    ---
    summary: Sums of another center's days, for county staff
    security: [{token: []}]
    parameters:
      - {in: query, schema: SumsQuery}
    responses:
      200:
        description: Each unit with the sums of itself and all under it, in the tree of the newest snapshots.
        content:
          application/json: {schema: SummedStatus}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    arguments = request.args.to_dict(flat=False)
    return jsonify(sums.sums(current_app.extensions["center"], bearer(request), arguments))
