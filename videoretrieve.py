# SPDX-License-Identifier: 0BSD
"""Look up a video job: GET /videos/{video_id}, as OpenAI's Videos API defined it.

    video = videoretrieve.retrieve("video_123")  # a frozen Video; there are fetch and poll, too
    $ python -m videoretrieve video_123          # the same as JSON; --help tells the rest

The standard library alone, Python 3.8 or newer. Types and path are those of OpenAI's API reference,
errors and retries those of its Python SDK. A caller's mistake (id, URL, key, header, number) is a
ValueError, raised before anything is sent; any other failure is an APIError.
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

__all__ = ["APIConnectionError", "APIError", "APIResponseValidationError", "APIStatusError",
           "APITimeoutError", "AuthenticationError", "BadRequestError", "InternalServerError",
           "NotFoundError", "PermissionDeniedError", "RateLimitError", "Video", "VideoCreateError",
           "VideoModel", "VideoSeconds", "VideoSize", "VideoStatus", "fetch", "poll", "retrieve"]
__version__ = "1.0.0"

_BASE_URL = "https://api.openai.com/v1"
_TIMEOUT = 60.0  # seconds for one attempt: a small object, from a server that may be busy
_INTERVAL = 5.0  # seconds between two answers of poll: a video takes minutes
_SHORTEST = 0.001  # seconds of any time-out: with 0 a socket would not wait at all
_LONGEST = 86_400.0  # seconds (or retries) at most, a day: far above, sleep() overflows
_MAX_RETRIES = 2  # as the SDK
_MAX_RETRY_AFTER = 120.0  # seconds, as the SDK: a person should hear of a longer one
_MAX_BODY = 1 << 20  # bytes; real answers have less than 10 KiB
_MAX_DEPTH = 50  # levels; real answers have 2, and 1 MiB of deeper ones would be GBs indented
_MAX_QUOTED = 200  # characters of what a message quotes: two or three lines of a terminal
_MIN_SECRET = 12  # characters of a key; a shorter one ("x", "EMPTY") is a placeholder
_default_context = functools.lru_cache(maxsize=None)(ssl.create_default_context)
_LOCK = threading.Lock()  # lru_cache lets two threads build it at once, which takes each 20 ms

class _Literal(str, Enum):
    """A wire string; str() and format() give it too, on every Python (3.12 changed format())."""
    __str__, __format__ = str.__str__, str.__format__  # type: ignore[assignment]

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
    """No answer: refused, reset, name not found, TLS, cut short. `__cause__`: OSError or None."""
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

        Raises one APIResponseValidationError for all that is not of the documented type or, not
        `strict`, for what is no video job: no object, or `id` or `status` no string.
        """
        fields: Any = dict(_checked(payload, strict))
        for name, members in _MEMBERS.items():
            if isinstance(value := fields.get(name), str):
                fields[name] = members.get(value, value)
        error = fields.get("error")
        if isinstance(error, _OBJECT):
            fields["error"] = VideoCreateError(error.get("code"), error.get("message"))
        elif isinstance(error, str):  # as TensorRT-LLM sends it
            fields["error"] = VideoCreateError(code=None, message=error)  # type: ignore[arg-type]
        return cls(*map(fields.get, _TYPES))  # in the documented order

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
    timeout: seconds for one whole attempt, but for the system's look-up of the host's name.
    max_retries: further attempts after a connection error, a time-out, 408, 409, 429 or 5xx. Each
        waits as long as Retry-After asks for, up to 120 s; without it 0.5 s, doubling to 8 s.
    ssl_context: for a CA of your own or a client certificate; default the system's trust.
    strict: as in `Video.from_dict`.
    Raises APIError; ValueError for an argument or a variable that cannot be used.
    """
    job = _look_up(video_id, api_key, base_url, headers, timeout, max_retries, ssl_context, strict)
    return Video.from_dict(job, strict=False)  # checked already

def fetch(video_id: str, *, api_key: str | None = None, base_url: str | None = None,
          headers: Mapping[str, str] | None = None, timeout: float = _TIMEOUT,
          max_retries: int = _MAX_RETRIES,
          ssl_context: ssl.SSLContext | None = None) -> dict[str, Any]:
    """Fetch the JSON object as received, every member kept; all else as in `retrieve`."""
    return _look_up(video_id, api_key, base_url, headers, timeout, max_retries, ssl_context, None)

def poll(video_id: str, *, interval: float = _INTERVAL, max_wait: float | None = None,
         on_update: Callable[[Video], Any] | None = None, api_key: str | None = None,
         base_url: str | None = None, headers: Mapping[str, str] | None = None,
         timeout: float = _TIMEOUT, max_retries: int = _MAX_RETRIES,
         ssl_context: ssl.SSLContext | None = None, strict: bool = True) -> Video:
    """Retrieve until the job is no longer in flight; return it in any final state, failed too.

    interval: seconds between an answer and the next request.
    max_wait: seconds for the whole of it, requests in progress included; None for no limit. Raises
        APITimeoutError as soon as no further request fits into it.
    on_update: called with every answer, the last one included. All else as in `retrieve`.
    """
    job = _look_up(video_id, api_key, base_url, headers, timeout, max_retries, ssl_context, strict,
                   _number("interval", interval, 0), max_wait, on_update)
    return Video.from_dict(job, strict=False)

def _look_up(video_id: str, api_key: str | None, base_url: str | None,
             headers: Mapping[Any, Any] | None, timeout: float, max_retries: int,
             ssl_context: ssl.SSLContext | None, strict: bool | None,
             interval: float | None = None, max_wait: float | None = None,
             on_update: Callable[[Video], Any] | None = None) -> dict[str, Any]:
    """The answer as received, checked by `strict`; with an interval the final one is waited for."""
    base_url = os.environ.get("OPENAI_BASE_URL") or _BASE_URL if base_url is None else base_url
    api_key = os.environ.get("OPENAI_API_KEY", "") if api_key is None else api_key
    url = _url(base_url, video_id)
    sent = _headers(api_key, headers or {}, url)
    _number("timeout", timeout)
    _number("max_retries", max_retries, 0, int)
    wall = time.monotonic() + (math.inf if max_wait is None else _number("max_wait", max_wait))
    video, failure, retry = None, None, 0
    while True:
        left, pause = max(_SHORTEST, min(timeout, wall - time.monotonic())), interval or 0
        try:
            payload = _attempt(url, sent, ssl_context, left, strict)
            if interval is not None:
                video = Video.from_dict(payload, strict=False)
        except APIError as error:
            failure = error
        except (OSError, http.client.HTTPException, ArithmeticError, AttributeError, LookupError,
                RecursionError, TypeError, ValueError) as error:  # builtins of hostile headers
            failure = _no_answer(error, url, left)
        else:
            if on_update and video:
                on_update(video)
            if not video or video.status not in _IN_FLIGHT:
                return payload
            failure, retry = None, 0
        if failure:  # raised here, without a context: that would hold the socket, and quote a key
            _hide(sent.get("Authorization", "").rpartition(" ")[2], failure)
            if isinstance(failure, APITimeoutError):
                failure.video, failure.max_wait_reached = video, time.monotonic() >= wall
            if (delay := _retry_pause(failure, retry)) is None or retry >= max_retries:
                raise failure
            retry, pause = retry + 1, delay
        if time.monotonic() + pause >= wall:
            raise APITimeoutError(f"no final answer within max_wait ({failure or 'in flight'})",
                                  video=video, max_wait_reached=True) from failure
        time.sleep(pause)

def _number(name: str, value: Any, low: float = _SHORTEST, kind: Any = (int, float)) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value <= _LONGEST:
        unit = "an integer" if kind is int else "seconds"
        raise ValueError(f"{name}: expected {unit} from {low} to {_LONGEST:g}, got {_shown(value)}")
    return value

def _url(base_url: str, video_id: str) -> str:
    host = r"[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|\[[0-9a-f:.]+\]"  # RFC 1035, section 2.3.4
    match = re.fullmatch(rf"(?ai)(https?://(?:{host})(?::([0-9]{{1,5}}))?)"
                         r"(/[!-\"$->@-~]*)?(\?[!-\"$-~]*)?", str(base_url))  # "#", "?" end a path
    if not match or int(match[2] or 0) > 65535:
        came = "one with an @" if "@" in str(base_url) else _shown(str(base_url).partition("?")[0])
        raise ValueError("base_url (OPENAI_BASE_URL): expected http:// or https://, a host, a path "
                         f"and perhaps a query, no user info or fragment, in ASCII; got {came}")
    with contextlib.suppress(TypeError, UnicodeEncodeError):
        segment = urllib.parse.quote(video_id, "!$&'()*+,;=:@", "utf-8")  # the SDK's very bytes
        if segment not in ("", ".", ".."):
            return f"{match[1]}{(match[3] or '').rstrip('/')}/videos/{segment}{match[4] or ''}"
    raise ValueError(f"video_id: expected the id of a video job, got {_shown(video_id)}")

def _headers(api_key: Any, further: Mapping[Any, Any], url: str) -> dict[str, str]:
    if not (isinstance(api_key, str) and re.fullmatch("[!-~]*", api_key.strip())):
        raise ValueError("api_key (OPENAI_API_KEY): expected printable ASCII without spaces")
    if not api_key.strip() and url.startswith(_BASE_URL + "/videos/"):
        raise ValueError("api_key (OPENAI_API_KEY): expected one, or a base_url (OPENAI_BASE_URL)")
    headers = {"Accept": "application/json", "Connection": "close",
               "User-Agent": f"videoretrieve/{__version__}"}
    if api_key.strip():
        headers["Authorization"] = f"Bearer {api_key.strip()}"
    for name, value in further.items():  # a name is a token: RFC 9110, section 5.6.2
        if not (isinstance(name, str) and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)):
            raise ValueError("headers: expected names of letters, digits and hyphens")
        if not (isinstance(value, str) and re.fullmatch(r"[\t -~]*", value)):
            raise ValueError(f"headers: expected printable ASCII as the value of {name}")
        headers[name.title()] = value
    return headers

def _hide(key: str, error: APIError) -> None:
    """Blank out a key that a server echoed, even where the message was cut in its middle."""
    if len(key) >= _MIN_SECRET:
        echo = re.compile(r"\\*".join(map(re.escape, key[:_MIN_SECRET])) + r"\S*")
        error.args, error.__context__ = (echo.sub("(the API key)", str(error)),), None
        if isinstance(error, APIResponseValidationError):
            error.problems = tuple(echo.sub("(the API key)", each) for each in error.problems)

def _attempt(url: str, sent: dict[str, str], context: ssl.SSLContext | None, timeout: float,
             strict: bool | None) -> dict[str, Any]:
    """The JSON object that one request brings. Whatever it raises but an APIError is no answer."""
    deadline = time.monotonic() + timeout
    target, request = urllib.parse.urlsplit(url), urllib.request.Request(url)
    if use_proxy := getattr(urllib.request.ProxyHandler(), f"{request.type}_open", None):
        use_proxy(request)  # puts it in the host's place, unless no_proxy excepts that
    hop: Any = urllib.parse.urlsplit(f"//{request.host}")
    port = hop.port or (443 if request.type == "https" else 80)
    found = socket.getaddrinfo(hop.hostname, port, type=socket.SOCK_STREAM)  # each gets a share
    connection: Any = http.client.HTTPConnection(hop.hostname, port, timeout=timeout / len(found))
    connection.response_class = functools.partial(_response, deadline)  # of a CONNECT, too
    if request.type == "https" and hop.netloc != target.netloc:
        connection.set_tunnel(target.hostname, target.port or 443, request.headers)
    else:
        sent = {**sent, **request.headers}
    with contextlib.closing(connection):
        connection.connect()
        if request.type == "https":
            with _LOCK:
                context = context or _default_context()
            connection.sock.settimeout(max(_SHORTEST, deadline - time.monotonic()))
            connection.sock = context.wrap_socket(connection.sock, server_hostname=target.hostname)
        connection.request("GET", request.selector, headers={"Host": target.netloc, **sent})
        with connection.getresponse() as answer:
            # Alone, read() takes a chunk of -1 for all there is, and a cut body for a whole one.
            body = (io.BufferedReader(answer) if answer.chunked else answer).read(_MAX_BODY + 1)
            if answer.length and len(body) <= _MAX_BODY:
                raise http.client.IncompleteRead(body, answer.length)
    try:
        if not 200 <= answer.status <= 299:
            raise _status_error(answer.status, answer.headers, body[:_MAX_BODY])
        if len(body) > _MAX_BODY:
            raise _refusal([f"expected at most {_MAX_BODY} bytes, got more"], body)
        return _checked(_decode(body), strict)
    except APIError as error:
        if request_id := answer.headers.get("x-request-id"):
            error.args = (f"{error} (request id {_line(request_id)})",)
        raise

def _response(deadline: float, sock: Any, *args: Any, **named: Any) -> Any:
    """An HTTPResponse whose every read, below its buffer, ends at the deadline."""
    def readinto(buffer: Any) -> int:
        if (left := deadline - time.monotonic()) <= 0:
            raise TimeoutError
        sock.settimeout(left)
        return int(sock.recv_into(buffer))
    response: Any = http.client.HTTPResponse(sock, *args, **named)
    response.fp.raw.readinto = readinto
    return response

def _no_answer(error: Exception, url: str, timeout: float) -> APIConnectionError:
    origin = "/".join(url.split("/")[:3])
    words = "malformed headers or chunks, or an unusable proxy in the environment"
    if isinstance(error, (OSError, http.client.HTTPException)):
        words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    failure = APIConnectionError(f"no answer from {origin}: {_line(words)}")
    if isinstance(error, (TimeoutError, socket.timeout)):  # two classes before Python 3.10
        failure = APITimeoutError(f"no whole answer from {origin} within {timeout:.3g} s")
    if isinstance(error, OSError):  # others quote what the server sent
        failure.__cause__ = error.with_traceback(None)
    return failure

def _status_error(status: int, headers: http.client.HTTPMessage, body: bytes) -> APIStatusError:
    kinds = {400: BadRequestError, 401: AuthenticationError, 403: PermissionDeniedError,
             404: NotFoundError, 429: RateLimitError}
    kind = kinds.get(status, InternalServerError if 500 <= status <= 599 else APIStatusError)
    reason = re.sub("<[^<>]*>", " ", body.decode("utf-8", "replace"))  # a proxy's HTML
    with contextlib.suppress(ValueError, RecursionError):
        reason = _reason(json.loads(body.decode("utf-8", "replace"))) or reason
    message = f"{status} {http.client.responses.get(status, '')}".strip()
    if 300 <= status <= 399 and headers.get("Location"):
        message += f", to {_line(headers['Location'])}: redirects are not followed"
    message += f": {_line(reason)}" if reason.strip() else ""
    return kind(message, status_code=status, request_id=headers.get("x-request-id"),
                headers=headers, body=body)

def _reason(node: Any) -> str:
    """The words in {"error": {"message"}}, {"error"}, {"detail": [{"msg"}]}, {"message"}, ..."""
    if isinstance(node, _OBJECT):
        words = (_reason(node.get(name)) for name in ("error", "message", "detail", "msg"))
        return next(filter(None, words), "")
    if isinstance(node, _ARRAY):
        return "; ".join(filter(None, map(_reason, node)))
    return node if isinstance(node, str) else ""

def _retry_pause(error: APIError, retry: int) -> float | None:
    """Seconds to wait before the retry of that number, from 0; None where none would help."""
    if isinstance(error, APIStatusError):
        if error.status_code not in (408, 409, 429) and not isinstance(error, InternalServerError):
            return None
        value = error.headers.get("Retry-After", "")  # seconds or a date: RFC 9110, section 10.2.3
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):  # for junk
            date = email.utils.parsedate_tz(value)  # without a zone it is in GMT
            seconds = email.utils.mktime_tz(date) - time.time() if date else float(value)
            if seconds >= 0:  # neither past, nor nan
                return seconds if seconds <= _MAX_RETRY_AFTER else None
    elif (not isinstance(error, APIConnectionError)
          or isinstance(error.__cause__, ssl.SSLCertVerificationError)):
        return None
    return 0.5 * 2.0 ** min(retry, 4) * random.uniform(0.75, 1)  # as the SDK: 8 s at most

# The documented type: of each field its type in JSON, and in words, or the choices of a closed set.
_OBJECT: Any = dict  # Any: checkers would take what isinstance() finds for dict[Unknown, Unknown]
_ARRAY: Any = list
_STRING, _STRING_OR_NULL = (str, "a string"), ((type(None), str), "a string or null")
_INTEGER, _INTEGER_OR_NULL = (int, "an integer"), ((type(None), int), "an integer or null")
_TYPES: dict[str, tuple[Any, str]] = {
    "id": _STRING, "completed_at": _INTEGER_OR_NULL, "created_at": _INTEGER,
    "error": ((_OBJECT, type(None)), "an object or null"), "expires_at": _INTEGER_OR_NULL,
    "model": _STRING, "object": (("video",), ""), "progress": _INTEGER, "prompt": _STRING_OR_NULL,
    "remixed_from_video_id": _STRING_OR_NULL, "seconds": _STRING, "size": (tuple(VideoSize), ""),
    "status": (tuple(VideoStatus), "")}
_ERROR_TYPES = {"code": _STRING, "message": _STRING}
_LENIENT_TYPES = {"id": _STRING, "status": _STRING}
_MEMBERS = {name: {str(member): member for member in literals} for name, literals in (
    ("model", VideoModel), ("seconds", VideoSeconds), ("size", VideoSize), ("status", VideoStatus))}

def _checked(payload: Any, strict: bool | None) -> dict[str, Any]:
    """The payload, unless it is not of the documented type, no video job, or (None) no object."""
    types = {} if strict is None else _TYPES if strict else _LENIENT_TYPES
    if problems := _problems(payload, types):
        raise _refusal(problems, payload)
    return payload  # type: ignore[no-any-return]

def _problems(payload: Any, types: Mapping[str, tuple[Any, str]], prefix: str = "") -> list[str]:
    """A sentence for everything in `payload` that is not of those types."""
    if not isinstance(payload, _OBJECT):
        return [f"expected a JSON object, got {_shown(payload)}"]
    problems: list[str] = []
    for name, (kind, words) in types.items():
        value = payload.get(name)
        fits = isinstance(value, kind) and type(value) is not bool if words else value in kind
        if not fits:
            came = _shown(value) if name in payload else "nothing"
            expected = words or "one of " + ", ".join(kind)
            problems.append(f"{prefix}{name}: expected {expected}, got {came}")
        elif name == "error" and value is not None:
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
    if not math.isfinite(number := float(literal)):  # NaN is no JSON; 1e400 would become inf
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
    parser = Parser("videoretrieve", description="Look up a video job.", epilog=_EPILOG,
                    formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    add = parser.add_argument
    seconds = functools.partial(add, metavar="S", type=float)
    add("video_id", metavar="VIDEO_ID")
    add("--base-url", metavar="URL", help="what /videos/VIDEO_ID is appended to")
    add("-H", "--header", metavar="'NAME: VALUE'", action="append", default=[], help="repeatable")
    seconds("--timeout", default=_TIMEOUT, help="seconds for one attempt (default: %(default)g)")
    add("--retries", metavar="N", type=int, default=_MAX_RETRIES, help="(default: %(default)s)")
    add("--lenient", action="store_true", help="accept what is not of the documented type")
    add("--field", metavar="NAME", help="print that field alone, text without quotes")
    add("--raw", action="store_true", help="print the JSON object as received")
    add("--wait", action="store_true", help="poll until the job is over")
    seconds("--interval", default=_INTERVAL, help="with --wait (default: %(default)g)")
    seconds("--max-wait", help="with --wait: seconds for the whole of it (default: no limit)")
    add("--version", action="version", version=f"%(prog)s {__version__}")
    args = parser.parse_args(argv)
    if args.field is not None and not args.raw and args.field not in _TYPES:
        parser.error(f"--field: expected one of {', '.join(_TYPES)}; or --raw --field")
    return args

_EPILOG = """\
environment: OPENAI_API_KEY, OPENAI_BASE_URL, http_proxy, https_proxy, no_proxy, SSL_CERT_FILE
exit status:
  0    looked up; with --wait, completed
  1    no answer, a refusal, an answer that cannot be believed, or output that cannot be written
  2    wrong usage: arguments, key, URL
  3    --wait: the job ended, and not in completed
  4    --wait: still in flight at --max-wait
  130  interrupted
"""

def _run(args: Any) -> int:
    if not all(":" in header for header in args.header):  # without showing it: it may be a key
        raise ValueError("--header: expected 'Name: value', got no colon")
    headers = {name: value.strip() for name, value in (each.split(":", 1) for each in args.header)}
    started, terminal = time.monotonic(), args.wait and sys.stderr and sys.stderr.isatty()
    def draw(video: Video) -> None:
        with contextlib.suppress(OSError, ValueError):  # the terminal has gone
            if terminal:
                columns = os.get_terminal_size(sys.stderr.fileno()).columns or 80  # 0: unknown
                _write(sys.stderr, "\r" + _bar(video, int(time.monotonic() - started), columns - 1))
    draw(Video.from_dict({"id": args.video_id, "status": "asking"}, strict=False))
    try:
        payload = _look_up(
            args.video_id, None, args.base_url, headers, args.timeout, args.retries, None,
            None if args.raw else not args.lenient,
            _number("interval", args.interval, 0) if args.wait else None, args.max_wait, draw)
    finally:
        _warn("\n" if terminal else "")
    result: Any = payload if args.raw else Video.from_dict(payload, strict=False).to_dict()
    if args.field is not None:
        if args.field not in result:
            raise APIError(f"no member {_shown(args.field)} among {_line(', '.join(result))}")
        result = result[args.field]
    if not isinstance(result, str):
        result = json.dumps(result, indent=2, ensure_ascii=False)
    _write(sys.stdout, _harmless(result, getattr(sys.stdout, "encoding", None) or "utf-8") + "\n")
    return 3 if args.wait and payload["status"] != VideoStatus.COMPLETED else 0

def _bar(video: Video, elapsed: int, width: int) -> str:
    """A line of that width, the most telling first: what does not fit is cut off at its end."""
    done: Any = video.progress
    done = int(min(max(done, 0), 100)) if isinstance(done, (int, float)) else "?"
    cells = "" if done == "?" else "#" * (done // 5)
    status, name = _line(video.status, "ascii"), _line(video.id, "ascii")
    line = f"{done:>3}% {elapsed // 60}:{elapsed % 60:02} {status} [{cells:-<20}] {name}"
    return line[:width].ljust(width)

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
