"""Every section of the API, in the order of its document."""

from viewer.api import account, favourites, folders, overview, photos, playable, tokens, uploads

SECTIONS = (
    photos.section,
    favourites.section,
    folders.section,
    overview.section,
    playable.section,
    uploads.section,
    tokens.section,
    account.section,
)
