# SPDX-License-Identifier: 0BSD
"""Look up a video job: GET /videos/{video_id}, as OpenAI's Videos API defined it.

    video = videoretrieve.retrieve("video_123")  # a frozen Video; there are fetch and poll, too
    $ python -m videoretrieve video_123          # the same as JSON; --help tells the rest

The standard library alone, Python 3.8 or newer. A caller's mistake (id, URL, key, header, number)
is a ValueError, raised before anything is sent; any other failure is an APIError. Fields, literals
and path are those of OpenAI's API reference; settings, errors and retries those of its Python SDK.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import http.client
import io
import json
import math
import os
import random
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from enum import Enum

TYPE_CHECKING = False  # typing's own constant, without the time that importing typing takes
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Literal, NoReturn

__all__ = [
    "APIConnectionError", "APIError", "APIResponseValidationError", "APIStatusError",
    "APITimeoutError", "AuthenticationError", "BadRequestError", "InternalServerError",
    "NotFoundError", "PermissionDeniedError", "RateLimitError", "Video", "VideoCreateError",
    "VideoModel", "VideoSeconds", "VideoSize", "VideoStatus", "fetch", "poll", "retrieve",
]
__version__ = "1.0.0"

_BASE_URL = "https://api.openai.com/v1"
_TIMEOUT = 60.0  # seconds for one attempt: a small object, from a server that may be busy
_INTERVAL = 5.0  # seconds between two answers of poll: a video takes minutes
_SHORTEST = 0.001  # seconds of any time-out: with 0 a socket would not wait at all
_LONGEST = 86_400.0  # seconds (or retries) at most, a day: far above, sleep() overflows
_MAX_RETRIES = 2  # as the SDK
_MAX_RETRY_AFTER = 120.0  # seconds, as the SDK: a person should hear of a longer one
_FIRST_PAUSE = 0.5  # seconds, as the SDK; doubled four times at most, to 8
_MAX_BODY = 1 << 20  # bytes; real answers have less than 10 KiB
_MAX_WIRE = 8 * _MAX_BODY  # bytes of headers, body and framing: a chunk of 1 byte takes 6
_MAX_DEPTH = 50  # levels; real answers have 4, and 1 MiB of deeper ones would be GBs indented
_MAX_QUOTED = 200  # characters of what a message quotes: two or three lines of a terminal
_MIN_SECRET = 12  # characters of a key; a shorter one ("x", "EMPTY") is a placeholder


class _Literal(str, Enum):
    """A wire string; str() and format() give it too, on every Python (3.12 changed format())."""
    __str__ = str.__str__
    __format__ = str.__format__  # type: ignore[assignment]


class VideoModel(_Literal):
    """The documented models. Open: any other name stays a plain `str`."""
    SORA_2 = "sora-2"
    SORA_2_PRO = "sora-2-pro"
    SORA_2_2025_10_06 = "sora-2-2025-10-06"
    SORA_2_PRO_2025_10_06 = "sora-2-pro-2025-10-06"
    SORA_2_2025_12_08 = "sora-2-2025-12-08"

class VideoSeconds(_Literal):
    """The documented durations of a clip. Open: an extension has its stitched total, a `str`."""
    SECONDS_4 = "4"
    SECONDS_8 = "8"
    SECONDS_12 = "12"

class VideoSize(_Literal):
    """The documented resolutions, width by height in pixels. Closed."""
    SIZE_720X1280 = "720x1280"
    SIZE_1280X720 = "1280x720"
    SIZE_1024X1792 = "1024x1792"
    SIZE_1792X1024 = "1792x1024"

class VideoStatus(_Literal):
    """The documented states of a job. Closed."""
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"

# In flight: the documented two, and what compatible servers call the same. All else is final.
_IN_FLIGHT = {VideoStatus.QUEUED, VideoStatus.IN_PROGRESS, "pending", "processing", "generating",
              "postprocessing", "cancelling"}


class APIError(Exception):
    """Whatever kept a look-up from its result. Messages are for people, and may change."""
    def __init__(self, message: str, **attributes: Any) -> None:
        super().__init__(message)  # alone: pickle calls the class with it, then sets the attributes
        vars(self).update(attributes)

class APIConnectionError(APIError):
    """No answer: refused, reset, name not found, TLS, cut short. `__cause__` is any OSError."""

class APITimeoutError(APIConnectionError):
    """No whole answer within `timeout`, or no final one within `max_wait`."""
    video: Video | None = None  # the last answer while polling
    max_wait_reached: bool = False  # which of the two it was

class APIStatusError(APIError):
    """The server refused: a status other than 2xx. Redirects too, since none is followed."""
    status_code: int
    request_id: str | None  # the x-request-id header
    headers: http.client.HTTPMessage  # a mapping that ignores case
    body: bytes  # at most 1 MiB

class BadRequestError(APIStatusError): """Status 400."""
class AuthenticationError(APIStatusError): """Status 401."""
class PermissionDeniedError(APIStatusError): """Status 403."""
class NotFoundError(APIStatusError): """Status 404."""
class RateLimitError(APIStatusError): """Status 429."""
class InternalServerError(APIStatusError): """Status 500 to 599."""

class APIResponseValidationError(APIError):
    """An answer that cannot be believed: no video job or, by `strict`, not of its type."""
    problems: tuple[str, ...]  # a sentence for every fault
    payload: Any  # as received: decoded JSON, or what is no JSON


@dataclass(frozen=True)
class VideoCreateError:
    """Why a job failed. With `strict=False` either may be None, and `code` be no string."""
    code: str
    message: str

@dataclass(frozen=True)
class Video:
    """A video job. With `strict=False` a field may hold any other value received, or None."""
    id: str
    completed_at: int | None  # Unix seconds
    created_at: int  # Unix seconds
    error: VideoCreateError | None
    expires_at: int | None  # Unix seconds: when the downloadable assets expire
    model: VideoModel | str
    object: Literal["video"]
    progress: int  # percent, approximately
    prompt: str | None
    remixed_from_video_id: str | None
    seconds: VideoSeconds | str  # of the clip; for an extension the stitched total
    size: VideoSize
    status: VideoStatus

    @classmethod
    def from_dict(cls, payload: Any, *, strict: bool = True) -> Video:
        """The `Video` in a decoded JSON object; members beyond the thirteen are ignored.

        strict: refuse whatever is not of the documented type; else only what is no video job: not
            an object, or `id` or `status` not a string.

        Raises APIResponseValidationError, which names every fault.
        """
        problems = _problems(payload, _TYPES if strict else _LENIENT_TYPES)
        if problems:
            raise _refusal(problems, payload)
        values = {name: payload.get(name) for name in _TYPES}
        for name, members in _MEMBERS.items():
            if isinstance(values[name], str):
                values[name] = members.get(values[name], values[name])
        error = values["error"]
        if isinstance(error, _OBJECT):
            values["error"] = VideoCreateError(error.get("code"), error.get("message"))
        elif isinstance(error, str):  # as TensorRT-LLM sends it
            values["error"] = VideoCreateError(code=None, message=error)  # type: ignore[arg-type]
        return cls(*values.values())  # in the documented order

    @classmethod
    def from_json(cls, data: str | bytes, *, strict: bool = True) -> Video:
        """The `Video` in a JSON document, `str` or UTF-8 `bytes`; else as `from_dict`."""
        return cls.from_dict(_decode(data), strict=strict)

    def to_dict(self) -> dict[str, Any]:
        """The wire form: plain types, all thirteen keys, documented order."""
        return {name: str(value) if isinstance(value, _Literal)
                else dict(vars(value)) if isinstance(value, VideoCreateError) else value
                for name, value in vars(self).items()}


def retrieve(video_id: str, *, api_key: str | None = None, base_url: str | None = None,
             headers: Mapping[str, str] | None = None, timeout: float = _TIMEOUT,
             max_retries: int = _MAX_RETRIES, ssl_context: ssl.SSLContext | None = None,
             strict: bool = True) -> Video:
    """Fetch the latest metadata of a video job, decoded.

    api_key: the bearer token; default OPENAI_API_KEY. A server of your own may need none.
    base_url: http or https, a query is kept; default OPENAI_BASE_URL, else OpenAI's.
    headers: further request headers, which win over those made here.
    timeout: seconds for one whole attempt, from connecting to the last byte. The system's look-up
        of the host's name is not in it: nothing but a thread could cut that short.
    max_retries: further attempts after a connection error, a time-out, 408, 409, 429 or 5xx. Each
        waits as long as Retry-After asks for, up to 120 s; without it 0.5 s, doubling to 8 s.
    ssl_context: for a CA of your own or a client certificate; default the system's trust.
    strict: as in `Video.from_dict`.

    Raises APIError; ValueError for an argument or a variable that cannot be used.
    """
    look_up = _LookUp(video_id, api_key, base_url, headers, timeout, max_retries, ssl_context)
    return look_up.ask(strict)[1]

def fetch(video_id: str, *, api_key: str | None = None, base_url: str | None = None,
          headers: Mapping[str, str] | None = None, timeout: float = _TIMEOUT,
          max_retries: int = _MAX_RETRIES,
          ssl_context: ssl.SSLContext | None = None) -> dict[str, Any]:
    """Fetch the JSON object as received, every member kept; all else as in `retrieve`."""
    look_up = _LookUp(video_id, api_key, base_url, headers, timeout, max_retries, ssl_context)
    return look_up.ask(None)[0]

def poll(video_id: str, *, interval: float = _INTERVAL, max_wait: float | None = None,
         on_update: Callable[[Video], Any] | None = None, api_key: str | None = None,
         base_url: str | None = None, headers: Mapping[str, str] | None = None,
         timeout: float = _TIMEOUT, max_retries: int = _MAX_RETRIES,
         ssl_context: ssl.SSLContext | None = None, strict: bool = True) -> Video:
    """Retrieve until the job is no longer in flight; return it in any final state, failed too.

    interval: seconds between an answer and the next request.
    max_wait: seconds for the whole of it, requests in progress included; None for no limit.
    on_update: called with every answer, the last one included. All else as in `retrieve`.

    Raises as `retrieve`, and APITimeoutError as soon as no further request fits into `max_wait`.
    """
    look_up = _LookUp(video_id, api_key, base_url, headers, timeout, max_retries, ssl_context)
    return look_up.poll(interval, max_wait, on_update, strict)[1]


class _LookUp:
    """What is asked, of whom and how often: validated, and the same for every attempt."""
    def __init__(self, video_id: str, api_key: Any, base_url: str | None,
                 headers: Mapping[Any, Any] | None, timeout: float, max_retries: int,
                 ssl_context: ssl.SSLContext | None = None) -> None:
        if base_url is None:
            base_url = os.environ.get("OPENAI_BASE_URL") or _BASE_URL
        if api_key is None:
            api_key = os.environ.get("OPENAI_API_KEY", "")
        self.timeout = _number("timeout", timeout, _SHORTEST)
        self.max_retries = _number("max_retries", max_retries, 0, int)
        self.url = _url(base_url, video_id)
        self.origin = "/".join(self.url.split("/")[:3])
        if not (isinstance(api_key, str) and re.fullmatch("[!-~]*", api_key.strip())):
            raise ValueError("api_key (OPENAI_API_KEY): expected printable ASCII without spaces")
        self.key = api_key.strip()  # no message shows it, or a header's value
        if not self.key and self.url.startswith(_BASE_URL + "/videos/"):
            raise ValueError("api_key (OPENAI_API_KEY): expected one, got none; or name a server "
                             "of your own with base_url (OPENAI_BASE_URL)")
        self.headers = {"Accept": "application/json", "User-Agent": f"videoretrieve/{__version__}"}
        if self.key:
            self.headers["Authorization"] = f"Bearer {self.key}"
        for name, value in (headers or {}).items():  # a name is a token: RFC 9110, section 5.6.2
            if not (isinstance(name, str) and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)):
                raise ValueError("headers: expected names of letters, digits and hyphens")
            if not (isinstance(value, str) and re.fullmatch(r"[\t -~]*", value)):
                raise ValueError(f"headers: expected printable ASCII as the value of {name}")
            self.headers[name] = value
        self.opener = _opener(ssl_context, tuple(urllib.request.getproxies().items()))

    def poll(self, interval: float, max_wait: float | None,
             on_update: Callable[[Video], Any] | None, strict: bool,
             ) -> tuple[dict[str, Any], Video]:
        """The last answer, as received and decoded."""
        _number("interval", interval, 0)
        limit = math.inf if max_wait is None else _number("max_wait", max_wait, _SHORTEST)
        wall, video = time.monotonic() + limit, None
        while True:
            try:
                if video:
                    _pause(interval, wall)
                payload, video = self.ask(strict, wall)
            except APITimeoutError as error:
                error.args = (f"{error}; last seen: {_line(video.status) if video else 'nothing'}",)
                error.video = video
                self.hide_key(error)
                raise
            if on_update:
                on_update(video)
            if video.status not in _IN_FLIGHT:
                return payload, video

    def ask(self, strict: bool | None, wall: float = math.inf) -> tuple[dict[str, Any], Video]:
        """The answer, as received and (unless `strict` is None) decoded, after any retries.

        Raises APITimeoutError as soon as `wall`, on the monotonic clock, leaves no time for one.
        """
        retry = 0
        while True:
            try:
                payload = self.attempt(min(self.timeout, wall - time.monotonic()))
                video: Any = None  # for fetch
                if strict is not None:
                    video = Video.from_dict(payload, strict=strict)
                return payload, video
            except APIError as error:
                self.hide_key(error)
                pause = _retry_pause(error, retry) if retry < self.max_retries else None
                cut_off = isinstance(error, APITimeoutError) and time.monotonic() >= wall
                if pause is None and not cut_off:
                    raise
                _pause(pause or 0, wall, error)
            retry += 1

    def hide_key(self, error: APIError) -> None:
        """Blank out a key that a server echoed, even where the message was cut in its middle."""
        if len(self.key) >= _MIN_SECRET:
            echo = re.compile(re.escape(self.key[:_MIN_SECRET]) + r"\S*")
            error.args = (echo.sub("(the API key)", str(error)),)
            if isinstance(error, APIResponseValidationError):
                error.problems = tuple(echo.sub("(the API key)", each) for each in error.problems)

    def attempt(self, timeout: float) -> dict[str, Any]:
        """The JSON object that one request brings."""
        request = urllib.request.Request(self.url, headers=self.headers)  # ProxyHandler changes it
        try:
            with self.opener.open(request, timeout=timeout) as response:
                body = response.read(_MAX_BODY + 1)
                if response.length and len(body) <= _MAX_BODY:  # read(n) lets a cut body pass
                    raise http.client.IncompleteRead(body, response.length)
        except Exception as error:  # of hostile headers, http.client and email raise TypeError too
            failure = self.no_answer(error, request.host, timeout)
        else:
            if not 200 <= response.status <= 299:
                raise _status_error(response.status, response.headers, body[:_MAX_BODY])
            if len(body) > _MAX_BODY:
                raise _refusal([f"expected at most {_MAX_BODY} bytes, got more"], body)
            payload: dict[str, Any] = _decode(body)
            problems = _problems(payload, {})
            if problems:
                raise _refusal(problems, payload)
            return payload
        raise failure  # here, without a context: that would hold the socket, and quote a key

    def no_answer(self, error: Exception, host: str, timeout: float) -> APIConnectionError:
        reason: Any = getattr(error, "reason", None)  # of URLError, which wraps a socket's errors
        cause = reason if isinstance(reason, Exception) else error
        words, via = "malformed headers or chunks, or a malformed proxy URL in the environment", ""
        if (isinstance(cause, (OSError, http.client.HTTPException))
                and not isinstance(cause, http.client.InvalidURL)):  # it may quote a password
            words = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
            if not self.origin.endswith("//" + host):
                via = f" through the proxy {_line(host)}"
        failure = APIConnectionError(f"no answer from {self.origin}{via}: {_line(words)}")
        if isinstance(cause, (TimeoutError, socket.timeout)):  # two classes before Python 3.10
            failure = APITimeoutError(f"no whole answer from {self.origin} within {timeout:.3g} s")
        if isinstance(cause, OSError):  # others quote what the server sent
            failure.__cause__ = cause.with_traceback(None)
        return failure

def _number(name: str, value: Any, low: float, kind: Any = (int, float)) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= _LONGEST:
        unit = "an integer" if kind is int else "seconds"
        raise ValueError(f"{name}: expected {unit} from {low} to {_LONGEST:g}, got {_shown(value)}")
    return value

def _url(base_url: str, video_id: str) -> str:
    host = r"[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|\[[0-9a-f:.]+\]"  # RFC 1035, section 2.3.4
    match = re.fullmatch(
        rf"(https?://(?:{host})(?::([0-9]{{1,5}}))?)(/[!-\"$->@-~]*)?(\?[!-\"$-~]*)?",
        str(base_url), re.ASCII | re.IGNORECASE)
    if not match or int(match[2] or 0) > 65535:
        came = "one with an @" if "@" in str(base_url) else _shown(str(base_url).partition("?")[0])
        raise ValueError("base_url (OPENAI_BASE_URL): expected http:// or https://, a host, a path "
                         f"and perhaps a query, no user info or fragment, in ASCII; got {came}")
    with contextlib.suppress(TypeError, UnicodeEncodeError):
        segment = urllib.parse.quote(video_id, "!$&'()*+,;=:@", "utf-8")  # the SDK's very bytes
        if segment not in ("", ".", ".."):
            return f"{match[1]}{(match[3] or '').rstrip('/')}/videos/{segment}{match[4] or ''}"
    raise ValueError(f"video_id: expected the id of a video job, got {_shown(video_id)}")


def _retry_pause(error: APIError, retry: int) -> float | None:
    """Seconds to wait before the retry of that number, from 0; None where none would help."""
    if isinstance(error, APIStatusError):
        if error.status_code not in (408, 409, 429) and not isinstance(error, InternalServerError):
            return None
        value = error.headers.get("Retry-After", "")  # seconds or a date: RFC 9110, section 10.2.3
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):  # for junk
            date = email.utils.parsedate_tz(value)  # without a zone it is GMT, as there
            seconds = email.utils.mktime_tz(date) - time.time() if date else float(value)
            if seconds >= 0:  # neither past, nor nan
                return seconds if seconds <= _MAX_RETRY_AFTER else None
    elif (not isinstance(error, APIConnectionError)
          or isinstance(error.__cause__, ssl.SSLCertVerificationError)):
        return None
    return _FIRST_PAUSE * 2.0 ** min(retry, 4) * random.uniform(0.75, 1)

def _pause(seconds: float, wall: float, failure: APIError | None = None) -> None:
    """Sleep; or raise at once where that would leave no time for a request before `wall`."""
    if time.monotonic() + seconds >= wall:
        message = "no final answer within max_wait" + (f" ({failure})" if failure else "")
        raise APITimeoutError(message, max_wait_reached=True) from failure
    time.sleep(seconds)

def _status_error(status: int, headers: Mapping[str, str], body: bytes) -> APIStatusError:
    kinds = {400: BadRequestError, 401: AuthenticationError, 403: PermissionDeniedError,
             404: NotFoundError, 429: RateLimitError}
    kind = kinds.get(status, InternalServerError if 500 <= status <= 599 else APIStatusError)
    message = f"{status} {http.client.responses.get(status, '')}".strip()
    if 300 <= status <= 399:
        message += f", to {_line(headers.get('Location', 'nowhere'))}: redirects are not followed"
    text = body.decode("utf-8", "replace")
    try:
        reason = _reason(json.loads(text)) or text
    except (ValueError, RecursionError):
        reason = re.sub("<[^<>]*>", " ", text)  # a proxy's HTML
    if reason.strip():
        message += f": {_line(reason)}"
    request_id = headers.get("x-request-id")
    if request_id:
        message += f" (request id {_line(request_id)})"
    return kind(message, status_code=status, request_id=request_id, headers=headers, body=body)

def _reason(node: Any) -> str:
    """The words in {"error": {"message"}}, {"error"}, {"detail": [{"msg"}]}, {"message"}, ..."""
    if isinstance(node, _OBJECT):
        words = [_reason(node.get(name)) for name in ("error", "message", "detail", "msg")]
        return next(filter(None, words), "")
    if isinstance(node, _ARRAY):
        return "; ".join(filter(None, map(_reason, node)))
    return node if isinstance(node, str) else ""


_default_context = functools.lru_cache(maxsize=None)(ssl.create_default_context)
_LOCK = threading.Lock()  # lru_cache lets two threads build it at once, which takes each 20 ms

class _Handler(urllib.request.AbstractHTTPHandler):
    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__()
        self.context = context

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        with _LOCK:
            secure = request.type == "https"
            context = (self.context or _default_context()) if secure else None
        return self.do_open(_Connection, request, context=context)  # type: ignore[arg-type]

    https_open = http_open

@functools.lru_cache(maxsize=4)  # building it takes a tenth of a look-up
def _opener(context: ssl.SSLContext | None, proxies: Any) -> urllib.request.OpenerDirector:
    opener = urllib.request.OpenerDirector()  # build_opener's would follow redirects, open files
    for handler in (urllib.request.ProxyHandler(dict(proxies)), _Handler(context),
                    urllib.request.UnknownHandler()):  # refuses a proxy that is no http or https
        opener.add_handler(handler)
    return opener

class _Connection(http.client.HTTPConnection):
    """Has one deadline for all of it: connecting, a proxy's CONNECT, TLS and every read."""
    _tunnel_host: str | None  # set by set_tunnel; typeshed does not have it

    def __init__(self, host: str, timeout: float, context: ssl.SSLContext | None) -> None:
        self.default_port = 443 if context else 80
        super().__init__(host)
        self.context = context
        self.deadline = deadline = time.monotonic() + timeout
        def response(sock: Any, *args: Any, **named: Any) -> Any:  # no self: it would be a cycle
            return http.client.HTTPResponse(_Reader(sock, deadline), *args, **named)  # type: ignore
        self.response_class: Any = response

    def connect(self) -> None:
        addresses = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        self.timeout = _left(self.deadline) / len(addresses)  # each address is given all of it
        super().connect()
        if self.context:
            self.sock.settimeout(_left(self.deadline))
            self.sock = self.context.wrap_socket(
                self.sock, server_hostname=self._tunnel_host or self.host)
        self.sock.settimeout(_left(self.deadline))

class _Reader(io.RawIOBase):
    """What a socket receives until the deadline. HTTPResponse takes it for the socket."""
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock, self.deadline, self.room = sock, deadline, _MAX_WIRE
        self.raw = sock.makefile("rb", buffering=0)  # keeps the socket open until it is closed

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.sock.settimeout(_left(self.deadline))
        count = self.sock.recv_into(buffer)
        self.room -= count
        if self.room < 0:
            raise http.client.HTTPException(f"more than {_MAX_WIRE} bytes")
        return count

    def close(self) -> None:
        self.raw.close()
        super().close()

def _left(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


# The documented type: of each field its type in JSON, and in words, or the choices of a closed set.
_OBJECT: Any = dict  # Any: checkers would take what isinstance() finds for dict[Unknown, Unknown]
_ARRAY: Any = list
_STRING, _INTEGER = (str, "a string"), (int, "an integer")
_TYPES: dict[str, tuple[Any, str]] = {
    "id": _STRING, "completed_at": _INTEGER, "created_at": _INTEGER,
    "error": (_OBJECT, "an object"), "expires_at": _INTEGER, "model": _STRING,
    "object": (("video",), ""), "progress": _INTEGER, "prompt": _STRING,
    "remixed_from_video_id": _STRING, "seconds": _STRING, "size": (tuple(VideoSize), ""),
    "status": (tuple(VideoStatus), "")}
_NULLABLE = {"completed_at", "error", "expires_at", "prompt", "remixed_from_video_id"}
_ERROR_TYPES = {"code": _STRING, "message": _STRING}
_LENIENT_TYPES = {"id": _STRING, "status": _STRING}
_MEMBERS = {name: {str(member): member for member in literals} for name, literals in (
    ("model", VideoModel), ("seconds", VideoSeconds), ("size", VideoSize), ("status", VideoStatus))}

def _problems(payload: Any, types: Mapping[str, tuple[Any, str]], prefix: str = "") -> list[str]:
    """A sentence for everything in `payload` that is not of those types."""
    if not isinstance(payload, _OBJECT):
        return [f"expected a JSON object, got {_shown(payload)}"]
    problems: list[str] = []
    for name, (kind, words) in types.items():
        value = payload.get(name)
        if value is None and name in _NULLABLE:
            continue
        fits = isinstance(value, kind) and not isinstance(value, bool) if words else value in kind
        if not fits:
            expected = words or "one of " + ", ".join(kind)
            null = " or null" if name in _NULLABLE else ""
            came = _shown(value) if name in payload else "nothing"
            problems.append(f"{prefix}{name}: expected {expected}{null}, got {came}")
        elif kind is _OBJECT:
            problems += _problems(value, _ERROR_TYPES, "error.")
    return problems

def _refusal(problems: list[str], payload: Any) -> APIResponseValidationError:
    message = "not a video of the documented type: " + "; ".join(problems)
    if not _problems(payload, _LENIENT_TYPES):
        message += " (strict=False, on the command line --lenient, takes it as it is)"
    return APIResponseValidationError(message, problems=tuple(problems), payload=payload)

def _decode(data: str | bytes) -> Any:
    try:
        text = data if isinstance(data, str) else str(data, "utf-8")
        value = _JSON.decode(text[1:] if text.startswith("\ufeff") else text)  # RFC 8259, 8.1
        if text.count("[") + text.count("{") > _MAX_DEPTH and _depth(value) > _MAX_DEPTH:
            raise ValueError(f"nested deeper than {_MAX_DEPTH} levels")
        return value
    except (ValueError, RecursionError) as error:  # also an integer of more than 4,300 digits
        raise _refusal([f"expected JSON, got {_shown(data)}: {_line(str(error))}"], data) from None

def _depth(node: Any) -> int:
    if not isinstance(node, (_OBJECT, _ARRAY)):
        return 0
    return 1 + max(map(_depth, node.values() if isinstance(node, _OBJECT) else node), default=0)

def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):  # NaN and Infinity are no JSON; 1e400 would become inf
        raise ValueError(f"{literal} is no finite number")
    return number

_JSON = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def _harmless(text: str, encoding: str = "utf-8") -> str:
    """With JSON's escapes (RFC 8259, section 7) for what a terminal or the encoding cannot take."""
    def escape(match: re.Match[str]) -> str:
        char = match[0]
        if not match[1] and char.encode(encoding, "ignore").decode(encoding) == char:
            return char  # Shift JIS takes a yen sign, and makes a backslash of it
        return re.sub("....", r"\\u\g<0>", char.encode("utf-16-be", "surrogatepass").hex())

    # Group 1: controls but tab and newline, C1, line separators, bidirectional marks.
    return re.sub(r"([\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f"
                  r"\ufeff])|[^\x00-\x7f]", escape, text)

def _line(text: str, encoding: str = "utf-8") -> str:
    text = " ".join(text.split())
    return _harmless(text if len(text) <= _MAX_QUOTED else text[:_MAX_QUOTED] + "...", encoding)

def _shown(value: object) -> str:
    try:
        return _line(repr(value))
    except (ValueError, RecursionError):  # an integer of more than 4,300 digits; deep nesting
        return f"a huge {type(value).__name__}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, by default the process's; return the exit status that --help names."""
    try:
        return _run(_parse(argv))
    except KeyboardInterrupt:
        status, message = 130, "interrupted"
    except ValueError as error:
        status, message = 2, str(error)
    except APIError as error:
        waited = isinstance(error, APITimeoutError) and error.max_wait_reached and error.video
        status, message = 4 if waited else 1, str(error)
    except BrokenPipeError:  # whoever reads has seen enough
        return 1
    except OSError as error:
        status, message = 1, f"cannot write the result: {error}"
    _warn(f"videoretrieve: {message}\n")
    return status

def _parse(argv: Sequence[str] | None) -> Any:
    import argparse  # for the command line alone: it takes time

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:  # in one line, without the usage
            raise ValueError(f"{_line(message)}; see --help")

    parser = Parser("videoretrieve", description="Look up a video job: GET /videos/VIDEO_ID.",
                    epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
                    allow_abbrev=False)
    add = parser.add_argument
    seconds = functools.partial(add, metavar="S", type=float)
    add("video_id", metavar="VIDEO_ID")
    add("--base-url", metavar="URL", help="what /videos/VIDEO_ID is appended to")
    add("-H", "--header", metavar="'NAME: VALUE'", action="append", default=[],
        help="a further request header; repeatable")
    seconds("--timeout", default=_TIMEOUT, help="seconds for one attempt (default: %(default)g)")
    add("--retries", metavar="N", type=int, default=_MAX_RETRIES,
        help="further attempts (default: %(default)s)")
    add("--lenient", action="store_true", help="accept what is not of the documented type")
    add("--field", metavar="NAME", help="print that field alone, text without quotes")
    add("--raw", action="store_true", help="print the JSON object as received")
    add("--wait", action="store_true", help="poll until the job is over")
    seconds("--interval", default=_INTERVAL, help="with --wait (default: %(default)g)")
    seconds("--max-wait", help="with --wait: seconds for the whole of it (default: no limit)")
    add("--version", action="version", version=f"%(prog)s {__version__}")
    args = parser.parse_args(argv)
    if args.field is not None and not args.raw and args.field not in _TYPES:
        parser.error(f"--field: expected one of {', '.join(_TYPES)}; got {_shown(args.field)}, "
                     "for which try --raw --field")
    return args

_EPILOG = """\
environment: OPENAI_API_KEY, the bearer token, which the default base URL requires;
OPENAI_BASE_URL, the default of --base-url; http_proxy, https_proxy, no_proxy; SSL_CERT_FILE

exit status:
  0    looked up; with --wait, completed
  1    no answer, a refusal, an answer that cannot be believed, or output that cannot be written
  2    wrong usage: arguments, key, URL
  3    --wait: the job ended, and not in completed
  4    --wait: still in flight at --max-wait
  130  interrupted
"""

def _run(args: Any) -> int:
    headers: dict[str, str] = {}
    for header in args.header:
        name, colon, value = header.partition(":")
        if not colon:  # what came may be a key
            raise ValueError("--header: expected 'Name: value', got no colon")
        headers[name] = value.strip()
    look_up = _LookUp(args.video_id, None, args.base_url, headers, args.timeout, args.retries)
    if args.wait:
        payload, video = _wait(look_up, args)
    else:
        payload, video = look_up.ask(None if args.raw else not args.lenient)
    result: Any = payload if args.raw else video.to_dict()
    if args.field is not None:
        if args.field not in result:
            raise APIError(f"no member {_shown(args.field)} among {_line(', '.join(result))}")
        result = result[args.field]
    if args.field is None or not isinstance(result, str):
        result = json.dumps(result, indent=2, ensure_ascii=False)
    _write(sys.stdout, _harmless(result, getattr(sys.stdout, "encoding", None) or "utf-8") + "\n")
    return 3 if args.wait and video.status != VideoStatus.COMPLETED else 0

def _wait(look_up: _LookUp, args: Any) -> tuple[dict[str, Any], Video]:
    """Poll, with a line on stderr that is drawn anew at each answer, if that is a terminal."""
    terminal = sys.stderr and sys.stderr.isatty()
    started = time.monotonic()

    def draw(video: Video) -> None:
        if terminal and not sys.stderr.closed:  # as _write leaves one that has failed
            columns = os.get_terminal_size(sys.stderr.fileno()).columns or 80  # 0: unknown
            elapsed = time.monotonic() - started
            _warn("\r" + _bar(video.id, video.status, video.progress, elapsed, columns - 1))

    try:
        draw(Video.from_dict({"id": args.video_id, "status": "asking"}, strict=False))
        return look_up.poll(args.interval, args.max_wait, draw, not (args.lenient or args.raw))
    finally:
        _warn("\n" if terminal else "")

def _bar(video_id: str, status: str, progress: Any, elapsed: float, width: int) -> str:
    """A line of that width: the id is cut first, the bar left out next, then the status cut."""
    known = isinstance(progress, (int, float))
    done = int(min(max(progress, 0), 100)) if known else 0
    tail = " {:>3}% {}:{:02}".format(done if known else "?", *divmod(int(elapsed), 60))
    status = _line(status, "ascii")[:max(width - len(tail), 0)]
    room = width - len(tail) - len(status)
    cells = min(40, room // 2 - 3)
    bar = f" [{'#' * (cells * done // 100):-<{cells}}]" if cells >= 4 else ""
    name = _line(video_id, "ascii")[:max(room - len(bar) - 1, 0)]
    return f"{name} {status}{bar}{tail}".strip()[:max(width, 0)].ljust(width)

def _warn(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # closed, full, or closed by _write
        _write(sys.stderr, text)

def _write(stream: Any, text: str) -> None:
    if not stream:
        raise OSError("standard output is closed")
    try:
        print(text, end="", file=stream, flush=True)
    except OSError:
        with contextlib.suppress(OSError):
            stream.close()  # else Python flushes it once more as it ends, and complains
        raise


if __name__ == "__main__":
    sys.exit(main())
