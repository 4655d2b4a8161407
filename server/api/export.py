"""GET /api/v1/export/{kind}.csv, .xlsx and .geojson."""

from flask import Blueprint, Response, current_app, request

from server.api.access import bearer
from server.reading import export

blueprint = Blueprint("export", __name__, url_prefix="/api/v1/export")


@blueprint.get("/<kind>.<form>")
def exported(kind: str, form: str) -> Response:
    """All of the caller's records of a type that the filters let through, as of one moment; sensitive values masked. A
    file whose last row (`count`, in GeoJSON) does not say how many records it holds is cut.
    ---
    summary: An export
    security: [{token: []}]
    parameters:
      - {in: path, name: kind, required: true, schema: {$ref: '#/components/schemas/RecordTypeName'}}
      - {in: path, name: form, required: true, schema: {type: string, enum: [csv, xlsx, geojson]}}
      - {in: query, schema: ExportQuery}
      - fields
    responses:
      200:
        description: The file
        content:
          text/csv: {schema: {type: string}}
          application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: {schema: {type: string, format: binary}}
          application/geo+json: {schema: {type: object}}
      default:
        description: A problem with the request
        content:
          application/problem+json: {schema: ProblemDocument}
    """
    language = request.accept_languages.best_match(["zh", "en"], "zh")
    arguments = request.args.to_dict(flat=False)
    file = export.exported(current_app.extensions["center"], bearer(request), kind, form, arguments, language)
    answer = Response(file, mimetype=export.MEDIA[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="{kind}.{form}"'
    answer.headers["Vary"] = "Accept-Language"
    return answer
