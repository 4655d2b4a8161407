"""POST /api/v1/enroll and GET /api/v1/me."""

from flask import Blueprint, Response, current_app, jsonify, request

from server import bodies, enrolment
from server.api.access import bearer
from sync.limits import ENROLMENT_BYTES_MAX

blueprint = Blueprint("tablets", __name__, url_prefix="/api/v1")


@blueprint.post("/enroll")
def enroll() -> tuple[Response, int]:
    """Turn a one-time code into a token.
    ---
    summary: Enrol a tablet
    requestBody:
      required: true
      content:
        application/json: {schema: EnrollRequest}
    responses:
      201:
        description: The tablet's token and its person's scope; the same nonce answers alike with a fresh token.
        content:
          application/json: {schema: EnrollAnswer}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    return jsonify(enrolment.enroll(current_app.extensions["center"], bodies.read(request, ENROLMENT_BYTES_MAX))), 201


@blueprint.get("/me")
def me() -> Response:
    """Who the caller is, what is in their scope, and whom they may assign to.
    ---
    summary: The caller
    security: [{token: []}]
    responses:
      200:
        description: The person, their scope with the units' names, colleagues one may assign to.
        content:
          application/json: {schema: Me}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    return jsonify(enrolment.me(current_app.extensions["center"], bearer(request)))
