"""The kinds of value a field can hold, strict in what they take.

marshmallow is told to report not a sentence but the key of one in messages.json, with its argument after a space
("too_long 200"); schemas/validation turns that into sentences that name the field. Nothing is converted: what is
valid is kept as it came over the wire.

Nearly every value is valid, and marshmallow takes as long over these as over others. So each kind can find out in a
short way that a value is (`fits`); of what does not fit marshmallow says what is wrong with it, if anything.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from schemas import limits
from schemas.codes import CODES
from schemas.forms import DAY, NAME, SECOND, STAMP, UUID, UUID_V7, is_real_day, is_real_instant, is_real_stamp

Check = Callable[[Any], Any]
"""What marshmallow runs before and after it reads a value: gives the value back or raises ValidationError."""


SHAPE_ERRORS = {"type": "not_object", "unknown": "unknown_field"}


class Shape(Schema):
    """Base of every record and wire shape: unknown members are refused, by marshmallow's default."""

    error_messages = SHAPE_ERRORS


class Kind(fields.Field[Any]):
    """Base of every kind: null and absent mean the same, so null is fine exactly where a value is optional.

    `wrong` is the error for a value that is of another kind altogether.
    """

    json: type | None = None
    """What a value of this kind is in JSON, where its checks are all that is asked of it besides; None where there is
    no short way."""

    def __init__(self, *of: Any, wrong: str, required: bool = False, **options: Any) -> None:
        errors: dict[str, Any] = {"required": "required", "null": "required", "invalid": wrong, "too_large": wrong}
        super().__init__(*of, required=required, allow_none=not required, error_messages=errors, **options)

    def fits(self, value: object) -> bool:
        """Whether a value is surely valid. Raises ValidationError, or is false, where marshmallow is to be asked."""
        if value is None:
            return self.allow_none
        # Not isinstance: true is an int to Python.
        if type(value) is not self.json:
            return False
        for check in self.validators:
            check(value)
        return True


@dataclass(frozen=True, slots=True)
class Members:
    """What a schema says of the members of an object, by the names that they have on the wire."""

    kinds: Mapping[str, Kind]
    required: frozenset[str]

    @classmethod
    def of(cls, schema: Schema) -> "Members":
        declared = {each.data_key or name: each for name, each in schema.fields.items()}
        kinds = {name: each for name, each in declared.items() if isinstance(each, Kind)}
        return cls(kinds, frozenset(name for name, each in declared.items() if each.required))

    def fit(self, values: Mapping[str, object], *, partial: bool) -> bool:
        """Whether all values of an object, or (`partial`) some of its values, are surely valid."""
        kinds = self.kinds
        try:
            for name, value in values.items():
                kind = kinds.get(name)
                if kind is None or not kind.fits(value):
                    return False
        except ValidationError:
            return False
        return partial or self.required <= values.keys()


def only(json_type: type, error: str) -> Check:
    """A check that lets null through (whether it may be is judged elsewhere) and else values of one JSON type only."""

    def check(value: Any) -> Any:
        if value is not None and not isinstance(value, json_type):
            raise ValidationError(error)
        return value

    return check


def said(value: Any) -> Any:
    """A check that a required text is not blank and a required list not empty."""
    if not (value.strip() if isinstance(value, str) else value):
        raise ValidationError("required")
    return value


@dataclass(frozen=True, slots=True)
class Pattern:
    """A check that a text matches to its very end, and that `holds` of it (a real date). apispec reads `regex`."""

    regex: re.Pattern[str]
    error: str
    holds: Callable[[str], bool]

    def __call__(self, value: str) -> str:
        if self.regex.fullmatch(value) is None or not self.holds(value):
            raise ValidationError(self.error)
        return value


def pattern(regex: str, error: str, holds: Callable[[str], bool] = bool) -> Pattern:
    return Pattern(re.compile(regex), error, holds)


class Worded(Kind, fields.String):
    """Base of whatever is a text in JSON."""

    json = str


class Text(Worded):
    """Text of at most `chars_max` characters; a required one says something."""

    def __init__(self, chars_max: int, *, required: bool = False, **options: Any) -> None:
        checks: list[Check] = [validate.Length(max=chars_max, error="too_long {max}")]
        checks = [said, *checks] if required else checks
        super().__init__(wrong="not_text", required=required, validate=checks, **options)


class Patterned(Worded):
    """Base of the texts that have one fixed form."""

    form: Pattern

    def __init__(self, **options: Any) -> None:
        super().__init__(wrong=self.form.error, validate=self.form, **options)


class Name(Patterned):
    """The id of a person or a body, or the code of a unit."""

    form = pattern(f"^{NAME}$", "not_name")


class Assignee(Patterned):
    """`person:<id>` or `body:<id>`."""

    form = pattern(f"^(person|body):{NAME}$", "not_assignee")


class ScopeKey(Patterned):
    """What records stand under: a grid, the staff of a unit, a person, a body."""

    form = pattern(f"^(unit|staff|person|body):{NAME}$", "not_scope_key")


class RecordId(Patterned):
    """A lower-case canonical UUID."""

    form = pattern(f"^{UUID}$", "not_record_id")


class EditName(Patterned):
    """A lower-case canonical UUIDv7 (RFC 9562, section 5.7)."""

    form = pattern(f"^{UUID_V7}$", "not_edit_name")


class Stamp(Patterned):
    """A hybrid logical clock stamp: UTC milliseconds, then a counter of four hexadecimal digits."""

    form = pattern(f"^{STAMP}$", "not_stamp", is_real_stamp)


class Instant(Patterned):
    """A moment in UTC: `YYYY-MM-DDTHH:MM:SSZ`, milliseconds optional."""

    form = pattern(rf"^{SECOND}(\.[0-9]{{3}})?Z$", "not_instant", is_real_instant)


class Day(Patterned):
    """A date, `YYYY-MM-DD`."""

    form = pattern(f"^{DAY}$", "not_day", is_real_day)


class Phone(Patterned):
    """One or more phone numbers as people write them. No asterisk: a masked number must not replace the real one."""

    form = pattern(rf"^[0-9+()\-/ ,;#转，；、]{{1,{limits.PHONE_CHARS_MAX}}}$", "not_phone")


class FileName(Patterned):
    """The name or the hash of a file. No slash: the register of a photo is `photos/<name>`."""

    form = pattern(rf"^[^/\\\x00-\x1f]{{1,{limits.FILE_NAME_CHARS_MAX}}}$", "not_file_name")


class Yuan(Patterned):
    """An amount of money in yuan, a decimal as text: "300", "1250.50"."""

    form = pattern(rf"^(0|[1-9][0-9]{{0,{limits.YUAN_DIGITS_MAX - 1}}})(\.[0-9]{{1,2}})?$", "not_yuan")


class Degrees(Worded):
    """Degrees north or east, a decimal as text with at most six places, within ±`degrees_max`."""

    def __init__(self, degrees_max: int, **options: Any) -> None:
        def is_on_earth(text: str) -> bool:
            return abs(Decimal(text)) <= degrees_max

        form = pattern(r"^-?(0|[1-9][0-9]{0,2})(\.[0-9]{1,6})?$", f"not_degrees {degrees_max}", is_on_earth)
        super().__init__(wrong=form.error, validate=form, **options)


class Choice(Worded):
    """One code of the code list `list_name`, retired ones included."""

    def __init__(self, list_name: str, **options: Any) -> None:
        self.list_name = list_name
        one_of = validate.OneOf(tuple(CODES[list_name]), error="not_choice")
        super().__init__(wrong="not_choice", validate=one_of, **options)


class Coded(Text):
    """A code of the list `list_name` that the server wrote. That of a later release may write others: any is valid."""

    def __init__(self, list_name: str, chars_max: int, **options: Any) -> None:
        self.list_name = list_name
        super().__init__(chars_max, **options)


class Whole(Kind, fields.Integer):
    """A whole number within `[least, most]`, as a JSON number without a fraction."""

    json = int

    def __init__(self, least: int, most: int, **options: Any) -> None:
        in_range = validate.Range(min=least, max=most, error=f"out_of_range {least}–{most}")
        super().__init__(wrong="not_whole", strict=True, validate=in_range, **options)


class YesNo(Kind, fields.Boolean):
    """JSON's true or false and nothing that resembles them."""

    json = bool

    def __init__(self, **options: Any) -> None:
        super().__init__(wrong="not_yes_no", pre_load=only(bool, "not_yes_no"), **options)


class ListOf(Kind, fields.List[Any]):
    """A JSON array of one kind, whose items are never null; a required one has an item, unless it `may_be_empty`."""

    json = list

    def __init__(
        self, item: Kind, *, items_max: int, required: bool = False, may_be_empty: bool = False, **options: Any
    ) -> None:
        item.required, item.allow_none = True, False
        checks: list[Check] = [validate.Length(max=items_max, error="too_many {max}")]
        checks = [said, *checks] if required and not may_be_empty else checks
        strict = only(list, "not_list")
        super().__init__(item, wrong="not_list", required=required, pre_load=strict, validate=checks, **options)

    def fits(self, value: object) -> bool:
        if not super().fits(value) or not isinstance(self.inner, Kind):
            return False
        return not isinstance(value, list) or all(map(self.inner.fits, value))


class MapOf(Kind, fields.Dict):
    """A JSON object with members of any name, each value of one kind."""

    def __init__(self, value: Kind, **options: Any) -> None:
        keys, strict = Text(limits.SHORT_TEXT_CHARS_MAX), only(dict, "not_object")
        super().__init__(wrong="not_object", keys=keys, values=value, pre_load=strict, **options)


class Part(Kind, fields.Nested):
    """An object of a shape of its own. It is always given whole, in a change too. Of a record's parts nothing is asked
    but what their members are."""

    json = dict

    def __init__(self, shape: type[Shape], **options: Any) -> None:
        super().__init__(shape, wrong="not_object", **options)

    @cached_property
    def _members(self) -> Members:
        return Members.of(self.schema)

    def fits(self, value: object) -> bool:
        if not super().fits(value):
            return False
        return not isinstance(value, dict) or self._members.fit(value, partial=False)


class Anything(Kind, fields.Raw):
    """Any JSON value, null included."""

    def __init__(self, **options: Any) -> None:
        super().__init__(wrong="not_object", **options)
