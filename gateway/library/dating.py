"""When a photograph was taken: the rules, and which of them wins."""

from __future__ import annotations

DATE_RULES = (
    "manual",  # a person said so
    "sidecar",  # an XMP file beside it
    "original",  # DateTimeOriginal: the shutter
    "digitized",  # DateTimeDigitized
    "created",  # IPTC, Photoshop and XMP: DateCreated
    "quicktime",  # com.apple.quicktime.creationdate, with its offset
    "container",  # the video container's creation time, UTC
    "gps",  # GPSDateStamp and GPSTimeStamp, UTC
    "name",  # the file's name
    "modified",  # EXIF DateTime: the last change inside the file
    "client",  # the file's time, as the client gave it
    "upload",  # the time of the upload
)
"""From the most to the least trusted."""

OFFSET_RULES = (
    "stamp",  # written in the date itself
    "original",  # OffsetTimeOriginal
    "digitized",  # OffsetTimeDigitized
    "maker",  # a maker's time zone tag
    "position",  # the time zone at its GPS position
    "gps",  # the difference to the GPS clock, rounded to a quarter of an hour
    "modified",  # OffsetTime alone
    "utc",  # the rule gives an instant in UTC
    "assumed",  # the server's own zone
)
"""From the most to the least trusted."""
