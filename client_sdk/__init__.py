"""What runs on a tablet: `Tablet` and what it gives and raises."""

import logging

from client_sdk.attention import Held, Item, Refused
from client_sdk.collection import Collection, Deed
from client_sdk.conflict import Conflict, Sibling
from client_sdk.errors import (
    AddressWrongError,
    AuthorityFileError,
    CenterError,
    CertificateUntrustedError,
    DealtWithError,
    EnrolAgainError,
    InvalidError,
    OfflineError,
    PersonDiffersError,
    RecordUnknownError,
    RevokedError,
    StoreClosedError,
    StoreError,
    StoreForeignError,
    StoreForkedError,
    StoreMissingError,
    StoreMovedError,
    StoreNewerError,
    TabletError,
)
from client_sdk.record import Record
from client_sdk.report import SyncProgress, SyncReport
from client_sdk.tablet import Tablet

__all__ = [
    "AddressWrongError",
    "AuthorityFileError",
    "CenterError",
    "CertificateUntrustedError",
    "Collection",
    "Conflict",
    "DealtWithError",
    "Deed",
    "EnrolAgainError",
    "Held",
    "InvalidError",
    "Item",
    "OfflineError",
    "PersonDiffersError",
    "Record",
    "RecordUnknownError",
    "Refused",
    "RevokedError",
    "Sibling",
    "StoreClosedError",
    "StoreError",
    "StoreForeignError",
    "StoreForkedError",
    "StoreMissingError",
    "StoreMovedError",
    "StoreNewerError",
    "SyncProgress",
    "SyncReport",
    "Tablet",
    "TabletError",
]

# Whoever embeds a tablet says where its log goes; until then it goes nowhere.
logging.getLogger(__name__).addHandler(logging.NullHandler())
