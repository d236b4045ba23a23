"""Twilio's refusals and the shape they take; it refuses to raise them on its own (Twilio fact sheet, 2 and 9)."""

import msgspec

# code: (HTTP status, message)
ERRORS: dict[int, tuple[int, str]] = {
    20001: (400, "Invalid parameter"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service Unavailable"),
    21211: (400, "Invalid 'To' Phone Number"),
    21602: (400, "Message body is required"),
    21603: (400, "A 'From' phone number is required"),
    21604: (400, "A 'To' phone number is required"),
    21606: (400, "The 'From' phone number provided is not a valid message-capable Twilio phone number"),
    21609: (400, "The StatusCallback URL is not valid"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21620: (400, "Invalid media URL"),
    21655: (400, "The ContentSid is invalid"),
    21656: (400, "The ContentVariables parameter is invalid"),
    21703: (400, "The Messaging Service does not have a phone number available"),
    21705: (400, "The Messaging Service is invalid"),
    21910: (400, "'From' and 'To' must be of the same channel"),
    63005: (400, "Channel did not accept given content"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    63012: (400, "Channel provider returned an internal service error"),
    63016: (400, "Failed to send freeform message because you are outside the allowed window"),
    63018: (400, "Rate limit exceeded for Channel"),
    63021: (400, "Channel invalid content error"),
    63024: (400, "Invalid message recipient"),
    63028: (400, "Number of parameters provided does not match the expected number of parameters"),
    63031: (400, "Message cannot have the same From and To"),
    63040: (400, "Template rejected"),
    63041: (400, "Template paused"),
    63049: (400, "Meta chose not to deliver this WhatsApp marketing message"),
}

# What the world's fates are called at Twilio; other codes are scripted as Twilio's own.
FROM_META = {131026: 63024, 131049: 63049, 131050: 63049, 131047: 63016, 131000: 63012}


class TwilioError(Exception):
    """A refusal in Twilio's own terms."""

    def __init__(self, code: int, details: str = "") -> None:
        self.code = code
        self.status, usual = ERRORS.get(code, (400, "Unknown error"))
        self.text = details or usual
        super().__init__(self.text)

    def body(self) -> bytes:
        """The error body of the fact sheet, 2."""
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return msgspec.json.encode({"code": self.code, "message": self.text, "more_info": more, "status": self.status})


def message_of(code: int | None) -> str:
    return ERRORS.get(code or 0, (400, "Unknown error"))[1]
