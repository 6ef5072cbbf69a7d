# SPDX-License-Identifier: 0BSD
"""Look up a video job: GET /videos/{video_id}, as OpenAI's Videos API defined it.

In a program and in a shell::

    video = videoretrieve.retrieve("video_123")
    $ python -m videoretrieve video_123

`retrieve` returns a frozen `Video`, `fetch` the JSON object as received, and `poll`
retrieves until the job is over. The types and the path come from OpenAI's API
reference; the names of the errors and most rules for retries from its Python SDK.

This file is the whole of the project videoretrieve. It needs Python 3.8 or newer and
the standard library. `__version__` or `--version` gives the version of this copy.

In this order: the types, the errors, the three functions, one job and its attempts, the
wire, the meaning of an answer, the command line.
"""

from __future__ import annotations

import contextlib
import email.utils
import functools
import http.client
import io
import json
import math
import operator
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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from http.client import HTTPException, HTTPMessage, HTTPResponse
from urllib.error import URLError

# Type checkers take this for typing.TYPE_CHECKING. At run time nothing imports typing,
# because that is slow, but typing.get_type_hints() has to find some Any.
TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any, NoReturn
else:
    Any = object

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
    "fetch",
    "poll",
    "retrieve",
]
__version__ = "2.0.0"

_BASE_URL = "https://api.openai.com/v1"
_TIMEOUT = 60.0  # seconds: a small object, from a server that may be busy
_MAX_RETRIES = 2  # as in the SDK
_RETRIED = {408, 409, 429, *range(500, 600)}  # statuses, as in the SDK
_INTERVAL = 5.0  # seconds: making a video takes minutes
_MAX_RETRY_AFTER = 120.0  # seconds, as in the SDK; for a longer one there is no retry
_MAX_SECONDS = 2_147_483  # 24 days: a socket counts milliseconds in a C int
_MAX_BODY = 1 << 20  # bytes: a real answer is under 10 KiB
_MAX_CONTAINERS = 1_000  # arrays and objects: a real answer has fewer than 20
_MAX_QUOTED = 200  # characters of one quotation: two or three lines of a terminal
_MIN_SECRET = 12  # characters: a shorter key ("x", "EMPTY") is a placeholder


class _WireString(str, Enum):
    """A string of the API: str() and format() give its value.

    Those of a plain (str, Enum) depend on the version of Python.
    """

    def __str__(self) -> str:
        return str(self.value)


class VideoModel(_WireString):
    """The documented models. The set is open: any other name stays a plain `str`."""

    SORA_2 = "sora-2"
    SORA_2_PRO = "sora-2-pro"
    SORA_2_2025_10_06 = "sora-2-2025-10-06"
    SORA_2_PRO_2025_10_06 = "sora-2-pro-2025-10-06"
    SORA_2_2025_12_08 = "sora-2-2025-12-08"


class VideoSeconds(_WireString):
    """The documented durations of a clip, in seconds.

    The set is open: an extended clip has its total length, which stays a plain `str`.
    """

    SECONDS_4 = "4"
    SECONDS_8 = "8"
    SECONDS_12 = "12"


class VideoSize(_WireString):
    """The documented resolutions, width by height in pixels. The set is closed."""

    SIZE_720X1280 = "720x1280"
    SIZE_1280X720 = "1280x720"
    SIZE_1024X1792 = "1024x1792"
    SIZE_1792X1024 = "1792x1024"


class VideoStatus(_WireString):
    """The documented states of a job. The set is closed."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"


# The states that poll waits in: the documented two, and the words of compatible servers
# that mean the same. Any other state is final.
_IN_FLIGHT = {
    VideoStatus.QUEUED,
    VideoStatus.IN_PROGRESS,
    "cancelling",
    "generating",
    "pending",
    "postprocessing",
    "processing",
}


class APIError(Exception):
    """Base class of every error that a lookup raises.

    Messages are for people and may change. Attributes are for programs.
    """

    def __init__(self, message: str, **attributes: Any) -> None:
        # The attributes are keywords, because pickle calls the class with the message
        # alone and then restores them.
        super().__init__(message)
        self.__dict__.update(attributes)


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
    """The server refused: its status is not 2xx. Redirects are never followed.

    `status_code` is the HTTP status, `request_id` the value of x-request-id or None,
    `headers` a mapping that ignores case, and `body` bytes, at most 1 MiB of them.
    """

    status_code: int
    request_id: str | None
    headers: HTTPMessage
    body: bytes


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

    `problems` is a tuple with one sentence for each fault, and `payload` what was
    received: the decoded JSON, or the body itself if that is not JSON.
    """

    problems: tuple[str, ...]
    payload: Any


@dataclass(frozen=True)
class VideoCreateError:
    """Why a job failed. With `strict=False`, what the server left out is None."""

    code: str
    message: str


@dataclass(frozen=True)
class Video:
    """A video job. Times are Unix seconds, `progress` is an approximate percentage.

    `expires_at` is when the downloadable assets expire. `seconds` is the duration of
    the clip. With `strict=False`, a field may hold any other value that was received,
    and what was left out is None.
    """

    id: str
    completed_at: int | None
    created_at: int
    error: VideoCreateError | None
    expires_at: int | None
    model: VideoModel | str
    object: str
    progress: int
    prompt: str | None
    remixed_from_video_id: str | None
    seconds: VideoSeconds | str
    size: VideoSize
    status: VideoStatus

    @classmethod
    def from_dict(cls, payload: Any, *, strict: bool = True) -> Video:
        """Decode a JSON object. Members beyond the thirteen fields are ignored.

        Args:
            payload: The object, as `json.loads` returns it.
            strict: Refuse what is not of the documented type. If false, refuse only
                what is not a video job: not an object, or `id` or `status` is not a
                string.

        Raises:
            APIResponseValidationError: One error for all faults.
        """
        problems = _problems(payload, _FIELD_TYPES if strict else _JOB_TYPES)
        if problems:
            raise _invalid(problems, payload)
        values: dict[str, Any] = dict(payload)
        for name, members in _LITERALS.items():
            value = values.get(name)
            if isinstance(value, str):
                values[name] = members.get(value, value)
        if isinstance(values.get("error"), str):
            values["error"] = {"message": values["error"]}  # TensorRT-LLM sends text.
        error: Any = values.get("error")
        if _is_object(error):
            values["error"] = VideoCreateError(error.get("code"), error.get("message"))
        # In the documented order. With strict=False they may be anything.
        arguments: Any = map(values.get, _FIELD_TYPES)
        return cls(*arguments)

    @classmethod
    def from_json(cls, document: str | bytes, *, strict: bool = True) -> Video:
        """Decode a JSON document, text or UTF-8. Otherwise like `from_dict`."""
        return cls.from_dict(_decode_object(document), strict=strict)

    def to_dict(self) -> dict[str, Any]:
        """Return the wire form: plain types, all thirteen keys, documented order."""
        wire: dict[str, Any] = {
            name: str(value) if isinstance(value, Enum) else value
            for name, value in vars(self).items()
        }
        if isinstance(self.error, VideoCreateError):
            wire["error"] = dict(vars(self.error))
        return wire


# The documented type, in the documented order. For each field: what it is in words, the
# types that it may have in Python, and the values if the set is closed.
_STRING = ("a string", (str,), None)
_STRING_OR_NULL = ("a string or null", (str, type(None)), None)
_INTEGER = ("an integer", (int,), None)
_INTEGER_OR_NULL = ("an integer or null", (int, type(None)), None)
_FIELD_TYPES: dict[str, Any] = {
    "id": _STRING,
    "completed_at": _INTEGER_OR_NULL,
    "created_at": _INTEGER,
    "error": ("an object or null", (dict, type(None)), None),
    "expires_at": _INTEGER_OR_NULL,
    "model": _STRING,
    "object": ("video", (str,), {"video"}),
    "progress": _INTEGER,
    "prompt": _STRING_OR_NULL,
    "remixed_from_video_id": _STRING_OR_NULL,
    "seconds": _STRING,
    "size": (f"one of {', '.join(VideoSize)}", (str,), set(VideoSize)),
    "status": (f"one of {', '.join(VideoStatus)}", (str,), set(VideoStatus)),
}
_ERROR_TYPES: dict[str, Any] = {"code": _STRING, "message": _STRING}
_JOB_TYPES: dict[str, Any] = {"id": _STRING, "status": _STRING}  # with strict=False
# The members by their values. A dict is five times as fast as VideoModel(value).
_LITERALS: dict[str, dict[str, str]] = {
    name: {str(member): member for member in members}
    for name, members in (
        ("model", VideoModel),
        ("seconds", VideoSeconds),
        ("size", VideoSize),
        ("status", VideoStatus),
    )
}


def _problems(payload: Any, types: dict[str, Any], prefix: str = "") -> list[str]:
    """Return a sentence for everything in the payload that is not of its type."""
    if not _is_object(payload):
        return [f"expected a JSON object, got {_shown(payload)}"]
    problems: list[str] = []
    for name, (expected, python_types, values) in types.items():
        value = payload.get(name)
        if (
            not isinstance(value, python_types)
            or isinstance(value, bool)  # an int in Python, but not in JSON
            or (values and value not in values)
        ):
            got = _shown(value) if name in payload else "nothing"
            problems.append(f"{prefix}{name}: expected {expected}, got {got}")
        elif name == "error" and value is not None:  # the one object within the job
            problems += _problems(value, _ERROR_TYPES, "error.")
    return problems


def _invalid(problems: list[str], payload: Any) -> APIResponseValidationError:
    message = f"not a video of the documented type: {'; '.join(problems)}"
    if not _problems(payload, _JOB_TYPES):
        message += " (strict=False accepts it)"  # That checks only _JOB_TYPES.
    sentences = tuple(problems)
    return APIResponseValidationError(message, problems=sentences, payload=payload)


def _is_object(value: Any) -> bool:
    # This is a function because isinstance() in its place would narrow Any to
    # dict[Unknown, Unknown], which strict type checkers report.
    return isinstance(value, dict)


def _decode_object(document: str | bytes) -> dict[str, Any]:
    """Return the JSON object in a document, or raise APIResponseValidationError."""
    try:
        text = document if isinstance(document, str) else str(document, "utf-8")
        text = text.lstrip("\ufeff")  # RFC 8259, section 8.1: it may be ignored.
        if len(text) > _MAX_CONTAINERS:
            # CPython's parser is recursive: in a thread whose stack is small, deep
            # nesting kills the process (3.13 included). So count the brackets that are
            # not in strings. A text shorter than the limit cannot have too many.
            outside = re.sub(r'"[^"\\]*(?:\\.[^"\\]*)*"?', "", text, flags=re.DOTALL)
            if outside.count("[") + outside.count("{") > _MAX_CONTAINERS:
                raise ValueError(f"more than {_MAX_CONTAINERS} arrays and objects")
        payload: dict[str, Any] = _JSON.decode(text)
    except (ValueError, RecursionError) as error:
        problem = f"expected JSON, got {_shown(document)}: {error}"
        raise _invalid([problem], document) from None
    if not _is_object(payload):
        raise _invalid(_problems(payload, _JOB_TYPES), payload)
    return payload


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):  # NaN is not JSON, and 1e400 would become inf.
        raise ValueError(f"{_one_line(literal)} is not a finite number")
    return number


_JSON = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def retrieve(
    video_id: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = _TIMEOUT,
    max_retries: int = _MAX_RETRIES,
    ssl_context: ssl.SSLContext | None = None,
    strict: bool = True,
) -> Video:
    """Fetch the latest metadata of a video job.

    Args:
        video_id: The identifier of the job.
        api_key: The bearer token. Default: OPENAI_API_KEY. A server other than
            OpenAI's may need none, and "" sends none.
        base_url: An http or https URL; its query is kept. Default: OPENAI_BASE_URL,
            else https://api.openai.com/v1.
        headers: More request headers. They override those of this function.
        timeout: Seconds for one whole attempt, not counting name resolution.
        max_retries: How many more attempts may follow a connection error, a timeout,
            or a status of 408, 409, 429 or 5xx. The pause before each is what
            Retry-After asks for; above 120 seconds there is no retry. Without that
            header it is 0.5 seconds, doubling to 8.
        ssl_context: For a CA of your own or a client certificate. Default: the
            system's trust.
        strict: As in `Video.from_dict`.

    Raises:
        APIError: There is no valid answer.
        ValueError: An argument or an environment variable cannot be used. For an
            argument of another type it may be a TypeError.
    """
    # The key is wrapped here, so that no frame below has it as text.
    job = _checked_job(
        video_id, base_url, _Key(api_key), headers, timeout, max_retries, ssl_context
    )
    return Video.from_dict(job.fetch(), strict=strict)


def fetch(
    video_id: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = _TIMEOUT,
    max_retries: int = _MAX_RETRIES,
    ssl_context: ssl.SSLContext | None = None,
) -> dict[str, Any]:
    """Fetch the JSON object as received, with every member.

    Arguments and errors are those of `retrieve`.
    """
    job = _checked_job(
        video_id, base_url, _Key(api_key), headers, timeout, max_retries, ssl_context
    )
    return job.fetch()


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
    strict: bool = True,
) -> Video:
    """Retrieve until the job is over. Return it in any final state, failed included.

    Args:
        interval: Seconds between an answer and the next request.
        max_wait: Seconds for all of it, requests included. None: no limit.
        on_update: Called with every answer, the last one included.

    The other arguments and the errors are those of `retrieve`. As soon as the next
    request would come after `max_wait`, APITimeoutError is raised; its `video` is the
    last answer.
    """
    job = _checked_job(
        video_id, base_url, _Key(api_key), headers, timeout, max_retries, ssl_context
    )
    _check_seconds("interval", interval)
    until = math.inf
    if max_wait is not None:
        _check_seconds("max_wait", max_wait)
        until = time.monotonic() + max_wait
    video = None
    while True:
        video = Video.from_dict(job.fetch(until, last=video), strict=strict)
        if on_update is not None:
            on_update(video)
        if video.status not in _IN_FLIGHT:
            return video
        _pause_or_time_out(interval, until, video)


def _checked_job(
    video_id: str,
    base_url: str | None,
    key: _Key,
    headers: Mapping[str, str] | None,
    timeout: float,
    max_retries: int,
    ssl_context: ssl.SSLContext | None,
) -> _Job:
    """Return a job with these settings, or raise ValueError for one that is invalid."""
    url = _video_url(base_url, video_id)
    _check_seconds("timeout", timeout)
    if operator.index(max_retries) < 0:  # TypeError for 1.5
        raise ValueError(f"max_retries: expected 0 or more, got {max_retries}")
    # isinstance() would not do: truststore and gevent replace ssl.SSLContext.
    if ssl_context is not None and not hasattr(ssl_context, "verify_mode"):
        raise TypeError("ssl_context: expected an ssl.SSLContext")
    if not re.fullmatch("[!-~]*", str(key)):
        raise ValueError("API key: expected ASCII without spaces (it is not shown)")
    if not str(key) and url.startswith(f"{_BASE_URL}/"):
        raise ValueError(
            "no API key: set OPENAI_API_KEY, or point OPENAI_BASE_URL at a server that "
            "needs none"
        )
    return _Job(url, key, _checked_headers(headers), timeout, max_retries, ssl_context)


# http:// or https://, a host (its labels as in RFC 1035) and perhaps a port, a path and
# a query, but no user info and no fragment.
_BASE_URL_PATTERN = r"""
    (?P<origin> https?://
        (?: [\w-]{1,63} (?: \. [\w-]{1,63} )* \.? | \[ [0-9a-f:.]+ \] )
        (?: : (?P<port> [0-9]{1,5} ) )? )
    (?P<path> (?: / [!-"$->@-~]* )? )  # printable ASCII, but neither "#" nor "?"
    (?P<query> (?: \? [!-"$-~]* )? )  # printable ASCII, but no "#"
"""


def _video_url(base_url: str | None, video_id: str) -> str:
    if base_url is None:
        base_url = os.environ.get("OPENAI_BASE_URL") or _BASE_URL
    flags = re.ASCII | re.IGNORECASE | re.VERBOSE
    base = re.fullmatch(_BASE_URL_PATTERN, base_url, flags)
    if base is None or int(base["port"] or 0) > 65535:
        # What may be secret is left out: a query, and user info, which ends in "@", or,
        # by mistake, in "%40".
        shown = _shown(re.sub("(?s).*(@|%40).*|[?#].*", "...", base_url))
        raise ValueError(
            "base URL (base_url or OPENAI_BASE_URL): expected http:// or https://, a "
            "host, perhaps a path and a query, in ASCII, without user info or "
            f"fragment; got {shown}"
        )
    try:
        # The official SDK leaves the same characters as they are.
        segment = urllib.parse.quote(video_id, safe="!$&'()*+,;=:@")
    except (TypeError, UnicodeEncodeError):  # not text, or half of a surrogate pair
        segment = ""
    if segment in ("", ".", ".."):
        raise ValueError(f"video ID: expected the ID of a job, got {_shown(video_id)}")
    return f"{base['origin']}{base['path'].rstrip('/')}/videos/{segment}{base['query']}"


class _Key:
    """An API key. A report of local variables (Sentry, pytest -l) shows an object."""

    def __init__(self, argument: str | None) -> None:
        self._text: Any = argument
        if argument is None:
            self._text = os.environ.get("OPENAI_API_KEY", "")

    def __str__(self) -> str:
        # A file or a shell may add white space. bytes have their own strip(), but are a
        # TypeError here.
        return str.strip(self._text)

    def hide(self, text: str) -> str:
        """Return the text without the key, which a server may have echoed."""
        key = str(self)
        return text.replace(key, "(the API key)") if len(key) >= _MIN_SECRET else text


def _check_seconds(name: str, value: Any) -> None:
    if not isinstance(value, (int, float)) or not 0 < value <= _MAX_SECONDS:
        limits = f"more than 0 and at most {_MAX_SECONDS}"
        raise ValueError(f"{name}: expected seconds, {limits}, got {_shown(value)}")


def _checked_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers, or raise ValueError for a bad one. No value is shown."""
    checked = dict(headers or {})
    for name, value in checked.items():
        # RFC 9110, section 5.6.2: a name is a token.
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            raise ValueError("header name: expected letters, digits and hyphens")
        if not re.fullmatch(r"[\t -~]*", value):
            raise ValueError(f"header {name}: expected a value in printable ASCII")
    return checked


# What http.client and urllib raise for some malformed headers, chunk sizes and proxies.
_MALFORMED = http.client.InvalidURL, OverflowError, TypeError, ValueError
# What opening a URL and reading its body may raise if the network, the server or a
# proxy is to blame. Pyodide raises RuntimeError for TLS, and proxies that point at each
# other end in RecursionError, its subclass.
_NO_ANSWER = OSError, HTTPException, RuntimeError, *_MALFORMED


# Without a repr, tracebacks with local variables show no header and no query.
@dataclass(frozen=True, eq=False, repr=False)
class _Job:
    """One video of one server, and how to ask for it."""

    url: str
    key: _Key
    headers: dict[str, str]
    timeout: float
    max_retries: int
    ssl_context: ssl.SSLContext | None

    def fetch(
        self, until: float = math.inf, last: Video | None = None
    ) -> dict[str, Any]:
        """Return the JSON object that the server returns, after retries if need be.

        `until` is when max_wait ends, and `last` the answer before this one.
        """
        attempts = 0
        while True:
            attempts += 1
            try:
                return self.attempt(min(self.timeout, until - time.monotonic()))
            except (APIConnectionError, APIStatusError) as error:
                failure = error
            if attempts > 1:
                failure.args = (f"{failure} ({attempts} attempts)",)
            delay = _retry_delay(failure, attempts)
            is_last = delay is None or attempts > self.max_retries
            if is_last and time.monotonic() < until:
                raise failure
            # If max_wait is over, this raises APITimeoutError because of the failure.
            _pause_or_time_out(delay or 0, until, last, failure)

    def attempt(self, timeout: float) -> dict[str, Any]:
        """Send one request. Return the JSON object, or raise what the answer means."""
        status, headers, body = self.exchange(timeout)
        if not 200 <= status <= 299:
            raise self.status_error(status, headers, body)
        if len(body) > _MAX_BODY:
            raise _invalid([f"expected at most {_MAX_BODY} bytes, got more"], body)
        return _decode_object(body)

    def exchange(self, timeout: float) -> tuple[int, Any, bytes]:
        """Send one request. Return the status, the headers and the body."""
        request = self.request()
        # The proxies are not kept in a local variable: they may contain passwords.
        opener = _opener(*urllib.request.getproxies().items())
        started = time.monotonic()
        try:
            opened = opener.open(request, timeout=timeout)
            with contextlib.closing(opened) as response:
                body = _read_body(response)
        except _NO_ANSWER as error:
            seconds = time.monotonic() - started
            # If there is a proxy, request.host is the proxy now.
            failure = self.connection_error(error, request.host, seconds)
        except BaseException as error:
            # A signal handler raised it (KeyboardInterrupt), or it is a defect of this
            # file. The local variables of http.client include the key.
            import traceback  # It takes time, and is rarely needed.

            traceback.clear_frames(error.__traceback__)
            raise
        else:
            body = self.key.hide(body.decode("latin-1")).encode("latin-1")
            return response.status, response.headers, body
        # Raised inside of the except block, it would keep the frames of http.client as
        # those of its __context__, and their local variables include the key.
        raise failure

    def request(self) -> Any:
        """Return a request that can be sent once.

        ProxyHandler changes it. Used again, an https request would go to the proxy
        unencrypted.
        """
        request: Any = urllib.request.Request(self.url)
        request.ssl_context = self.ssl_context  # for _Handler, which opens it
        request.add_header("Accept", "application/json")
        request.add_header("User-Agent", f"videoretrieve/{__version__}")
        if str(self.key):
            request.add_header("Authorization", f"Bearer {self.key}")
        for name, value in self.headers.items():
            request.add_header(name, value)
        return request

    def message(self, words: str) -> str:
        """Return a message that names the URL, without its query: it may be secret."""
        return f"GET {self.key.hide(self.url.partition('?')[0])}: {words}"

    def quoted(self, text: str) -> str:
        """Return text from outside for a message, without the key."""
        return _one_line(self.key.hide(text))

    def connection_error(
        self, error: Exception, contacted_host: str, seconds: float
    ) -> APIConnectionError:
        # This comes before the reason of a URLError is looked at, since an
        # SSLCertVerificationError is a ValueError, too.
        if isinstance(error, _MALFORMED):
            # It is not quoted, because it may quote a proxy's URL with its password.
            note = "malformed headers, or an unusable proxy in the environment"
            return APIConnectionError(self.message(f"{note} ({type(error).__name__})"))
        if isinstance(error, URLError) and isinstance(error.reason, OSError):
            error = error.reason
        error_class = APIConnectionError
        words = f"{self.quoted(str(error))} ({type(error).__name__})"
        if isinstance(error, (TimeoutError, socket.timeout)):  # one class since 3.10
            error_class = APITimeoutError
            words = f"no whole answer within {seconds:.3g} s"
        if contacted_host != self.url.split("/")[2]:
            # If a proxy's URL has "%40" for "@", urllib's host includes the password.
            proxy = self.quoted(contacted_host.rpartition("@")[2])
            words = f"through the proxy {proxy}: {words}"
        failure = error_class(self.message(words))
        if isinstance(error, OSError):
            # Its traceback and its context show the key, in frames of http.client.
            failure.__cause__ = error.with_traceback(None)
            error.__context__ = None
        return failure

    def status_error(self, status: int, headers: Any, body: bytes) -> APIStatusError:
        words = f"{status} {http.client.responses.get(status, '')}".rstrip()
        reason = _server_words(body)
        if reason:
            words += f": {reason}"
        # The caller's own headers, such as api-key, may stand for the key.
        if status in (401, 403) and not self.headers and not str(self.key):
            words += " (no API key was sent: set OPENAI_API_KEY)"
        for name, note in _HEADER_NOTES.items():
            if headers.get(name):
                words += f" ({note} {self.quoted(headers[name])})"
        if isinstance(headers, HTTPMessage):
            # For a multipart Content-Type, the email parser nests parts in it, perhaps
            # too deep to pickle.
            headers.set_payload("")
        return _STATUS_ERRORS.get(status, APIStatusError)(
            self.message(words),
            status_code=status,
            request_id=headers.get("x-request-id"),
            headers=headers,
            body=body[:_MAX_BODY],
        )


def _pause_or_time_out(
    seconds: float, until: float, last: Video | None, failure: APIError | None = None
) -> None:
    """Sleep, or raise APITimeoutError at once if max_wait would end first."""
    if time.monotonic() + seconds < until:
        time.sleep(seconds)
        return
    message = "no answer before the end of max_wait"
    if last is not None:
        message = f"still {_one_line(last.status)} at the end of max_wait"
    if failure is not None:
        message += f": {failure}"
    raise APITimeoutError(message, video=last) from failure


def _read_body(response: Any) -> bytes:
    """Return the body, or one byte more than 1 MiB of it."""
    size = _MAX_BODY + 1
    # It may be a test double: a Mock(spec=HTTPResponse), which passes isinstance().
    if not issubclass(type(response), HTTPResponse):
        return bytes(response.read(size))
    length = response.length  # None if it is chunked, or ends with the connection
    if length is not None:
        size = min(size, length)
    # HTTPResponse.read() treats a chunk size of -1 as "read everything". readinto(),
    # which BufferedReader calls, does not. Neither reports a body that is shorter than
    # its Content-Length.
    body = io.BufferedReader(response).read(size)
    if length is not None and len(body) < size:
        raise HTTPException(f"the body ends after {len(body)} of {length} bytes")
    return body


@functools.lru_cache
def _opener(*proxies: tuple[str, str]) -> urllib.request.OpenerDirector:
    """Return an opener for http and https URLs, by way of these (scheme, URL) proxies.

    It is cached, because making it takes a tenth of a lookup. As it has no other
    handlers, it follows no redirect and raises for no status.
    """
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler(dict(proxies)))
    opener.add_handler(urllib.request.UnknownHandler())
    opener.add_handler(_Handler())
    return opener


class _Handler(urllib.request.AbstractHTTPHandler):
    """Opens http and https URLs. OpenerDirector finds its methods by their names."""

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def http_open(self, request: Any) -> HTTPResponse:
        return self.do_open(_connection, request)

    def https_open(self, request: Any) -> HTTPResponse:
        context = request.ssl_context or _default_context()
        return self.do_open(_connection, request, context=context)


@functools.lru_cache
def _default_context() -> ssl.SSLContext:
    """Return a context with the system's CAs.

    It is cached, because loading them takes as long as 20 lookups.
    """
    return ssl.create_default_context()


def _connection(host: str, **options: Any) -> Any:
    """Return a connection of http.client that ends all it does at one deadline.

    By itself, http.client applies the timeout to each address and to each read.
    """
    # The classes are looked up here, because vcrpy and others replace them.
    connection_class: Any = http.client.HTTPConnection
    if "context" in options:
        connection_class = http.client.HTTPSConnection
    deadline = _Deadline(options["timeout"])
    connection: Any = connection_class(host, **options)
    connection._create_connection = deadline.connect
    connection.response_class = deadline.response
    return connection


class _Deadline:
    """The end of an attempt, and the steps of http.client that must meet it."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def seconds_left(self) -> float:
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds

    def connect(self, address: Any, timeout: float, source: Any = None) -> Any:
        """Connect as socket.create_connection does, within the time that is left.

        That function gives each address of a name the whole time. Here they share it.
        """
        host, port = address
        failure = OSError("the name has no address")
        addresses: Any = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
        for index, (*_, numeric_address) in enumerate(addresses):
            share = self.seconds_left() / (len(addresses) - index)
            try:
                sock = socket.create_connection(numeric_address[:2], share, source)
            except OSError as error:
                failure = error
            else:
                # For the TLS handshake. If no time is left, it fails by itself.
                sock.settimeout(max(self._end - time.monotonic(), 0.001))
                return sock
        raise failure

    def response(self, sock: Any, *args: Any, **options: Any) -> HTTPResponse:
        """Return a response whose reads, headers included, end at the deadline."""
        response = HTTPResponse(sock, *args, **options)
        raw: Any = getattr(response.fp, "raw", None)  # A mock may have none.
        if raw is not None:
            read_raw = raw.readinto

            def readinto(buffer: Any) -> Any:
                sock.settimeout(self.seconds_left())  # for this read
                size = read_raw(buffer)
                sock.settimeout(self.seconds_left())  # for TLS after a proxy's CONNECT
                return size

            raw.readinto = readinto
        return response


_STATUS_ERRORS: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
    **dict.fromkeys(range(500, 600), InternalServerError),
}


def _server_words(body: bytes) -> str:
    """Return the reason that a refusal gives, in any of the common forms.

    They are {"error": {"message"}}, {"error": text}, {"detail": text},
    {"detail": [{"msg"}]}, {"message"}, plain text, and HTML.
    """
    text = body.decode("utf-8", "replace")
    # A regular expression works on truncated and deeply nested bodies, too.
    names = "error|message|detail|msg"
    found = re.findall(rf'"(?:{names})"\s*:\s*("(?:[^"\\]|\\.)+")', text)
    with contextlib.suppress(ValueError):  # It only looked like JSON.
        if found:
            return _one_line("; ".join(map(json.loads, found)))
    return _one_line(re.sub("<[^<>]*>", " ", text))


# What a person may need to know from the headers of a refusal.
_HEADER_NOTES = {
    "Location": "redirects are not followed:",
    "Retry-After": f"Retry-After, obeyed up to {_MAX_RETRY_AFTER:g} s:",
    "x-request-id": "request ID",
}


def _retry_delay(error: APIError, attempts: int) -> float | None:
    """Return the seconds to wait before another attempt, or None if none would help."""
    if isinstance(error, APIStatusError):
        if error.status_code not in _RETRIED:
            return None
        # RFC 9110, section 10.2.3: Retry-After is a number of seconds or a date.
        # email.utils raises all of these for some malformed dates.
        with contextlib.suppress(ValueError, TypeError, IndexError, OverflowError):
            value = error.headers.get("Retry-After", "")
            date = email.utils.parsedate_tz(value)
            if date:
                seconds = email.utils.mktime_tz(date) - time.time()
            else:
                seconds = float(value)
            if seconds >= 0:  # neither in the past nor NaN
                return seconds if seconds <= _MAX_RETRY_AFTER else None
    elif isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return None
    # As in the SDK: 0.5 s, doubling to 8 s, minus up to a quarter at random, so that
    # clients do not retry together.
    return 0.5 * 2.0 ** min(attempts - 1, 4) * random.uniform(0.75, 1)


# Control characters, line separators and bidirectional marks: a terminal may obey them.
_UNSAFE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
)


def _escaped(text: str, encoding: str = "utf-8") -> str:
    """Return the text with JSON's escapes for what is unsafe or not in the encoding."""

    def escape(match: re.Match[str]) -> str:
        character = match[0]
        # A codec may change a character: EUC-JP makes a yen sign a backslash.
        kept = character.encode(encoding, "ignore").decode(encoding, "ignore")
        if kept == character and not match["unsafe"]:
            return character
        codes = character.encode("utf-16-be", "surrogatepass").hex()
        return re.sub("....", r"\\u\g<0>", codes)

    return re.sub(f"(?P<unsafe>[{_UNSAFE}])|[^\x00-\x7f]", escape, text)


def _one_line(text: str, encoding: str = "utf-8") -> str:
    """Return text for a message: on one line, shortened, and safe for a terminal."""
    line = " ".join(text.split())
    if len(line) > _MAX_QUOTED:
        line = f"{line[:_MAX_QUOTED]}..."
    return _escaped(line, encoding)


_REPR = reprlib.Repr()  # It goes no deeper than six levels.
_REPR.maxstring = _REPR.maxother = _MAX_QUOTED


def _shown(value: object) -> str:
    return _one_line(_REPR.repr(value))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, by default with the arguments of the process.

    Returns:
        The exit status: 0, 1, 2, 3, 4 or 130, as `--help` explains them.
    """
    try:
        return _run(_parse_args(argv))
    except KeyboardInterrupt:
        return _fail(130, "interrupted")
    except ValueError as error:
        return _fail(2, str(error))
    except APITimeoutError as error:
        return _fail(4 if error.video else 1, str(error))
    except APIError as error:
        return _fail(1, str(error))
    except BrokenPipeError:  # The reader closed the pipe, as head does.
        return 1
    except (OSError, RecursionError) as error:  # json.dumps() may recurse too deep.
        return _fail(1, f"cannot write the result: {error}")


# Parts of messages, and what the command line says instead: its users know options.
_OPTIONS = {
    "interval: expected seconds": "--interval: expected seconds",
    "max_retries: expected 0": "--retries: expected 0",
    "max_wait: expected seconds": "--max-wait: expected seconds",
    "timeout: expected seconds": "--timeout: expected seconds",
    "the end of max_wait": "the end of --max-wait",
    "(strict=False accepts it)": "(--lenient accepts it)",
}


def _fail(exit_status: int, message: str) -> int:
    """Print the message, with options in place of settings. Return the exit status."""
    for setting, option in _OPTIONS.items():
        message = message.replace(setting, option, 1)
    with contextlib.suppress(OSError, ValueError):  # closed, full or gone
        _write(sys.stderr, f"videoretrieve: {_escaped(' '.join(message.split()))}\n")
    return exit_status


def _parse_args(argv: Sequence[str] | None) -> dict[str, Any]:
    """Return the options that were given, named as in the functions' signatures."""
    parser = _parser()
    options = vars(parser.parse_args(argv))
    field_name = options.get("field")
    if field_name not in (None, *_FIELD_TYPES) and "raw" not in options:
        fields = f"one of {', '.join(_FIELD_TYPES)} or, with --raw, any member"
        parser.error(f"--field: expected {fields}; got {_shown(field_name)}")
    lines = options.get("headers", ())
    if not all(":" in line for line in lines):
        parser.error("--header: expected 'NAME: VALUE', got no colon")
    options["headers"] = dict(
        re.split(r":\s*", line.rstrip(), maxsplit=1) for line in lines
    )
    if "wait" not in options and ("interval" in options or "max_wait" in options):
        parser.error("--interval and --max-wait need --wait")
    return options


def _parser() -> argparse.ArgumentParser:
    import argparse  # Only the command line needs it, and importing it takes time.

    class Parser(argparse.ArgumentParser):
        def error(self, message: str) -> NoReturn:
            raise ValueError(f"{message}; see --help")

    parser = Parser(
        prog="python -m videoretrieve",
        usage="%(prog)s [options] VIDEO_ID",
        description="Look up a video job and print its fields as JSON.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    add = parser.add_argument
    seconds: dict[str, Any] = {"metavar": "S", "type": float}
    add("video_id", metavar="VIDEO_ID", help="the identifier of the job")
    add("--base-url", metavar="URL", help=f"default: OPENAI_BASE_URL, else {_BASE_URL}")
    add(
        "-H",
        "--header",
        metavar="'NAME: VALUE'",
        dest="headers",
        action="append",
        help="a request header; may be repeated",
    )
    add("--timeout", **seconds, help=f"seconds for an attempt (default: {_TIMEOUT:g})")
    add(
        "--retries",
        metavar="N",
        dest="max_retries",
        type=int,
        help=f"more attempts after a failure (default: {_MAX_RETRIES})",
    )
    add("--lenient", action="store_true", help="accept undocumented types and values")
    add("--field", metavar="NAME", help="print this field alone, text without quotes")
    add("--raw", action="store_true", help="print the JSON object as received")
    add("--version", action="version", version=f"videoretrieve {__version__}")
    add = parser.add_argument_group("waiting").add_argument
    add("--wait", action="store_true", help="retrieve until the job is over")
    add("--interval", **seconds, help=f"pause in seconds (default: {_INTERVAL:g})")
    add("--max-wait", **seconds, help="seconds for all of it (default: no limit)")
    return parser


_EPILOG = """\
example:
  python -m videoretrieve video_123 --wait --field status

environment:
  OPENAI_API_KEY   the API key; there is no option for it
  OPENAI_BASE_URL  the server, such as http://127.0.0.1:8000/v1
  http_proxy, https_proxy, no_proxy, SSL_CERT_FILE

exit status:
  0    looked up; with --wait, the job is completed
  1    no answer, a refusal, an invalid answer, or output that cannot be written
  2    wrong usage: arguments, API key, URL
  3    with --wait: the job ended in another state than completed
  4    with --wait: the job was still in flight at the end of --max-wait
  130  interrupted
"""


def _run(options: dict[str, Any]) -> int:
    """Look up the job, print it, and return the exit status."""
    raw = options.pop("raw", False)
    lenient = options.pop("lenient", False)
    strict = not (lenient or raw)  # --raw does not look at the types.
    field_name = options.pop("field", None)
    names = ("interval", "max_wait")
    waiting = {name: options.pop(name) for name in names if name in options}
    exit_status = 0
    video = None
    if options.pop("wait", False):
        video = _poll_with_bar(**options, **waiting, strict=strict)
        exit_status = 0 if video.status == VideoStatus.COMPLETED else 3
    if raw:
        result = fetch(**options)  # after a wait as well: poll returns no JSON object
    else:
        result = (video or retrieve(**options, strict=strict)).to_dict()
    _print_result(result, field_name)
    return exit_status


def _print_result(result: Any, field_name: str | None) -> None:
    if field_name is not None:
        if field_name not in result:
            members = _one_line(", ".join(result))
            raise APIError(f"--field: no member {_shown(field_name)} among {members}")
        result = result[field_name]
    if not isinstance(result, str):
        result = json.dumps(result, indent=2, ensure_ascii=False)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _write(sys.stdout, _escaped(result, encoding) + "\n")


def _poll_with_bar(**settings: Any) -> Video:
    started = time.monotonic()

    def draw(video: Video) -> None:
        _draw(_progress(video, time.monotonic() - started))

    try:
        return poll(**settings, on_update=draw)
    finally:
        _draw("")


def _draw(line: str) -> None:
    """Draw a line over the last one, if standard error is a terminal."""
    # A closed stream, a file and a disconnected terminal have no size.
    with contextlib.suppress(AttributeError, OSError, ValueError):
        width = os.get_terminal_size(sys.stderr.fileno()).columns or 80
        room = width - 3  # The terminal shows ^C after the line.
        _write(sys.stderr, f"\r{'':{room}}\r{line[:room]}")


def _progress(video: Video, elapsed: float) -> str:
    """Return a line, the most important part first, since its end may be cut off."""
    minutes, seconds = divmod(int(elapsed), 60)
    line = f"{minutes}:{seconds:02} {_one_line(video.status, 'ascii')}"
    progress: Any = video.progress  # With --lenient it may be anything.
    if isinstance(progress, (int, float)):
        percent = int(min(max(progress, 0), 100))
        line = f"{percent:3}% {line} [{'#' * (percent // 5):-<20}]"
    return f"{line} {_one_line(video.id, 'ascii')}"


def _write(stream: Any, text: str) -> None:
    if stream is None:
        raise OSError("the stream is closed")
    try:
        print(text, end="", file=stream, flush=True)
    except ValueError as error:  # It is closed, or its encoding cannot take the text.
        raise OSError(str(error)) from None
    except OSError:
        # Otherwise Python flushes the stream again at exit, and complains.
        with contextlib.suppress(OSError):
            stream.close()
        raise


if __name__ == "__main__":
    sys.exit(main())
