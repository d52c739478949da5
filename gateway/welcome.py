"""The page at ``/``: where to point which client, with the exact addresses. Any other address gets a kind 404.

One HTML text without scripts, fonts or pictures from elsewhere. Its style sheet is inline and allowed by its hash, so
the content security policy forbids everything else.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")

_STYLE = """
:root{--bg:#fff;--surface:#f5f5f5;--raised:#fff;--line:#e0e0e0;--text:#1a1a1a;--text-2:#595959;--accent:#1a5fd0;
--accent-bg:#e3edfd;--warn:#7a4f00;--warn-bg:#fff4d6;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--bg:#121212;--surface:#1c1c1c;--raised:#262626;--line:#333;--text:#ededed;
--text-2:#ababab;--accent:#8ab4f8;--accent-bg:#1d2f4d;--warn:#f2c14e;--warn-bg:#3a2e0a}}
*{box-sizing:border-box;margin:0}
body{background:var(--bg);color:var(--text);font:15px/22px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",
sans-serif;padding:0 max(16px,env(safe-area-inset-left));-webkit-text-size-adjust:100%}
header,main,footer{max-width:1040px;margin:0 auto}
header{display:flex;align-items:center;gap:12px;height:56px;font-weight:600}
header svg{width:24px;height:24px;color:var(--accent)}
h1{font-size:24px;line-height:32px;font-weight:600;margin:32px 0 8px;text-wrap:balance}
h2{font-size:18px;line-height:26px;font-weight:600;margin:48px 0 16px}
h3{font-size:15px;line-height:22px;font-weight:600}
p.lead{color:var(--text-2);max-width:64ch}
p.lead+p.lead{margin-top:12px}
.address{margin:24px 0 0;padding:16px 24px;background:var(--accent-bg);border-radius:12px}
.address span{display:block;font-size:13px;line-height:18px;color:var(--text-2)}
.address code{display:block;padding:4px 0;font-size:18px;line-height:26px;background:none}
.note{margin:12px 0 0;padding:12px 24px;border-radius:12px;background:var(--warn-bg);color:var(--warn)}
.cards{columns:2 420px;column-gap:16px;margin-bottom:-16px}
article{background:var(--surface);border-radius:12px;padding:16px 24px 24px;margin-bottom:16px;break-inside:avoid}
article h3+*{margin-top:8px}
article ol{padding-left:20px}
article li+li{margin-top:4px}
article p,article pre{margin-top:12px}
article p.small{font-size:13px;line-height:18px;color:var(--text-2)}
dl{display:grid;grid-template-columns:auto 1fr;gap:4px 16px;margin-top:12px}
dt{color:var(--text-2)}
code{font:13px/20px ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;overflow-wrap:anywhere;
-webkit-user-select:all;user-select:all;background:var(--raised);border-radius:4px;padding:1px 4px}
pre{background:var(--raised);border:1px solid var(--line);border-radius:8px;padding:8px 12px;white-space:pre-wrap}
pre code{background:none;padding:0}
b{font-weight:600}
a{color:var(--accent)}
a:focus-visible{outline:3px solid var(--accent);outline-offset:1px;border-radius:2px}
kbd{font:inherit;border:1px solid var(--line);border-radius:4px;padding:0 4px;background:var(--raised)}
footer{margin-top:48px;padding:24px 0 32px;border-top:1px solid var(--line);font-size:13px;line-height:18px;
color:var(--text-2)}
@media (max-width:599px){header{height:48px}h1{margin-top:16px}article,.address,.note{padding-left:16px;
padding-right:16px}.address code{font-size:15px;line-height:22px}h2{margin-top:32px}}
"""

_MARK = (
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"'
    ' stroke-linejoin="round" aria-hidden="true"><rect x="3" y="5" width="18" height="14" rx="3"/>'
    '<path d="m4 17 5-5 4 4 3-3 4 4"/><circle cx="15.5" cy="9.5" r="1" fill="currentColor"/></svg>'
)

_ICON = "data:image/svg+xml;base64," + base64.b64encode(
    _MARK.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ').replace("currentColor", "#1a5fd0").encode()
).decode("ascii")

_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}';"
    " img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_WINDOWS_LIMIT = (
    r"reg add HKLM\SYSTEM\CurrentControlSet\Services\WebClient\Parameters"
    " /v FileSizeLimitInBytes /t REG_DWORD /d 0xffffffff /f"
)


def welcome(public_url: str | None) -> WSGIApplication:
    """Return the app. ``public_url`` is shown where it is set, else the address that the request came to."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        base = public_url or _address(environ)
        method = environ["REQUEST_METHOD"]
        headers = [("Allow", "GET, HEAD")]
        if method not in {"GET", "HEAD"}:
            # Never a success: an app that was given the wrong address must not believe that its photos are safe.
            text = f"Files go to {base}/dav/ and nowhere else.\n".encode()
            headers += [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text)))]
            start_response("405 Method Not Allowed", headers)
            return [text]
        found = environ.get("PATH_INFO", "") in {"", "/"}
        page = (_welcome_page(base) if found else _lost_page(base)).encode()
        start_response(
            "200 OK" if found else "404 Not Found",
            [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(page))),
                ("Content-Security-Policy", _POLICY),
                ("Cache-Control", "private, no-cache"),
                ("Referrer-Policy", "no-referrer"),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )
        return [] if method == "HEAD" else [page]

    return app


def _address(environ: WSGIEnvironment) -> str:
    """Return the address that the request came to, without a slash at its end."""
    host = environ.get("HTTP_HOST", "")
    if not _is_host(host):
        host = f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    return f"{environ['wsgi.url_scheme']}://{host}{environ.get('SCRIPT_NAME', '').rstrip('/')}"


def _is_host(host: str) -> bool:
    try:
        return bool(_HOST.fullmatch(host) and (urlsplit(f"//{host}").port or True))
    except ValueError:  # a port over 65,535, or brackets around what is no address
        return False


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="{_ICON}">
<style>{_STYLE}</style>
</head>
<body>
<header>{_MARK}davgallery</header>
{body}
</body>
</html>
"""


def _lost_page(base: str) -> str:
    start = escape(base + "/")
    return _page(
        "Not here · davgallery",
        f"""<main>
<h1>There is nothing at this address</h1>
<p class="lead">It may be mistyped, or what it named is gone. Files are at <code>{start}dav/</code>.</p>
<p class="lead"><a href="{start}">How to connect</a></p>
</main>""",
    )


def _only_here(host: str) -> bool:
    """Whether the name leads every device to itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _notes(scheme: str, host: str) -> str:
    if _only_here(host):
        return (
            '<p class="note">This address works on this computer only. For other devices, the administrator opens the'
            " server to the network (<code>host</code>) and gives it TLS.</p>"
        )
    if scheme == "http":
        return (
            '<p class="note">This address is not encrypted: passwords and photos can be read on their way, and Windows'
            " refuses to connect. Ask the administrator for an address that begins with https.</p>"
        )
    return ""


def _welcome_page(base: str) -> str:
    parts = urlsplit(base)
    tls = parts.scheme == "https"
    dav = escape(f"{base}/dav/")
    rest = escape(f"{parts.netloc}{parts.path}/dav/")
    folder = escape(f"{parts.path}/dav/NAME")
    gnome, kde = ("davs", "webdavs") if tls else ("dav", "webdav")
    return _page(
        "Connect · davgallery",
        f"""<main>
<h1>Connect to your photos</h1>
<p class="lead">Any WebDAV client can bring photos here and take them out. Give it this address and sign in with the
name and password of your account. Inside are your spaces; your own one bears your name.</p>
<div class="address"><span>Address (a click selects it)</span><code>{dav}</code></div>
{_notes(parts.scheme, parts.hostname or "")}

<h2>Computers</h2>
<div class="cards">
<article>
<h3>Mac</h3>
<ol>
<li>In Finder, choose <b>Go</b> › <b>Connect to Server</b> (<kbd>⌘</kbd> <kbd>K</kbd>).</li>
<li>Enter <code>{dav}</code> and press <b>Connect</b>.</li>
<li>Choose <b>Registered User</b> and sign in.</li>
</ol>
</article>
<article>
<h3>Linux</h3>
<dl>
<dt>GNOME</dt><dd>Files › <b>Other Locations</b> › <b>Connect to Server</b>: <code>{gnome}://{rest}</code></dd>
<dt>KDE</dt><dd>In the address bar of Dolphin: <code>{kde}://{rest}</code></dd>
</dl>
<p class="small">As a folder, with davfs2:</p>
<pre><code>sudo mount -t davfs {dav} /mnt</code></pre>
</article>
<article>
<h3>Windows</h3>
<ol>
<li>In Explorer, right-click <b>This PC</b> and choose <b>Map network drive</b>.</li>
<li>As the folder, enter <code>{dav}</code></li>
<li>Tick <b>Connect using different credentials</b>, press <b>Finish</b> and sign in.</li>
</ol>
<p class="small">Windows refuses files over 50 MB. To lift that to 4 GB, run this as an administrator of the computer,
then restart it:</p>
<pre><code>{_WINDOWS_LIMIT}</code></pre>
</article>
</div>

<h2>Phones</h2>
<div class="cards">
<article>
<h3>PhotoSync (iPhone, Android)</h3>
<p>Settings › <b>Configure</b> › <b>WebDAV</b>. NAME is the name of your account.</p>
<dl>
<dt>Server</dt><dd><code>{escape(parts.hostname or "")}</code></dd>
<dt>Port</dt><dd><code>{parts.port or (443 if tls else 80)}</code></dd>
<dt>Directory</dt><dd><code>{folder}</code></dd>
<dt>Use SSL</dt><dd>{"on" if tls else "off"}</dd>
</dl>
</article>
<article>
<h3>FolderSync (Android)</h3>
<ol>
<li>Add an account of the type <b>WebDAV</b>.</li>
<li>As the server address, enter <code>{dav}</code></li>
<li>Sign in, then make a folder pair from <b>DCIM</b> to a folder in your space.</li>
</ol>
</article>
</div>

<h2>Command line</h2>
<div class="cards">
<article>
<h3>rclone</h3>
<p>Once, with the name and password of your account:</p>
<pre><code>rclone config create photos webdav url={dav} vendor=owncloud user=NAME pass=PASSWORD</code></pre>
<p>Then, as often as you like:</p>
<pre><code>rclone copy ~/Pictures photos:NAME/Pictures --progress</code></pre>
<p class="small">With <code>vendor=owncloud</code> the times of files are kept and every upload is verified.</p>
</article>
<article>
<h3>cadaver, curl</h3>
<pre><code>cadaver {dav}</code></pre>
<pre><code>curl -u NAME -T photo.jpg {dav}NAME/</code></pre>
</article>
</div>
</main>
<footer>Deleted and replaced files go to the trash first.</footer>""",
    )
