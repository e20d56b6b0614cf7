"""Refusals as AWS says them, so that every client can read them."""

from __future__ import annotations

import json
import uuid
from enum import Enum
from xml.sax.saxutils import escape

STATUS = 403


class Reason(Enum):
    """Why a request is refused: AWS's code in JSON, and in XML."""

    UNSIGNED = ("MissingAuthenticationTokenException", "AccessDenied")
    UNKNOWN_KEY = ("UnrecognizedClientException", "InvalidAccessKeyId")
    WRONG_SIGNATURE = ("InvalidSignatureException", "SignatureDoesNotMatch")
    NOT_ITS_TIME = ("InvalidSignatureException", "RequestTimeTooSkewed")
    ALTERED = ("InvalidSignatureException", "XAmzContentSHA256Mismatch")
    FOREIGN = ("AccessDeniedException", "AccessDenied")


class Refused(Exception):
    """The embedded AWS does not do what it is asked."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(reason, sentence)
        self.reason, self.sentence = reason, sentence

    def answer(self, *, in_json: bool) -> tuple[list[tuple[bytes, bytes]], bytes]:
        """Return headers and body of the answer.

        Args:
            in_json: whether the request was in JSON; every other is answered in XML.
        """
        of_json, of_xml = self.reason.value
        request_id = str(uuid.uuid4())
        if in_json:
            kind = "application/x-amz-json-1.0"
            text = json.dumps({"__type": of_json, "message": self.sentence})
        else:
            kind = "application/xml"
            error = f"<Code>{of_xml}</Code><Message>{escape(self.sentence)}</Message>"
            text = (
                f"<ErrorResponse><Error>{error}</Error>"
                f"<RequestId>{request_id}</RequestId></ErrorResponse>"
            )
        body = text.encode()
        headers = {
            "content-type": kind,
            "content-length": str(len(body)),
            "x-amzn-requestid": request_id,
            "x-amz-request-id": request_id,
        }
        return [(name.encode(), value.encode()) for name, value in headers.items()], body
