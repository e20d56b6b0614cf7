"""The Docker SDK's exceptions, as far as MiniStack knows them."""


class DockerException(Exception):
    """Anything that went wrong."""


class APIError(DockerException):
    """The daemon refused a request."""


class NotFound(APIError):
    """There is no such container."""


class ImageNotFound(NotFound):
    """There is no such image."""
