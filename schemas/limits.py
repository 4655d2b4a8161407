"""Every limit on a value of a record. Limits of the wire (bytes, lines, pages) stand in sync/limits."""

NAME_CHARS_MAX = 64  # ids of people and bodies, codes of units
TITLE_CHARS_MAX = 200
SHORT_TEXT_CHARS_MAX = 500
PARAGRAPH_CHARS_MAX = 2_000
LONG_TEXT_CHARS_MAX = 20_000
PHONE_CHARS_MAX = 40
DOOR_NO_CHARS_MAX = 50
FILE_NAME_CHARS_MAX = 200
FLAG_CHARS_MAX = 64

HOUSEHOLD_PEOPLE_MAX = 200
INVOLVED_PEOPLE_MAX = 100_000
SATISFACTION_MIN = 1
SATISFACTION_MAX = 5
ACCURACY_M_MAX = 100_000
LATITUDE_DEGREES_MAX = 90
LONGITUDE_DEGREES_MAX = 180
YUAN_DIGITS_MAX = 13

PARTIES_MAX = 100
PHOTOS_MAX = 50
FILES_MAX = 50
SET_VALUES_MAX = 100
FLAGS_MAX = 50
SIBLINGS_MAX = 10_000  # of a field, by name
OVER_NAMES_MAX = 500  # of edits in one line's `over`, all registers together
SIBLINGS_LISTED_MAX = 100  # of a conflict; the others are counted
SETTLEMENTS_LISTED_MAX = 16  # of a conflict, the latest

INTEGER_MAX = 2**53 - 1
"""The largest whole number that every JSON reader keeps exact (RFC 7493, section 2.2)."""

SECRET_CHARS_MAX = 500  # codes, nonces, tokens, marks
OUTCOMES_MAX = 10_000
SCOPE_KEYS_MAX = 100_000
SNAPSHOT_UNITS_MAX = 100_000  # of a day's status, as it goes from center to center

SHOWN_NAME_CHARS_MAX = 64
"""How much of a field's name that we do not know is repeated in a problem."""
CHOICES_TOLD_MAX = 20
"""Of the choices of a code, in a problem: all of every list that is shipped."""
