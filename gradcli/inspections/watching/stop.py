"""How a program is stopped."""


class Stop(BaseException):
    """Ends the program at an error; no `except Exception` of the program's catches it."""
