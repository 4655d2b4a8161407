"""The reading side for staff and other systems: lists, single records, history, held edits, exports, the feed.

All of it is read inside the caller's scope at this moment, by the same keys as a tablet's feed.
"""
