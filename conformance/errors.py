"""What a user did wrong."""


class UsageError(Exception):
    """The user asked for something that does not exist."""
