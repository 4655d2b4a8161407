"""One point on the map, as a tablet measured it: optional everywhere, and refusable."""

from schemas.kinds import Degrees, Shape, Whole
from schemas.limits import ACCURACY_M_MAX, LATITUDE_DEGREES_MAX, LONGITUDE_DEGREES_MAX
from schemas.rules import labelled


class Location(Shape):
    """`{"lat": "25.531234", "lon": "102.401234", "accuracy_m": 8}`, degrees of WGS 84 as decimals in text."""

    lat = Degrees(LATITUDE_DEGREES_MAX, required=True, metadata=labelled(zh="纬度", en="Latitude"))
    lon = Degrees(LONGITUDE_DEGREES_MAX, required=True, metadata=labelled(zh="经度", en="Longitude"))
    accuracy_m = Whole(0, ACCURACY_M_MAX, metadata=labelled(zh="精度（米）", en="Accuracy in metres"))
