"""The live properties, and the writer that turns entries into ``response`` elements.

Everything that is equal for every entry of a listing is written once, into one template for files and one for
folders; an entry then costs a few look-ups and one ``%``. Dead properties and locks are rare and take a slower way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from wsgidav.dav_error import HTTP_NOT_FOUND, HTTP_OK

from gateway.dav.dates import http_date, iso_date
from gateway.dav.markup import DAV, attribute, bare, escape
from gateway.dav.media_types import media_type
from gateway.dav.paths import quote_name
from gateway.library.values import Role

if TYPE_CHECKING:
    from gateway.library.values import Entry, PropertyName, Space

OC = "http://owncloud.org/ns"
MICROSOFT = "urn:schemas-microsoft-com:"
APACHE = "http://apache.org/dav/props/"
XML = "http://www.w3.org/XML/1998/namespace"

LOCKDISCOVERY: PropertyName = (DAV, "lockdiscovery")
SUPPORTEDLOCK: PropertyName = (DAV, "supportedlock")
EXECUTABLE: PropertyName = (APACHE, "executable")

_PREFIXES = {DAV: "d", OC: "oc", MICROSOFT: "w", APACHE: "a", XML: "xml"}

Value = Callable[["Entry"], str] | str | None
"""How a property's content is made: from the entry, the same for all of them, or not at all (404)."""

_LOCKENTRY = "<d:lockentry><d:lockscope><d:{}/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockentry>"


class Live(NamedTuple):
    """A live property's content for each kind of entry; XML text."""

    file: Value
    folder: Value


class Around(NamedTuple):
    """What an entry's properties need to know of its space."""

    available: int
    used: int
    role: int

    @classmethod
    def of(cls, *spaces: Space) -> Around:
        """The quota of a space, or of all of somebody's spaces for the root (RFC 4331 wants a number there too)."""
        role = min((space.role for space in spaces), default=Role.VIEWER) if len(spaces) == 1 else Role.VIEWER
        return cls(sum(space.available for space in spaces), sum(space.used for space in spaces), role)


def file_id(entry: Entry) -> str:
    """The id that ownCloud clients know an entry by, also the header ``OC-FileId``."""
    return f"{entry.id:08d}davgallery"


def quoted_etag(entry: Entry) -> str:
    """The entity tag as the header and the property show it."""
    return f'"{entry.etag}"'


def _display_name(entry: Entry) -> str:
    return escape(entry.name)


def _created(entry: Entry) -> str:
    return iso_date(entry.created)


def _modified(entry: Entry) -> str:
    return http_date(entry.modified)


def _win32_created(entry: Entry) -> str:
    return http_date(entry.created)


def _size(entry: Entry) -> str:
    return str(entry.size)


def _media_type(entry: Entry) -> str:
    return media_type(entry.name)


def checksums(entry: Entry) -> str:
    """A file's checksums as ownCloud writes them. rclone as "owncloud" compares MD5, as "nextcloud" SHA1."""
    return f"SHA1:{entry.sha1} MD5:{entry.md5}" if entry.md5 else f"SHA1:{entry.sha1}"


def _checksums(entry: Entry) -> str:
    return f"<oc:checksum>{checksums(entry)}</oc:checksum>"


def _number(entry: Entry) -> str:
    return str(entry.id)


_ALLPROP: dict[PropertyName, Live] = {
    (DAV, "creationdate"): Live(_created, _created),
    (DAV, "displayname"): Live(_display_name, _display_name),
    (DAV, "getcontentlength"): Live(_size, None),
    (DAV, "getcontenttype"): Live(_media_type, None),
    (DAV, "getetag"): Live(quoted_etag, None),
    (DAV, "getlastmodified"): Live(_modified, _modified),
    (DAV, "resourcetype"): Live("", "<d:collection/>"),
    LOCKDISCOVERY: Live("", ""),
}

_NAMED: dict[PropertyName, Live] = {
    SUPPORTEDLOCK: Live(*[_LOCKENTRY.format("exclusive") + _LOCKENTRY.format("shared")] * 2),
    (OC, "checksums"): Live(_checksums, None),
    (OC, "fileid"): Live(_number, _number),
    (OC, "id"): Live(file_id, file_id),
    (OC, "size"): Live(_size, None),
    (MICROSOFT, "Win32CreationTime"): Live(_win32_created, _win32_created),
    (MICROSOFT, "Win32LastModifiedTime"): Live(_modified, _modified),
    EXECUTABLE: Live("F", None),
}


def _of_space(around: Around) -> dict[PropertyName, Live]:
    """Properties that are equal for every entry of a space. Quota is for folders only (RFC 4331 §3)."""
    file, folder = ("GDNVW", "GDNVCK") if around.role >= Role.EDITOR else ("G", "G")
    return {
        (DAV, "quota-available-bytes"): Live(None, str(around.available)),
        (DAV, "quota-used-bytes"): Live(None, str(around.used)),
        (OC, "permissions"): Live(file, folder),
    }


PROTECTED = frozenset({*_ALLPROP, *_NAMED, *_of_space(Around(0, 0, 0))} - {EXECUTABLE})
"""Live properties that PROPPATCH does not store. ``executable`` is a dead one with a default, for davfs2."""


class Asked(NamedTuple):
    """What a PROPFIND wants to know (RFC 4918 §14.20)."""

    names: tuple[PropertyName, ...] = ()
    """Named in ``prop`` or in ``include``."""
    everything: bool = False
    """``allprop``. The quota is left out, as RFC 4331 §3 wants it. ``supportedlock``, equal everywhere and a third
    of an answer, is told of the resource itself but not of each member: Windows limits the bytes of a listing."""
    only_names: bool = False
    """``propname``."""

    @property
    def dead(self) -> bool:
        """Whether dead properties can be in the answer."""
        return self.everything or self.only_names or not PROTECTED.issuperset(self.names)


class _Plan:
    """The answer about one kind of entry, written as far as it can be without the entry."""

    def __init__(self, live: Mapping[PropertyName, Value], asked: Asked, prefixes: Mapping[str, str]) -> None:
        missing = [name for name in asked.names if live.get(name) is None]
        self.values = {name: value for name, value in live.items() if value is not None}
        self.getters: list[Callable[[Entry], str]] = []
        self.only_names = asked.only_names
        self.prefixes = prefixes
        found = []
        for name, value in self.values.items():
            if callable(value) and not asked.only_names:
                self.getters.append(value)
                found.append(self.element(name, "%s"))
            else:
                found.append(self.element(name, "" if asked.only_names else str(value).replace("%", "%%")))
        self.missing = missing
        self.template = _response("%s", "".join(found), "".join(self.element(name, "") for name in missing))

    def element(self, name: PropertyName, content: str) -> str:
        """A property's element with the prefixes that the root of the answer declares."""
        prefix = self.prefixes[name[0]]
        tag = f"{prefix}:{name[1]}" if prefix else name[1]
        return f"<{tag}>{content}</{tag}>" if content else f"<{tag}/>"

    def full(self, href: str, entry: Entry, dead: Mapping[PropertyName, str], locks: str, *, everything: bool) -> str:
        """The answer about an entry that has locks or dead properties; these win over a live one of their name."""
        found = []
        for name, value in self.values.items():
            if self.only_names:
                found.append(self.element(name, ""))
            elif name in dead:
                found.append(dead[name])
            elif name == LOCKDISCOVERY:
                found.append(self.element(name, locks))
            else:
                found.append(self.element(name, value(entry) if callable(value) else str(value)))
        if everything or self.only_names:
            others = (name for name in dead if name not in self.values)
            found.extend(bare(name) if self.only_names else dead[name] for name in others)
            missing = [name for name in self.missing if name not in dead]
        else:
            found.extend(dead[name] for name in self.missing if name in dead)
            missing = [name for name in self.missing if name not in dead]
        return _response(href, "".join(found), "".join(self.element(name, "") for name in missing))


class Writer:
    """Writes what one PROPFIND asks, for the entries of one space."""

    def __init__(self, asked: Asked, around: Around, *, alone: bool) -> None:
        """``alone``: the answer is about one resource, not about a folder and its members."""
        of_space = _of_space(around)
        known = {**_ALLPROP, **_NAMED, **of_space}
        if asked.only_names:
            chosen: Iterable[PropertyName] = known
        elif asked.everything:
            chosen = dict.fromkeys([*_ALLPROP, *([SUPPORTEDLOCK] if alone else []), *asked.names])
        else:
            chosen = asked.names
        nothing = Live(None, None)
        prefixes = self._prefixes([*chosen, *asked.names])
        self._asked = asked
        self._file = _Plan({name: known.get(name, nothing).file for name in chosen}, asked, prefixes)
        self._folder = _Plan({name: known.get(name, nothing).folder for name in chosen}, asked, prefixes)
        declared = "".join(
            f' xmlns:{prefix}="{attribute(namespace)}"'
            for namespace, prefix in prefixes.items()
            if prefix and namespace != XML
        )
        self.head = f'<?xml version="1.0" encoding="utf-8"?>\n<d:multistatus{declared}>'

    @staticmethod
    def _prefixes(names: Iterable[PropertyName]) -> dict[str, str]:
        """Namespaces to prefixes, for those that occur; the empty namespace has none."""
        prefixes = {DAV: "d"}
        for namespace, _ in names:
            if namespace not in prefixes:
                other = f"x{len(prefixes)}" if namespace else ""
                prefixes[namespace] = _PREFIXES.get(namespace, other)
        return prefixes

    def entry(self, href: str, entry: Entry, dead: Mapping[PropertyName, str], locks: str) -> str:
        """The ``response`` of one entry. ``locks``: the content of its ``lockdiscovery``."""
        plan = self._folder if entry.is_folder else self._file
        if dead or locks:
            return plan.full(href, entry, dead, locks, everything=self._asked.everything)
        return plan.template % (href, *[value(entry) for value in plan.getters])

    @staticmethod
    def href(base: str, entry: Entry) -> str:
        """The address of a member of the folder with the address ``base``."""
        return f"{base}{quote_name(entry.name)}{'/' if entry.is_folder else ''}"

    def members(self, base: str, entries: Iterable[Entry]) -> list[str]:
        """The ``response`` of each member of a folder that has neither locks nor dead properties of its own.

        ``base``: the folder's href, with its slash.
        """
        file, folder = self._file, self._folder
        file_template, file_values = file.template, file.getters
        rows = []
        for entry in entries:
            if entry.is_folder:
                href = f"{base}{quote_name(entry.name)}/"
                rows.append(folder.template % (href, *[value(entry) for value in folder.getters]))
            else:
                href = base + quote_name(entry.name)
                rows.append(file_template % (href, *[value(entry) for value in file_values]))
        return rows


TAIL = "</d:multistatus>"


def propstat(content: str, status: int, phrase: str, extra: str = "") -> str:
    """Properties that share a status."""
    return f"<d:propstat><d:prop>{content}</d:prop><d:status>HTTP/1.1 {status} {phrase}</d:status>{extra}</d:propstat>"


def _response(href: str, found: str, missing: str) -> str:
    parts = propstat(found, HTTP_OK, "OK") if found or not missing else ""
    if missing:
        parts += propstat(missing, HTTP_NOT_FOUND, "Not Found")
    return f"<d:response><d:href>{href}</d:href>{parts}</d:response>"
