# mypy: ignore-errors
"""The specification of videoretrieve.py, run against real servers on the loopback.

To test a vendored copy, put this file beside it and change the import below. Nothing
outside of temporary folders is written, and no host but this one is contacted.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import copy
import dataclasses
import http.client
import inspect
import io
import json
import logging
import os
import pathlib
import pickle
import re
import shlex
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import types
import urllib.request
import urllib.response
from unittest.mock import Mock

import pytest

import videoretrieve as mod

# Helpers

MODULE = pathlib.Path(mod.__file__).resolve()
KEY = "sk-0123456789-secret"  # long enough to be hidden; in the environment by default
HANG = 60  # seconds after which a test counts as hung, even on a busy machine
MIB = 1 << 20
CONNECTION, TIMEOUT = mod.APIConnectionError, mod.APITimeoutError
VALIDATION = mod.APIResponseValidationError
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")

try:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        socket.create_connection(listener.getsockname(), HANG).close()
except OSError as no_loopback:
    pytest.fail(f"these tests need 127.0.0.1: {no_loopback}", pytrace=False)

# The complete answer of the API reference.
SAMPLE = json.loads(
    """{"id": "video_123", "completed_at": 1712697999, "created_at": 1712697600,
    "error": null, "expires_at": 1712784000, "model": "sora-2", "object": "video",
    "progress": 100, "prompt": "A cat playing a piano", "remixed_from_video_id": null,
    "seconds": "8", "size": "1024x1792", "status": "completed"}"""
)
DOCUMENT = json.dumps(SAMPLE).encode()


class ABSENT:
    """In a table: the member is left out."""


def sample(**changes):
    """The complete answer with other values, or without those that are ABSENT."""
    values = {**SAMPLE, **changes}
    return {name: value for name, value in values.items() if value is not ABSENT}


def respond(body=SAMPLE, status=200, *headers, length=True):
    """The bytes of an HTTP response. The body is sent as JSON unless it is bytes."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} Ignored", *headers]
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def job(status, **changes):
    """The bytes of a response: a job with that status."""
    return respond(sample(status=status, **changes))


def chunked(*pieces):
    """The bytes of a response with these pieces of a chunked body."""
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(pieces)


def table(names, rows):
    """Parametrizes a test with rows that have names."""
    return pytest.mark.parametrize(names, rows.values(), ids=list(rows))


class Server(socketserver.ThreadingTCPServer):
    """Takes a step of its script for each connection, the last one again and again.

    A step is the bytes to answer with, or a function of the server and the connection.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *script, tls=None, host="127.0.0.1"):
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, 0), None)
        self.script = list(script)
        self.requests = []
        self.failures = []
        self.tls = tls
        self.closed = threading.Event()
        self.lock = threading.Lock()
        self.port = self.server_address[1]
        host = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}/v1"
        # It looks every 2 ms whether it has been shut down.
        threading.Thread(target=self.serve_forever, args=(0.002,), daemon=True).start()

    def finish_request(self, connection, address):
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        with contextlib.closing(connection):
            request = b""
            while b"\r\n\r\n" not in request:
                data = connection.recv(65536)
                if not data:
                    return
                request += data
            with self.lock:
                self.requests.append(request.decode("latin-1"))
                step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if not isinstance(step, bytes):
                step(self, connection)
                return
            connection.sendall(step)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):  # Closing first would reset the client.
                pass

    def handle_error(self, *_):
        """A client that has gone is no error. A step that fails, fails its test."""
        if not isinstance(sys.exc_info()[1], OSError):
            self.failures.append(sys.exc_info()[1])

    def close(self):
        self.closed.set()
        self.shutdown()
        self.server_close()
        assert self.failures == []


@pytest.fixture
def serve():
    """Starts servers, and stops them at the end."""
    servers = []

    def start(*script, **options):
        servers.append(Server(*script, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def drip(before, piece, pause=0.05):
    """A step that sends `before`, and then `piece` again and again."""

    def step(server, connection):
        connection.sendall(before)
        while not server.closed.wait(pause):
            connection.sendall(piece)

    return step


silent = drip(b"", b"")


def later(clock, seconds, answer):
    """A step that answers after that time of the clock."""

    def step(server, connection):
        clock.now += seconds
        connection.sendall(answer)

    return step


def tunnel(port):
    """A proxy's step: connects the client with that port."""

    def step(server, connection):
        upstream = socket.create_connection(("127.0.0.1", port))
        with contextlib.closing(upstream):
            connection.sendall(b"HTTP/1.1 200 Established\r\nVia: test\r\n\r\n")

            def copy_bytes(source, sink):
                with contextlib.suppress(OSError):
                    for data in iter(lambda: source.recv(65536), b""):
                        sink.sendall(data)
                    sink.shutdown(socket.SHUT_WR)

            thread = threading.Thread(target=copy_bytes, args=(connection, upstream))
            thread.start()
            copy_bytes(upstream, connection)
            thread.join(HANG)

    return step


def reset(server, connection):
    """A step after which closing the connection resets it: no time to linger."""
    options = (socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.setsockopt(*options)


def raises(error):
    """A function that takes anything and raises an error."""
    return Mock(side_effect=error)


def free_port():
    """A port of the loopback that nobody listens to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


getaddrinfo = socket.getaddrinfo


def resolve_only_numbers(host, port, *args, **options):
    """Stands for socket.getaddrinfo, without the resolver of this machine."""
    if host is not None and not re.fullmatch(r"[0-9.]+|[0-9a-f]*:[0-9a-f:]*", host):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return getaddrinfo(host, port, *args, **options)


@pytest.fixture(autouse=True)
def patch(monkeypatch):
    """The monkeypatch. Settings, proxies and names of the machine are left out."""
    for name in list(os.environ):
        if name.upper().startswith("OPENAI_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    proxies = urllib.request.getproxies_environment  # not those of macOS and Windows
    monkeypatch.setattr(urllib.request, "getproxies", proxies)
    monkeypatch.setattr(socket, "getaddrinfo", resolve_only_numbers)
    return monkeypatch


@pytest.fixture(autouse=True)
def no_test_hangs():
    """A read without a deadline fails its test, and does not hang the run."""
    if not hasattr(signal, "SIGALRM"):  # Windows
        yield
        return
    handler = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it hangs"))
    signal.alarm(2 * HANG)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, handler)


@pytest.fixture
def clock(patch):
    """A time that sleeping moves on at once. It records the pauses."""
    clock = types.SimpleNamespace(now=1000.0, pauses=[])

    def sleep(seconds):
        clock.pauses.append(seconds)
        clock.now += seconds

    patch.setattr(time, "sleep", sleep)
    patch.setattr(time, "monotonic", lambda: clock.now)
    # Tue, 14 Nov 2023 22:13:20 GMT
    patch.setattr(time, "time", lambda: 1_700_000_000.0)
    return clock


def look_up(server, video_id="video_123", function=mod.retrieve, **settings):
    """The result of a lookup from a server, or from one at a base URL."""
    url = server if isinstance(server, str) else server.url
    settings = {"base_url": url, "max_retries": 0, **settings}
    return function(video_id, **settings)


def error_of(server, kind=mod.APIError, **settings):
    """The error in which a lookup ends. Each is looked through for the API key."""
    with pytest.raises(kind) as caught:
        look_up(server, **settings)
    assert KEY not in report(caught.value)
    if isinstance(caught.value, mod.APIError):
        assert str(caught.value).startswith("GET http")
        assert type(pickle.loads(pickle.dumps(caught.value))) is type(caught.value)
    return caught.value


def report(error):
    """What a report shows of an error: causes, contexts, and the locals of all frames.

    The frames of the test, which knows the key, are left out.
    """
    below = error.__traceback__
    while below is not None and below.tb_frame.f_globals is globals():
        below = below.tb_next
    parts = [repr(error), str(getattr(error, "body", ""))]
    while error is not None:
        kept = traceback.TracebackException(
            type(error), error, below, capture_locals=True
        )
        parts += kept.format(chain=False)
        error = error.__cause__ or error.__context__
        below = error and error.__traceback__
    return "".join(parts)


def invalid(payload, decode=mod.Video.from_dict, **options):
    """The error in which decoding ends."""
    with pytest.raises(VALIDATION) as caught:
        decode(payload, **options)
    return caught.value


class Trust:
    """Throw-away certificates with one key, made for this file: they secure nothing."""

    PRIVATE_KEY = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgP08hrl+Ho3mPJW7Ts0VR4W/1sKzvs4Nv/+Cljfyyk7OhRANCAATyO67wJHFKGzalco1XxetxHUiMNu3fukiYnoam+DX1QyYNhosl75czKfFodlvmNUfJroO/BtXgIGHQxaXHwKO7"
    # for localhost and 127.0.0.1, until 2120
    GOOD = "MIIBoDCCAUegAwIBAgIUHv2Kvp7LXFPbc/ANelCedLwepJ0wCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEZ29vZDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowDzENMAsGA1UEAwwEZ29vZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPI7rvAkcUobNqVyjVfF63EdSIw27d+6SJiehqb4NfVDJg2GiyXvlzMp8Wh2W+Y1R8mug78G1eAgYdDFpcfAo7ujfzB9MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBSm+SahGKFdMKzkFjBsBSZ+eX7P1DAfBgNVHSMEGDAWgBSm+SahGKFdMKzkFjBsBSZ+eX7P1DAOBgNVHQ8BAf8EBAMCAoQwCgYIKoZIzj0EAwIDRwAwRAIgHoFLd6VwMDQlhW2RVR4WZuSqtLNZqVaFc0UscgyBwFYCIDmHXQvWOdGXNtOIkAJVbRsAY6CJuIJ99nctd1nbx8oH"
    # for elsewhere.example
    ELSEWHERE = "MIIBrjCCAVSgAwIBAgIUHtZbLzQ2ISPmqfTk5JbEi8iILLAwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJZWxzZXdoZXJlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAllbHNld2hlcmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATyO67wJHFKGzalco1XxetxHUiMNu3fukiYnoam+DX1QyYNhosl75czKfFodlvmNUfJroO/BtXgIGHQxaXHwKO7o4GBMH8wHAYDVR0RBBUwE4IRZWxzZXdoZXJlLmV4YW1wbGUwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUpvkmoRihXTCs5BYwbAUmfnl+z9QwHwYDVR0jBBgwFoAUpvkmoRihXTCs5BYwbAUmfnl+z9QwDgYDVR0PAQH/BAQDAgKEMAoGCCqGSM49BAMCA0gAMEUCIQD8UU8YDCC5TDcyLOWvapkHizyKAcx3C7k3s2fy6vIs6gIgCUgTYJ5Ks+S83SXTWORiaien4j08SJOkEEDZ72L1RR8="

    def __init__(self, folder):
        self.folder = folder

    def server_context(self, certificate=GOOD):
        path = self.folder / "server.pem"
        path.write_text(
            self.pem("PRIVATE KEY", self.PRIVATE_KEY) + self.pem(text=certificate)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(path))
        return context

    def client_context(self):
        certificates = self.pem(text=self.GOOD) + self.pem(text=self.ELSEWHERE)
        return ssl.create_default_context(cadata=certificates)

    def install(self, patch, name="ca.pem", certificate=GOOD):
        """Makes the system trust a certificate."""
        bundle = self.folder / name
        bundle.write_text(self.pem(text=certificate))
        patch.setenv("SSL_CERT_FILE", str(bundle))

    @staticmethod
    def pem(label="CERTIFICATE", text=GOOD):
        lines = "\n".join(textwrap.wrap(text, 64))
        return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


@pytest.fixture
def trust(tmp_path):
    return Trust(tmp_path)


@pytest.fixture
def run(capsys):
    """Runs the command line in this process: exit status, standard output and error."""

    def run(*arguments):
        try:
            exit_status = mod.main([str(argument) for argument in arguments])
        except SystemExit as stopped:  # by argparse, for --help and --version
            exit_status = stopped.code
        outcome = (exit_status, *capsys.readouterr())
        assert KEY not in str(outcome)
        return outcome

    return run


@pytest.fixture
def handshakes(patch):
    """The seconds that each TLS handshake of a client is given."""
    seconds, real = [], ssl.SSLContext.wrap_socket

    def wrap_socket(context, sock, *args, **options):
        if not options.get("server_side"):
            seconds.append(sock.gettimeout())
        return real(context, sock, *args, **options)

    patch.setattr(ssl.SSLContext, "wrap_socket", wrap_socket)
    return seconds


@pytest.fixture
def terminal(patch):
    def start(columns):
        """Stands for a terminal of that width as standard error."""
        size = os.terminal_size((columns, 24))
        patch.setattr(os, "get_terminal_size", lambda _: size)
        patch.setattr(sys, "stderr", io.StringIO())
        sys.stderr.fileno = lambda: 2
        return sys.stderr

    return start


def environment(**added):
    """The environment of a process that can import the module."""
    import_root = str(MODULE.parents[mod.__name__.count(".")])  # of a package, perhaps
    # With no_proxy, the proxies of macOS and Windows are not looked up.
    own = {
        "PYTHONPATH": import_root,
        "PYTHONDONTWRITEBYTECODE": "1",
        "no_proxy": "127.0.0.1",
    }
    return {**os.environ, **own, **added}


def execute(*command, **options):
    """Runs a command, with nothing on standard input unless the options say so."""
    usual = {"stdin": subprocess.DEVNULL, "encoding": "utf-8", "env": environment()}
    options = {**usual, "timeout": HANG, **options}
    return subprocess.run(command, check=False, capture_output=True, **options)


# Decoding


def test_a_complete_answer_becomes_a_video_with_every_field_in_order():
    assert mod.Video.from_dict(SAMPLE) == mod.Video(**SAMPLE, extra={})
    names = [field.name for field in dataclasses.fields(mod.Video)]
    assert names == [*SAMPLE, "extra"]
    reversed_sample = dict(reversed(list(sample(url="u").items())))
    assert [*mod.Video.from_dict(reversed_sample).to_dict()] == [*SAMPLE, "url"]


MODELS = "sora-2 sora-2-pro sora-2-2025-10-06 sora-2-pro-2025-10-06 sora-2-2025-12-08"
LITERALS = {  # field: its enum, the documented values in their order
    "model": (mod.VideoModel, MODELS),
    "seconds": (mod.VideoSeconds, "4 8 12"),
    "size": (mod.VideoSize, "720x1280 1280x720 1024x1792 1792x1024"),
    "status": (mod.VideoStatus, "queued in_progress completed failed"),
}


@pytest.mark.parametrize("field", LITERALS)
def test_a_literal_becomes_its_member_which_behaves_as_the_string(field):
    enum, values = LITERALS[field]
    assert [member.value for member in enum] == values.split()
    for member in enum:
        for strict in (True, False):
            payload = sample(**{field: member.value})
            video = mod.Video.from_dict(payload, strict=strict)
            assert getattr(video, field) is member
            assert type(video.to_dict()[field]) is type(str(member)) is str
        assert str(member) == f"{member}" == member == member.value
        assert f"{member:>30}" == member.value.rjust(30)
        assert json.dumps(member) == json.dumps(member.value)
        assert pickle.loads(pickle.dumps(member)) is member


E = mod.VideoCreateError
JSON_TYPES = {str, int, float, bool, type(None), dict, list}
DECODED = {  # changes of the sample, what becomes of the fields, the names in `extra`
    "another status": ({"status": "processing"}, "processing", ""),
    "another model": ({"model": "sora-3"}, "sora-3", ""),
    "other seconds": ({"seconds": "10.0"}, "10.0", ""),
    "another size": ({"size": "832x480"}, "832x480", ""),
    "another object": ({"object": "video.generation"}, "video.generation", ""),
    "null": ({"progress": None}, None, ""),
    "absent": ({"size": ABSENT}, None, ""),
    "a float": ({"progress": 33.5}, None, "progress"),
    "an integral float": ({"created_at": 1.0}, None, "created_at"),
    "true for an integer": ({"progress": True}, None, "progress"),
    "an integer for text": ({"seconds": 8}, None, "seconds"),
    "what cannot be hashed": ({"model": {"a": []}, "size": ["x"]}, None, "model size"),
    "a large integer": ({"progress": 10**30}, 10**30, ""),
    "half a surrogate pair": ({"prompt": "\ud800"}, "\ud800", ""),
    "deep nesting": ({"size": json.loads("[" * 300 + "]" * 300)}, None, "size"),
    "an error": ({"error": {"code": "c", "message": "m"}}, E("c", "m"), ""),
    "nulls": ({"error": dict.fromkeys(["code", "message"])}, E(None, None), ""),
    "no code": ({"error": {"message": "m"}}, E(None, "m"), "error"),
    "code 500": ({"error": {"code": 500, "message": "m"}}, E(None, "m"), "error"),
    "code true": ({"error": {"code": True, "message": "m"}}, E(None, "m"), "error"),
    "more": ({"error": {"code": "c", "message": "m", "a": 0}}, E("c", "m"), "error"),
    "an empty error": ({"error": {}}, E(None, None), "error"),
    "an error as text": ({"error": "no memory"}, E(None, "no memory"), "error"),
    "an error as empty text": ({"error": ""}, E(None, ""), "error"),
    "an error as a list": ({"error": ["m"]}, None, "error"),
    "further members": ({"url": {"a": None}, "fps": None}, ABSENT, "fps url"),
    "a member named extra": ({"extra": {"id": 1}}, {"extra": {"id": 1}}, "extra"),
}


@table("changes, field, extra", DECODED)
def test_a_field_has_its_type_or_is_none_and_nothing_is_lost(changes, field, extra):
    payload = sample(**changes)
    before = copy.deepcopy(payload)
    video = mod.Video.from_dict(payload)
    for name in changes if field is not ABSENT else ():
        assert getattr(video, name) == field
        assert type(getattr(video, name)) is type(field)
    assert sorted(video.extra) == extra.split()
    assert all(video.extra[name] is payload[name] for name in video.extra)
    assert video.to_dict() == {**dict.fromkeys(SAMPLE), **payload}
    assert [*video.to_dict()][:13] == [*SAMPLE]
    assert {type(value) for value in video.to_dict().values()} <= JSON_TYPES
    assert mod.Video.from_dict(video.to_dict()) == video
    assert mod.Video.from_json(json.dumps(payload)) == video
    assert payload == before


def test_where_a_field_and_extra_speak_of_a_name_extra_wins():
    video = mod.Video.from_dict(sample(progress=33.5))
    changed = dataclasses.replace(video, progress=50)
    assert changed.to_dict()["progress"] == 33.5
    assert dataclasses.replace(changed, extra={}).to_dict()["progress"] == 50


def test_strict_decoding_takes_nulls_open_sets_large_numbers_and_further_members():
    nullable = "completed_at error expires_at prompt remixed_from_video_id"
    for field in nullable.split():
        for value in (None, ABSENT):
            video = mod.Video.from_dict(sample(**{field: value}), strict=True)
            assert getattr(video, field) is None
    changes = {"model": "sora-3", "seconds": "20", "progress": 250, "quality": "high"}
    video = mod.Video.from_dict(sample(**changes), strict=True)
    assert video.to_dict() == sample(**changes)
    assert video.extra == {"quality": "high"}
    error = {"code": "c", "message": "m", "param": None}
    video = mod.Video.from_dict(sample(error=error), strict=True)
    assert (video.error, video.extra) == (E("c", "m"), {"error": error})


SIZES = "one of 720x1280, 1280x720, 1024x1792, 1792x1024"
STATES = "one of queued, in_progress, completed, failed"
REFUSED = {  # what is wrong: the member, its value, what was expected
    "id null": ("id", None, "a string"),
    "completed_at a bool": ("completed_at", True, "an integer or null"),
    "created_at absent": ("created_at", ABSENT, "an integer"),
    "created_at a float": ("created_at", 1.0, "an integer"),
    "error text": ("error", "no", "an object or null"),
    "error.code absent": ("error.code", ABSENT, "a string"),
    "error.message null": ("error.message", None, "a string"),
    "expires_at a list": ("expires_at", [], "an integer or null"),
    "model null": ("model", None, "a string"),
    "another object": ("object", "list", "video"),
    "object absent": ("object", ABSENT, "video"),
    "progress a bool": ("progress", True, "an integer"),
    "prompt an object": ("prompt", {}, "a string or null"),
    "remixed_from_video_id": ("remixed_from_video_id", 1, "a string or null"),
    "seconds a number": ("seconds", 8, "a string"),
    "another size": ("size", "1920x1080", SIZES),
    "size a list": ("size", ["720x1280"], SIZES),
    "another case": ("status", "Completed", STATES),
}


@table("member, value, expected", REFUSED)
def test_strict_decoding_refuses_what_is_not_documented(member, value, expected):
    field, _, member_of_error = member.partition(".")
    got = "nothing" if value is ABSENT else repr(value)
    if member_of_error:
        members = {"code": "c", "message": "m", member_of_error: value}
        value = {name: each for name, each in members.items() if each is not ABSENT}
    payload = sample(**{field: value})
    error = invalid(payload, strict=True)
    assert error.problems == (f"{member}: expected {expected}, got {got}",)
    assert error.payload == payload
    assert str(error) == f"not a video of the documented type: {error.problems[0]}"


def test_every_fault_is_reported_in_one_error_in_the_order_of_the_fields():
    payload = {"id": "x", "status": "done", "progress": None, "error": {}}
    error = invalid(payload, strict=True)
    fields = "created_at error.code error.message model object progress seconds size"
    assert " ".join(each.split(":")[0] for each in error.problems) == f"{fields} status"
    assert "; ".join(error.problems) in str(error)


def test_a_refused_value_is_shown_shortened_and_harmless():
    for value, shown in (
        ("\x1b[2J\u202e", r"'\x1b[2J\u202e'"),  # what a terminal would obey
        ("x" * 198, f"'{'x' * 198}'"),
        ("x" * 5000, f"'{'x' * 97}...{'x' * 98}'"),
        ([[[[[[[[]]]]]]]], "[[[[[[[...]]]]]]]"),
        ([["x" * 200] * 6] * 6, "x...x"),
    ):
        problem = invalid(sample(size=value), strict=True).problems[0]
        assert shown in problem and len(problem) < 300


KINDS = {False: "a video job", True: "a video of the documented type"}  # by strict
NO_JOBS = {  # the payload, the beginning of the message
    "a list": ([SAMPLE], "expected a JSON object, got [{"),
    "null": (None, "expected a JSON object, got None"),
    "id null": (sample(id=None), "id: expected a string, got None"),
    "id a number": (sample(id=1), "id: expected a string, got 1"),
    "status absent": (sample(status=ABSENT), "status: expected"),
}


@table("payload, sentence", NO_JOBS)
def test_what_is_not_a_video_job_is_refused_with_and_without_strict(payload, sentence):
    for strict, kind in KINDS.items():
        error = invalid(payload, strict=strict)
        assert error.problems[0].startswith(sentence)
        assert error.payload is payload
        assert str(error).startswith(f"not {kind}: {sentence}")


def test_videos_are_frozen_comparable_picklable_and_hashable_without_extra():
    video = mod.Video.from_dict(sample(error={"code": "c", "message": "m"}, url=["u"]))
    decoded = mod.Video.from_json(json.dumps(video.to_dict()))
    for twin in (decoded, pickle.loads(pickle.dumps(video)), copy.deepcopy(video)):
        assert (twin, hash(twin)) == (video, hash(video))
    assert dataclasses.replace(video, extra={}) != video
    assert hash(dataclasses.replace(video, extra={})) == hash(video)
    for frozen, name in ((video, "id"), (video.error, "code")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(frozen, name, "other")
    video.to_dict()["error"]["code"] = "other"
    assert video.error.code == "c"


def test_json_is_read_from_text_and_bytes_with_or_without_a_byte_order_mark():
    for document in (
        DOCUMENT,
        DOCUMENT.decode(),
        bytearray(DOCUMENT),
        "\ufeff" + DOCUMENT.decode(),  # a byte order mark
        b"\xef\xbb\xbf" + DOCUMENT,
        b" \n" + DOCUMENT + b"\t\n",
    ):
        assert mod.Video.from_json(document) == mod.Video.from_dict(SAMPLE)
        mod.Video.from_json(document, strict=True)


NOT_JSON = {  # the document, words of the problem
    "nothing": (b"", "got b''"),
    "cut short": (DOCUMENT[:-1], ""),
    "NaN": (b'{"progress": NaN}', "NaN is not a finite number"),
    "infinity": (b'{"progress": -Infinity}', "-Infinity is not a finite number"),
    "a large float": (b'{"progress": 1e400}', "1e400 is not a finite number"),
    "long": (b'{"progress": 1e%s}' % (b"9" * 5000), "9... is not a finite number"),
    "no UTF-8": (b'{"id": "\xff"}', "0xff"),
    "gzip that nobody asked for": (b"\x1f\x8b\x08\x00", "0x8b"),
    "a line break in text": (b'{"id": "a\nb"}', ""),
    "lists that kill CPython's parser": (b"[" * 500_000, "more than 1000 opening"),
    "objects that kill it": (b'{"a":' * 500_000, "more than 1000 opening brackets"),
}
if hasattr(sys, "set_int_max_str_digits"):  # where the length of an integer is limited
    NOT_JSON["a long integer"] = (b'{"progress": %s}' % (b"9" * 6000), "digits")
if sys.version_info < (3, 12) and sys.implementation.name == "cpython":
    NOT_JSON["lists too deep to read"] = (b"[" * 1000 + b"]" * 1000, "recursion")


@table("document, words", NOT_JSON)
def test_what_is_not_json_is_refused_and_kept(document, words):
    for strict in (True, False):
        error = invalid(document, mod.Video.from_json, strict=strict)
        assert error.problems[0].startswith("expected JSON, got ")
        assert words in error.problems[0]
        assert error.payload == document
        assert len(str(error)) < 500


def test_up_to_a_thousand_opening_brackets_are_read_counting_those_in_text():
    payload = sample(prompt="[{]" * 100, more=[[]] * 798)  # 200 + 798 + 2
    assert mod.Video.from_json(json.dumps(payload)).to_dict() == payload
    payload["more"].append([])
    invalid(json.dumps(payload), mod.Video.from_json)
    invalid(json.dumps(sample(prompt="[" * 1000)), mod.Video.from_json)


@pytest.mark.parametrize("levels", [900, 100_000])
def test_nested_json_crashes_neither_a_small_thread_nor_a_refusal(levels, serve):
    body = b'{"detail":' * levels + b"1" + b"}" * levels
    server, done = serve(respond(body, 404)), []

    def work():
        invalid(body, mod.Video.from_json)
        error_of(server, mod.NotFoundError)
        done.append(True)

    # PyPy's own parser needs more than a CPython's for a thousand levels.
    kibibytes = 1024 if sys.implementation.name == "pypy" else 256
    previous = threading.stack_size(kibibytes * 1024)
    thread = threading.Thread(target=work)
    thread.start()
    threading.stack_size(previous)
    thread.join()
    assert done


# Of living servers, in 2026: the fields that strict refuses, the status, the body.
LIVING = {
    "OpenAI": ("", 200, r"""{"id": "video_68f42b7120d0", "object": "video", "created_at": 1760832369, "status": "completed", "completed_at": 1760832448, "error": null, "expires_at": 1760836048, "model": "sora-2", "progress": 100, "remixed_from_video_id": null, "seconds": "4", "size": "720x1280"}"""),
    "OpenAI, the guide": ("size", 200, r"""{"id": "video_69b131ea0354", "object": "video", "created_at": 1773220330, "status": "completed", "completed_at": 1773220911, "error": null, "expires_at": 1773224511, "model": "sora-2-pro", "progress": 100, "prompt": "A cat", "remixed_from_video_id": null, "seconds": "20", "size": "1920x1080"}"""),
    "SGLang": ("error.code", 200, r"""{"id": "b5a3f6b1", "object": "video", "model": "sora-2", "status": "failed", "progress": 0, "created_at": 1763051670, "size": "1280x720", "seconds": "4", "quality": "standard", "url": null, "urls": [null], "error": {"message": "CUDA out of memory."}, "file_path": "outputs/b5a3f6b1.mp4"}"""),
    "FastVideo": ("size", 200, r"""{"id": "3f0c7a5be1c9", "object": "video", "model": "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", "status": "queued", "progress": 0, "created_at": 1763051670, "size": "", "seconds": "0", "completed_at": null, "error": null}"""),
    "vLLM-Omni, queued": ("size", 200, r"""{"model": "Wan-AI/Wan2.2", "prompt": "A cat", "id": "video_gen_9f2c", "object": "video", "status": "queued", "size": null, "progress": 0, "seconds": "4", "created_at": 1763051670, "fps": 8.0, "stage_durations": {}}"""),
    "vLLM-Omni, failed": ("error.code size", 500, r"""{"model": "Wan", "id": "video_gen_45ab", "object": "video", "status": "failed", "size": null, "progress": 0, "seconds": "4", "completed_at": 1795656906, "created_at": 1795656906, "error": {"code": 500, "message": "[Errno 2] No such file"}}"""),
    "vLLM-Omni, a bad request": ("error.code size", 400, r"""{"model": "Wan", "id": "video_gen_c28b", "object": "video", "status": "failed", "size": "128x128", "progress": 0, "seconds": "4", "created_at": 1795657053, "error": {"code": 400, "message": "preencode_batch_frames must be a positive integer"}}"""),
    "TensorRT-LLM": ("error progress seconds size status", 200, r"""{"id": "video_1", "object": "video", "model": "wan", "status": "generating", "progress": null, "created_at": 1763051670, "error": "out of memory", "size": "832x480", "duration": 3.4, "fps": 24}"""),
    "New API": ("seconds size status", 200, r"""{"id": "task_9hQ2", "task_id": "task_9hQ2", "object": "video", "model": "kling-v1", "status": "unknown", "progress": 0, "created_at": 1763051670, "completed_at": 1763051670, "metadata": {"url": ""}}"""),
    "aimock": ("model object progress seconds size status", 200, r"""{"id": "vid_processing", "status": "processing", "created_at": 1700000000}"""),
}  # fmt: skip


@table("faults, status, body", LIVING)
def test_a_job_is_returned_whatever_the_http_status(faults, status, body, serve, clock):
    server, body = serve(respond(body.encode(), status)), json.loads(body)
    video = look_up(server, max_retries=2)
    assert video.to_dict() == {**dict.fromkeys(SAMPLE), **body}
    if isinstance(body.get("error"), dict):
        assert video.error.message == body["error"]["message"]
    if faults:
        problems = error_of(server, VALIDATION, strict=True, max_retries=2).problems
        assert " ".join(problem.split(":")[0] for problem in problems) == faults
    else:
        assert look_up(server, strict=True) == video
    assert (len(server.requests), clock.pauses) == (2, [])  # one for each lookup


def test_a_refusal_is_an_error_unless_its_body_is_a_job(serve):
    for name, value in (("object", "error"), ("object", ABSENT), ("status", 4)):
        error_of(serve(respond(sample(**{name: value}), 404)), mod.NotFoundError)
    for status in (302, 404):
        assert look_up(serve(respond(SAMPLE, status))).id == "video_123"


# What is sent


def test_the_request_is_a_plain_get_with_these_headers(serve):
    server = serve(respond())
    look_up(server, headers={"OpenAI-Project": "proj_1"})
    line, *headers = server.requests[0].rstrip().split("\r\n")
    assert line == "GET /v1/videos/video_123 HTTP/1.1"
    assert {header.lower() for header in headers} == {
        "accept-encoding: identity",
        f"host: 127.0.0.1:{server.port}",
        "accept: application/json",
        f"user-agent: videoretrieve/{mod.__version__}",
        f"authorization: bearer {KEY}",
        "openai-project: proj_1",
        "connection: close",
    }


def test_both_functions_and_the_command_send_the_same_request(
    serve, trust, run, patch, clock
):
    steps = [respond(b"", 503), respond()]
    server = serve(*(steps * 4), tls=trust.server_context())
    trust.install(patch)  # for the command line
    opened = []
    real = urllib.request.OpenerDirector.open

    def spy(opener, request, data=None, timeout=None):
        opened.append(timeout)
        return real(opener, request, data, timeout)

    patch.setattr(urllib.request.OpenerDirector, "open", spy)
    headers = {"X-One": "1:2", "user-agent": "mine"}
    settings = {"timeout": 33, "max_retries": 1, "headers": headers}
    settings.update(api_key="sk-of-an-argument", ssl_context=trust.client_context())
    for function in (mod.retrieve, mod.poll):
        look_up(f"{server.url}?q=1", "a/b", function, **settings)
    patch.setenv("OPENAI_API_KEY", "sk-of-an-argument")
    options = ["-H", "X-One: 1:2", "--header", "user-agent:mine ", "--timeout", "33"]
    options += ["--max-retries", "1", "--base-url", f"{server.url}?q=1"]
    for wait in ([], ["--wait"]):
        assert run("a/b", *options, *wait)[0] == 0
    assert len(server.requests) == 8
    assert {*server.requests} == {server.requests[0]}
    assert server.requests[0].startswith("GET /v1/videos/a%2Fb?q=1 HTTP/1.1\r\n")
    assert opened == [33] * 8
    assert len(clock.pauses) == 4


def test_strict_and_ssl_context_work_in_both_functions(serve, trust):
    server = serve(respond(sample(size="1x1")), tls=trust.server_context())
    for function in (mod.retrieve, mod.poll):
        error_of(server, CONNECTION, function=function)
        settings = {"function": function, "ssl_context": trust.client_context()}
        assert look_up(server, **settings).size == "1x1"
        error_of(server, VALIDATION, strict=True, **settings)


def test_headers_of_the_caller_override_ours_whatever_their_case(serve):
    server = serve(respond())
    headers = [("aUTHORIZATION", "Basic x"), ("user-agent", "mine"), ("X-Tab", "a\tb")]
    for form in (dict, list, iter):
        look_up(server, headers=form(headers))
        request = server.requests.pop()
        assert request.count("Authorization: Basic x\r\n") == 1
        assert request.lower().count("user-agent: mine\r\n") == 1
        assert request.lower().count("user-agent:") == 1
        assert "X-Tab: a\tb\r\n" in request
        assert KEY not in request


def test_an_id_is_percent_encoded_as_by_the_sdk_and_an_impossible_one_refused(serve):
    server = serve(respond())
    for video_id, segment in {
        "-._~": "-._~",
        "!$&'()*+,;=:@": "!$&'()*+,;=:@",  # as the SDK leaves them
        "a/b?c#d e%": "a%2Fb%3Fc%23d%20e%25",
        "...": "...",
        "vid\xe9o\u732b": "vid%C3%A9o%E7%8C%AB",
        '\r\n\x00"<>\\^`{|}': "%0D%0A%00%22%3C%3E%5C%5E%60%7B%7C%7D",
        "gen%2Fop_1:vertex": "gen%252Fop_1:vertex",  # of a gateway
    }.items():
        look_up(server, video_id)
        assert server.requests[-1].split(" ")[1] == f"/v1/videos/{segment}"
    for video_id in ("", ".", "..", "a\udc80", None, 5, b"v"):
        error = error_of("http://127.0.0.1:9", ValueError, video_id=video_id)
        assert str(error) == f"video_id: expected a job's ID, got {video_id!a}"


def test_the_path_is_appended_and_the_query_kept(serve):
    server = serve(respond())
    for suffix, target in {  # the end of the base URL: the target of the request
        "": "/videos/v",
        "/": "/videos/v",
        "/v1//": "/v1/videos/v",
        "/a/b%20c/@x/ \n": "/a/b%20c/@x/videos/v",
        "/v1/?api-version=preview&x=/": "/v1/videos/v?api-version=preview&x=/",
        "?key=a?b": "/videos/v?key=a?b",
    }.items():
        mod.retrieve("v", base_url=f" HTTP://127.0.0.1:{server.port}{suffix}")
        assert server.requests[-1].split(" ")[1] == target


BAD_BASE_URLS = [
    *("", " \n", "localhost:8000/v1", "ftp://host/v1", "file:///etc/passwd"),
    *("http:///v1", "http://host:65536/v1", "http://host:x/v1", "http://ho%0d%0ast/v1"),
    *("http://a..b/v1", f"http://{'a' * 64}/v1", "http://[::1/v1", "http://host/a b"),
    *(
        "http://host/v1#s3cr3t",
        "http://host/v1?k=s3cr3t#part",
        "http://host/v1\r\nX: y",
    ),
    *("http://h\xf3st/v1", "http://host/\xf3", "http://user:s3cr3t@host/v1"),
    *("http://user:s3cr3t%40host/v1", "http://[::1%11]/v1"),
]


@pytest.mark.parametrize("base_url", BAD_BASE_URLS, ids=ascii)
def test_a_base_url_that_cannot_be_used_is_a_value_error(base_url, patch):
    error = error_of(base_url, ValueError)
    assert str(error).startswith("base_url or OPENAI_BASE_URL: expected http(s)://")
    assert "s3cr3t" not in str(error)
    if base_url.strip():
        patch.setenv("OPENAI_BASE_URL", base_url)
        with pytest.raises(ValueError) as caught:
            mod.retrieve("v")
        assert str(caught.value) == str(error)
        assert "s3cr3t" not in report(caught.value)


def test_a_base_url_at_the_edge_of_the_rules_is_accepted():
    for base_url in (
        *("http://host:65535", f"http://{'a' * 63}", "https://a_b.c./v1/"),
        *("http://[::1]:1", "http://[fe80::1%25lo]:1", "https://api.openai.com"),
    ):
        message = str(error_of(base_url, CONNECTION))
        assert message.startswith(f"GET {base_url.rstrip('/')}/videos/video_123: ")
        assert "malformed" not in message and "through the proxy" not in message


def test_the_environment_is_read_at_the_call_and_an_argument_wins(serve, patch):
    named, given = serve(respond()), serve(respond())
    patch.setenv("OPENAI_BASE_URL", f" {named.url}\n")
    patch.setenv("OPENAI_API_KEY", f" \n{KEY}\t\n")  # as out of a file
    mod.retrieve("v")
    mod.retrieve("v", base_url=given.url, api_key=" other ")
    mod.poll("v", api_key="")
    for empty in ("", " \n"):  # An empty variable counts as unset.
        patch.setenv("OPENAI_API_KEY", empty)
        mod.retrieve("v")
    assert f"Authorization: Bearer {KEY}\r\n" in named.requests[0]
    assert "Authorization: Bearer other\r\n" in given.requests[0]
    assert "Authorization" not in "".join(named.requests[1:])
    assert len(named.requests) == 4


@pytest.mark.parametrize("base_url", [None, "", " ", "https://api.openai.com/v1/"])
def test_without_a_key_and_headers_the_default_server_is_not_asked(base_url, patch):
    for key in (None, "", " \n"):
        patch.delenv("OPENAI_API_KEY", raising=False)
        for name, value in (("OPENAI_BASE_URL", base_url), ("OPENAI_API_KEY", key)):
            if value is not None:
                patch.setenv(name, value)
        for function in (mod.retrieve, mod.poll):
            with pytest.raises(ValueError, match="^no server: set OPENAI_BASE_URL"):
                function("v")
    default = "GET https://api.openai.com/v1/videos/v: "
    for settings in ({"api_key": "x"}, {"headers": {"api-key": "x"}}):
        with pytest.raises(CONNECTION, match=default):  # The name is unknown here.
            mod.retrieve("v", max_retries=0, **settings)


def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(patch):
    expected = "api_key or OPENAI_API_KEY: expected ASCII, no spaces"
    for key in ("sk-b\nkey", "sk-b\x00key", "sk-b key", "sk-b\xe4key", "sk-b\x7fkey"):
        error = error_of("http://127.0.0.1:9", ValueError, api_key=key)
        assert str(error) == expected
        if "\x00" not in key:
            patch.setenv("OPENAI_API_KEY", key)
            error = error_of("http://127.0.0.1:9", ValueError)
            assert str(error) == expected
            assert repr(key)[1:-1] not in report(error)


BAD_HEADERS = {  # what is wrong: the headers, words of the message
    "a line break in a name": ({"X\r\nInjected": "secret"}, "HTTP tokens"),
    "no name": ({"": "secret"}, "HTTP tokens"),
    "a name beyond ASCII": ({"X-\xe9": "secret"}, "HTTP tokens"),
    "a line as a name": ({"Authorization: Bearer secret": "x"}, "HTTP tokens"),
    "a line break": ({"X-A": "secret\r\nX-B: c"}, "X-A: expected printable ASCII"),
    "one at the end": ({"X-A": "secret\n"}, "X-A: expected printable ASCII"),
    "beyond ASCII": ({"X-A": "secret\xe9"}, "X-A: expected printable ASCII"),
}


@table("headers, words", BAD_HEADERS)
def test_a_bad_header_is_refused_and_not_shown(headers, words, serve):
    server = serve(respond())
    message = str(error_of(server, ValueError, headers=headers))
    assert message.startswith("headers: ") and words in message
    assert "secret" not in message
    assert server.requests == []


LONGEST = 2_147_483  # seconds; more milliseconds do not fit a C int
NAN = float("nan")
NUMBERS = {  # setting: bad values, good values at the edges
    "timeout": ([0, -1, LONGEST + 1, NAN, float("inf"), "5", None], [LONGEST]),
    "max_retries": ([-1, NAN], [0, 10**9]),
    "interval": ([0, -0.1, LONGEST + 1, NAN, "5", None], [0.001, LONGEST]),
    "max_wait": ([0, -5, LONGEST + 1, NAN, "5"], [LONGEST, None]),
}


def test_a_number_out_of_range_is_a_value_error_that_names_it(serve):
    server = serve(respond())
    for name, (bad, good) in NUMBERS.items():
        for value in bad:
            error = error_of(server, ValueError, function=mod.poll, **{name: value})
            assert re.match(f"{name}: expected .*, got .*{value}", str(error))
        assert server.requests == []
        for value in good:
            assert look_up(server, function=mod.poll, **{name: value}).id == "video_123"
        server.requests.clear()


def test_a_wrong_type_is_a_type_or_value_error_before_anything_is_sent(serve):
    server, kinds = serve(respond()), (TypeError, ValueError)
    for wrong in (b"bytes", 5):
        for setting in ("api_key", "base_url", "headers"):
            error_of(server, kinds, **{setting: wrong})
        for headers in ({"X-A": wrong}, {wrong: "a"}):
            error_of(server, kinds, headers=headers)
    error_of(server, kinds, max_retries="2")
    assert server.requests == []


# Refusals and retries

SERVER_ERROR = mod.InternalServerError
MALFORMED = "Content-Type: multipart/a; boundary*=undefined''a"  # an unknown encoding
STATUSES = {  # a class of errors: its statuses that are retried, and those that are not
    mod.APIStatusError: ("408 409", "101 199 300 304 402 405 407 410 422 499 600 999"),
    mod.BadRequestError: ("", "400"),
    mod.AuthenticationError: ("", "401"),
    mod.PermissionDeniedError: ("", "403"),
    mod.NotFoundError: ("", "404"),
    mod.RateLimitError: ("429", ""),
    SERVER_ERROR: ("500 502 503 599", ""),
}


@pytest.mark.parametrize("kind", STATUSES)
def test_each_status_has_its_class_and_is_retried_or_not(kind, serve, run, clock):
    retried, others = STATUSES[kind]
    for status in map(int, f"{retried} {others}".split()):
        attempts = 3 if str(status) in retried else 1
        headers = "X-Request-Id: req_1", "X-Other: o", "Retry-After: 7"
        server = serve(respond(b"", status, *headers))
        error = error_of(server, max_retries=2)
        assert (type(error), error.status_code) == (kind, status)
        assert (error.request_id, error.body) == ("req_1", b"")
        assert error.headers["x-OTHER"] == "o"
        assert str(error).startswith(f"GET {server.url}/videos/video_123: {status}")
        assert "(x-request-id: req_1)" in str(error)
        assert str(error).endswith(" (3 attempts)") is (attempts == 3)
        assert (len(server.requests), clock.pauses) == (attempts, [7] * (attempts - 1))
        assert error_of(serve(respond(b"", status))).request_id is None
        outcome = run("v", "--base-url", server.url, "--max-retries", 0)
        assert outcome[0] == (5 if attempts == 3 else 1)
        clock.pauses.clear()


def test_the_errors_are_those_of_the_sdk_and_can_be_made_by_hand():
    assert mod.APIError.__bases__ == (Exception,)
    for base, children in {
        mod.APIError: "APIConnectionError APIStatusError APIResponseValidationError",
        CONNECTION: "APITimeoutError",
        mod.APIStatusError: "BadRequestError AuthenticationError PermissionDeniedError "
        "NotFoundError RateLimitError InternalServerError",
    }.items():
        for child in children.split():
            assert getattr(mod, child).__bases__ == (base,)
    made = mod.NotFoundError("by hand")
    assert (made.status_code, made.body, made.headers.get("a")) == (0, b"", None)
    assert (VALIDATION("x").problems, VALIDATION("x").payload) == ((), None)
    assert (str(TIMEOUT("x")), TIMEOUT("x").video) == ("x", None)


def test_every_error_survives_pickling_with_its_attributes(serve, clock):
    refusal = error_of(serve(respond({"error": "no"}, 404, "X-Request-Id: r")))
    no_job = error_of(serve(respond({"id": 1})), VALIDATION)
    end = error_of(serve(job("queued")), TIMEOUT, function=mod.poll, max_wait=4)
    for error, names in (
        (refusal, "args status_code request_id body"),
        (no_job, "args problems payload"),
        (end, "args video"),
    ):
        twin = pickle.loads(pickle.dumps(error))
        for name in names.split():
            assert getattr(twin, name) == getattr(error, name) is not None


REASONS = {  # where it is from: the body of a refusal, the words of it in the message
    "OpenAI": ({"error": {"message": "m", "type": "t", "code": "c"}}, ": m"),
    "vLLM's key check": ({"error": "Unauthorized"}, ": Unauthorized"),
    "SGLang": ({"detail": "Video not found"}, ": Video not found"),
    "FastAPI": ({"detail": [{"loc": [1], "msg": "a"}, {"msg": "b"}]}, ": a; b"),
    "New API": ({"code": "no_task", "message": "no task", "data": None}, ": no task"),
    "TensorRT-LLM": ({"object": "error", "message": "gone", "code": 404}, ": gone"),
    "an empty message": ({"error": {"message": ""}, "message": "o"}, ": o"),
    "quotation marks": ({"detail": 'a "b" \\ \u732b'}, ': a "b" \\ \u732b'),
    "no words": ({"error": {"code": 7}}, ': {"error": {"code": 7}}'),
    "almost JSON": (b'{"detail": "broken \\x"}', ': {"detail": "broken \\x"}'),
    "plain text": (b"plain \x1b[31mred\x9b1m\r\nx", ": plain \\u001b[31mred\ufffd1m x"),
    "HTML": (b"<html><title>502 Bad</title>\n<hr><b>nginx</b>", ": 502 Bad nginx"),
    "nothing": (b"", ""),
    "bidirectional text": ({"detail": "\u202egnp.exe \x00"}, r": \u202egnp.exe \u0000"),
    "200 characters": (b"x" * 200, f": {'x' * 200}"),
    "201 characters": (b"x" * 201, f": {'x' * 200}..."),
    "many escapes": (b'"msg":"' + b'\\"' * 500_000, ': "msg":"' + '\\"' * 96 + "\\..."),
}


@table("body, words", REASONS)
def test_the_reason_of_a_refusal_is_shown_on_one_harmless_line(body, words, serve):
    server = serve(respond(body, 410))
    message = str(error_of(server))
    assert message == f"GET {server.url}/videos/video_123: 410 Gone{words}"


def test_a_redirect_is_not_followed_and_headers_are_quoted_harmless(serve):
    elsewhere = serve(respond())
    for status in (301, 302, 303, 307, 308):
        error = error_of(serve(respond(b"", status, f"Location: {elsewhere.url}")))
        assert type(error) is mod.APIStatusError
        assert f"(Location: {elsewhere.url})" in str(error)
    assert elsewhere.requests == []
    for header in ("Location", "Retry-After", "x-request-id"):
        answer = respond(b"", 404, f"{header}: \x1b[2J{'x' * 300}")
        shown = "\\u001b[2J" + "x" * 196 + "..."
        assert str(error_of(serve(answer))).endswith(f" ({header}: {shown})")


def test_a_refusal_without_a_key_says_that_none_was_sent(serve):
    hint = "(no API key was sent: set OPENAI_API_KEY)"
    for status in (401, 403):
        assert hint in str(error_of(serve(respond(b"", status)), api_key=""))
        for settings in ({"api_key": "x"}, {"api_key": "", "headers": {"a": "x"}}):
            assert hint not in str(error_of(serve(respond(b"", status)), **settings))
    assert hint not in str(error_of(serve(respond(b"", 404)), api_key=""))


OWN = (0.375, 0.5)  # seconds: the least and the most of the module's own first pause
DAY = "Tue, 14 Nov 2023"  # The clock says 22:13:20.
RETRY_AFTER = {  # the pause, or None for no retry: values of the header
    7: ["7", " 7 "],
    0.25: ["0.25"],
    120: ["120"],  # the limit, as in the SDK
    None: ["120.1", "999999999999", "inf", f"{DAY} 22:15:21 GMT"],
    30: [f"{DAY} 22:13:50 GMT", f"{DAY} 23:13:50 +0100", f"{DAY} 22:13:50"],
    OWN: ["0", "-1", "nan", "soon", "", "1 Jan", f"{DAY} 22:13:19 GMT"],
}


@pytest.mark.parametrize("pause", RETRY_AFTER, ids=str)
def test_retry_after_is_obeyed_up_to_two_minutes(pause, serve, clock, run):
    for value in RETRY_AFTER[pause]:
        clock.pauses.clear()
        answer = respond(b"", 502, f"Retry-After: {value}")
        if pause is None:
            error_of(serve(answer), SERVER_ERROR, max_retries=2)
            assert clock.pauses == []
            assert run("v", "--base-url", serve(answer).url)[0] == 5
        else:
            look_up(serve(answer, respond()), max_retries=2)
            least, most = pause if pause is OWN else (pause, pause)
            assert len(clock.pauses) == 1 and least <= clock.pauses[0] <= most


def test_own_pauses_double_to_eight_seconds_with_jitter_downward(patch, clock):
    patch.setattr(socket, "socket", raises(OSError))
    error = error_of("http://127.0.0.1:1", CONNECTION, max_retries=1100)
    assert str(error).endswith(" (1101 attempts)")  # 2.0**1100 would overflow.
    jitter = [a / b for a, b in zip(clock.pauses, [0.5, 1, 2, 4, 8, 8, 8, 8, 8])]
    assert all(0.75 <= part <= 1 for part in jitter)
    assert len({*jitter}) == 9


TRANSIENT = {  # the step of the server, or a URL where nobody listens
    "closed at once": b"",
    "reset": reset,
    "a junk status line": b"junk\r\n\r\n",
    "cut short": respond()[:-1],
    "malformed headers": respond(SAMPLE, 200, MALFORMED),
    "refused": "http://127.0.0.1:{}",
    "an unknown name": "http://nowhere.test:{}",
}


@table("step", TRANSIENT)
def test_a_transient_failure_is_retried_twice_by_default(step, serve, clock, run):
    if isinstance(step, str):
        url = step.format(free_port())
    else:
        healed, url = serve(step, step, respond()), serve(step).url
        assert mod.retrieve("v", base_url=healed.url).id == "video_123"
        clock.pauses.clear()
    with pytest.raises(CONNECTION, match=r" \(3 attempts\)$"):
        mod.retrieve("v", base_url=url)
    assert len(clock.pauses) == 2
    assert run("v", "--base-url", url)[0] == 5


def test_a_timeout_is_retried_with_the_whole_timeout(serve, patch):
    patch.setattr(time, "sleep", lambda seconds: None)
    server = serve(silent, respond())
    assert look_up(server, timeout=0.5, max_retries=1).id == "video_123"
    server = serve(silent)
    started = time.monotonic()
    error_of(server, TIMEOUT, timeout=0.3, max_retries=2)
    assert time.monotonic() - started > 3 * 0.3 - 0.05
    assert len(server.requests) == 3


def test_an_answer_that_is_not_valid_is_not_retried(serve, clock, run):
    for body in (b"not JSON", b'{"id": 5}'):
        server = serve(respond(body))
        error_of(server, VALIDATION, max_retries=2)
        assert (len(server.requests), clock.pauses) == (1, [])
        assert run("v", "--base-url", server.url)[0] == 1


def test_each_retry_is_logged_with_the_failure_and_the_pause(serve, clock, caplog):
    caplog.set_level(logging.INFO, mod.__name__)
    server = serve(respond({"error": f"busy {KEY}"}, 503, "Retry-After: 7"), respond())
    look_up(server, max_retries=1)
    [record] = caplog.records
    assert (record.name, record.levelname) == (mod.__name__, "INFO")
    message = record.getMessage()
    assert message.startswith(f"GET {server.url}/videos/video_123: 503 Service")
    assert message.endswith("(Retry-After: 7); retry in 7 s")
    assert KEY not in message
    caplog.clear()
    error_of(serve(respond(b"", 503)))
    assert caplog.records == []


# A hostile network

OK = b"HTTP/1.1 200 OK\r\n"
BROKEN = {  # what the server sends: the bytes, words of the message
    "nothing": (b"", "RemoteDisconnected"),
    "headers cut short": (b"HTTP/1.1 200 OK\r\nX: y\r\n", "headers are cut short"),
    "junk": (b"junk\r\n\r\n", "junk (BadStatusLine)"),
    "HTTP/2": (b"HTTP/2.0 200 OK\r\n\r\n{}", "HTTP/2.0 (UnknownProtocol)"),
    "an escape": (b"\x1b]0;pwned\x07\r\n\r\n", r"\u001b]0;pwned\u0007"),
    "a long status line": (b"HTTP/1.1 200 " + b"x" * MIB, "18432 bytes of headers"),
    "a long header": (OK + b"X: " + b"x" * MIB, "more than 18432 bytes of headers"),
    "many headers": (OK + b"X: y\r\n" * 999, "HTTPException"),
    "whole JSON cut short": (respond(DOCUMENT + b"   ")[:-3], "after 295 of 298"),
    "a refusal cut short": (respond(b"0123456789", 404)[:-7], "after 3 of 10 bytes"),
    "a mebibyte cut short": (respond(b" " * (MIB + 1))[:-1], "1048576 of 1048577"),
    "chunks cut short": (chunked(b"200\r\n", DOCUMENT), "IncompleteRead"),
    "no last chunk": (chunked(b"2\r\n", b"{}\r\n"), "IncompleteRead"),
    "a chunk size of letters": (chunked(b"zz\r\n{}\r\n0\r\n\r\n"), "IncompleteRead"),
    "a negative chunk size": (chunked(b"-5\r\n", b"{}\r\n0\r\n\r\n"), ""),
    "malformed headers": (respond(SAMPLE, 200, MALFORMED), "malformed headers"),
}


@table("step, words", BROKEN)
def test_a_broken_answer_is_a_connection_error(step, words, serve):
    server = serve(step)
    for function in (mod.retrieve, mod.poll):
        error = error_of(server, CONNECTION, function=function)
        assert type(error) is CONNECTION
        assert words in str(error)
        assert len(str(error)) < 700


def test_an_answer_that_is_not_a_video_job_is_a_validation_error(serve):
    for body, words in (
        (b"<p>Log in</p>", "expected JSON, got b'<p>Log in</p>'"),
        (b'{"object": "list", "data": []}', "id: expected a string"),
        (b'{"error": {"message": "quota"}}', "; the server says: quota"),
    ):
        server = serve(respond(body))
        for strict, kind in KINDS.items():
            message = str(error_of(server, VALIDATION, strict=strict))
            start = f"GET {server.url}/videos/video_123: not {kind}: "
            assert message.startswith(start) and words in message
    error_of(serve(respond(b"", 299)), VALIDATION)


GUARDED = {  # what the exchange on the wire may raise, words of the message
    "OSError": (OSError(5, "bad disk"), "bad disk (OSError)"),
    "HTTPException": (http.client.HTTPException("many"), "many (HTTPException)"),
    "RuntimeError, by Pyodide": (RuntimeError("no TLS"), "no TLS (RuntimeError)"),
    "OverflowError": (OverflowError("s3cr3t"), "malformed headers, or an unusable"),
    "TypeError": (TypeError("s3cr3t"), "malformed headers, or an unusable proxy"),
    "ValueError": (ValueError("s3cr3t"), "malformed headers, or an unusable proxy"),
    "InvalidURL": (http.client.InvalidURL("s3cr3t"), "malformed headers, or an"),
}


@table("error, words", GUARDED)
def test_what_http_client_raises_is_a_connection_error(error, words, serve, patch):
    patch.setattr(http.client, "parse_headers", raises(error))
    error = error_of(serve(respond()), CONNECTION)
    assert words in str(error)
    assert "s3cr3t" not in report(error)


def test_a_defect_of_the_module_shows_as_itself(serve, patch):
    def break_what_comes_next(*args, **options):
        patch.setattr(io, "BufferedReader", None)  # a TypeError where the body is read
        return parse_headers(*args, **options)

    parse_headers = http.client.parse_headers
    patch.setattr(http.client, "parse_headers", break_what_comes_next)
    error = error_of(serve(respond()), TypeError)
    assert traceback.extract_tb(error.__traceback__)[-1].filename == mod.__file__


WHOLE = {
    "without a length": respond(length=False),
    "in chunks of a byte": chunked(
        *[b"1\r\n%c\r\n" % byte for byte in DOCUMENT], b"0\r\nTrailer: x\r\n\r\n"
    ),
    "after 100 Continue": b"HTTP/1.1 100 Continue\r\n\r\n" + respond(),
    "by HTTP/1.0": b"HTTP/1.0 200 OK\n\n" + DOCUMENT,
    "with more than announced": respond() + b"more",
    "with 201": respond(SAMPLE, 201),
    "with 299": respond(SAMPLE, 299),
}


@table("step", WHOLE)
def test_an_answer_may_come_in_many_forms(step, serve):
    assert look_up(serve(step)).to_dict() == SAMPLE


def test_a_body_may_have_one_mebibyte_and_not_a_byte_more(serve):
    for frame in (
        respond,
        lambda body: respond(body, length=False),
        lambda body: chunked(b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n"),
    ):
        assert look_up(serve(frame(DOCUMENT.ljust(MIB)))).id == "video_123"
        error_of(serve(frame(DOCUMENT.ljust(MIB + 1))), VALIDATION)
        error = error_of(serve(frame(DOCUMENT.ljust(2 * MIB))), VALIDATION)
        assert error.problems == ("more than 1048576 bytes",)
        assert len(error.payload) == MIB + 1  # No more is read than it takes to know.


def test_16_kib_of_headers_are_accepted_and_more_than_32_are_not(serve):
    lines = b"".join(b"X: %s\r\n" % (b"x" * 1019) for _ in range(15))
    rest = OK + b"Content-Length: %d\r\nX: \r\n\r\n" % len(DOCUMENT)
    fill = b"X: " + b"x" * (1024 - len(rest))
    whole = OK + lines + rest[len(OK) :].replace(b"X: ", fill)
    assert len(whole) == 16 << 10
    assert look_up(serve(whole + DOCUMENT)).id == "video_123"
    error = error_of(serve(OK + lines * 2 + whole[len(OK) :] + DOCUMENT), CONNECTION)
    assert "more than 18432 bytes of headers" in str(error)
    # The limit is on headers alone, however much of the body comes with them.
    assert look_up(serve(respond(DOCUMENT.ljust(MIB)))).id == "video_123"


def test_of_an_endless_refusal_one_mebibyte_is_kept(serve):
    for headers in (
        b"\r\n",
        b"Content-Length: 999999999999\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n",
    ):
        before = b"HTTP/1.1 500 Oops\r\n" + headers
        error = error_of(serve(drip(before, b"x" * 65536, pause=0)))
        assert (type(error), error.body) == (SERVER_ERROR, b"x" * MIB)


def test_what_is_endless_ends_in_bounded_time_and_memory(serve):
    tracemalloc = pytest.importorskip("tracemalloc")  # PyPy has none.
    for before, piece in (
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (chunked(b"2\r\n{}\r\n0\r\n"), b"Trailer: x\r\n"),
        (chunked(b"-1\r\n"), b"x" * 4096),  # a chunk size that means "everything"
    ):
        server = serve(drip(before, piece * (65536 // len(piece)), pause=0))
        tracemalloc.start()
        try:
            error_of(server, CONNECTION, timeout=0.3)
            assert tracemalloc.get_traced_memory()[1] < 8 * MIB
        finally:
            tracemalloc.stop()


SLOW = {  # what comes at once, and then what comes every 50 ms
    "status line": (b"", b"H"),
    "a header": (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{", b" "),
    "body of a refusal": (b"HTTP/1.1 404 No\r\nContent-Length: 9999\r\n\r\n{", b" "),
    "body without an end": (b"HTTP/1.1 200 OK\r\n\r\n{", b" "),
    "chunk size": (chunked(), b"0"),
    "chunks": (chunked(), b"1\r\n \r\n"),
}


@table("before, piece", SLOW)
def test_a_server_that_trickles_is_cut_off_in_time(before, piece, serve):
    server = serve(drip(before, piece))
    started = time.monotonic()
    error = error_of(server, TIMEOUT, timeout=0.2)
    assert 0.15 < time.monotonic() - started < HANG
    assert str(error).endswith(": no whole answer within 0.2 s")
    assert error.video is None
    assert isinstance(error.__cause__, (TimeoutError, socket.timeout))


def test_a_name_without_an_address_is_a_connection_error(patch):
    patch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    error = error_of("http://none.test", CONNECTION)
    assert str(error).endswith(": the name has no address (OSError)")


NOBODY = ConnectionRefusedError()
SHARED = {  # for each address: how long it takes and what comes of it; the limits
    "one": ([(10, TimeoutError())], [60]),
    "two that are silent": ([(30, TimeoutError()), (30, TimeoutError())], [30, 30]),
    "one refuses at once": ([(0, NOBODY), (60, TimeoutError())], [30, 60]),
    "three": ([(20, TimeoutError())] * 3, [20, 20, 20]),
}


@table("outcomes, limits", SHARED)
def test_the_time_to_connect_is_shared_by_all_addresses_of_a_name(
    outcomes, limits, patch, clock
):
    to_come = [*outcomes]

    def connect(address):
        assert address == ("fe80::1", len(to_come), 0, 7)  # in their order
        seconds, error = to_come.pop(0)
        clock.now += seconds
        raise error

    kind = (socket.AF_INET6, socket.SOCK_STREAM, 6, "")
    addresses = [(*kind, ("fe80::1", left, 0, 7)) for left in (3, 2, 1)]  # scope 7
    patch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses[-len(outcomes) :])
    sock = Mock(connect=connect)
    patch.setattr(socket, "socket", lambda *_: sock)
    error = error_of("http://name.test", CONNECTION, timeout=60)
    assert [call[0][0] for call in sock.settimeout.call_args_list] == limits
    assert (to_come, error.__cause__) == ([], outcomes[-1][1])
    assert sock.close.call_count == len(outcomes)


@pytest.mark.parametrize("has_ipv6", [True, False])
def test_after_an_ipv6_address_the_ipv4_one_is_tried(has_ipv6, serve, patch):
    server, real = serve(respond()), socket.socket
    both = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", free_port(), 0, 0))]
    both += getaddrinfo("127.0.0.1", server.port, type=socket.SOCK_STREAM)
    patch.setattr(socket, "getaddrinfo", lambda *_, **__: [*both])

    def socket_without_ipv6(family, *args, **options):
        if family == socket.AF_INET6 and not has_ipv6:
            raise OSError(97, "Address family not supported by protocol")
        return real(family, *args, **options)

    patch.setattr(socket, "socket", socket_without_ipv6)
    assert look_up("http://both.test").id == "video_123"


def test_an_ipv6_address_is_asked(serve):
    try:
        server = serve(respond(), host="::1")
    except OSError:
        pytest.skip("needs IPv6")
    assert look_up(server).id == "video_123"
    assert f"\r\nHost: [::1]:{server.port}\r\n" in server.requests[0]


def test_many_threads_look_up_at_once(serve):
    busy = respond(b"", 503, "Retry-After: 0.01")
    server = serve(busy, respond(), busy, respond())
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        found = pool.map(lambda _: look_up(server, max_retries=2).id, range(100))
        assert list(found) == ["video_123"] * 100
    assert len(server.requests) == 102


# Tools that replace parts of the standard library


def test_a_recorder_that_replaces_the_connection_class_is_used(serve, patch):
    recorder = Mock(wraps=http.client.HTTPConnection)
    patch.setattr(http.client, "HTTPConnection", recorder)
    server = serve(respond())
    look_up(server)
    assert recorder.call_count == len(server.requests) == 1


def test_the_response_of_a_mocked_opener_is_read(patch):
    def open_double(opener, request, data=None, timeout=None):
        body = io.BytesIO(DOCUMENT)
        return urllib.response.addinfourl(body, {}, request.full_url, 200)

    patch.setattr(urllib.request.OpenerDirector, "open", open_double)
    patch.setattr(urllib.response.addinfourl, "status", 200, raising=False)
    assert look_up("http://video.example").id == "video_123"


def test_a_mocked_socket_that_reads_from_memory_is_enough(patch):
    mock = Mock(makefile=lambda mode: io.BytesIO(respond()))
    patch.setattr(socket, "socket", lambda *_: mock)
    assert look_up("http://127.0.0.1:9").id == "video_123"


# TLS


def test_a_context_of_the_caller_verifies_a_ca_of_its_own(serve, trust):
    server = serve(respond(), tls=trust.server_context())
    assert look_up(server, ssl_context=trust.client_context()).id == "video_123"


@pytest.mark.parametrize("is_of_the_host", [True, False])
def test_a_bad_certificate_is_not_retried(
    is_of_the_host, serve, trust, clock, patch, run
):
    certificate = Trust.GOOD if is_of_the_host else Trust.ELSEWHERE
    server = serve(respond(), tls=trust.server_context(certificate))
    trust.install(patch, certificate=Trust.ELSEWHERE)
    error = error_of(server, CONNECTION, max_retries=2)
    words = "verify failed" if is_of_the_host else "not valid for '127.0.0.1'"
    assert words in str(error)
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert clock.pauses == []
    assert run("v", "--base-url", server.url)[0] == 1


def test_other_failures_of_tls_are_retried(serve, trust, clock):
    old, new = trust.server_context(), trust.client_context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    new.minimum_version = ssl.TLSVersion.TLSv1_3
    server = serve(respond(), tls=old)
    error = error_of(server, CONNECTION, max_retries=1, ssl_context=new)
    assert isinstance(error.__cause__, ssl.SSLError)
    assert len(clock.pauses) == 1


def test_a_handshake_that_would_block_is_a_timeout(trust, serve, patch):
    server = serve(respond(), tls=trust.server_context())
    patch.setattr(ssl.SSLContext, "wrap_socket", raises(ssl.SSLWantReadError))
    error_of(server, TIMEOUT, ssl_context=trust.client_context())


def test_slow_connecting_leaves_tls_the_rest(serve, trust, clock, patch, handshakes):
    class Slow(socket.socket):
        def connect(self, address):
            clock.now += 50
            return super().connect(address)

    patch.setattr(socket, "socket", Slow)
    server = serve(respond(), tls=trust.server_context())
    look_up(server, ssl_context=trust.client_context(), timeout=60)
    assert handshakes == [10]


def test_a_late_proxy_leaves_tls_the_rest(serve, trust, clock, patch, handshakes):
    server = serve(respond(), tls=trust.server_context())
    patch.setenv("https_proxy", serve(tunnel(server.port)).url)
    read = socket.SocketIO.readinto  # The servers of these tests do not use it.
    late = lambda *args: (read(*args), vars(clock).update(now=1050))[0]
    patch.setattr(socket.SocketIO, "readinto", late)
    look_up(server, ssl_context=trust.client_context(), timeout=60)
    assert handshakes == [10]


def test_slow_tls_leaves_the_answer_the_rest(serve, trust, clock, patch):
    class SlowTLS:
        def wrap_socket(self, connection, **options):
            clock.now += 50
            return trust.server_context().wrap_socket(connection, **options)

    limits, recv_into = [], ssl.SSLSocket.recv_into

    def spy(sock, *args):
        limits.append(sock.gettimeout())
        return recv_into(sock, *args)

    patch.setattr(ssl.SSLSocket, "recv_into", spy)
    server = serve(respond(), tls=SlowTLS())
    look_up(server, ssl_context=trust.client_context(), timeout=60)
    assert limits[0] == 10


def test_the_trust_of_the_system_is_kept_for_a_minute(serve, trust, patch, clock):
    plain, secure = serve(respond()), serve(respond(), tls=trust.server_context())
    create = Mock(wraps=ssl.create_default_context)
    patch.setattr(ssl, "create_default_context", create)
    clock.now = 60 * 1000.0  # A minute begins.
    for seconds, bundle, server, count in (
        (0, "ca.pem", plain, 0),
        (0, "ca.pem", secure, 1),
        (59, "ca.pem", secure, 1),
        (1, "ca.pem", secure, 2),
        (0, "renewed.pem", secure, 3),
    ):
        clock.now += seconds
        trust.install(patch, bundle)
        look_up(server)
        assert create.call_count == count
    patch.setenv("SSL_CERT_DIR", str(trust.folder))
    look_up(secure)
    assert create.call_count == 4


# Proxies


def test_a_proxy_is_used_unless_no_proxy_names_the_host(serve, patch):
    proxy, server = serve(respond()), serve(respond())
    look_up(server)
    patch.setenv("HTTP_PROXY", f"http://user:p%40ss@127.0.0.1:{proxy.port}")
    for _ in range(2):  # The second uses the opener of the first.
        mod.retrieve("v", base_url="http://video.example/v1")
    line = "GET http://video.example/v1/videos/v HTTP/1.1\r\n"
    assert proxy.requests[1].startswith(line)
    assert "proxy-authorization: basic dxnlcjpwqhnz\r\n" in proxy.requests[1].lower()
    patch.setenv("no_proxy", "127.0.0.1")
    look_up(server)
    assert (len(proxy.requests), len(server.requests)) == (2, 2)


def test_each_scheme_has_its_own_proxy(serve, patch, trust):
    server = serve(respond(), tls=trust.server_context())
    patch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert look_up(server, ssl_context=trust.client_context()).id == "video_123"
    patch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    error_of(server, CONNECTION, ssl_context=trust.client_context())
    patch.setenv("no_proxy", "127.0.0.1")
    assert look_up(server, ssl_context=trust.client_context()).id == "video_123"


def test_a_proxy_reads_no_key_of_an_https_request(serve, patch, trust, clock):
    server = serve(respond(b"", 503), respond(), tls=trust.server_context())
    proxy = serve(tunnel(server.port))
    patch.setenv("https_proxy", f"http://user:pass@127.0.0.1:{proxy.port}")
    settings = {"ssl_context": trust.client_context(), "headers": {"X-Own": "1"}}
    assert look_up(server, **settings, max_retries=1).id == "video_123"
    assert len(proxy.requests) == len(server.requests) == 2  # The retry is the same.
    for request in proxy.requests:
        assert request.startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.")
        assert "proxy-authorization: basic dxnlcjpwyxnz" in request.lower()
        assert KEY not in request and "X-Own" not in request
    for request in server.requests:
        assert request.startswith("GET /v1/videos/video_123 HTTP/1.1\r\n")
        assert KEY in request and "X-Own: 1" in request
        assert "proxy-authorization" not in request.lower()


def test_a_proxy_that_trickles_is_cut_off(serve, patch):
    for before, piece in ((b"", b"H"), (OK, b"X: y\r\n")):
        proxy = serve(drip(before, piece))
        patch.setenv("https_proxy", proxy.url)
        error = error_of("https://video.example", TIMEOUT, timeout=0.2)
        assert f"through the proxy 127.0.0.1:{proxy.port}: " in str(error)


BAD_PROXIES = {  # the value of http_proxy: words of the message
    "socks5://user:passw0rd@127.0.0.1:9": "proxy 127.0.0.1:9: <urlopen error unknown url type: socks5>",
    "http://user:passw0rd@a..b:80": "unusable proxy",
    "http://user:passw0rd@127.0.0.1:x": "unusable proxy",
    "http://user:passw0rd": "unusable proxy",  # The host was forgotten.
    "http:/user:passw0rd@127.0.0.1": "unusable proxy",
    "http://": "no host given",
    "http://user:passw0rd@127.0.0.1:99999999999999999999": "proxy",
}


@pytest.mark.parametrize("proxy", BAD_PROXIES)
def test_an_unusable_proxy_is_an_error_without_its_password(proxy, patch):
    if "a..b" in proxy:  # as the real resolver would
        idna = lambda host, *_, **__: host.encode("idna")
        patch.setattr(socket, "getaddrinfo", idna)
    patch.setenv("http_proxy", proxy)
    error = error_of("http://video.example", CONNECTION)
    assert BAD_PROXIES[proxy] in str(error)
    assert "passw0rd" not in report(error)


def test_a_failure_at_a_proxy_names_it(serve, patch):
    for step, words in (
        (None, "refused"),  # a dead proxy
        (respond(b"", 407), "Tunnel .* failed: 407 Ignored"),
        (OK + b"X: " + b"x" * 60_000, "more than 18432 bytes of headers"),
    ):
        port = serve(step).port if step else free_port()
        patch.setenv("https_proxy", f"http://user:{KEY}@127.0.0.1:{port}")
        message = str(error_of("https://0.example", CONNECTION))
        start = "GET https://0.example/videos/video_123: through the proxy "
        assert message.startswith(f"{start}127.0.0.1:{port}: ")
        assert os.name != "posix" or re.search(words, message)


# Secrets: error_of() looks for the key in every other failure, too


ECHO = {"error": {"message": f"Incorrect API key provided: {KEY}."}}
ECHOES = {  # where the server repeats the key: its answer, words of the message
    "a refusal": (respond(ECHO, 401), r"vided: \(the API key\)\.$"),
    "twice": (respond({"error": f"{KEY} {KEY}"}, 401), r": (\(the API key\) ?){2}$"),
    "a header": (respond(b"", 302, f"Location: {KEY}"), r"n: \(the API key\)\)$"),
    "the status line": (f"{KEY} x\r\n\r\n".encode(), r": \(the API key\) x \(Bad"),
    "a page": (respond(f"<p>{KEY}".encode()), r"got b'<p>\(the API key\)'"),
    "an invalid answer": (respond(sample(id=[KEY])), r"got \['\(the API key\)'\]"),
    "an envelope with 200": (respond(ECHO), r"says: .*: \(the API key\)\.$"),
}


@table("step, words", ECHOES)
def test_an_echoed_key_is_hidden(step, words, serve):
    server = serve(step)
    for function in (mod.retrieve, mod.poll):
        assert re.search(words, str(error_of(server, function=function)))


def test_an_echoed_key_is_hidden_from_twelve_characters_up(serve):
    for key, shown in (("k" * 12, "(the API key)"), ("k" * 11, "k" * 11)):
        error = error_of(serve(respond({"error": f"bad key {key}!"}, 401)), api_key=key)
        assert f"bad key {shown}!" in str(error)
        assert json.loads(error.body) == {"error": f"bad key {shown}!"}


def test_a_job_and_a_payload_are_never_changed(serve):
    assert look_up(serve(respond(sample(prompt=KEY)))).prompt == KEY
    assert look_up(serve(respond(sample(prompt=KEY), 500))).prompt == KEY
    server = serve(respond(sample(id=[KEY])))
    with pytest.raises(VALIDATION) as caught:
        look_up(server)
    assert caught.value.problems == (f"id: expected a string, got ['{KEY}']",)
    assert caught.value.payload == sample(id=[KEY])


def test_a_key_in_the_base_url_is_hidden(serve, patch):
    server = serve(respond({"detail": "Not Found"}, 404))
    patch.setenv("OPENAI_BASE_URL", f"{server.url}/{KEY}?key={KEY}")
    error = error_of(server, base_url=None)
    start = f"GET {server.url}/(the API key)/videos/video_123: "
    assert str(error) == f"{start}404 Not Found: Not Found"


SoftTimeLimitExceeded = type("SoftTimeLimitExceeded", (Exception,), {})
OTHERS = {
    "a signal handler's": SoftTimeLimitExceeded(),  # as a task queue raises it
    "an interrupt": KeyboardInterrupt(),
    "an exit": SystemExit(3),
    "a defect": AttributeError("a defect"),
}


@table("error", OTHERS)
def test_what_is_not_of_the_network_is_raised_with_its_frames(error, serve, patch):
    def interrupt(*args, **options):
        try:
            raise OSError("what was being handled")
        except OSError:
            raise error

    patch.setattr(http.client, "parse_headers", interrupt)
    assert error_of(serve(respond()), type(error)) is error
    assert "in do_open" in report(error)


def test_the_frames_of_an_error_that_the_caller_handles_are_not_cleared(serve):
    def fail():
        precious = "a local variable of the caller"
        raise LookupError(precious)

    try:
        fail()
    except LookupError as own:
        error_of(serve(respond(b"", 404)))
        error_of(f"http://127.0.0.1:{free_port()}")
        assert "precious" in own.__traceback__.tb_next.tb_frame.f_locals


def test_a_circle_of_causes_does_not_hang_a_lookup(patch):
    def refused_error():
        with pytest.raises(CONNECTION) as caught:
            look_up("http://127.0.0.1:9")
        return caught.value

    patch.setattr(socket.socket, "connect", raises(ConnectionRefusedError()))
    try:
        raise refused_error()
    except CONNECTION:
        refused_error()  # From here on, causes and contexts go in a circle.
    refused_error()


def test_the_error_of_the_operating_system_is_the_cause(serve):
    error = error_of(f"http://127.0.0.1:{free_port()}", CONNECTION)
    assert isinstance(error.__cause__, ConnectionRefusedError)
    assert error.__context__ in (None, error.__cause__)
    error = error_of(serve(b"junk\r\n\r\n"), CONNECTION)
    assert (error.__cause__, error.__context__) == (None, None)


# Waiting


def test_poll_retrieves_and_pauses_until_the_job_is_over(serve, clock):
    words = ["queued", "in_progress", "in_progress", "completed"]
    server, seen = serve(*map(job, words)), []
    video = look_up(server, function=mod.poll, interval=7, on_update=seen.append)
    assert [each.status for each in seen] == words
    assert video is seen[-1]
    assert clock.pauses == [7, 7, 7]  # none before the first, none after the last
    assert len(server.requests) == 4
    look_up(serve(job("queued"), job("completed")), function=mod.poll)
    assert clock.pauses[3:] == [5]  # by default


IN_FLIGHT = [
    *("queued", "in_progress", "cancelling", "generating", "pending"),
    *("postprocessing", "processing", "running", "unknown"),
]
OTHER_WORDS = [
    *("completed", "failed", "succeeded", "cancelled", "canceled", "deleted"),
    *("expired", "done", "error", "QUEUED", "Running", "waiting", ""),
]


@pytest.mark.parametrize("word", [*IN_FLIGHT, *OTHER_WORDS])
def test_poll_waits_in_these_states_and_in_no_others(word, serve, clock, run):
    video = look_up(serve(job(word), job("failed")), function=mod.poll)
    assert video.status == ("failed" if word in IN_FLIGHT else word)
    assert len(clock.pauses) == (word in IN_FLIGHT)
    outcome = run("v", "--base-url", serve(job(word)).url, "--field", "status")
    assert outcome == (0, f"{word}\n", "")  # without --wait


def test_slow_answers_and_on_update_do_not_shorten_the_pause(serve, clock):
    def on_update(video):
        clock.now += 100

    late = later(clock, 100, job("queued"))
    server = serve(late, late, job("completed"))
    look_up(server, function=mod.poll, interval=30, on_update=on_update, timeout=600)
    assert clock.pauses == [30, 30]


def test_what_on_update_raises_is_not_touched(serve, clock):
    own = TIMEOUT("mine")
    with pytest.raises(TIMEOUT) as caught:
        look_up(serve(job("queued")), function=mod.poll, on_update=raises(own))
    assert (caught.value, str(own), own.video) == (own, "mine", None)


def test_a_failure_while_waiting_is_raised_after_its_retries(serve, clock):
    server = serve(job("queued"), respond(b"", 503), job("queued"), respond(b"", 404))
    assert type(error_of(server, function=mod.poll, max_retries=1)) is mod.NotFoundError
    assert [pause == 5 for pause in clock.pauses] == [True, False, True]
    server = serve(job("queued"), respond(b"", 503), job("queued"), respond(b"", 503))
    error = error_of(server, function=mod.poll, max_retries=1)
    assert str(error).endswith("(2 attempts)")  # An answer begins the count anew.
    assert len(server.requests) == 5


def test_max_wait_ends_with_one_more_request(serve, clock, run):
    for max_wait, pauses in ((20, [5] * 4), (12, [5, 5, 2]), (5, [5]), (0.5, [0.5])):
        clock.pauses.clear()
        server = serve(job("queued", progress=7))
        error = error_of(server, TIMEOUT, function=mod.poll, max_wait=max_wait)
        assert clock.pauses == pauses
        assert len(server.requests) == len(pauses) + 1
        assert error.video.progress == 7
        words = f"still queued after max_wait, {max_wait} s"
        assert str(error) == f"GET {server.url}/videos/video_123: {words}"
        assert (error.__cause__, error.__context__) == (None, None)
        outcome = run("v", "--base-url", server.url, "--wait", "--max-wait", max_wait)
        assert (outcome[0], clock.pauses) == (4, pauses * 2)


def test_the_last_request_may_end_the_job_and_has_the_whole_timeout(serve, clock):
    last = later(clock, 50, job("completed"))
    settings = {"function": mod.poll, "max_wait": 6, "timeout": 60}
    video = look_up(serve(job("queued"), job("queued"), last), **settings)
    assert (video.status, clock.pauses) == ("completed", [5, 1])


def test_slow_answers_and_on_update_count_towards_max_wait(serve, clock):
    server, seen = serve(later(clock, 100, job("queued"))), []
    settings = {"function": mod.poll, "timeout": 600, "max_wait": 10}
    error = error_of(server, TIMEOUT, on_update=seen.append, **settings)
    assert seen == [error.video]  # An answer after max_wait is the last.
    assert (len(server.requests), clock.pauses) == (1, [])
    on_update = lambda video: setattr(clock, "now", clock.now + 9)
    error_of(serve(job("queued")), TIMEOUT, on_update=on_update, **settings)
    assert clock.pauses == [1]


def test_no_retry_begins_after_max_wait(serve, clock):
    settings = {"function": mod.poll, "max_wait": 30, "max_retries": 2}
    for pause, requests in ((29, 2), (30, 1), (60, 1)):
        clock.pauses.clear()
        server = serve(respond(b"", 503, f"Retry-After: {pause}"))
        assert type(error_of(server, **settings)) is SERVER_ERROR
        assert len(server.requests) == requests
    server = serve(job("queued"), respond(b"", 503, "Retry-After: 1"))
    error = error_of(server, SERVER_ERROR, **{**settings, "interval": 100})
    assert "attempts" not in str(error)  # The last request is not retried.
    assert len(server.requests) == 2


def test_the_timeout_of_a_request_is_not_the_end_of_max_wait(serve):
    settings = {"function": mod.poll, "interval": 0.01, "max_wait": HANG}
    server = serve(job("in_progress"), silent)
    error = error_of(server, TIMEOUT, timeout=0.2, **settings)
    assert error.video is None
    assert str(error).endswith("no whole answer within 0.2 s")


# The command line


ODD = {"size": "832x480", "more": {"a": [1]}, "data": [{"url": "u"}, None], "a.b": 1}
FAILED = {"status": "failed", "error": {"message": "no memory"}}
ENDED = {"status": "cancelled"}
END = "videoretrieve: video_123 ended as failed: no memory"
NO_URL = "videoretrieve: --field: no member 'url'"
STILL = "/videos/video_123: still queued after max_wait, 4 s\n"
QUEUED = {"status": "queued"}
COMMANDS = {  # the answers' changes, options, exit status, output, standard error
    "a job": ([{}], "", 0, SAMPLE, ""),
    "every member": ([ODD], "", 0, sample(**ODD), ""),
    "text": ([{}], "--field status", 0, "completed", ""),
    "null": ([{}], "--field error", 0, None, ""),
    "a missing member": ([{"size": ABSENT}], "--field size", 0, None, ""),
    "another type": ([{"progress": 33.5}], "--field progress", 0, 33.5, ""),
    "an object": ([ODD], "--field more", 0, {"a": [1]}, ""),
    "a step into an object": ([FAILED], "--field error.message", 0, "no memory", ""),
    "a step into null": ([{}], "--field error.message", 0, None, ""),
    "a step into an array": ([ODD], "--field data.0.url", 0, "u", ""),
    "null in an array": ([ODD], "--field data.1.url.x", 0, None, ""),
    "past the end": ([ODD], "--field data.2", 1, ABSENT, "member '2' (there: 0, 1)"),
    "a negative number": ([ODD], "--field data.-1", 1, ABSENT, "'-1' (there: 0, 1)"),
    "no member": ([{}], "--field statsu", 1, ABSENT, "'statsu' (there: id, completed"),
    "a member of text": ([{}], "--field id.x", 1, ABSENT, "'x' (there: none)"),
    "of a number": ([{}], "--field progress.x", 1, ABSENT, "'x' (there: none)"),
    "an empty path": ([{}], "--field=", 1, ABSENT, "--field: no member ''"),
    "strict": ([{"size": "1x1"}], "--strict", 1, ABSENT, "not a video of the docu"),
    "strict waiting": ([{"size": "1x1"}], "--strict --wait", 1, ABSENT, "not a video"),
    "unfinished": ([QUEUED], "--field status", 0, "queued", ""),
    "failed": ([FAILED], "--field status", 0, "failed", ""),
    "a wait": ([QUEUED, {}], "--wait", 0, SAMPLE, ""),
    "by another word": ([{"status": "running"}, {}], "--wait", 0, SAMPLE, ""),
    "an error aside": ([{"error": "e"}], "--wait --field id", 0, "video_123", ""),
    "a wait that fails": ([QUEUED, FAILED], "--wait", 3, sample(**FAILED), f"{END}\n"),
    "another end": ([ENDED], "--wait --field id", 3, "video_123", "ended as cancelled"),
    "no url": ([FAILED], "--wait --field url", 3, ABSENT, f"{END}\n{NO_URL}"),
    "max_wait": ([QUEUED], "--wait --max-wait 4 --field id", 4, "video_123", STILL),
    "max_wait, no url": ([QUEUED], "--wait --max-wait 4 --field url", 4, ABSENT, STILL),
}


@table("changes, options, exit_status, out, err", COMMANDS)
def test_a_command_has_its_output_and_exit_status_from_0_to_4(
    changes, options, exit_status, out, err, serve, run, clock
):
    server = serve(*[respond(sample(**each)) for each in changes])
    outcome = run("video_123", "--base-url", server.url, *options.split())
    text = out if isinstance(out, str) else json.dumps(out, indent=2, default=repr)
    assert outcome[:2] == (exit_status, "" if out is ABSENT else f"{text}\n")
    assert err in outcome[2] and bool(err) == bool(outcome[2])
    assert all(line.startswith("videoretrieve: ") for line in outcome[2].splitlines())


def test_verbose_tells_of_each_retry_and_of_each_answer(serve, run, clock):
    busy = respond(b"", 503, "Retry-After: 7")
    server = serve(busy, job("queued", progress=None), job("completed"), respond())
    url = ("--base-url", server.url)
    exit_status, out, err = run("v", *url, "-v", "--wait", "--field", "id")
    assert (exit_status, out) == (0, "video_123\n")
    retry, *answers = err.splitlines()
    assert retry.startswith(f"videoretrieve: GET {server.url}/videos/v: 503 Service")
    assert retry.endswith("; retry in 7 s")
    assert answers == [
        "videoretrieve: 0:07 queued video_123",
        "videoretrieve: 100% 0:12 completed [####################] video_123",
    ]
    assert run("v", *url, "--verbose") == (0, json.dumps(SAMPLE, indent=2) + "\n", "")
    run("v", "--base-url", serve(busy, respond()).url, "-v")
    server = serve(busy, respond())
    assert run("v", "--base-url", server.url)[2] == ""  # -v lasts for one call.


WRONG = {  # arguments: words of the one line on standard error
    "": "the following arguments are required: VIDEO_ID; see --help",
    "v --nonsense\x1b\n": "unrecognized arguments: --nonsense",
    "v --lenient": "unrecognized arguments: --lenient",
    "v --retries 2": "unrecognized arguments: --retries 2",
    "v --timeout": "argument --timeout: expected one argument; see --help",
    "v --timeout soon": "argument --timeout: invalid float value: 'soon'",
    "v --timeout 0": "timeout: expected 0 < seconds <= 2147483, got 0.0",
    "v --max-retries -1": "max_retries: expected 0 or more, got -1",
    "v --max-retries 1.5": "argument --max-retries: invalid int value: '1.5'",
    "v --wait --interval nan": "interval: expected 0 < seconds",
    "v --wait --max-wait 0": "max_wait: expected 0 < seconds",
    "v --interval 5": "--interval and --max-wait need --wait",
    "v --max-wait 5": "--interval and --max-wait need --wait",
    "v -H sk-secret": "--header: expected 'NAME: VALUE', got no colon",
    "v -H X:sk-secret\x00": "headers: X: expected printable ASCII",
    "v --base-url nowhere-secret": "base_url or OPENAI_BASE_URL: expected http",
    "..": "video_id: expected a job's ID, got '..'",
    "v --base-url https://api.openai.com/v1": "no server: set OPENAI_BASE_URL",
}


@pytest.mark.parametrize("arguments", WRONG, ids=ascii)
def test_wrong_usage_is_one_line_and_exit_status_2(arguments, run, patch):
    patch.delenv("OPENAI_API_KEY")
    if "--base-url" not in arguments:
        patch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    exit_status, out, err = run(*arguments.split(" ") if arguments else ())
    assert (exit_status, out) == (2, "")
    assert re.fullmatch(r"videoretrieve: [^\n\x1b\x00]+\n", err)
    assert WRONG[arguments] in err
    assert "secret" not in err


def test_a_timeout_of_a_lookup_while_waiting_is_exit_status_5(serve, run, patch):
    patch.setenv("OPENAI_BASE_URL", serve(silent).url)
    outcome = run("v", "--wait", "--timeout", 0.2, "--max-retries", 0)
    assert outcome[:2] == (5, "")
    start = f"videoretrieve: GET {os.environ['OPENAI_BASE_URL']}/videos/v: "
    assert outcome[2] == f"{start}no whole answer within 0.2 s\n"


def test_help_fits_80_columns_and_names_all_there_is(run, patch):
    assert run("--version") == (0, f"videoretrieve {mod.__version__}\n", "")
    patch.setenv("COLUMNS", "80")
    exit_status, out, err = run("--help")
    assert (exit_status, err) == (0, "")
    assert out.startswith("usage: python -m videoretrieve [-h] ")
    assert max(map(len, out.splitlines())) <= 80
    words = """--base-url URL,'NAME: VALUE',--timeout S,--max-retries N,--strict,waiting:
--field PATH,--verbose,--version,--help,--wait,--interval S,--max-wait S,(default: 60)
(default: 2),(default: 5),(default: none),example:,OPENAI_API_KEY,OPENAI_BASE_URL
https_proxy,no_proxy,SSL_CERT_FILE,VIDEO_ID ,-v,  130  """
    statuses = [f"  {number}    " for number in range(6)]
    assert [
        word for word in [*re.split("[,\n]", words), *statuses] if word not in out
    ] == []


def test_an_interrupt_is_exit_status_130(run, patch):
    patch.setattr(socket, "getaddrinfo", raises(KeyboardInterrupt))
    outcome = run("v", "--base-url", "http://127.0.0.1:9")
    assert outcome == (130, "", "videoretrieve: interrupted\n")


def test_an_answer_nested_deep_is_printed_or_an_error(serve, run):
    nested = b'{"a":' * 900 + b"1" + b"}" * 900
    url = serve(respond(b'{"id": "v", "status": "completed", "a": %s}' % nested)).url
    exit_status, out, err = run("v", "--base-url", url)
    assert (exit_status, out.count("{")) in ((0, 901), (1, 0))  # newer Pythons can
    assert exit_status == 0 or "cannot write the result: " in err


def test_text_is_exact_where_the_encoding_can_and_json_is_valid(serve, patch):
    text = "\xe9\u732b\U0001f600 \x9b\ud800"
    url = serve(respond(sample(prompt=text))).url
    for encoding, printed in {
        "utf-8": "\xe9\u732b\U0001f600 \x9b\\ud800",
        "UTF8": "\xe9\u732b\U0001f600 \x9b\\ud800",
        "latin-1": "\xe9\\u732b\\U0001f600 \x9b\\ud800",
        "ascii": "\\xe9\\u732b\\U0001f600 \\x9b\\ud800",
    }.items():
        stdout = io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")
        patch.setattr(sys, "stdout", stdout)
        assert mod.main(["v", "--base-url", url, "--field", "prompt"]) == 0
        assert mod.main(["v", "--base-url", url]) == 0
        line, document = stdout.buffer.getvalue().decode(encoding).split("\n", 1)
        assert line == printed
        assert json.loads(document)["prompt"] == text
        assert ("\u732b" in document) is encoding.lower().startswith("utf")


OBEYED = "\x00\x08\x0b\x0d\x1b\x1f\x7f\x80\x9f\u061c\u200e\u200f\u2028\u202e\u2066\u2069\ufeff"
READABLE = "\t\n ~\xa0\xe9\u200c\u200d\u2027\u202f\u2065\u206a\u3000\uff00\U0001f600"


def test_what_a_terminal_would_obey_is_escaped_there_and_in_json(serve, run, patch):
    url = serve(respond(sample(prompt=OBEYED + READABLE))).url
    escaped = "".join(f"\\u{ord(character):04x}" for character in OBEYED)
    command = ("v", "--base-url", url)
    _, out, _ = run(*command)
    assert json.loads(out)["prompt"] == OBEYED + READABLE
    assert not {*OBEYED} & {*out}
    assert {*READABLE} - {"\t"} <= {*out}
    stdout = io.StringIO()
    patch.setattr(sys, "stdout", stdout)
    mod.main([*command, "--field", "prompt"])
    stdout.isatty = lambda: True
    mod.main([*command, "--field", "prompt"])
    assert stdout.getvalue() == f"{OBEYED}{READABLE}\n{escaped}{READABLE}\n"


REDIRECTIONS = {  # of the streams: exit status, standard error
    "| true": (0, ""),  # the exit status is true's; the point is the silence
    ">/dev/full": (1, "videoretrieve: cannot write the result: [Errno 28]"),
    ">&-": (1, "videoretrieve: cannot write the result: the stream is closed\n"),
    "--wait 2>&-": (0, ""),
    "--wait -v 2>&-": (0, ""),
    "--wait -v 2>/dev/full": (0, ""),
}


@posix
@pytest.mark.parametrize("redirection", REDIRECTIONS)
def test_a_shell_sees_closed_and_full_streams(redirection, serve):
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    exit_status, err = REDIRECTIONS[redirection]
    program = f"{shlex.quote(sys.executable)} {shlex.quote(str(MODULE))}"
    command = f"{program} v --base-url {serve(respond()).url} {redirection}"
    done = execute("sh", "-c", command, env=environment(PYTHONUNBUFFERED=""))
    assert done.returncode == exit_status
    assert done.stderr.startswith(err) and bool(done.stderr) == bool(err)


def test_unwritable_output_is_exit_status_1(serve, patch, capsys):
    start, url = "videoretrieve: cannot write the result: ", serve(respond()).url
    full, pipe, stream = OSError(28, "full"), BrokenPipeError(), types.SimpleNamespace
    usual = {"closed": False, "encoding": "utf-8", "close": Mock()}
    for stdout, err in (
        (None, f"{start}the stream is closed\n"),
        (stream(closed=True), f"{start}the stream is closed\n"),
        (stream(write=raises(full), **usual), f"{start}{full}\n"),
        (stream(write=raises(pipe), **usual), ""),
    ):
        patch.setattr(sys, "stdout", stdout)
        assert mod.main(["v", "--base-url", url]) == 1
        assert capsys.readouterr().err == err


# The progress bar

BARS = {  # progress, columns of the terminal, the line
    "4 %": (4, 80, "  4% 0:05 done [--------------------] v\\x1b\\u732bvv"),
    "50 %": (50, 80, " 50% 0:05 done [##########----------] v\\x1b\\u732bvv"),
    "99 %": (99, 80, " 99% 0:05 done [###################-] v\\x1b\\u732bvv"),
    "250 %": (250, 80, "100% 0:05 done [####################] v\\x1b\\u732bvv"),
    "-5 %": (-5, 80, " -5% 0:05 done [--------------------] v\\x1b\\u732bvv"),
    "null": (None, 80, "0:05 done v\\x1b\\u732bvv"),  # no percentage, no bar
    "45 columns": (5, 45, "  5% 0:05 done [#-------------------] v\\x1"),
    "20 columns": (5, 20, "  5% 0:05 done [#"),
    "4 columns": (5, 4, " "),
    "an unknown width": (5, 0, "  5% 0:05 done [#-------------------] v\\x1b\\u732bvv"),
}


@table("progress, columns, line", BARS)
def test_the_bar_is_one_line_with_room_for_the_echo_of_an_interrupt(
    progress, columns, line, serve, terminal, clock
):
    server = serve(job("queued"), job("done", id="v\x1b\u732bvv", progress=progress))
    stderr = terminal(columns)
    mod.main(["v", "--base-url", server.url, "--wait", "--field", "id"])
    room = (columns or 80) - 3
    blank = f"\r{' ' * room}\r"
    _, _, *rest = stderr.getvalue().split(blank)
    assert rest[0] == line
    assert len(line) <= room
    assert rest[1].startswith("videoretrieve: v\\u001b\u732bvv ended as done")


def test_the_bar_counts_the_time_and_is_gone_before_an_error(serve, terminal, clock):
    stderr = terminal(80)
    server = serve(job("queued"), job("in_progress"), respond(b"", 404))
    assert mod.main(["v", "--base-url", server.url, "--wait", "--interval", "75"]) == 1
    *bars, blank, error = stderr.getvalue().split("\r")
    assert [bar.split()[1] for bar in bars if bar.strip()] == ["0:00", "1:15"]
    assert blank.strip() == ""
    assert error == f"videoretrieve: GET {server.url}/videos/v: 404 Not Found\n"


# The ways a copied file is run

WAYS = {
    "-m": ["-m", mod.__name__],
    "a path": [str(MODULE)],
    "the standard library alone": ["-I", "-S", str(MODULE)],
    "without docstrings": ["-OO", str(MODULE)],
    "warnings are errors": ["-X", "dev", "-W", "error", "-m", mod.__name__],
    "standard input": ["-"],
}


@table("way", WAYS)
def test_the_file_runs_in_every_way_a_file_is_run(way, serve):
    url = serve(respond(b"", 503, "Retry-After: 0.01"), respond()).url
    command = [sys.executable, *way, "video_123", "--base-url", url, "-v"]
    with MODULE.open("rb") as source:
        done = execute(*command, stdin=source)
    assert (done.returncode, json.loads(done.stdout)) == (0, SAMPLE)
    assert re.fullmatch("videoretrieve: GET .* retry in 0.01 s\n", done.stderr)


def test_no_socket_stays_open_while_an_error_is_kept_and_no_warning_is_given(serve):
    broken = [b"", b"junk\r\n\r\n", respond()[:-1], silent]
    urls = [serve(step).url for step in (respond(), respond(b"", 404), *broken)]
    urls += ["http://127.0.0.1:1", "https://video.example"]
    code = f"""if True:
    import gc, os, sys, {mod.__name__} as mod
    kept, opened = [], []
    for _ in range(2):
        for url in sys.argv[1:]:
            try:
                mod.retrieve("v", base_url=url, timeout=0.5, max_retries=0)
            except mod.APIError as error:
                kept.append(error)
        gc.collect()
        if sys.platform == "linux":
            opened.append(len(os.listdir("/proc/self/fd")))
    assert len(kept) == 14, kept  # All of the URLs but the first, twice
    assert len(set(opened)) <= 1, opened
    """
    env = environment(https_proxy=serve(b"HTTP/1.1 407 Log in\r\n\r\n").url)
    command = (sys.executable, "-X", "dev", "-W", "error", "-c", code, *urls)
    done = execute(*command, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# Promises


def test_the_signatures_are_these():
    shared = "api_key=None base_url=None headers=None timeout=60.0 max_retries=2 "
    shared += "ssl_context=None strict=False"
    waiting = "interval=5.0 max_wait=None on_update=None"
    for function, written in (
        (mod.retrieve, shared),
        (mod.poll, f"{waiting} {shared}"),
        (mod.Video.from_dict, "strict=False"),
        (mod.Video.from_json, "strict=False"),
    ):
        _, *settings = inspect.signature(function).parameters.values()
        assert all(setting.kind is setting.KEYWORD_ONLY for setting in settings)
        names = [f"{setting.name}={setting.default}" for setting in settings]
        assert " ".join(names) == written
