"""Every section of the API, in the order of its document."""

from viewer.api import overview, photos, playable

SECTIONS = (photos.section, overview.section, playable.section)
