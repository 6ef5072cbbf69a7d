# SPDX-License-Identifier: 0BSD
"""Look up a video job: GET /videos/{video_id}, as OpenAI's Videos API defined it.

In a program and in a shell::

    video = videoretrieve.retrieve("video_123", base_url="http://127.0.0.1:8000/v1")
    $ python -m videoretrieve video_123 --base-url http://127.0.0.1:8000/v1

`retrieve` returns a job as it is now, `poll` when it is over. Both return a `Video`.
OpenAI ended its own service in 2026, but many other servers have the route. Types and
path come from its API reference, the names of errors and most rules for retries from
its Python SDK, 3.57. This file is the whole project, for Python 3.8 and newer.
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
import reprlib
import socket
import ssl
import sys
import time
import urllib.parse
import urllib.request
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http.client import HTTPException, HTTPMessage, HTTPResponse

TYPE_CHECKING = False  # Type checkers take it as true.
if TYPE_CHECKING:
    from typing import Any  # Importing it takes time.
else:
    Any = object  # typing.get_type_hints(), from 3.10 on, needs some value here.

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIResponseValidationError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "BadRequestError",
    "InternalServerError",
    "NotFoundError",
    "PermissionDeniedError",
    "RateLimitError",
    "Video",
    "VideoCreateError",
    "VideoModel",
    "VideoSeconds",
    "VideoSize",
    "VideoStatus",
    "poll",
    "retrieve",
]
__version__ = "3.0.0"

_BASE_URL = "https://api.openai.com/v1"  # as in the SDK; used only with a key
_TIMEOUT = 60.0  # seconds: a small object, from a server that may be busy
_MAX_RETRIES = 2  # as in the SDK
_RETRIED = {408, 409, 429, *range(500, 600)}  # statuses, as in the SDK
_INTERVAL = 5.0  # seconds: making a video takes minutes
_MAX_RETRY_AFTER = 120.0  # seconds: after a longer one, an error beats a long pause
_MAX_SECONDS = 2_147_483  # 24 days: a socket counts milliseconds in a C int
_MAX_HEADERS = 18 * 1024  # bytes: 16 KiB of headers, as in Node.js, and a status line
_MAX_BODY = 1024 * 1024  # bytes: a real answer is under 10 KiB
_MAX_BRACKETS = 1_000  # opening brackets in a JSON text, to limit its nesting
_MAX_QUOTED = 200  # characters of one quotation: two or three lines of a terminal
_MIN_SECRET = 12  # characters: a shorter key ("EMPTY") is not hidden in messages


class _WireString(str, Enum):
    """A string of the API, equal to its value. str() and format() give it, too."""

    __str__ = str.__str__  # Enum's gives the member's name, and so would format().


class VideoModel(_WireString):
    """The documented models. The API allows others."""

    SORA_2 = "sora-2"
    SORA_2_PRO = "sora-2-pro"
    SORA_2_2025_10_06 = "sora-2-2025-10-06"
    SORA_2_PRO_2025_10_06 = "sora-2-pro-2025-10-06"
    SORA_2_2025_12_08 = "sora-2-2025-12-08"


class VideoSeconds(_WireString):
    """The documented durations, in seconds. The API allows others."""

    SECONDS_4 = "4"
    SECONDS_8 = "8"
    SECONDS_12 = "12"


class VideoSize(_WireString):
    """The documented sizes, width x height in pixels. The API allows no others."""

    SIZE_720X1280 = "720x1280"
    SIZE_1280X720 = "1280x720"
    SIZE_1024X1792 = "1024x1792"
    SIZE_1792X1024 = "1792x1024"


class VideoStatus(_WireString):
    """The documented states of a job. The API allows no others."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


# For each field, in the documented order: its type in words, its types in Python, and
# the only values that the API allows, or () if it allows all of the type.
_NULL = type(None)
_STRING = ("a string", str, ())
_STRING_OR_NULL = ("a string or null", (str, _NULL), ())
_INTEGER = ("an integer", int, ())
_INTEGER_OR_NULL = ("an integer or null", (int, _NULL), ())
_FIELDS: dict[str, Any] = {
    "id": _STRING,
    "completed_at": _INTEGER_OR_NULL,
    "created_at": _INTEGER,
    "error": ("an object or null", (dict, _NULL), ()),
    "expires_at": _INTEGER_OR_NULL,
    "model": _STRING,
    "object": ("video", str, ("video",)),
    "progress": _INTEGER,
    "prompt": _STRING_OR_NULL,
    "remixed_from_video_id": _STRING_OR_NULL,
    "seconds": _STRING,
    "size": (f"one of {', '.join(VideoSize)}", str, tuple(VideoSize)),
    "status": (f"one of {', '.join(VideoStatus)}", str, tuple(VideoStatus)),
}
_ERROR_FIELDS = {"code": _STRING, "message": _STRING}
_REQUIRED_FIELDS = {"id": _STRING, "status": _STRING}  # all that is checked by default
# The enum members of a field, by their values.
_MEMBERS = {
    name: {str(member): member for member in members}
    for name, members in (
        ("model", VideoModel),
        ("seconds", VideoSeconds),
        ("size", VideoSize),
        ("status", VideoStatus),
    )
}

# The statuses that poll waits in: two documented ones, and the words of compatible
# servers that mean the same. Any other ends a poll, instead of making it endless.
_IN_FLIGHT = {
    "queued",
    "in_progress",
    "cancelling",
    "generating",
    "pending",
    "postprocessing",
    "processing",
    "running",
    "unknown",  # for a job that has not started, in New API (a gateway)
}


class APIError(Exception):
    """Base class of every error of a lookup. Its message, for people, may change."""

    def __init__(self, message: str) -> None:  # so that help() can show a signature
        super().__init__(message)


class APIConnectionError(APIError):
    """No answer came: refused, reset, cut short, name not found, or TLS failed.

    `__cause__` is the operating system's error, if there was one.
    """


class APITimeoutError(APIConnectionError):
    """No whole answer came within `timeout`, or no final one within `max_wait`.

    `video` is the last answer when `max_wait` ended a poll, or None.
    """

    video: Video | None = None


class APIStatusError(APIError):
    """The status is not 2xx.

    `status_code` is the HTTP status, `request_id` the value of x-request-id or None,
    `headers` a mapping that ignores case, and `body` at most 1 MiB of bytes, in which
    the API key is hidden. Redirects are not followed. If the body is a video job (some
    servers send a failed one with 400 or 500), it is returned and nothing is raised.
    """

    status_code: int = 0
    request_id: str | None = None
    headers: HTTPMessage = HTTPMessage()  # empty, and never changed
    body: bytes = b""


class BadRequestError(APIStatusError):
    """Status 400."""


class AuthenticationError(APIStatusError):
    """Status 401."""


class PermissionDeniedError(APIStatusError):
    """Status 403."""


class NotFoundError(APIStatusError):
    """Status 404."""


class RateLimitError(APIStatusError):
    """Status 429."""


class InternalServerError(APIStatusError):
    """Status 500 to 599."""


class APIResponseValidationError(APIError):
    """The answer is not a video job or, with `strict`, not of the documented type.

    `problems` is a tuple with one sentence for each fault, `payload` the decoded JSON,
    or the body if that is not JSON. Both are unedited: they may have an echoed API key.
    """

    problems: tuple[str, ...] = ()
    payload: Any = None


@dataclass(frozen=True)
class VideoCreateError:
    """Why a job failed. A member is None if the server did not send it as text."""

    code: str | None
    message: str | None


@dataclass(frozen=True)
class Video:
    """A video job. Times are Unix seconds, `progress` is an approximate percentage.

    `expires_at` is when the downloadable assets expire, and `seconds` the duration of
    the clip. A field is None if its value is null, missing, or not of the documented
    JSON type. (An `error` of plain text becomes its `message`.) Text that is no member
    of its enum stays a plain `str`. `extra` holds the undocumented members, such as
    `url`, and the original of each value that its field could not take.
    """

    id: str
    completed_at: int | None
    created_at: int | None
    error: VideoCreateError | None
    expires_at: int | None
    model: VideoModel | str | None
    object: str | None
    progress: int | None
    prompt: str | None
    remixed_from_video_id: str | None
    seconds: VideoSeconds | str | None
    size: VideoSize | str | None
    status: VideoStatus | str
    extra: dict[str, Any] = field(default_factory=dict, hash=False)

    @classmethod
    def from_dict(cls, payload: Any, *, strict: bool = False) -> Video:
        """Decode a JSON object, as `json.loads` returns it.

        It must be an object whose `id` and `status` are strings. With `strict`, it must
        be of the documented type, where a missing member counts as null. If not, one
        APIResponseValidationError names every fault.
        """
        problems = _problems(payload, _FIELDS if strict else _REQUIRED_FIELDS)
        if problems:
            raise _invalid(problems, payload, strict)
        values, extra = _split(payload, _FIELDS)
        error = payload.get("error")
        if isinstance(error, str):  # from TensorRT-LLM; _split has put it in extra
            values["error"] = VideoCreateError(None, error)
        elif isinstance(error, dict):
            texts, _ = _split(error, _ERROR_FIELDS)
            values["error"] = VideoCreateError(**texts)
            if texts != error:  # Members are missing, more, or of another type.
                extra["error"] = error
        for name, members in _MEMBERS.items():
            values[name] = members.get(values[name], values[name])  # or as it is
        return cls(**values, extra=extra)

    @classmethod
    def from_json(cls, document: str | bytes, *, strict: bool = False) -> Video:
        """Decode a JSON document, text or UTF-8. Otherwise like `from_dict`."""
        try:
            text = document if isinstance(document, str) else str(document, "utf-8")
            # CPython's parser is recursive. In a thread with a small stack, nesting can
            # be a crash before it is a RecursionError. So opening brackets are counted,
            # those in strings, too.
            if text.count("[") + text.count("{") > _MAX_BRACKETS:
                raise ValueError(f"more than {_MAX_BRACKETS} opening brackets")
            payload = _JSON_WITHOUT_NAN.decode(text.lstrip("\ufeff"))  # RFC 8259, 8.1
        except (ValueError, RecursionError) as error:
            problem = f"expected JSON, got {_shown(document)}: {error}"
            raise _invalid([problem], document, strict) from None
        return cls.from_dict(payload, strict=strict)

    def to_dict(self) -> dict[str, Any]:
        """Return the object in plain types, as received. Values are not copied.

        The documented members come first, in their order. Missing ones are None.
        """
        wire: Any = {
            name: getattr(value, "value", value)  # of an enum member
            for name, value in vars(self).items()
        }
        if self.error is not None:
            wire["error"] = dict(vars(self.error))
        extra = wire.pop("extra")
        return {**wire, **extra}  # extra has the originals that no field could hold.


def _split(payload: Any, fields: Any) -> tuple[Any, Any]:
    """Return a dict with the value of each field, and a dict of the rest.

    A value of the wrong type goes to the rest, and its field gets None.
    """
    values = {}
    rest = dict(payload)
    for name, (_, types, _) in fields.items():
        value = rest.pop(name, None)
        # A bool is an int in Python, but not in JSON.
        if value is not None and (type(value) is bool or not isinstance(value, types)):
            rest[name] = value
            value = None
        values[name] = value
    return values, rest


def _problems(payload: Any, fields: Any) -> list[str]:
    """Return a sentence for every field whose value is not the documented one."""
    if not isinstance(payload, dict):
        return [f"expected a JSON object, got {_shown(payload)}"]
    problems: list[str] = []
    for name, (expected, types, choices) in fields.items():
        value = payload.get(name)
        is_unknown = choices and value not in choices
        if not isinstance(value, types) or type(value) is bool or is_unknown:
            got = _shown(value) if name in payload else "nothing"
            problems.append(f"{name}: expected {expected}, got {got}")
        elif name == "error" and value is not None:  # the one object within the job
            problems += [f"error.{each}" for each in _problems(value, _ERROR_FIELDS)]
    return problems


def _invalid(
    problems: list[str], payload: Any, strict: bool
) -> APIResponseValidationError:
    kind = "video of the documented type" if strict else "video job"
    error = APIResponseValidationError(f"not a {kind}: {'; '.join(problems)}")
    error.problems = tuple(problems)
    error.payload = payload
    return error


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):  # json.dumps() would write Infinity for 1e400.
        raise ValueError(f"{_one_line(literal)} is not a finite number")
    return number


_JSON_WITHOUT_NAN = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def retrieve(
    video_id: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = _TIMEOUT,
    max_retries: int = _MAX_RETRIES,
    ssl_context: ssl.SSLContext | None = None,
    strict: bool = False,
) -> Video:
    """Fetch the latest metadata of a video job.

    Raises APIError if no valid answer comes, ValueError or TypeError for a bad setting.

    Args:
        video_id: The identifier of the job.
        api_key: The bearer token; "" sends none. Default: OPENAI_API_KEY.
        base_url: An http or https URL; a query (?api-version=1) is kept. Default:
            OPENAI_BASE_URL, else https://api.openai.com/v1.
        headers: More request headers. They override those of this function.
        timeout: Seconds for one whole attempt. Name resolution is included, but cannot
            be interrupted.
        max_retries: How many more attempts may follow a connection error (except a bad
            certificate), a timeout, or a status of 408, 409, 429 or 5xx. The pause
            before a retry is 0.5 seconds, doubling to 8, or what Retry-After asks for.
            If that is above 120 seconds, there is no retry. Each retry is logged at
            level INFO, by the logger named after this module.
        ssl_context: For a CA of your own or a client certificate.
        strict: As in `Video.from_dict`.
    """
    return _Lookup(
        video_id, api_key, base_url, headers, timeout, max_retries, ssl_context, strict
    ).retrieve()


def poll(
    video_id: str,
    *,
    interval: float = _INTERVAL,
    max_wait: float | None = None,
    on_update: Callable[[Video], Any] | None = None,
    api_key: str | None = None,
    base_url: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = _TIMEOUT,
    max_retries: int = _MAX_RETRIES,
    ssl_context: ssl.SSLContext | None = None,
    strict: bool = False,
) -> Video:
    """Retrieve until the job is over. Return it in any final state, failed included.

    Args:
        interval: Seconds between an answer and the next request.
        max_wait: Seconds to wait. One last request is made when they are over. It has
            no retries, and may take another `timeout`. If the job is still not over,
            APITimeoutError is raised, with the last answer as its `video`.
        on_update: Called with every answer, the last one included.

    The other arguments and the errors are those of `retrieve`.
    """
    lookup = _Lookup(
        video_id, api_key, base_url, headers, timeout, max_retries, ssl_context, strict
    )
    _check_seconds("interval", interval)
    end = math.inf
    if max_wait is not None:
        _check_seconds("max_wait", max_wait)
        end = time.monotonic() + max_wait
    while True:
        video = lookup.retrieve(end)
        if on_update is not None:
            on_update(video)
        if video.status not in _IN_FLIGHT:
            return video
        seconds_left = end - time.monotonic()
        if seconds_left <= 0:
            words = f"still {video.status} after max_wait, {max_wait:g} s"
            error = APITimeoutError(lookup.message(words))
            error.video = video
            raise error
        time.sleep(min(interval, seconds_left))


def _check_seconds(name: str, value: Any) -> None:
    if not isinstance(value, (int, float)) or not 0 < value <= _MAX_SECONDS:
        raise ValueError(
            f"{name}: expected 0 < seconds <= {_MAX_SECONDS}, got {_shown(value)}"
        )


# urllib.parse would accept much that fails later: spaces, bad ports, long labels.
_BASE_URL_PATTERN = r"""(?aix)  # ASCII, ignore case, verbose
    (?= [!-~]* \Z )  # printable
    https?://
    (?: [\w-]{1,63} (?: \. [\w-]{1,63} )* \.?  # a name of labels
        | \[ [0-9a-f:.]+ (?: %25 [\w-]+ )? \] )  # an IPv6 address (scope: RFC 6874)
    (?: : (?P<port> [0-9]{1,5} ) )?
    (?: [/?] [^#]* )?  # a path and a query
"""


# It has no repr, because a traceback that prints local variables would show the key.
@dataclass(repr=False)
class _Lookup:
    """The checked settings of a lookup. Its method `retrieve` makes the requests."""

    video_id: str
    api_key: Any
    base_url: Any
    headers: Any
    timeout: float
    max_retries: int
    ssl_context: Any
    strict: bool

    def __post_init__(self) -> None:
        """Complete the settings, check them, and prepare the URL and the headers."""
        if self.api_key is None:
            self.api_key = os.environ.get("OPENAI_API_KEY", "")
        if self.base_url is None:
            self.base_url = os.environ.get("OPENAI_BASE_URL", "").strip() or _BASE_URL
        # A file or a shell may add white space. (Unlike x.strip, this refuses bytes.)
        self.api_key = str.strip(self.api_key)
        self.base_url = str.strip(self.base_url)
        self.url = self.video_url()
        if not re.fullmatch("[!-~]*", self.api_key):
            raise ValueError("api_key or OPENAI_API_KEY: expected ASCII, no spaces")
        _check_seconds("timeout", self.timeout)
        if not self.max_retries >= 0:  # NaN is refused as well.
            raise ValueError(f"max_retries: expected 0 or more, got {self.max_retries}")
        self.is_anonymous = not (self.api_key or self.headers)  # A header may be a key.
        # OpenAI has ended this service. A caller without a key for it has forgotten to
        # name a server. One with a key may have meant it, and gets OpenAI's answer.
        if self.is_anonymous and self.url.startswith(f"{_BASE_URL}/"):
            raise ValueError(
                "no server: set OPENAI_BASE_URL, and OPENAI_API_KEY if the server "
                "wants a key (OpenAI's own service has ended)"
            )
        self.request_headers = self.merged_headers()

    def video_url(self) -> str:
        match = re.fullmatch(_BASE_URL_PATTERN, self.base_url)
        if match is None or int(match["port"] or 0) > 65535:
            raise ValueError(
                "base_url or OPENAI_BASE_URL: expected http(s)://HOST[:PORT][/PATH], "
                "without user info and fragment (not shown: it may have a password)"
            )
        video_id = self.video_id
        # . and .. would be steps in the path. Half a surrogate pair cannot be encoded.
        pattern = r"(?!\.\.?\Z)[^\ud800-\udfff]+"
        if not isinstance(video_id, str) or not re.fullmatch(pattern, video_id):
            raise ValueError(f"video_id: expected a job's ID, got {_shown(video_id)}")
        segment = urllib.parse.quote(video_id, safe="!$&'()*+,;=:@")  # as in the SDK
        base_url, question_mark, query = self.base_url.partition("?")
        return f"{base_url.rstrip('/')}/videos/{segment}{question_mark}{query}"

    def merged_headers(self) -> dict[str, str]:
        """Return our headers and the caller's, which replace ours of the same name."""
        theirs = dict(self.headers or {})
        for name, value in theirs.items():
            if not re.fullmatch(r"(?a)[\w!#$%&'*+.^`|~-]+", name):  # RFC 9110, 5.6.2
                raise ValueError("headers: expected names that are HTTP tokens")
            if not re.fullmatch(r"[\t -~]*", value):
                raise ValueError(f"headers: {name}: expected printable ASCII")
        ours = {
            "Accept": "application/json",
            "User-Agent": f"videoretrieve/{__version__}",
        }
        if self.api_key:
            ours["Authorization"] = f"Bearer {self.api_key}"
        return {**ours, **theirs}  # Request ignores case: "accept" replaces "Accept".

    def retrieve(self, end: float = math.inf) -> Video:
        """Return the video, after retries if need be. No retry begins after `end`."""
        attempts = 0
        while True:
            attempts += 1
            try:
                with _clear_frames_on_error():  # Error reports would show the key.
                    return self.attempt()
            except APIError as error:
                note = f" ({attempts} attempts)" if attempts > 1 else ""
                error.args = (self.message(f"{error}{note}"),)  # what str() returns
                if attempts > self.max_retries or not _is_temporary(error):
                    raise
                delay = _retry_delay(error, attempts)
                if delay > _MAX_RETRY_AFTER or time.monotonic() + delay >= end:
                    raise
                import logging  # It takes time, and few lookups need it.

                logging.getLogger(__name__).info("%s; retry in %.3g s", error, delay)
            time.sleep(delay)

    def attempt(self) -> Video:
        """Return the video of one request. The caller adds the URL to an error."""
        status, headers, body = self.exchange()
        # vLLM-Omni sends a failed job with 400 or 500. A job counts with any status.
        if not (200 <= status <= 299 or _is_job(body)):
            # latin-1 turns any bytes into text, and that text into the same bytes.
            body = self.hide_key(body.decode("latin-1")).encode("latin-1")
            raise _status_error(status, headers, body, self.is_anonymous)
        if len(body) > _MAX_BODY:
            raise _invalid([f"more than {_MAX_BODY} bytes"], body, self.strict)
        try:
            return Video.from_json(body, strict=self.strict)
        except APIResponseValidationError as error:
            words = _server_words(body.decode("utf-8", "replace"))
            if words:  # Some servers report errors with status 200.
                error.args = (f"{error}; the server says: {words}",)
            raise

    def exchange(self) -> tuple[int, HTTPMessage, bytes]:
        """Send a new request. Return the status, the headers and the body."""
        request = _Request(self.url, headers=self.request_headers)
        request.ssl_context = self.ssl_context
        host = request.host  # the server's; ProxyHandler replaces it with a proxy's
        try:
            with _opener().open(request, None, self.timeout) as response:
                return response.status, response.headers, _read_body(response)
        # Malformed proxies raise these; malformed headers of a response, the last two.
        # (The text of InvalidURL has the password of a proxy.)
        except (http.client.InvalidURL, OverflowError, TypeError, ValueError) as error:
            if _is_raised_here(error):  # a defect of this file
                raise
            note = "malformed headers, or an unusable proxy in the environment"
            failure = APIConnectionError(f"{note} ({type(error).__name__})")
        # Pyodide raises RuntimeError for https. urllib runs into a RecursionError, a
        # subclass, if proxies refer to each other (http_proxy=x://a, x_proxy=http://b).
        except (OSError, HTTPException, RuntimeError) as error:
            failure = _connection_error(error, request, host)
        # Raised out here, it has no __context__: the text of that might quote the key.
        raise failure

    def message(self, words: str) -> str:
        """Return a message that names the URL, without its query: it may be secret."""
        return self.hide_key(f"GET {self.url.partition('?')[0]}: {words}")

    def hide_key(self, text: str) -> str:
        """Return the text with the API key replaced, if a server echoed it in full."""
        if len(self.api_key) < _MIN_SECRET:
            return text
        return text.replace(self.api_key, "(the API key)")


@contextlib.contextmanager
def _clear_frames_on_error() -> Iterator[None]:
    """Clear the local variables in the traceback of an error, and of its causes.

    Error reports (Sentry, pytest -l) show them, and some have the key. Functions that
    still run keep theirs: a _Lookup, which has no repr, or the argument `api_key`.
    """
    # What the caller is handling may be the last of the causes. It is not changed.
    seen = [sys.exc_info()[1]]
    try:
        yield
    except BaseException as raised:
        import traceback  # It takes time, and is rarely needed.

        error: Any = raised
        while error is not None and error not in seen:
            seen.append(error)
            traceback.clear_frames(error.__traceback__)
            error = error.__cause__ or error.__context__
        raise


def _is_job(body: bytes) -> bool:
    """Return whether the body of a refusal is a video job."""
    try:
        return Video.from_json(body).object == "video"
    except APIResponseValidationError:
        return False


def _is_raised_here(error: Exception) -> bool:
    """Return whether the innermost Python frame of the error is in this file."""
    # (C functions have no frame, but those that this file calls raise OSError alone.)
    innermost: Any = error.__traceback__
    while innermost.tb_next:
        innermost = innermost.tb_next
    return innermost.tb_frame.f_globals is globals()


class _Request(urllib.request.Request):
    """A request that tells _Handler which certificates to trust."""

    ssl_context: Any = None


# Variables that are read when an opener is made. (no_proxy is read at each request.)
_VARIABLES = (
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)


def _opener() -> Any:
    """Return an opener, which is kept for a minute or until a variable changes."""
    return _cached_opener(time.monotonic() // 60, *map(os.environ.get, _VARIABLES))


@functools.lru_cache(maxsize=1)
def _cached_opener(*_: object) -> Any:
    """Return an opener for http and https URLs. The arguments are only a cache key.

    Loading certificates takes as long as 20 lookups, so an opener is kept; they may
    change, so it is renewed. It follows no redirect, and returns every status.
    """
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(urllib.request.UnknownHandler())  # URLError for socks5://
    opener.add_handler(_Handler())
    return opener


class _Handler(urllib.request.AbstractHTTPHandler):
    """Opens http and https URLs. OpenerDirector finds its methods by their names."""

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_
    default_context: Any = None  # made when it is needed

    # The classes are looked up at each call, because vcrpy and others replace them.
    def http_open(self, request: _Request) -> HTTPResponse:
        connect = functools.partial(_connection, http.client.HTTPConnection)
        return self.do_open(connect, request)

    def https_open(self, request: _Request) -> HTTPResponse:
        connect = functools.partial(_connection, http.client.HTTPSConnection)
        context = request.ssl_context or self.default_context
        if context is None:
            context = self.default_context = ssl.create_default_context()
        return self.do_open(connect, request, context=context)


def _connection(connection_class: Any, host: str, **options: Any) -> Any:
    """Return a connection of http.client that ends all it does at one deadline.

    By itself, http.client applies the timeout to each address and to each read. So two
    callables that it uses are replaced: one connects a socket, the other makes a
    response and limits its reads.
    """
    connection = connection_class(host, **options)
    deadline = _Deadline(time.monotonic() + connection.timeout)
    connection._create_connection = deadline.connect  # private; there since Python 2.7
    connection.response_class = deadline.response
    return connection


@dataclass
class _Deadline:
    """The end of an attempt, and the steps of http.client that must meet it."""

    end: float  # as time.monotonic() counts

    def limit(self, sock: Any, shares: int = 1) -> None:
        """Give a socket the time that is left, or an equal share of it."""
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        sock.settimeout(seconds / shares)

    def connect(self, address: Any, *_: Any) -> Any:
        """Connect as socket.create_connection does, but share the time that is left."""
        failure = OSError("the name has no address")
        host, port = address
        addresses: Any = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        while addresses:
            family, kind, protocol, _, socket_address = addresses.pop(0)
            sock = None
            try:
                sock = socket.socket(family, kind, protocol)
                self.limit(sock, 1 + len(addresses))  # this one and those left
                sock.connect(socket_address)
                self.limit(sock)  # for the TLS handshake
            except OSError as error:
                failure = error
                if sock is not None:
                    sock.close()
            else:
                return sock
        raise failure

    def response(self, sock: Any, *args: Any, **options: Any) -> HTTPResponse:
        """Return a response that fails at the deadline, and at too many headers."""
        response = HTTPResponse(sock, *args, **options)
        raw = getattr(response.fp, "raw", None)
        if raw is None:  # httpretty's responses have none.
            return response
        read_raw = raw.readinto
        # raw and readinto are a reference cycle. If readinto held the response as well,
        # one to CONNECT, which Python before 3.11 does not close, would stay open.
        weak_response = weakref.proxy(response)
        received = 0  # bytes

        def readinto(buffer: Any) -> Any:
            nonlocal received
            if weak_response.headers is None:  # They have not all come.
                if received >= _MAX_HEADERS:
                    raise HTTPException(f"more than {_MAX_HEADERS} bytes of headers")
                buffer = memoryview(buffer)[: _MAX_HEADERS - received]
            self.limit(sock)
            size = read_raw(buffer)
            # http.client would take the end of the stream for the end of the headers.
            if not size and received and weak_response.headers is None:
                raise HTTPException("the headers are cut short")
            received += size
            # Once more: after an answer to CONNECT, a TLS handshake takes this timeout.
            self.limit(sock)
            return size

        # http.client reads by a BufferedReader, which calls raw.readinto by its name.
        raw.readinto = readinto
        return response


def _read_body(response: Any) -> bytes:
    """Return the body. A longer one is cut one byte after the limit."""
    limit = _MAX_BODY + 1
    # None if the body is chunked or ends with the connection. vcrpy's has no length.
    length = getattr(response, "length", None)
    size = min(length or limit, limit)
    # Not response.read(size): http.client accepts a chunk size of -1, and then reads to
    # the end. readinto() never fills more than the buffer that it is given.
    body = io.BufferedReader(response).read(size)
    if length and len(body) < size:  # readinto() raises no IncompleteRead.
        raise HTTPException(f"the body ends after {len(body)} of {length} bytes")
    return body


def _connection_error(error: Exception, request: Any, host: str) -> APIConnectionError:
    """Return the error that says why no answer to the request came."""
    reason = getattr(error, "reason", None)
    if isinstance(reason, OSError):  # of a URLError
        error = reason
    error_class = APIConnectionError
    words = f"{_one_line(str(error))} ({type(error).__name__})"
    # socket.timeout is TimeoutError since 3.10. If exactly 0 seconds are left within
    # ssl (on Windows, mostly), ssl raises SSLWantReadError instead.
    if isinstance(error, (TimeoutError, socket.timeout, ssl.SSLWantReadError)):
        error_class = APITimeoutError
        words = f"no whole answer within {request.timeout:g} s"
    if request.host != host:  # There is a proxy.
        words = f"through the proxy {_one_line(request.host)}: {words}"
    failure = error_class(words)
    if isinstance(error, OSError):  # The text of others may have an echoed key.
        failure.__cause__ = error
    return failure


_STATUS_ERRORS = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
    **dict.fromkeys(range(500, 600), InternalServerError),
}


def _status_error(
    status: int, headers: Any, body: bytes, is_anonymous: bool
) -> APIStatusError:
    words = f"{status} {http.client.responses.get(status, '')}".rstrip()
    text = body.decode("utf-8", "replace")
    reason = _server_words(text) or _one_line(re.sub("<[^<>]*>", " ", text))  # HTML
    if reason:
        words += f": {reason}"
    if status in (401, 403) and is_anonymous:
        words += " (no API key was sent: set OPENAI_API_KEY)"
    for name in ("Location", "Retry-After", "x-request-id"):
        if headers.get(name):
            words += f" ({name}: {_one_line(headers[name])})"
    error = _STATUS_ERRORS.get(status, APIStatusError)(words)
    error.status_code = status
    error.request_id = headers.get("x-request-id")
    error.headers = headers
    error.body = body[:_MAX_BODY]
    return error


def _server_words(text: str) -> str:
    """Return the text of each member error, message, detail or msg, at any depth."""
    # A regular expression works on truncated and deeply nested bodies, too.
    pattern = r'"(?:error|message|detail|msg)"\s*:\s*("(?:[^"\\]|\\.)+")'
    try:
        return _one_line("; ".join(map(json.loads, re.findall(pattern, text))))
    except ValueError:  # It only looked like JSON.
        return ""


def _is_temporary(error: APIError) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, APIStatusError):
        return error.status_code in _RETRIED
    is_bad_certificate = isinstance(error.__cause__, ssl.SSLCertVerificationError)
    return isinstance(error, APIConnectionError) and not is_bad_certificate


def _retry_delay(error: APIError, attempts: int) -> float:
    """Return the seconds to wait before another attempt."""
    value = getattr(error, "headers", {}).get("Retry-After", "")
    # A malformed value is ignored. These are what float() and email.utils raise for it.
    with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
        date = email.utils.parsedate_tz(value)  # None for a number (RFC 9110, 10.2.3)
        seconds = email.utils.mktime_tz(date) - time.time() if date else float(value)
        if seconds > 0:  # neither in the past nor NaN
            return seconds
    # Otherwise, as in the SDK. The random part keeps clients from retrying all at once.
    return 0.5 * 2.0 ** min(attempts - 1, 4) * random.uniform(0.75, 1)


# What a terminal may obey: control characters (not tab and newline), line separators,
# bidirectional marks, U+FEFF. Also halves of surrogate pairs, which cannot be encoded.
_UNSAFE = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufeff]"
)


def _escaped(text: str) -> str:
    r"""Return the text with unsafe characters escaped, as in JSON: \u001b."""
    return re.sub(_UNSAFE, lambda match: rf"\u{ord(match[0]):04x}", text)


def _one_line(text: str) -> str:
    """Return text for a message: on one line, shortened, and safe for a terminal."""
    line = " ".join(text.split())
    if len(line) > _MAX_QUOTED:
        line = f"{line[:_MAX_QUOTED]}..."
    return _escaped(line)


_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _MAX_QUOTED  # text and other types, such as bytes


def _shown(value: object) -> str:
    return _one_line(_REPR.repr(value))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Return the exit status, as `--help` explains it."""
    try:
        return _run(**_parse_args(argv))
    except KeyboardInterrupt:
        return _report("interrupted", 130)
    except ValueError as error:  # a wrong option or setting
        return _report(str(error), 2)
    except APIError as error:
        return _report(str(error), 5 if _is_temporary(error) else 1)
    except BrokenPipeError:  # The reader closed the pipe, as head does.
        return 1
    except (OSError, RecursionError) as error:  # json.dumps() may recurse too deep.
        return _report(f"cannot write the result: {error}", 1)


def _report(message: str, exit_status: int = 0) -> int:
    """Print a line on standard error. Return the exit status, to be returned."""
    # It may be closed, full or gone, or its encoding may not take the text.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        _write(sys.stderr, f"videoretrieve: {_escaped(' '.join(message.split()))}\n")
    return exit_status


def _parse_args(argv: Sequence[str] | None) -> Any:
    """Return the given options, and no others, as keyword arguments of _run()."""
    parser = _parser()
    options = vars(parser.parse_args(argv))
    headers = options["headers"] = {}
    for line in options.pop("header", ()):
        name, colon, value = line.partition(":")
        if not colon:
            parser.error("--header: expected 'NAME: VALUE', got no colon")
        headers[name.strip()] = value.strip()
    if "wait" not in options and {"interval", "max_wait"} & options.keys():
        parser.error("--interval and --max-wait need --wait")
    return options


def _parser() -> Any:
    import argparse  # Only the command line needs it, and importing it takes time.

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> Any:
            raise ValueError(f"{message}; see --help")

    parser = Parser(
        prog="python -m videoretrieve",
        description="Look up a video job and print it as JSON.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,  # leaves out what is not given
    )
    add = parser.add_argument
    add_wait = parser.add_argument_group("waiting").add_argument
    seconds: Any = {"metavar": "S", "type": float}
    add("video_id", metavar="VIDEO_ID", help="the identifier of the job")
    add("--base-url", metavar="URL", help="the server (default: OPENAI_BASE_URL)")
    add("-H", "--header", action="append", help="'NAME: VALUE'; may be repeated")
    add("--timeout", **seconds, help=f"limit of an attempt (default: {_TIMEOUT:g})")
    retries_help = f"attempts after a failure (default: {_MAX_RETRIES})"
    add("--max-retries", metavar="N", type=int, help=retries_help)
    add("--strict", action="store_true", help="refuse undocumented types and values")
    add("--field", metavar="PATH", dest="path", help="print this part, e.g. error.code")
    add("-v", "--verbose", action="store_true", help="show each retry and each answer")
    add("--version", action="version", version=f"videoretrieve {__version__}")
    add_wait("--wait", action="store_true", help="retrieve until the job is over")
    add_wait("--interval", **seconds, help=f"between requests (default: {_INTERVAL:g})")
    add_wait("--max-wait", **seconds, help="limit of the wait (default: none)")
    return parser


_EPILOG = """\
example:
  python -m videoretrieve video_123 --base-url http://127.0.0.1:8000/v1 --wait

environment:
  OPENAI_BASE_URL  the server, such as http://127.0.0.1:8000/v1
  OPENAI_API_KEY   the key, if the server wants one; there is no option for it
  http_proxy, https_proxy, no_proxy, SSL_CERT_FILE, SSL_CERT_DIR

exit status:
  0    looked up; with --wait, the job is completed
  1    an HTTP error status, a bad certificate, an invalid answer, no such part,
       or failed output
  2    wrong usage: arguments, API key, URL
  3    with --wait: the job ended with another status than completed
  4    with --wait: the job was not over after --max-wait
  5    no answer, or an HTTP status that may be temporary: try again later
  130  interrupted
"""


def _run(
    wait: bool = False, path: str | None = None, verbose: bool = False, **settings: Any
) -> int:
    """Look up the job, print it, and return the exit status."""
    exit_status = 0
    with _retries_on_stderr() if verbose else contextlib.nullcontext():
        try:
            video = _wait(verbose, **settings) if wait else retrieve(**settings)
        except APITimeoutError as error:
            if error.video is None:
                raise
            video = error.video
            exit_status = _report(str(error), 4)
    # Only "completed" is documented as success. Other words may mean anything.
    if wait and not exit_status and video.status != "completed":
        words = f"{video.id} ended as {video.status}"
        if video.error is not None and video.error.message:
            words += f": {_one_line(video.error.message)}"
        exit_status = _report(words, 3)
    result = video.to_dict()
    if path is not None:
        try:
            result = _member(result, path)
        except LookupError as error:
            return _report(str(error), exit_status or 1)
    _print_result(result)
    return exit_status


def _wait(verbose: bool, **settings: Any) -> Video:
    """Poll. Show each answer in a line of its own (`verbose`) or in a bar."""
    started = time.monotonic()
    show: Any = _report if verbose else _draw
    try:
        return poll(**settings, on_update=lambda video: show(_progress(video, started)))
    finally:
        _draw("")  # erases the bar


@contextlib.contextmanager
def _retries_on_stderr() -> Iterator[None]:
    """Print what the logger of this module says, a line for each retry."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: Any) -> None:
            _report(record.getMessage())

    handler = Handler()
    logger = logging.getLogger(__name__)
    logger.addHandler(handler)
    logger.setLevel("INFO")  # It may stay: it shows nothing by itself.
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _member(value: Any, path: str) -> Any:
    """Return the part that a path such as data.0.url names, or None at a null."""
    for step in path.split("."):
        if value is None:
            return None
        if isinstance(value, list):  # Its indexes are looked up like names.
            value = {str(index): element for index, element in enumerate(value)}
        if not isinstance(value, dict):  # Text and numbers have no members.
            value = {}
        if step not in value:
            names = _one_line(", ".join(value) or "none")
            raise LookupError(f"--field: no member {_shown(step)} (there: {names})")
        value = value[step]
    return value


def _print_result(result: Any) -> None:
    """Print text as it is, as far as the encoding can, and anything else as JSON."""
    stdout: Any = sys.stdout  # None, if it was closed before the start
    if stdout is None or stdout.closed:
        raise OSError("the stream is closed")
    encoding = stdout.encoding or "utf-8"
    if isinstance(result, str):
        text = result.encode(encoding, "backslashreplace").decode(encoding)
        if stdout.isatty():
            text = _escaped(text)
    else:
        is_utf8 = encoding.lower() in ("utf-8", "utf8")
        text = _escaped(json.dumps(result, indent=2, ensure_ascii=not is_utf8))
    _write(stdout, f"{text}\n")


def _draw(line: str) -> None:
    """Draw a line over the last one, if standard error is a terminal."""
    # get_terminal_size() raises if standard error is no terminal: nothing is drawn.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        # Three columns are left for ^C and the cursor. Some terminals have 0.
        room = (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 3
        line = ascii(line)[1:-1]  # without quotes; each character takes one column
        _write(sys.stderr, f"\r{' ' * room}\r{line[:room]}")


def _progress(video: Video, started: float) -> str:
    """Return a line, the most important part first, since its end may be cut off."""
    minutes, seconds = divmod(int(time.monotonic() - started), 60)
    line = f"{minutes}:{seconds:02} {video.status}"
    if video.progress is not None:
        percent = min(video.progress, 100)
        line = f"{percent:3}% {line} [{'#' * (percent // 5):-<20}]"
    return f"{line} {video.id}"


def _write(stream: Any, text: str) -> None:
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        # Otherwise Python flushes the stream again at exit, and complains.
        with contextlib.suppress(OSError):
            stream.close()
        raise


if __name__ == "__main__":
    sys.exit(main())
