"""Faults of our own, as the server's log may tell them."""


def place(error: BaseException) -> str:
    """What went wrong and where, for the log: not the message, which may carry a person's data."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    code = None if at is None else at.tb_frame.f_code
    return f"{type(error).__name__} in {code.co_qualname}:{at.tb_lineno}" if code and at else type(error).__name__
