"""The specification of videoretrieve.py, run against real sockets on the loopback.

To test a vendored copy, put this file beside it and change the import below. Nothing
outside of temporary folders is written, and no host but this one is contacted.
"""

from __future__ import annotations

import ast
import concurrent.futures
import contextlib
import copy
import dataclasses
import http.client
import inspect
import io
import json
import os
import pathlib
import pickle
import re
import shlex
import shutil
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
import typing
import urllib.request
from unittest.mock import MagicMock, Mock

import pytest

import videoretrieve as mod

MODULE = pathlib.Path(mod.__file__).resolve()
HERE = pathlib.Path(__file__).resolve().parent
KEY = "sk-0123456789-secret"
MIB = 1 << 20
CONNECTION, TIMEOUT = mod.APIConnectionError, mod.APITimeoutError
VALIDATION = mod.APIResponseValidationError

# The complete answer of the API reference.
SAMPLE = {
    "id": "video_123",
    "completed_at": 1712697999,
    "created_at": 1712697600,
    "error": None,
    "expires_at": 1712784000,
    "model": "sora-2",
    "object": "video",
    "progress": 100,
    "prompt": "A calico cat playing a piano on stage",
    "remixed_from_video_id": None,
    "seconds": "8",
    "size": "1024x1792",
    "status": "completed",
}
DOCUMENT = json.dumps(SAMPLE).encode()
posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


class ABSENT:
    """In a table: the member is left out."""


def sample(**changes):
    """The complete answer with other values, or without those that are ABSENT."""
    values = {**SAMPLE, **changes}
    return {name: value for name, value in values.items() if value is not ABSENT}


def respond(body=SAMPLE, status=200, *headers, length=True):
    """The bytes of an HTTP response. The body is sent as JSON unless it is bytes."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} Whatever", *headers]
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def label(value):
    """A short name of a value in a table, for the names of the tests."""
    return ascii(value)[:30]


def job(status, **changes):
    return respond(sample(status=status, **changes))


def chunked(*pieces):
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(pieces)


class Server(socketserver.ThreadingTCPServer):
    """Takes a step of its script for each connection, the last step for all further ones.

    A step is the bytes to answer with, or a function of the server and the connection.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *script, tls=None):
        super().__init__(("127.0.0.1", 0), None)
        self.script = list(script)
        self.requests = []
        self.tls = tls
        self.closed = threading.Event()
        self.lock = threading.Lock()
        self.port = self.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v1"
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
        """A client that has gone is no error here."""

    def close(self):
        self.closed.set()
        self.shutdown()
        self.server_close()


def drip(before, piece, pause=0.05):
    """A step that sends `before`, then `piece` again and again while anyone reads."""

    def step(server, connection):
        connection.sendall(before)
        while not server.closed.wait(pause):
            connection.sendall(piece)

    return step


def silence(before=b"", seconds=15):
    """A step that sends `before`, and nothing more for so many seconds."""

    def step(server, connection):
        connection.sendall(before)
        server.closed.wait(seconds)

    return step


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


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """No key, base URL, proxy or resolver of the machine's takes part in a test."""
    for name in list(os.environ):
        if name.upper().startswith("OPENAI_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    proxies = urllib.request.getproxies_environment  # not those of macOS and Windows
    monkeypatch.setattr(urllib.request, "getproxies", proxies)
    resolve = socket.getaddrinfo

    def getaddrinfo(host, port, *rest):
        if host is not None and not re.fullmatch(r"[0-9.]+|[0-9a-f]*:[0-9a-f:]*", host):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, port, *rest)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return monkeypatch


@pytest.fixture(autouse=True)
def no_test_waits_for_ever():
    """A read without a deadline fails its test, and does not hang the run."""
    if not hasattr(signal, "SIGALRM"):  # Windows
        yield
        return
    handler = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("took 20 seconds"))
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, handler)


class Clock:
    """A time in which sleeping takes none. The pauses are recorded."""

    def __init__(self):
        self.now = 1000.0
        self.pauses = []

    def monotonic(self):
        return self.now

    def time(self):
        return 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT

    def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(environment):
    clock = Clock()
    for name in ("monotonic", "time", "sleep"):
        environment.setattr(time, name, getattr(clock, name))
    return clock


def look_up(server, video_id="video_123", function=mod.retrieve, **settings):
    """The result of a lookup from a server, or from one at a base URL."""
    url = server if isinstance(server, str) else server.url
    settings = {"base_url": url, "max_retries": 0, "timeout": 5, **settings}
    return function(video_id, **settings)


def failure(server, kind=mod.APIError, **settings):
    """The error in which a lookup ends."""
    with pytest.raises(kind) as caught:
        look_up(server, **settings)
    return caught.value


def refusal(payload, decode=mod.Video.from_dict, **options):
    """The error in which decoding ends."""
    with pytest.raises(VALIDATION) as caught:
        decode(payload, **options)
    return caught.value


def report(error):
    """What a report shows of an error: causes, contexts, and the locals of all frames.

    The frame of the caller is left out: what it knows is its own.
    """
    below = error.__traceback__.tb_next
    shown = traceback.TracebackException(type(error), error, below, capture_locals=True)
    parts = [*shown.format(), repr(error)]
    parts += [str(vars(error).get(name)) for name in ("body", "problems", "payload")]
    return "".join(parts)


@contextlib.contextmanager
def takes(seconds, more=1.0):
    """Fails if the block takes less time than that, or much more."""
    started = time.monotonic()
    yield
    assert seconds - 0.05 <= time.monotonic() - started < seconds + more


# Decoding


def test_a_complete_answer_becomes_a_video_with_every_field():
    assert mod.Video.from_dict(SAMPLE) == mod.Video(
        id="video_123",
        completed_at=1712697999,
        created_at=1712697600,
        error=None,
        expires_at=1712784000,
        model=mod.VideoModel.SORA_2,
        object="video",
        progress=100,
        prompt="A calico cat playing a piano on stage",
        remixed_from_video_id=None,
        seconds=mod.VideoSeconds.SECONDS_8,
        size=mod.VideoSize.SIZE_1024X1792,
        status=mod.VideoStatus.COMPLETED,
    )


def test_the_fields_stand_in_the_documented_order_in_the_type_and_in_the_wire_form():
    assert [field.name for field in dataclasses.fields(mod.Video)] == [*SAMPLE]
    reversed_sample = dict(reversed(list(SAMPLE.items())))
    assert [*mod.Video.from_dict(reversed_sample).to_dict()] == [*SAMPLE]


MODELS = "sora-2 sora-2-pro sora-2-2025-10-06 sora-2-pro-2025-10-06 sora-2-2025-12-08"
LITERALS = [  # field, its enum, the documented values in their order
    ("model", mod.VideoModel, MODELS),
    ("seconds", mod.VideoSeconds, "4 8 12"),
    ("size", mod.VideoSize, "720x1280 1280x720 1024x1792 1792x1024"),
    ("status", mod.VideoStatus, "queued in_progress completed failed"),
]


@pytest.mark.parametrize("field, enum, values", LITERALS, ids=label)
def test_a_literal_becomes_its_member_which_behaves_as_the_string(field, enum, values):
    assert [member.value for member in enum] == values.split()
    for member in enum:
        for strict in (True, False):
            payload = sample(**{field: member.value})
            video = mod.Video.from_dict(payload, strict=strict)
            assert getattr(video, field) is member
            assert type(video.to_dict()[field]) is str
        assert str(member) == f"{member}" == member == member.value
        assert type(str(member)) is str
        assert f"{member:>30}" == member.value.rjust(30)
        assert json.dumps(member) == json.dumps(member.value)
        assert pickle.loads(pickle.dumps(member)) is member


NULLABLE = ["completed_at", "error", "expires_at", "prompt", "remixed_from_video_id"]


@pytest.mark.parametrize("field", NULLABLE)
@pytest.mark.parametrize("value", [None, ABSENT], ids=["null", "absent"])
def test_a_nullable_field_may_be_null_or_absent(field, value):
    video = mod.Video.from_dict(sample(**{field: value}))
    assert getattr(video, field) is None
    assert video.to_dict()[field] is None


def test_unknown_models_and_durations_stay_text_and_more_members_are_ignored():
    video = mod.Video.from_dict(sample(model="sora-3", seconds="20", quality="high"))
    assert (type(video.model), video.model) == (str, "sora-3")
    assert (type(video.seconds), video.seconds) == (str, "20")
    assert "quality" not in video.to_dict()


def test_the_error_of_a_job_is_decoded_and_its_other_members_are_ignored():
    payload = sample(error={"code": "c", "message": "m", "param": None})
    video = mod.Video.from_dict(payload)
    assert video.error == mod.VideoCreateError(code="c", message="m")
    assert video.to_dict()["error"] == {"code": "c", "message": "m"}


SIZES = "one of 720x1280, 1280x720, 1024x1792, 1792x1024"
STATES = "one of queued, in_progress, completed, failed"
TEXT = "expected a string or null"
REFUSED = [  # field, value, the sentence
    ("id", ABSENT, "id: expected a string, got nothing"),
    ("id", None, "id: expected a string, got None"),
    ("id", 7, "id: expected a string, got 7"),
    ("completed_at", "1", "completed_at: expected an integer or null, got '1'"),
    ("completed_at", True, "completed_at: expected an integer or null, got True"),
    ("created_at", ABSENT, "created_at: expected an integer, got nothing"),
    ("created_at", 1.0, "created_at: expected an integer, got 1.0"),
    ("error", "no memory", "error: expected an object or null, got 'no memory'"),
    ("error", {"message": "m"}, "error.code: expected a string, got nothing"),
    ("error", {"code": 5, "message": "m"}, "error.code: expected a string, got 5"),
    ("error", {"code": "c", "message": 1}, "error.message: expected a string, got 1"),
    ("expires_at", [], "expires_at: expected an integer or null, got []"),
    ("model", None, "model: expected a string, got None"),
    ("object", "list", "object: expected video, got 'list'"),
    ("object", ABSENT, "object: expected video, got nothing"),
    ("progress", True, "progress: expected an integer, got True"),
    ("progress", 33.5, "progress: expected an integer, got 33.5"),
    ("remixed_from_video_id", 1, f"remixed_from_video_id: {TEXT}, got 1"),
    ("prompt", {}, f"prompt: {TEXT}, got {{}}"),
    ("seconds", 8, "seconds: expected a string, got 8"),
    ("size", "1920x1080", f"size: expected {SIZES}, got '1920x1080'"),
    ("size", ["720x1280"], f"size: expected {SIZES}, got ['720x1280']"),
    ("status", "Completed", f"status: expected {STATES}, got 'Completed'"),
    ("status", "", f"status: expected {STATES}, got ''"),
]


@pytest.mark.parametrize("field, value, sentence", REFUSED, ids=label)
def test_strict_decoding_refuses_another_type(field, value, sentence):
    error = refusal(sample(**{field: value}))
    assert error.problems == (sentence,)
    assert error.payload == sample(**{field: value})
    assert f"not a video of the documented type: {sentence}" in str(error)


def test_every_fault_is_reported_in_one_error_in_the_order_of_the_fields():
    error = refusal({"id": "x", "status": "done", "progress": None, "error": {}})
    fields = "created_at error.code error.message model object progress seconds size"
    assert " ".join(each.split(":")[0] for each in error.problems) == f"{fields} status"
    assert "; ".join(error.problems) in str(error)


def test_a_refusal_speaks_of_strict_where_that_helps():
    message = str(refusal(json.dumps(sample(size="1x1")), mod.Video.from_json))
    assert message.endswith(" (strict=False accepts it)")


SHOWN = [  # a refused value, how it is shown
    ("\x1b[2J\u202e", r"'\x1b[2J\u202e'"),  # what a terminal would obey
    ("x" * 198, f"'{'x' * 198}'"),  # 200 characters with the quotes: whole
    ("x" * 5000, f"'{'x' * 97}...{'x' * 98}'"),  # more: shortened
    ([[[[[[[[]]]]]]]], "[[[[[[[...]]]]]]]"),  # nested deeper than six levels
    ([["x" * 200] * 6] * 6, "'xxx"),
]


@pytest.mark.parametrize("value, shown", SHOWN, ids=range(len(SHOWN)))
def test_a_refused_value_is_shown_shortened_and_harmless(value, shown):
    problem = refusal(sample(size=value)).problems[0]
    assert shown in problem
    assert len(problem) < 300


LENIENT = [  # changes of the sample, and what becomes of them
    ({"status": "processing"}, {}),
    ({"status": "anything at all"}, {}),
    ({"progress": 33.5}, {}),
    ({"progress": None}, {}),
    ({"created_at": ABSENT, "size": ABSENT}, {"created_at": None, "size": None}),
    ({"seconds": 8}, {}),
    ({"size": ["not hashable"], "model": {}}, {}),
    ({"error": "no memory"}, {"error": mod.VideoCreateError(None, "no memory")}),
    ({"error": ""}, {"error": mod.VideoCreateError(None, "")}),
    ({"error": {"message": "m"}}, {"error": mod.VideoCreateError(None, "m")}),
    ({"error": {"code": 500}}, {"error": mod.VideoCreateError(500, None)}),
    ({"error": {}}, {"error": mod.VideoCreateError(None, None)}),
    ({"error": ["m"]}, {}),
    ({"prompt": "\ud800", "progress": 10**30, "model": 0.5}, {}),
    ({"size": json.loads("[" * 300 + "]" * 300)}, {}),
]


@pytest.mark.parametrize("changes, expected", LENIENT, ids=label)
def test_lenient_decoding_keeps_what_was_received(changes, expected):
    video = mod.Video.from_dict(sample(**changes), strict=False)
    for name, value in {**sample(**changes), **expected}.items():
        assert getattr(video, name) == value
    assert mod.Video.from_dict(video.to_dict(), strict=False) == video
    document = json.dumps(sample(**changes))
    assert mod.Video.from_json(document, strict=False) == video
    assert [*video.to_dict()] == [*SAMPLE]


NO_JOBS = [  # the payload, the sentence
    ([SAMPLE], "expected a JSON object, got [{"),
    (None, "expected a JSON object, got None"),
    (sample(id=None), "id: expected a string, got None"),
    (sample(status=ABSENT), "status: expected "),
]


@pytest.mark.parametrize("payload, sentence", NO_JOBS, ids=label)
def test_what_is_not_a_video_job_is_refused_with_and_without_strict(payload, sentence):
    for strict in (True, False):
        error = refusal(payload, strict=strict)
        assert error.problems[0].startswith(sentence)
        assert error.payload is payload
        assert "strict" not in str(error)


def test_videos_are_frozen_hashable_comparable_and_picklable():
    video = mod.Video.from_dict(sample(error={"code": "c", "message": "m"}))
    for twin in (
        mod.Video.from_dict(video.to_dict()),
        mod.Video.from_json(json.dumps(video.to_dict())),
        mod.Video.from_dict(dataclasses.asdict(video)),
        pickle.loads(pickle.dumps(video)),
        copy.deepcopy(video),
    ):
        assert twin == video
        assert hash(twin) == hash(video)
    with pytest.raises(dataclasses.FrozenInstanceError):
        video.status = "failed"
    with pytest.raises(dataclasses.FrozenInstanceError):
        video.error.code = "other"


DOCUMENTS = [
    DOCUMENT,
    DOCUMENT.decode(),
    bytearray(DOCUMENT),
    "\ufeff" + DOCUMENT.decode(),  # a byte order mark
    b"\xef\xbb\xbf" + DOCUMENT,
    b" \n" + DOCUMENT + b"\t\n",
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=range(6))
def test_json_is_read_from_text_and_bytes_with_or_without_a_byte_order_mark(document):
    assert mod.Video.from_json(document) == mod.Video.from_dict(SAMPLE)


NOT_JSON = [  # the document, words of the problem
    (b"", "got b''"),
    (b"<html>", "got b'<html>'"),
    (b"{malformed json: <<<chaos>>>}", "got b'{malformed json"),  # aimock
    (DOCUMENT * 2, "Extra data"),
    (DOCUMENT[:-1], ""),
    (b'{"progress": NaN}', "NaN is not a finite number"),
    (b'{"progress": -Infinity}', "-Infinity is not a finite number"),
    (b'{"progress": 1e400}', "1e400 is not a finite number"),
    (b'{"progress": 1e%s}' % (b"9" * 5000), "9... is not a finite number"),
    (b'{"id": "\xff"}', "0xff"),
    (b"\x1f\x8b\x08\x00", "0x8b"),  # gzip that nobody asked for
    (b'{"id": "a\nb"}', ""),
    (b"[" * 500_000, "more than 1000 arrays and objects"),  # kills CPython's parser
    (b'{"a":' * 500_000, "more than 1000 arrays and objects"),
    (b'["\\"", ' + b"[]," * 1000 + b"1]", "more than 1000 arrays and objects"),
    (b'["\\\\", ' + b"[]," * 1000 + b"1]", "more than 1000 arrays and objects"),
]
if hasattr(sys, "set_int_max_str_digits"):  # where the length of an integer is limited
    NOT_JSON.append((b'{"progress": %s}' % (b"9" * 6000), "digits"))


@pytest.mark.parametrize("document, words", NOT_JSON, ids=label)
def test_what_is_not_json_is_refused_and_kept(document, words):
    for strict in (True, False):
        error = refusal(document, mod.Video.from_json, strict=strict)
        assert error.problems[0].startswith("expected JSON, got ")
        assert words in error.problems[0]
        assert error.payload == document
        assert len(str(error)) < 500


def test_the_payload_may_be_named_and_strict_must_be():
    assert mod.Video.from_dict(payload=SAMPLE) == mod.Video.from_json(document=DOCUMENT)
    for decode in (mod.Video.from_dict, mod.Video.from_json):
        with pytest.raises(TypeError):
            decode(SAMPLE, False)


def test_a_thousand_arrays_and_objects_are_read_and_brackets_in_text_do_not_count():
    prompt = '"[{' * 2000 + "\\"
    payload = sample(prompt=prompt, more=[[]] * 998)  # 1,000 with the two around them
    assert mod.Video.from_json(json.dumps(payload)).prompt == prompt
    refusal(json.dumps(sample(more=[[]] * 999)), mod.Video.from_json)


@pytest.mark.parametrize("levels", [1000, 100_000])
def test_nested_json_ends_neither_a_small_thread_nor_a_refusal(levels, serve):
    body = b'{"detail":' * levels + b"1" + b"}" * levels
    server = serve(respond(body, 404))
    outcomes = []

    def work():
        for call in (lambda: mod.Video.from_json(body), lambda: look_up(server)):
            try:
                call()
            except mod.APIError as error:
                outcomes.append(type(error))

    # PyPy's own parser needs more than a CPython's for a thousand levels.
    kibibytes = 1024 if sys.implementation.name == "pypy" else 256
    size = threading.stack_size(kibibytes * 1024)
    thread = threading.Thread(target=work)
    thread.start()
    threading.stack_size(size)
    thread.join()
    assert outcomes == [VALIDATION, mod.NotFoundError]


# What living servers send, as read from their sources in November 2026: the server, the
# fields that strict decoding refuses, and the body.
LIVING = [
    line.split(" | ")
    for line in r"""
OpenAI, October 2025 |  | {"id": "video_68f42b7120d0", "object": "video", "created_at": 1760832369, "status": "completed", "completed_at": 1760832448, "error": null, "expires_at": 1760836048, "model": "sora-2", "progress": 100, "remixed_from_video_id": null, "seconds": "4", "size": "720x1280"}
OpenAI, the guide | size | {"id": "video_69b131ea0354", "object": "video", "created_at": 1773220330, "status": "completed", "completed_at": 1773220911, "error": null, "expires_at": 1773224511, "model": "sora-2-pro", "progress": 100, "prompt": "A cat", "remixed_from_video_id": null, "seconds": "20", "size": "1920x1080"}
OpenAI, failed |  | {"id": "video_6983c2ba2b64", "object": "video", "created_at": 1770242746, "status": "failed", "completed_at": null, "error": {"code": "moderation_blocked", "message": "Your request was blocked by our moderation system."}, "expires_at": null, "model": "sora-2", "progress": 0, "prompt": "A bear", "remixed_from_video_id": null, "seconds": "8", "size": "1280x720"}
SGLang | error.code | {"id": "b5a3f6b1", "object": "video", "model": "sora-2", "status": "failed", "progress": 0, "created_at": 1763051670, "size": "1280x720", "seconds": "4", "quality": "standard", "url": null, "remixed_from_video_id": null, "completed_at": null, "expires_at": null, "error": {"message": "CUDA out of memory."}, "file_path": "outputs/b5a3f6b1.mp4"}
FastVideo | size | {"id": "3f0c7a5be1c9", "object": "video", "model": "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", "status": "queued", "progress": 0, "created_at": 1763051670, "size": "", "seconds": "0", "completed_at": null, "error": null}
vLLM-Omni, queued | size | {"model": "Wan-AI/Wan2.2", "prompt": "A cat", "id": "video_gen_9f2c", "object": "video", "status": "queued", "size": null, "progress": 0, "seconds": "4", "completed_at": null, "created_at": 1763051670, "remixed_from_video_id": null, "error": null, "expires_at": null}
vLLM-Omni, failed | error.code size | {"model": "Wan-AI/Wan2.2", "prompt": "A cat", "id": "video_gen_9f2c", "object": "video", "status": "failed", "size": "640x360", "progress": 0, "seconds": "2", "created_at": 1763051670, "error": {"code": 500, "message": "No video"}}
TensorRT-LLM | error progress seconds size status | {"id": "video_1", "object": "video", "model": "wan", "status": "generating", "progress": null, "created_at": 1763051670, "error": "out of memory", "size": "832x480", "duration": 3.4, "fps": 24}
New API | seconds size status | {"id": "task_9hQ2", "task_id": "task_9hQ2", "object": "video", "model": "kling-v1", "status": "unknown", "progress": 0, "created_at": 1763051670, "completed_at": 1763051670, "metadata": {"url": ""}}
aimock | model object progress seconds size status | {"id": "vid_processing", "status": "processing", "created_at": 1700000000}
""".strip().splitlines()
]


@pytest.mark.parametrize("name, refused, body", LIVING, ids=[row[0] for row in LIVING])
def test_the_answers_of_living_servers_are_named_or_taken(name, refused, body, serve):
    server, body = serve(respond(body.encode())), json.loads(body)
    assert look_up(server, function=mod.fetch) == body
    wire = look_up(server, strict=False).to_dict()
    error = body.get("error")
    if isinstance(error, str):
        error = {"code": None, "message": error}
    assert wire == {
        **dict.fromkeys(SAMPLE),
        **{k: body[k] for k in SAMPLE if k in body},
        "error": error and {"code": error.get("code"), "message": error["message"]},
    }
    if refused:
        problems = failure(server, VALIDATION).problems
        assert " ".join(problem.split(":")[0] for problem in problems) == refused
    else:
        assert look_up(server).to_dict() == wire


# What is sent


def test_the_request_is_a_plain_get_with_these_headers(serve):
    server = serve(respond())
    look_up(server, api_key=KEY, headers={"OpenAI-Project": "proj_1"})
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


@pytest.mark.parametrize("form", [dict, list, lambda headers: dict(headers).items()])
def test_headers_of_the_caller_override_ours_whatever_their_case(form, serve):
    server = serve(respond())
    headers = [("aUTHORIZATION", "Basic x"), ("user-agent", "mine"), ("X-Tab", "a\tb")]
    look_up(server, api_key=KEY, headers=form(headers))
    assert server.requests[0].count("Authorization: Basic x\r\n") == 1
    assert server.requests[0].lower().count("user-agent: mine\r\n") == 1
    assert server.requests[0].lower().count("user-agent:") == 1
    assert "X-Tab: a\tb\r\n" in server.requests[0]
    assert KEY not in server.requests[0]


IDS = [  # the id, its segment of the path
    ("video_123", "video_123"),
    ("-._~", "-._~"),
    ("!$&'()*+,;=:@", "!$&'()*+,;=:@"),  # as the SDK leaves them
    ("a/b?c#d e%", "a%2Fb%3Fc%23d%20e%25"),
    ("%2e", "%252e"),
    ("vid\xe9o\u732b", "vid%C3%A9o%E7%8C%AB"),
    ('\r\n\x00"<>\\^`{|}', "%0D%0A%00%22%3C%3E%5C%5E%60%7B%7C%7D"),
    ("gen%2Fop_1:vertex", "gen%252Fop_1:vertex"),  # Bifrost
]


@pytest.mark.parametrize("video_id, segment", IDS)
def test_the_id_is_percent_encoded_as_by_the_sdk(video_id, segment, serve):
    server = serve(respond())
    look_up(server, video_id)
    assert server.requests[0].split(" ")[1] == f"/v1/videos/{segment}"


@pytest.mark.parametrize("video_id", ["", ".", "..", "a\udc80", None, 5], ids=ascii)
def test_an_id_that_leads_elsewhere_is_a_value_error(video_id, serve):
    server = serve(respond())
    error = failure(server, ValueError, video_id=video_id)
    assert str(error) == f"video ID: expected the ID of a job, got {video_id!r}"
    assert server.requests == []


SUFFIXES = [  # the end of the base URL, the target of the request
    ("", "/videos/v"),
    ("/", "/videos/v"),
    ("/v1", "/v1/videos/v"),
    ("/v1//", "/v1/videos/v"),
    ("/a/b%20c/@x/", "/a/b%20c/@x/videos/v"),
    ("/v1/?api-version=preview&x=/", "/v1/videos/v?api-version=preview&x=/"),
    ("?key=a?b", "/videos/v?key=a?b"),
]


@pytest.mark.parametrize("suffix, target", SUFFIXES)
def test_the_path_is_appended_and_the_query_kept(suffix, target, serve):
    server = serve(respond())
    mod.retrieve("v", base_url=f"HTTP://127.0.0.1:{server.port}{suffix}")
    assert server.requests[0].split(" ")[1] == target


BAD_BASE_URLS = [  # the URL, what the message quotes of it
    ("", "''"),
    ("localhost:8000/v1", "'localhost:8000/v1'"),
    ("ftp://host/v1", "'ftp://host/v1'"),
    ("file:///etc/passwd", "'file:///etc/passwd'"),
    ("http:///v1", "'http:///v1'"),
    ("http://host:65536/v1", "'http://host:65536/v1'"),
    ("http://host:x/v1", "'http://host:x/v1'"),
    ("http://ho%0d%0ast/v1", "'http://ho%0d%0ast/v1'"),
    ("http://a..b/v1", "'http://a..b/v1'"),
    (f"http://{'a' * 64}/v1", f"'http://{'a' * 64}/v1'"),  # a label of a host: 63
    ("http://[::1/v1", "'http://[::1/v1'"),
    ("http://host/v1#s3cr3t", "'http://host/v1...'"),
    ("http://host/v1?k=s3cr3t#part", "'http://host/v1...'"),  # A query may hold a key.
    ("http://host/v1?k=s3cr3t@\n", "'...'"),
    ("http://host/a b", "'http://host/a b'"),
    ("http://host/v1\r\nX: y", r"'http://host/v1\r\nX: y'"),
    ("http://host/v1\n", r"'http://host/v1\n'"),
    ("http://h\xf3st/v1", "'http://h\xf3st/v1'"),
    ("http://user:passw0rd@host/v1", "'...'"),
    ("http://user:passw0rd%40host/v1", "'...'"),
]


@pytest.mark.parametrize("base_url, shown", BAD_BASE_URLS, ids=label)
def test_a_base_url_that_cannot_be_used_is_a_value_error(base_url, shown):
    message = str(failure(base_url, ValueError))
    assert re.match("base URL .*expected http:// or https://", message)
    assert message.endswith(f"got {shown}")


EDGES = [
    "http://host:65535",
    f"http://{'a' * 63}",
    "https://a_b.c./v1/",
    "http://[::1]:1",
    "https://api.openai.com/v2",  # which needs no key
]


@pytest.mark.parametrize("base_url", EDGES, ids=label)
def test_a_base_url_at_the_edge_of_the_rules_is_asked(base_url):
    message = str(failure(base_url, CONNECTION))
    assert message.startswith(f"GET {base_url.rstrip('/')}/videos/video_123: ")
    assert "malformed" not in message


def test_the_environment_is_read_at_the_call_and_an_argument_wins(serve, environment):
    named, given = serve(respond()), serve(respond())
    environment.setenv("OPENAI_BASE_URL", named.url)
    environment.setenv("OPENAI_API_KEY", f" \n{KEY}\t\n")  # as out of a file
    mod.retrieve("v")
    mod.fetch("v", base_url=given.url, api_key=" other ")
    mod.poll("v", api_key="")
    environment.setenv("OPENAI_API_KEY", "")  # An empty variable counts as unset.
    mod.retrieve("v")
    assert f"Authorization: Bearer {KEY}\r\n" in named.requests[0]
    assert "Authorization: Bearer other\r\n" in given.requests[0]
    assert "Authorization" not in named.requests[1] + named.requests[2]


@pytest.mark.parametrize("base_url", [None, "", "https://api.openai.com/v1/"])
@pytest.mark.parametrize("key", [None, "", " \n"])
def test_a_key_is_required_with_the_default_base_url(base_url, key, environment):
    for name, value in (("OPENAI_BASE_URL", base_url), ("OPENAI_API_KEY", key)):
        if value is not None:
            environment.setenv(name, value)
    with pytest.raises(ValueError, match="^no API key: set OPENAI_API_KEY, or point"):
        mod.retrieve("v")


BAD_KEYS = ["sk-b\nkey", "sk-b\x00key", "sk-b key", "sk-b\u00e4key", "sk-b\x7fkey"]


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(key, serve):
    server = serve(respond())
    message = str(failure(server, ValueError, api_key=key))
    assert message == "API key: expected ASCII without spaces (it is not shown)"
    assert server.requests == []


BAD_HEADERS = [  # the headers, words of the message
    ({"X\r\nInjected": "secret"}, "header name: expected letters, digits and hyphens"),
    ({"": "secret"}, "header name: expected letters, digits and hyphens"),
    ({"Authorization: Bearer secret": "x"}, "header name: expected letters"),
    ({"X-\xe9": "secret"}, "header name: expected letters"),
    ({"X-A": "secret\r\nX-B: c"}, "header X-A: expected a value in printable ASCII"),
    ({"X-A": "secret\n"}, "header X-A: expected a value in printable ASCII"),
    ({"X-A": "secret\xe9"}, "header X-A: expected a value in printable ASCII"),
]


@pytest.mark.parametrize("headers, words", BAD_HEADERS, ids=label)
def test_a_bad_header_is_refused_and_not_shown(headers, words, serve):
    server = serve(respond())
    message = str(failure(server, ValueError, headers=headers))
    assert message.startswith(words)
    assert "secret" not in message
    assert server.requests == []


LONGEST = 2_147_483  # seconds: what a socket can wait for, in milliseconds, in a C int
NUMBERS = [  # setting, bad values, good values at the edges
    ("timeout", [0, -1, LONGEST + 1, float("nan"), float("inf"), "5", None], [LONGEST]),
    ("max_retries", [-1], [0, 10**9]),
    ("interval", [0, -0.1, LONGEST + 1, float("nan"), "5", None], [0.001, LONGEST]),
    ("max_wait", [0, -5, LONGEST + 1, float("nan"), "5"], [LONGEST, None]),
]


@pytest.mark.parametrize("name, bad, good", NUMBERS, ids=[row[0] for row in NUMBERS])
def test_a_number_out_of_range_is_a_value_error_that_names_it(name, bad, good, serve):
    server = serve(respond())
    for value in bad:
        message = str(failure(server, ValueError, function=mod.poll, **{name: value}))
        assert re.match(f"{name}: expected .*, got .*{value}", message)
    assert server.requests == []
    for value in good:
        assert look_up(server, function=mod.poll, **{name: value}).id == "video_123"


WRONG_TYPES = [
    {"api_key": b"sk-bytes"},
    {"base_url": b"http://host"},
    {"headers": 5},
    {"headers": {"X-A": 5}},
    {"max_retries": "2"},
    {"max_retries": 1.5},
    {"ssl_context": "ca.pem"},
    {"ssl_context": ssl},
]


@pytest.mark.parametrize("settings", WRONG_TYPES, ids=label)
def test_a_wrong_type_is_a_type_or_value_error_before_anything_is_sent(settings, serve):
    server = serve(respond())
    failure(server, (TypeError, ValueError), **settings)
    assert server.requests == []


# Proxies


def tunnel(port):
    """A proxy's step: connects the client with that port, byte by byte."""

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
            thread.join(5)

    return step


def test_a_proxy_of_the_environment_is_used_and_no_proxy_obeyed(serve, environment):
    proxy, server = serve(respond()), serve(respond())
    environment.setenv("http_proxy", f"http://user:p%40ss@127.0.0.1:{proxy.port}")
    for _ in range(2):  # The second uses the opener of the first.
        mod.retrieve("v", base_url="http://video.example/v1")
    line = "GET http://video.example/v1/videos/v HTTP/1.1\r\n"
    assert proxy.requests[1].startswith(line)
    assert "proxy-authorization: basic dxnlcjpwqhnz\r\n" in proxy.requests[1].lower()
    environment.setenv("no_proxy", "127.0.0.1")
    look_up(server)
    assert (len(proxy.requests), len(server.requests)) == (2, 1)


def test_a_proxy_reads_no_key_of_an_https_request(serve, environment, trust):
    server = serve(respond(b"", 503), respond(), tls=trust.server())
    proxy = serve(tunnel(server.port))
    environment.setenv("https_proxy", f"http://user:pass@127.0.0.1:{proxy.port}")
    settings = {
        "api_key": KEY,
        "ssl_context": trust.client(),
        "headers": {"X-Own": "1"},
    }
    environment.setattr(time, "sleep", lambda seconds: None)
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


BAD_PROXIES = [  # the value of http_proxy, words of the message
    (
        "socks5://user:passw0rd@127.0.0.1:9",
        "proxy 127.0.0.1:9: <urlopen error unknown url type: socks5>",
    ),
    ("http://user:passw0rd@a..b:80", "unusable proxy"),
    ("http://user:passw0rd@127.0.0.1:x", "unusable proxy"),
    ("http://user:passw0rd", "unusable proxy"),  # The host was forgotten.
    ("http://user:passw0rd%40127.0.0.1:9", "through the proxy 127.0.0.1:9: "),
    ("http:/user:passw0rd@127.0.0.1", "unusable proxy"),
    ("http://", "no host given"),
    ("http://user:passw0rd@127.0.0.1:99999999999999999999", "proxy"),
]


@pytest.mark.parametrize("proxy, words", BAD_PROXIES)
def test_an_unusable_proxy_is_an_error_without_its_password(proxy, words, environment):
    if "a..b" in proxy:  # The system's resolver says this of a name of that kind.
        environment.setattr(socket, "getaddrinfo", lambda host, *_: host.encode("idna"))
    environment.setenv("http_proxy", proxy)
    error = failure("http://video.example", CONNECTION)
    assert words in str(error)
    assert "passw0rd" not in report(error)


# Refusals

CLASSES = {  # the statuses that have a class of their own
    400: mod.BadRequestError,
    401: mod.AuthenticationError,
    403: mod.PermissionDeniedError,
    404: mod.NotFoundError,
    429: mod.RateLimitError,
    500: mod.InternalServerError,
    503: mod.InternalServerError,
    599: mod.InternalServerError,
}
STATUSES = [*CLASSES, 101, 199, 300, 304, 402, 405, 408, 409, 422, 499, 600, 999]


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_other_than_2xx_is_an_error_of_its_class(status, serve):
    server = serve(respond(b"", status, "X-Request-Id: req_1", "X-Other: o"))
    error = failure(server, api_key=KEY)
    assert type(error) is CLASSES.get(status, mod.APIStatusError)
    assert (error.status_code, error.request_id, error.body) == (status, "req_1", b"")
    assert error.headers["x-OTHER"] == "o"
    assert str(error).startswith(f"GET {server.url}/videos/video_123: {status}")
    assert str(error).endswith(" (request ID req_1)")
    assert failure(serve(respond(b"", status))).request_id is None


REASONS = [  # the body of a refusal, the words of it in the message
    ({"error": {"message": "m", "type": "t", "code": "c"}}, ": m"),  # OpenAI
    ({"error": {"message": "m"}, "status": 401}, ": m"),  # OpenAI, on this route
    ({"error": "Unauthorized"}, ": Unauthorized"),  # vLLM's key check
    ({"detail": "Video not found"}, ": Video not found"),  # SGLang
    ({"detail": [{"loc": [1], "msg": "a"}, {"msg": "b"}]}, ": a; b"),  # FastAPI
    ({"code": "no_task", "message": "no task", "data": None}, ": no task"),  # New API
    ({"object": "error", "message": "gone", "code": 404}, ": gone"),  # TensorRT-LLM
    ({"is_bifrost_error": True, "error": {"message": "none"}}, ": none"),  # Bifrost
    ({"error": {"message": "", "code": "c"}, "message": "outer"}, ": outer"),
    ({"detail": 'a "quoted" \\ \u732b'}, ': a "quoted" \\ \u732b'),
    ({"error": {"code": 7}}, ': {"error": {"code": 7}}'),  # no words: the body itself
    (b'{"detail": "broken \\x"}', ': {"detail": "broken \\x"}'),
    (b"plain \x1b[31mred\x9b1m\r\nlines", ": plain \\u001b[31mred\ufffd1m lines"),
    (b"<html><title>502 Bad</title>\n<hr><center>nginx</center>", ": 502 Bad nginx"),
    (b"a < b", ": a < b"),
    (b"", ""),
    (b" \n ", ""),
    ({"detail": "\u202egnp.exe \x00"}, r": \u202egnp.exe \u0000"),
    (b"x" * 200, f": {'x' * 200}"),
    (b"x" * 201, f": {'x' * 200}..."),
    (b'"msg":"' + b'\\"' * 500_000, ': "msg":"' + '\\"' * 96 + "\\..."),  # at once
]


@pytest.mark.parametrize("body, words", REASONS, ids=label)
def test_the_reason_of_a_refusal_is_shown_on_one_harmless_line(body, words, serve):
    server = serve(respond(body, 409))
    message = str(failure(server))
    assert message == f"GET {server.url}/videos/video_123: 409 Conflict{words}"


def test_a_redirect_is_not_followed_and_its_target_is_told(serve):
    elsewhere = serve(respond())
    for status in (301, 302, 303, 307, 308):
        error = failure(serve(respond(b"", status, f"Location: {elsewhere.url}")))
        assert type(error) is mod.APIStatusError
        assert f"(redirects are not followed: {elsewhere.url})" in str(error)
    assert elsewhere.requests == []


def test_headers_are_quoted_shortened_and_harmless(serve):
    hostile = "\x1b[2J" + "x" * 300
    shown = "\\u001b[2J" + "x" * 196 + "..."
    for header in ("Location", "Retry-After", "X-Request-Id"):
        error = failure(serve(respond(b"", 404, f"{header}: {hostile}")))
        assert str(error).endswith(f" {shown})")


def test_a_refusal_without_a_key_says_that_none_was_sent(serve):
    for status in (401, 403):
        words = r" \(no API key was sent: set OPENAI_API_KEY\)"
        assert re.search(words, str(failure(serve(respond(b"", status)))))
        for settings in ({"api_key": "x"}, {"headers": {"api-key": "x"}}):
            error = failure(serve(respond(b"", status)), **settings)
            assert "no API key" not in str(error)
    assert "no API key" not in str(failure(serve(respond(b"", 404))))


def test_an_echoed_key_of_twelve_characters_is_hidden_and_a_shorter_one_is_not(serve):
    for key, shown in (("k" * 12, "(the API key)"), ("k" * 11, "k" * 11)):
        error = failure(serve(respond({"error": f"bad key {key}!"}, 401)), api_key=key)
        assert f"bad key {shown}!" in str(error)
        assert json.loads(error.body) == {"error": f"bad key {shown}!"}


def test_the_family_of_errors_is_that_of_the_sdk():
    assert mod.APIError.__bases__ == (Exception,)
    for base, children in {
        mod.APIError: "APIConnectionError APIStatusError APIResponseValidationError",
        CONNECTION: "APITimeoutError",
        mod.APIStatusError: "BadRequestError AuthenticationError PermissionDeniedError "
        "NotFoundError RateLimitError InternalServerError",
    }.items():
        for child in children.split():
            assert getattr(mod, child).__bases__ == (base,)


def test_every_error_survives_pickling_with_its_attributes(serve):
    # 250 parts, one within the other, are too deep for pickle.
    nested = "\r\r".join(["Content-Type: message/rfc822"] * 250)
    errors = [
        failure(serve(respond({"error": "no"}, 404, "X-Request-Id: r"))),
        failure(serve(respond({"id": 1})), VALIDATION),
        failure(serve(silence()), TIMEOUT, timeout=0.1),
        failure(serve(job("queued")), function=mod.poll, max_wait=4),
        failure(serve(b"junk\r\n\r\n"), CONNECTION),
        failure(serve(respond(b"", 404, nested))),
    ]
    for error in errors:
        twin = pickle.loads(pickle.dumps(error))
        assert (type(twin), str(twin)) == (type(error), str(error))
        for name, value in vars(error).items():
            assert str(getattr(twin, name)) == str(value)
    assert errors[3].video.status == "queued"


# Every failure, the message that explains it, and its silence about secrets

ECHO = {"error": {"message": f"Incorrect API key provided: {KEY}."}}
FAILURES = {  # what happens: how to make it happen, the class and words of the message
    "a wrong key, echoed": (
        lambda world: world.answer(respond(ECHO, 401)),
        r"AuthenticationError: GET .*401 Unauthorized: .* provided: \(the API key\)\.$",
    ),
    "a forgotten /v1": (
        lambda world: {"base_url": world.serve(respond(NOT_FOUND, 404)).url[:-3]},
        r"NotFoundError: GET http://127.0.0.1:\d+/videos/v: 404 Not Found: Not Found$",
    ),
    "a key in the base URL": (
        lambda world: world.base_url_with_the_key(),
        r"NotFoundError: GET .*/v1/\(the API key\)/videos/v: 404 Not Found: Not Found$",
    ),
    "a busy server": (
        lambda world: world.answer(respond(b"", 503, "Retry-After: 0"), max_retries=2),
        r"InternalServerError: GET .* 503 Service Unavailable .*\(3 attempts\)$",
    ),
    "a long wait asked for": (
        lambda world: world.answer(respond(b"", 429, "Retry-After: 3600")),
        r"RateLimitError: .* 429 .* \(Retry-After, obeyed up to 120 s: 3600\)$",
    ),
    "a key echoed in headers": (
        lambda world: world.answer(respond(b"", 302, f"Location: http://h/{KEY}")),
        r"APIStatusError: .* 302 Found \(.* followed: http://h/\(the API key\)\)$",
    ),
    "a key at the end of a quotation": (
        lambda world: world.answer(respond(b"", 302, f"Location: {'x' * 190}{KEY}")),
        r"APIStatusError: .* followed: x{190}\(the API k\.\.\.\)$",
    ),
    "a dead server": (
        lambda world: {"base_url": f"http://127.0.0.1:{free_port()}/v1"},
        r"APIConnectionError: GET .*/videos/v: .*refused.* \(ConnectionRefusedError\)$",
    ),
    "a reset connection": (
        lambda world: world.answer(reset),
        r"APIConnectionError: GET .*/videos/v: .* \(ConnectionResetError\)$",
    ),
    "an unknown name": (
        lambda world: {"base_url": "http://nowhere.invalid"},
        r"APIConnectionError: GET http://nowhere.invalid/videos/v: .* not known \(gaierror\)$",
    ),
    "a silent server": (
        lambda world: world.answer(silence(), timeout=0.1),
        r"APITimeoutError: GET .*/videos/v: no whole answer within 0\.\d+ s$",
    ),
    "a junk status line": (
        lambda world: world.answer(f"{KEY} junk\r\n\r\n".encode()),
        r"APIConnectionError: GET .*/v: \(the API key\) junk \(BadStatusLine\)$",
    ),
    "an answer that is not JSON": (
        lambda world: world.answer(respond(f"<p>{KEY}".encode())),
        r"APIResponseValidationError: .* expected JSON, got b'<p>\(the API key\)'",
    ),
    "an answer of another type": (
        lambda world: world.answer(respond(sample(id=[KEY]))),
        r"APIResponseValidationError: .*id: expected a string, got \['\(the API key\)'\]$",
    ),
    "an unknown certificate": (
        lambda world: {"base_url": world.serve(tls=world.trust.server()).url},
        r"APIConnectionError: .* certificate verify failed.*SSLCertVerificationError",
    ),
    "a dead proxy": (
        lambda world: world.proxy("http://v.test", free_port()),
        r"APIConnectionError: GET http:.*: through the proxy 127.0.0.1:\d+: .*refused",
    ),
    "a dead proxy for https": (
        lambda world: world.proxy("https://1.test", free_port()),
        r"APIConnectionError: GET https:.*: through the proxy 127.0.0.1:\d+: .*refused",
    ),
    "a proxy that refuses": (
        lambda world: world.proxy("https://v.test", world.serve(LOG_IN).port),
        r"APIConnectionError: .* through the proxy .*: Tunnel .* failed: 407 Log in",
    ),
}
NOT_FOUND = {"detail": "Not Found"}  # FastAPI's, for a path that it does not know
LOG_IN = b"HTTP/1.1 407 Log in\r\n\r\n"


def reset(server, connection):
    """A step that resets the connection."""
    options = (socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    connection.setsockopt(*options)


def free_port():
    """A port of the loopback that nobody listens to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class World:
    """What the rows of FAILURES need. Each method returns settings of a lookup."""

    def __init__(self, serve, trust, environment):
        self.serve, self.trust, self.environment = serve, trust, environment
        environment.setenv("OPENAI_API_KEY", KEY)

    def answer(self, step, **settings):
        return {"base_url": self.serve(step).url, **settings}

    def proxy(self, base_url, port):
        name = f"{base_url.split(':')[0]}_proxy"
        self.environment.setenv(name, f"http://user:{KEY}@127.0.0.1:{port}")
        return {"base_url": base_url}

    def base_url_with_the_key(self):
        url = self.serve(respond(NOT_FOUND, 404)).url
        self.environment.setenv("OPENAI_BASE_URL", f"{url}/{KEY}?key={KEY}")
        return {}


@pytest.fixture
def world(serve, trust, environment):
    return World(serve, trust, environment)


@posix  # The words are those of POSIX systems.
@pytest.mark.parametrize("make, words", FAILURES.values(), ids=list(FAILURES))
def test_a_failure_explains_itself_and_hides_the_key(make, words, world):
    settings = {"max_retries": 0, **make(world)}
    for function in (mod.retrieve, mod.poll):
        with pytest.raises(mod.APIError) as caught:
            function("v", **settings)
        assert re.match(words, f"{type(caught.value).__name__}: {caught.value}")
        assert KEY not in report(caught.value)


SETTINGS = [  # what a caller passes, so that the lookup fails
    {"api_key": KEY, "headers": {"api-key": KEY}},
    {"api_key": KEY, "timeout": 0},
    {"api_key": f"{KEY} {KEY}"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["refused", "number", "key"])
def test_a_key_of_the_caller_is_shown_in_no_frame_below_our_function(settings):
    with pytest.raises((mod.APIError, ValueError)) as caught:
        mod.retrieve("v", base_url="http://127.0.0.1:1", max_retries=0, **settings)
    caught.value.__traceback__ = caught.value.__traceback__.tb_next
    assert KEY not in report(caught.value)


def test_the_error_of_the_operating_system_is_the_cause_without_its_frames(serve):
    error = failure(f"http://127.0.0.1:{free_port()}", CONNECTION)
    assert isinstance(error.__cause__, ConnectionRefusedError)
    assert error.__cause__.__traceback__ is None
    assert error.__context__ is None
    assert failure(serve(b"junk\r\n\r\n"), CONNECTION).__cause__ is None


class SoftTimeLimitExceeded(Exception):
    """As a task queue raises it, by a signal, in the middle of whatever runs."""


OTHERS = [SoftTimeLimitExceeded(), AttributeError("a defect of the file")]


@pytest.mark.parametrize("error", OTHERS, ids=repr)
def test_what_is_not_of_the_network_is_not_touched(error, environment):
    environment.setenv("OPENAI_API_KEY", KEY)
    environment.setattr(socket, "getaddrinfo", Mock(side_effect=error))
    caught = failure("http://127.0.0.1:9", type(error))
    assert caught is error
    assert "in do_open" in report(error) and KEY not in report(error)


# Retries

RETRY_AFTER = [  # the header, the pause it makes; None: no retry; "own": the module's own
    ("7", 7),
    (" 7 ", 7),
    ("0", 0),
    ("0.25", 0.25),
    ("120", 120),  # the limit, as in the SDK
    ("120.1", None),
    ("999999999999", None),
    ("Tue, 14 Nov 2023 22:13:50 GMT", 30),
    ("Tue, 14 Nov 2023 23:13:50 +0100", 30),
    ("Tue, 14 Nov 2023 22:13:50", 30),  # without a zone it is GMT
    ("Tue, 14 Nov 2023 22:15:21 GMT", None),  # in 121 s
    ("Tue, 14 Nov 2023 22:13:19 GMT", "own"),  # past
    ("-1", "own"),
    ("nan", "own"),
    ("inf", None),
    ("soon", "own"),
    ("", "own"),
    ("Tue, 99 Nov 99999 22:13:50 GMT", "own"),
    ("1 1 1 1 1 1", "own"),
]


@pytest.mark.parametrize("value, pause", RETRY_AFTER)
def test_retry_after_is_obeyed_up_to_two_minutes(value, pause, serve, clock):
    server = serve(respond(b"", 429, f"Retry-After: {value}"), respond())
    if pause is None:
        failure(server, mod.RateLimitError, max_retries=2)
        assert clock.pauses == []
        return
    assert look_up(server, max_retries=2).id == "video_123"
    if pause == "own":
        assert 0.375 <= clock.pauses[0] <= 0.5
    else:
        assert clock.pauses == [pause]


RETRIED = [408, 409, 429, 500, 502, 599]
NOT_RETRIED = [300, 400, 401, 403, 404, 407, 410, 428, 499, 600]


@pytest.mark.parametrize("status", [*RETRIED, *NOT_RETRIED])
def test_some_statuses_are_retried_and_no_others(status, serve, clock):
    server = serve(respond(b"", status, "Retry-After: 0"))
    message = str(failure(server, max_retries=2))
    assert message.endswith("(3 attempts)") is (status in RETRIED)
    assert len(server.requests) == (3 if status in RETRIED else 1)


def test_own_pauses_double_to_eight_seconds_with_jitter_downward(serve, clock):
    server = serve(respond(b"", 500))
    error = failure(server, max_retries=1100)
    assert str(error).endswith(" (1101 attempts)")  # 2.0**1100 would overflow.
    jitter = [a / b for a, b in zip(clock.pauses, [0.5, 1, 2, 4, 8, 8, 8, 8, 8])]
    assert all(0.75 <= part <= 1 for part in jitter)
    assert len({*jitter}) == 9


def test_a_broken_connection_and_a_timeout_are_retried_twice_by_default(serve, clock):
    server = serve(b"", silence(), respond())
    assert mod.retrieve("v", base_url=server.url, timeout=0.3).id == "video_123"
    server = serve(b"")
    with pytest.raises(CONNECTION, match=r" \(3 attempts\)$"):
        mod.retrieve("v", base_url=server.url)
    assert len(server.requests) == 3


@pytest.mark.parametrize("body", [b"not JSON", {"id": 5}], ids=["JSON", "type"])
def test_an_answer_that_is_not_valid_is_not_retried(body, serve, clock):
    server = serve(respond(body))
    failure(server, VALIDATION, max_retries=2)
    assert (len(server.requests), clock.pauses) == (1, [])


# A hostile network

UNDEFINED = "Content-Type: multipart/mixed; boundary*=undefined''a"
BROKEN = [  # what the server sends, the class, words of the message
    (b"", CONNECTION, "RemoteDisconnected"),
    (b"junk\r\n\r\n", CONNECTION, "junk (BadStatusLine)"),
    (b"HTTP/2.0 200 OK\r\n\r\n{}", CONNECTION, "HTTP/2.0 (UnknownProtocol)"),
    (b"HTTP/1.1 twohundred OK\r\n\r\n", CONNECTION, "twohundred"),
    (b"\x1b]0;pwned\x07\r\n\r\n", CONNECTION, r"\u001b]0;pwned\u0007"),
    (b"HTTP/1.1 200 " + b"x" * MIB + b"\r\n\r\n", CONNECTION, "LineTooLong"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"x" * MIB + b"\r\n\r\n", CONNECTION, "LineTooLong"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 999, CONNECTION, "HTTPException"),
    # Cut short, though what came is valid JSON
    (respond(DOCUMENT + b"   ")[:-3], CONNECTION, "311 of 314 bytes"),
    (respond(b"0123456789", 404)[:-7], CONNECTION, "ends after 3 of 10 bytes"),
    (respond(DOCUMENT.ljust(MIB + 1))[:-1], CONNECTION, "after 1048576 of 1048577"),
    (chunked(b"200\r\n", DOCUMENT), CONNECTION, "IncompleteRead"),
    (chunked(b"2\r\n", b"{}\r\n"), CONNECTION, "IncompleteRead"),
    # Sizes of chunks that are none
    (chunked(b"zz\r\n", b"{}\r\n0\r\n\r\n"), CONNECTION, "IncompleteRead"),
    (chunked(b"-5\r\n", b"{}\r\n0\r\n\r\n"), CONNECTION, ""),
    (chunked(b"-fffffffffffffffff\r\n"), CONNECTION, ""),  # or OverflowError
    (chunked(b"x" * 70_000), CONNECTION, ""),
    # Headers that email.parser cannot parse
    (respond(SAMPLE, 200, UNDEFINED), CONNECTION, "malformed headers"),
    # Bodies that are not a JSON object
    (respond(b""), VALIDATION, "expected JSON, got b''"),
    (respond(b"", 204), VALIDATION, "expected JSON, got b''"),
    (respond(b"[]"), VALIDATION, "expected a JSON object, got []"),
    (respond(b"null"), VALIDATION, "expected a JSON object, got None"),
    (respond(b"\x1b[2J"), VALIDATION, r"got b'\x1b[2J'"),
]


@pytest.mark.parametrize("step, kind, words", BROKEN, ids=label)
def test_a_broken_answer_ends_in_an_error_of_the_family(step, kind, words, serve):
    server = serve(step)
    for function in (mod.retrieve, mod.fetch, mod.poll):
        error = failure(server, kind, function=function)
        assert type(error) is kind
        assert words in str(error)
        assert len(str(error)) < 700


GUARDED = [  # what the exchange on the wire may raise, words of the message
    (OSError(5, "bad disk"), "bad disk (OSError)"),
    (http.client.HTTPException("too many"), "too many (HTTPException)"),
    (RuntimeError("TLS not supported"), "TLS not supported (RuntimeError)"),  # Pyodide
    (OverflowError("s3cr3t"), "malformed headers, or an unusable proxy"),
    (TypeError("s3cr3t"), "malformed headers, or an unusable proxy"),
    (ValueError("s3cr3t"), "malformed headers, or an unusable proxy"),
]


@pytest.mark.parametrize("error, words", GUARDED, ids=repr)
def test_the_exchange_is_guarded_by_named_types(error, words, serve, environment):
    environment.setattr(http.client, "parse_headers", Mock(side_effect=error))
    message = str(failure(serve(respond()), CONNECTION))
    assert words in message
    assert "s3cr3t" not in message


def test_bodies_without_a_length_and_in_chunks_are_whole_answers(serve):
    pieces = [b"1\r\n%c\r\n" % byte for byte in DOCUMENT]
    for step in (
        respond(length=False),
        chunked(*pieces, b"0\r\nTrailer: x\r\n\r\n"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + respond(),
        b"HTTP/1.0 200 OK\n\n" + DOCUMENT,
        respond() + b"more than announced",
        respond(SAMPLE, 201),
        respond(SAMPLE, 299),
    ):
        assert look_up(serve(step)).id == "video_123"


FRAMES = [  # how a body is framed
    lambda body: respond(body),
    lambda body: respond(body, length=False),
    lambda body: chunked(b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n"),
]


@pytest.mark.parametrize("frame", FRAMES, ids=["length", "until closed", "chunked"])
def test_a_body_may_have_one_mebibyte_and_not_a_byte_more(frame, serve):
    assert look_up(serve(frame(DOCUMENT.ljust(MIB)))).id == "video_123"
    error = failure(serve(frame(DOCUMENT.ljust(2 * MIB))), VALIDATION)
    assert error.problems == ("expected at most 1048576 bytes, got more",)
    assert len(error.payload) == MIB + 1  # No more is read than it takes to know.
    failure(serve(frame(DOCUMENT.ljust(MIB + 1))), VALIDATION)


LENGTHS = [  # of a body that never ends
    b"\r\n",
    b"Content-Length: 999999999999\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n",
]


@pytest.mark.parametrize("headers", LENGTHS, ids=["none", "length", "chunked"])
def test_of_an_endless_refusal_one_mebibyte_is_kept(headers, serve):
    before = b"HTTP/1.1 500 Oops\r\n" + headers
    error = failure(serve(drip(before, b"x" * 65536, pause=0)))
    assert type(error) is mod.InternalServerError
    assert error.body == b"x" * MIB


ENDLESS = [  # what comes at once, and then what comes as fast as it is read
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    (chunked(b"2\r\n{}\r\n0\r\n"), b"T: x\r\n"),  # trailers
    (chunked(b"-1\r\n"), b"x" * 4096),  # to HTTPResponse.read(): "read everything"
]


@pytest.mark.parametrize("before, piece", ENDLESS, ids=["continue", "trailers", "-1"])
def test_what_is_endless_ends_in_bounded_time_and_memory(before, piece, serve):
    tracemalloc = pytest.importorskip("tracemalloc")  # PyPy has none.
    server = serve(drip(before, piece * (65536 // len(piece)), pause=0))
    started = time.monotonic()
    tracemalloc.start()
    try:
        failure(server, CONNECTION, timeout=0.3)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()
    assert time.monotonic() - started < 2


SLOW = [  # what comes at once, and then what comes every 50 ms
    (b"", b"H"),
    (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    (b"HTTP/1.1 404 Not Found\r\n", b"X: y\r\n"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{", b" "),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 999\r\n\r\n{", b" "),
    (b"HTTP/1.1 200 OK\r\n\r\n{", b" "),
    (chunked(), b"0"),
    (chunked(), b"1\r\n \r\n"),
]


@pytest.mark.parametrize("before, piece", SLOW, ids=[f"{a[-12:]}{b}" for a, b in SLOW])
def test_a_server_that_trickles_is_cut_off_in_time(before, piece, serve):
    with takes(0.2):
        error = failure(serve(drip(before, piece)), TIMEOUT, timeout=0.2)
    assert error.video is None


def proxied_timeout(proxy, environment, trust, timeout):
    """A lookup through that proxy ends in time."""
    environment.setenv("https_proxy", proxy.url)
    settings = {"timeout": timeout, "ssl_context": trust.client()}
    with takes(timeout, 0.6):
        failure("https://video.example", TIMEOUT, **settings)


TRICKLES = [(b"", b"H"), (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")]


@pytest.mark.parametrize("before, piece", TRICKLES)
def test_a_proxy_that_trickles_is_cut_off(before, piece, serve, environment, trust):
    proxied_timeout(serve(drip(before, piece)), environment, trust, 0.2)


def test_a_late_proxy_leaves_tls_the_rest_of_the_time(serve, environment, trust):
    def late(server, connection):
        server.closed.wait(0.7)
        silence(b"HTTP/1.1 200 OK\r\n\r\n")(server, connection)

    # The whole takes 0.9 s, and not 0.7 s and then another 0.9 s.
    proxied_timeout(serve(late), environment, trust, 0.9)


def test_slow_tls_leaves_the_answer_the_rest_of_the_time(serve, trust):
    class SlowTLS:
        def wrap_socket(self, connection, **options):
            server.closed.wait(0.7)
            return trust.server().wrap_socket(connection, **options)

    server = serve(silence(), tls=SlowTLS())
    with takes(0.9, 0.6):  # and not 0.7 s and then another 0.9 s
        failure(server, TIMEOUT, timeout=0.9, ssl_context=trust.client())


def test_a_name_without_an_address_is_a_connection_error(environment):
    environment.setattr(socket, "getaddrinfo", lambda *_: [])
    error = failure("http://none.test", CONNECTION)
    assert str(error).endswith(": the name has no address (OSError)")


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_the_time_to_connect_is_shared_by_all_addresses_of_a_name(serve, environment):
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # Its backlog is full, so that connecting gets no answer.
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        bad, good = full.getsockname()[1], serve(respond()).port
        ports = {
            "one.test": [bad],
            "two.test": [bad, bad],
            "refused.test": [free_port(), bad],
            "third.test": [bad, bad, good],
        }
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")

        def getaddrinfo(host, port, *rest):
            numbers = ports.get(host, [port])  # of a name, or of one of its addresses
            return [(*kind, ("127.0.0.1", number)) for number in numbers]

        environment.setattr(socket, "getaddrinfo", getaddrinfo)
        for host in ("one.test", "two.test", "refused.test"):
            with takes(0.3):
                failure(f"http://{host}", TIMEOUT, timeout=0.3)
        with takes(0.8):
            look_up("http://third.test", timeout=1.2)


def test_many_threads_look_up_at_once(serve):
    refused = respond(b"", 503, "Retry-After: 0")
    server = serve(refused, respond(), refused, respond())
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        found = pool.map(lambda _: look_up(server, max_retries=2).id, range(100))
        assert list(found) == ["video_123"] * 100
    assert len(server.requests) == 102


# At home with the tools that hook into the standard library


def test_the_request_goes_through_urllib_where_tracers_see_it(serve, environment):
    server, seen = serve(respond()), []
    real = urllib.request.OpenerDirector.open

    def spy(opener, request, data=None, timeout=None):
        seen.append((request.full_url, timeout))
        request.add_header("Traceparent", "00-1")
        return real(opener, request, data, timeout)

    environment.setattr(urllib.request.OpenerDirector, "open", spy)
    look_up(server, timeout=3)
    assert seen == [(f"{server.url}/videos/video_123", 3)]
    assert "Traceparent: 00-1\r\n" in server.requests[0]


def test_the_response_of_a_mocked_opener_is_read(environment):
    response = MagicMock(spec=http.client.HTTPResponse)
    response.configure_mock(status=200, headers={})
    response.read.return_value = DOCUMENT
    opener = urllib.request.OpenerDirector
    environment.setattr(opener, "open", lambda *_, **__: response)
    assert look_up("http://video.example").id == "video_123"
    assert response.close.called
    response.status = 404
    failure("http://video.example", mod.NotFoundError)


def test_a_recorder_that_replaces_the_connection_class_is_used(serve, environment):
    made = []

    class Recorder(http.client.HTTPConnection):
        def __init__(self, *args, **options):
            made.append(args)
            super().__init__(*args, **options)

    environment.setattr(http.client, "HTTPConnection", Recorder)
    server = serve(respond())
    look_up(server)
    assert made == [(f"127.0.0.1:{server.port}",)]


def test_a_mocked_socket_without_a_raw_reader_is_enough(environment):
    class MockSocket:
        def __init__(self, *args):
            pass

        def makefile(self, mode):
            return io.BytesIO(respond())

        settimeout = setsockopt = sendall = close = __init__

    environment.setattr(socket, "create_connection", MockSocket)
    assert mod.retrieve("v", base_url="http://127.0.0.1:9").id == "video_123"


@pytest.mark.skipif(sys.version_info < (3, 10), reason="X | None needs Python 3.10")
def test_the_annotations_of_every_public_name_resolve():
    for name in (*mod.__all__, "main"):
        public = getattr(mod, name)
        typing.get_type_hints(public)
        inspect.signature(public, eval_str=True)
    for method in (mod.Video.from_dict, mod.Video.from_json, mod.Video.to_dict):
        assert "return" in typing.get_type_hints(method)
    assert typing.get_type_hints(mod.Video)["progress"] is int


# TLS


class Trust:
    """Throw-away certificates with one key, made for this file: they secure nothing."""

    KEY = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgP08hrl+Ho3mPJW7Ts0VR4W/1sKzvs4Nv/+Cljfyyk7OhRANCAATyO67wJHFKGzalco1XxetxHUiMNu3fukiYnoam+DX1QyYNhosl75czKfFodlvmNUfJroO/BtXgIGHQxaXHwKO7"
    # for localhost and 127.0.0.1, until 2120
    GOOD = "MIIBoDCCAUegAwIBAgIUHv2Kvp7LXFPbc/ANelCedLwepJ0wCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEZ29vZDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAwMFowDzENMAsGA1UEAwwEZ29vZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPI7rvAkcUobNqVyjVfF63EdSIw27d+6SJiehqb4NfVDJg2GiyXvlzMp8Wh2W+Y1R8mug78G1eAgYdDFpcfAo7ujfzB9MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBSm+SahGKFdMKzkFjBsBSZ+eX7P1DAfBgNVHSMEGDAWgBSm+SahGKFdMKzkFjBsBSZ+eX7P1DAOBgNVHQ8BAf8EBAMCAoQwCgYIKoZIzj0EAwIDRwAwRAIgHoFLd6VwMDQlhW2RVR4WZuSqtLNZqVaFc0UscgyBwFYCIDmHXQvWOdGXNtOIkAJVbRsAY6CJuIJ99nctd1nbx8oH"
    # for elsewhere.example
    ELSEWHERE = "MIIBrjCCAVSgAwIBAgIUHtZbLzQ2ISPmqfTk5JbEi8iILLAwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJZWxzZXdoZXJlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAllbHNld2hlcmUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATyO67wJHFKGzalco1XxetxHUiMNu3fukiYnoam+DX1QyYNhosl75czKfFodlvmNUfJroO/BtXgIGHQxaXHwKO7o4GBMH8wHAYDVR0RBBUwE4IRZWxzZXdoZXJlLmV4YW1wbGUwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUpvkmoRihXTCs5BYwbAUmfnl+z9QwHwYDVR0jBBgwFoAUpvkmoRihXTCs5BYwbAUmfnl+z9QwDgYDVR0PAQH/BAQDAgKEMAoGCCqGSM49BAMCA0gAMEUCIQD8UU8YDCC5TDcyLOWvapkHizyKAcx3C7k3s2fy6vIs6gIgCUgTYJ5Ks+S83SXTWORiaien4j08SJOkEEDZ72L1RR8="

    def __init__(self, folder):
        self.folder = folder

    def server(self, certificate=GOOD):
        path = self.folder / "server.pem"
        path.write_text(self.pem("PRIVATE KEY", self.KEY) + self.pem(text=certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(path))
        return context

    def client(self):
        certificates = self.pem(text=self.GOOD) + self.pem(text=self.ELSEWHERE)
        return ssl.create_default_context(cadata=certificates)

    @staticmethod
    def pem(label="CERTIFICATE", text=GOOD):
        lines = "\n".join(textwrap.wrap(text, 64))
        return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


@pytest.fixture
def trust(tmp_path):
    return Trust(tmp_path)


def test_a_context_of_the_caller_verifies_a_ca_of_its_own(serve, trust):
    server = serve(respond(), tls=trust.server())
    assert look_up(server, ssl_context=trust.client()).id == "video_123"


CERTIFICATES = [
    (Trust.GOOD, False, "certificate verify failed"),  # a CA unknown to the system
    (Trust.ELSEWHERE, True, "not valid for '127.0.0.1'"),  # the wrong host
]


@pytest.mark.parametrize("sent, own, words", CERTIFICATES, ids=["CA", "host"])
def test_a_bad_certificate_is_never_retried(sent, own, words, serve, trust, clock):
    server = serve(respond(), tls=trust.server(sent))
    settings = {"ssl_context": trust.client()} if own else {}
    error = failure(server, CONNECTION, max_retries=2, **settings)
    assert words in str(error)
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert clock.pauses == []


def test_other_failures_of_tls_are_retried(serve, trust, clock):
    old, new = trust.server(), trust.client()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    new.minimum_version = ssl.TLSVersion.TLSv1_3
    server = serve(respond(), tls=old)
    error = failure(server, CONNECTION, max_retries=1, ssl_context=new)
    assert isinstance(error.__cause__, ssl.SSLError)
    assert len(clock.pauses) == 1


@pytest.mark.parametrize("timeout, seconds", [(0.2, 0.8), (1, 1)])
def test_slow_connecting_leaves_tls_the_rest_of_the_time(
    timeout, seconds, trust, environment
):
    connect = socket.create_connection

    def slow_connect(*args):
        threading.Event().wait(0.8)
        return connect(*args)

    environment.setattr(socket, "create_connection", slow_connect)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with takes(seconds, 0.6):  # and not 0.8 s and then another second
            failure(url, TIMEOUT, timeout=timeout, ssl_context=trust.client())


def test_the_trust_of_the_system_is_read_once_for_https(serve, trust):
    bundle = trust.folder / "ca.pem"
    bundle.write_text(Trust.pem())
    code = f"""if True:
    import ssl, sys, {mod.__name__} as mod
    plain, secure = sys.argv[1:]
    made, create = [], ssl.create_default_context
    ssl.create_default_context = lambda: made.append(create()) or made[-1]
    mod.retrieve("v", base_url=plain)
    assert made == []
    mod.retrieve("v", base_url=secure)
    mod.retrieve("v", base_url=secure)
    assert len(made) == 1
    assert made[0].verify_mode == ssl.CERT_REQUIRED and made[0].check_hostname
    """
    urls = serve(respond()).url, serve(respond(), tls=trust.server()).url
    done = child("-c", code, *urls, env={"SSL_CERT_FILE": str(bundle)})
    assert (done.returncode, done.stderr) == (0, "")


# Waiting


def test_poll_retrieves_and_pauses_until_the_job_is_over(serve, clock):
    server = serve(job("queued"), job("in_progress"), job("completed"))
    seen = []
    video = look_up(server, function=mod.poll, interval=7, on_update=seen.append)
    assert [each.status for each in seen] == ["queued", "in_progress", "completed"]
    assert video is seen[-1]
    assert clock.pauses == [7, 7]  # none before the first request, none after the last
    assert len(server.requests) == 3
    look_up(serve(job("queued"), job("completed")), function=mod.poll)
    assert clock.pauses[2:] == [5]  # by default


IN_FLIGHT = ["pending", "processing", "generating", "postprocessing", "cancelling"]


@pytest.mark.parametrize("word", ["queued", "in_progress", *IN_FLIGHT])
def test_poll_waits_in_these_states(word, serve, clock):
    error = {"code": "c", "message": "m"}
    server = serve(job(word), job("failed", error=error))
    video = look_up(server, function=mod.poll, strict=False)
    assert (video.status, video.error.code) == ("failed", "c")


@pytest.mark.parametrize("word", ["completed", "failed", "unknown", "done", ""])
def test_poll_returns_any_other_state(word, serve, clock):
    server = serve(job(word))
    assert look_up(server, function=mod.poll, strict=False).status == word
    assert (len(server.requests), clock.pauses) == (1, [])


def test_what_on_update_raises_is_not_touched(serve, clock):
    own = TIMEOUT("mine")

    on_update = Mock(side_effect=own)
    error = failure(serve(job("queued")), function=mod.poll, on_update=on_update)
    assert (error, str(error), error.video) == (own, "mine", None)


def test_a_failure_while_waiting_is_raised_after_its_retries(serve, clock):
    server = serve(job("queued"), respond(b"", 503), job("queued"), respond(b"", 404))
    assert type(failure(server, function=mod.poll, max_retries=1)) is mod.NotFoundError
    assert [pause > 0.5 for pause in clock.pauses] == [True, False, True]
    server = serve(job("queued"), respond(b"", 503), job("queued"), respond(b"", 503))
    error = failure(server, function=mod.poll, max_retries=1)
    assert str(error).endswith("(2 attempts)")  # An answer begins the count anew.
    assert len(server.requests) == 5


@pytest.mark.parametrize("max_wait, pauses", [(20, [5] * 3), (20.5, [5] * 4), (5, [])])
def test_max_wait_ends_when_no_request_fits(max_wait, pauses, serve, clock):
    server = serve(job("queued", progress=7))
    error = failure(server, TIMEOUT, function=mod.poll, max_wait=max_wait)
    assert clock.pauses == pauses
    assert error.video.progress == 7
    assert str(error) == "still queued at the end of max_wait"
    assert error.__cause__ is None


def test_a_retry_that_does_not_fit_into_max_wait_is_not_waited_for(serve, clock):
    server = serve(job("queued"), respond(b"busy", 503, "Retry-After: 60"))
    settings = {"function": mod.poll, "max_wait": 30, "max_retries": 2}
    error = failure(server, TIMEOUT, **settings)
    assert clock.pauses == [5]
    assert error.video.status == "queued"
    assert isinstance(error.__cause__, mod.InternalServerError)
    assert re.match("still queued at the end of max_wait: GET .*: busy", str(error))
    server = serve(respond(b"busy", 503, "Retry-After: 60"))
    error = failure(server, TIMEOUT, **settings)
    assert error.video is None
    assert re.match("no answer before the end of max_wait: GET .*: busy", str(error))


def test_a_refusal_within_max_wait_stays_a_refusal(serve, clock):
    for status, kind in ((503, mod.InternalServerError), (404, mod.NotFoundError)):
        server = serve(respond(b"busy", status, "Retry-After: 60"))
        assert type(failure(server, function=mod.poll, max_wait=30)) is kind


def test_max_wait_bounds_a_request_in_progress(serve):
    settings = {"function": mod.poll, "interval": 0.1, "timeout": 30}
    for retries in (0, 2):
        server = serve(job("queued"), silence())
        with takes(0.4, 0.5):
            error = failure(
                server, TIMEOUT, max_wait=0.4, max_retries=retries, **settings
            )
        assert error.video.status == "queued"
        assert isinstance(error.__cause__, TIMEOUT)
    error = failure(serve(silence()), TIMEOUT, max_wait=0.2, **settings)
    assert error.video is None
    assert "no answer before the end of max_wait: GET" in str(error)


def test_the_timeout_of_a_request_is_not_the_end_of_max_wait(serve):
    settings = {"function": mod.poll, "interval": 0.01, "timeout": 0.2, "max_wait": 60}
    error = failure(serve(job("in_progress"), silence()), TIMEOUT, **settings)
    assert error.video is None
    assert " no whole answer within 0." in str(error)


# The command line


@pytest.fixture
def run(capsys):
    """Runs the command line in this process: exit status, standard output and error."""

    def run(*arguments):
        try:
            exit_status = mod.main([str(argument) for argument in arguments])
        except SystemExit as stopped:  # by argparse, for --help and --version
            exit_status = stopped.code
        return (exit_status, *capsys.readouterr())

    return run


def execute(*command, **options):
    """Runs a command, with nothing on standard input unless the options say so."""
    options = {
        "stdin": subprocess.DEVNULL,
        "encoding": "utf-8",
        "timeout": 15,
        **options,
    }
    return subprocess.run(command, check=False, capture_output=True, **options)


def child_environment(**added):
    """The environment of a process in which the module can be imported."""
    root = str(MODULE.parents[mod.__name__.count(".")])
    own = {"PYTHONPATH": root, "PYTHONDONTWRITEBYTECODE": "1"}
    return {**os.environ, **own, **added}


def child(*arguments, env=None, **options):
    """Runs this Python on the arguments, where the module can be imported."""
    environment = child_environment(**(env or {}))
    return execute(sys.executable, *arguments, env=environment, **options)


def test_the_command_prints_the_thirteen_fields_as_json(serve, run):
    server = serve(respond(sample(more=1)))
    expected = (0, json.dumps(SAMPLE, indent=2) + "\n", "")
    assert run("video_123", "--base-url", server.url) == expected


ODD = {"size": "832x480", "more": {"a": [1]}, "prompt": 'a "b"\n\tc\r\x1b\u202e'}
PRINTED = [  # options, changes of the answer, what is printed
    (["--field", "status"], {}, "completed\n"),
    (["--field", "progress"], {}, "100\n"),
    (["--field", "error"], {}, "null\n"),
    (["--lenient", "--field", "size"], ODD, "832x480\n"),
    (["--lenient", "--field", "prompt"], ODD, 'a "b"\n\tc\\u000d\\u001b\\u202e\n'),
    (["--raw", "--field", "more"], ODD, '{\n  "a": [\n    1\n  ]\n}\n'),
    (["--raw"], {"id": ABSENT}, json.dumps(sample(id=ABSENT), indent=2) + "\n"),
    (["--raw", "--wait"], ODD, json.dumps(sample(**ODD), indent=2) + "\n"),
]


@pytest.mark.parametrize("options, changes, out", PRINTED, ids=label)
def test_options_choose_what_is_printed(options, changes, out, serve, run):
    server = serve(respond(sample(**changes)))
    assert run("video_123", "--base-url", server.url, *options) == (0, out, "")


def test_options_reach_the_request(serve, run, environment, clock):
    environment.setenv("OPENAI_API_KEY", KEY)
    server = serve(respond(b"", 500), respond(b"", 500), respond())
    options = ["-H", "X-One:  1 ", "--header", "X-Two: a:b", "--retries", "1"]
    exit_status, _, err = run("a/b", "--base-url", server.url, *options)
    assert (exit_status, err.endswith("(2 attempts)\n")) == (1, True)
    for line in ("X-One: 1", "X-Two: a:b", f"Authorization: Bearer {KEY}"):
        assert f"\r\n{line}\r\n" in server.requests[0]
    assert server.requests[0].startswith("GET /v1/videos/a%2Fb ")
    environment.setenv("OPENAI_BASE_URL", serve(respond()).url)
    assert run("v", "--field", "id") == (0, "video_123\n", "")
    options = ("--timeout", "0.2", "--retries", "0")
    outcome = run("v", "--base-url", serve(silence()).url, *options)
    assert "no whole answer within" in outcome[2]


WRONG = [  # arguments, words of the one line on standard error
    ([], "the following arguments are required: VIDEO_ID; see --help"),
    (["v", "--nonsense\x1b\n"], "unrecognized arguments: --nonsense"),
    (["v", "w"], "unrecognized arguments: w"),
    (["v", "--wai"], "unrecognized arguments: --wai"),  # no abbreviations
    (["v", "--timeout"], "argument --timeout: expected one argument; see --help"),
    (["v", "--timeout", "soon"], "argument --timeout: invalid float value: 'soon'"),
    (["v", "--timeout", "0"], "--timeout: expected seconds, more than 0 and at most"),
    (["v", "--retries", "-1"], "--retries: expected 0 or more, got -1"),
    (["v", "--wait", "--interval", "nan"], "--interval: expected seconds"),
    (["v", "--wait", "--interval", "0"], "got 0.0"),
    (["v", "--wait", "--max-wait", "0"], "--max-wait: expected seconds"),
    (["v", "--interval", "5"], "--interval and --max-wait need --wait"),
    (["v", "--max-wait", "5"], "--interval and --max-wait need --wait"),
    (["v", "--field", "statsu"], "status or, with --raw, any member; got 'statsu'"),
    (["v", "--field", ""], "any member; got ''"),
    (["v", "-H", "sk-secret"], "--header: expected 'NAME: VALUE', got no colon"),
    (["v", "-H", "X: a\nb"], "header X: expected a value in printable ASCII"),
    (["v", "--base-url", "nowhere"], "got 'nowhere'"),
    ([""], "video ID: expected the ID of a job, got ''"),
    (["v", "--base-url", "https://api.openai.com/v1"], "no API key: set OPENAI"),
]


@pytest.mark.parametrize("arguments, words", WRONG, ids=label)
def test_wrong_usage_is_one_line_and_exit_status_2(arguments, words, run, environment):
    if "--base-url" not in arguments:
        environment.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    exit_status, out, err = run(*arguments)
    assert (exit_status, out) == (2, "")
    assert re.fullmatch(r"videoretrieve: [^\n\x1b]+\n", err)
    assert words in err
    assert "sk-secret" not in err
    assert not re.search("max_wait|max_retries|strict=", err)


def test_a_failure_is_one_line_in_the_words_of_the_command_line(serve, run, clock):
    url = serve(respond(sample(size="1x1"))).url
    exit_status, out, err = run("v", "--base-url", url)
    assert (exit_status, out) == (1, "")
    assert err.startswith("videoretrieve: not a video of the documented type: size: ")
    assert err.endswith("got '1x1' (--lenient accepts it)\n")
    url = serve(respond({"detail": "Video not found"}, 404)).url
    line = f"videoretrieve: GET {url}/videos/v: 404 Not Found: Video not found\n"
    assert run("v", "--base-url", url) == (1, "", line)
    url = serve(respond({"a": 1})).url
    line = "videoretrieve: --field: no member 'b' among a\n"
    assert run("v", "--base-url", url, "--raw", "--field", "b") == (1, "", line)
    url = serve(job("in_progress")).url
    line = "videoretrieve: still in_progress at the end of --max-wait\n"
    assert run("v", "--base-url", url, "--wait", "--max-wait", 9) == (4, "", line)
    url = serve(b"").url
    exit_status, out, err = run("v", "--base-url", url, "--wait", "--max-wait", 0.1)
    assert (exit_status, out) == (1, "")
    assert err.startswith("videoretrieve: no answer before the end of --max-wait: GET ")


def test_an_answer_nested_too_deep_to_print_is_an_error(serve, run):
    url = serve(respond(b'{"a":' * 900 + b"1" + b"}" * 900)).url
    exit_status, out, err = run("v", "--base-url", url, "--raw")
    assert (exit_status, out.count("{")) in ((0, 900), (1, 0))  # by the Python
    assert exit_status == 0 or "cannot write the result: " in err


def test_help_fits_80_columns_and_names_all_there_is(run, environment):
    assert run("--version") == (0, f"videoretrieve {mod.__version__}\n", "")
    environment.setenv("COLUMNS", "80")
    exit_status, out, err = run("--help")
    assert (exit_status, err) == (0, "")
    assert out.startswith("usage: python -m videoretrieve [options] VIDEO_ID\n")
    assert max(map(len, out.splitlines())) <= 80
    for words in (
        *("VIDEO_ID ", "--base-url URL", "'NAME: VALUE'", "--timeout S", "--retries N"),
        *("--lenient", "--field NAME", "--raw", "--version", "--help", "\nwaiting:\n"),
        *("--wait", "--interval S", "--max-wait S", "(default: 60)", "(default: 2)"),
        *("(default: 5)", "(default: no limit)", "\nexample:\n", "OPENAI_API_KEY"),
        *("OPENAI_BASE_URL", "https_proxy", "no_proxy", "SSL_CERT_FILE", "  130  "),
        *("  0    ", "  1    ", "  2    ", "  3    ", "  4    "),
    ):
        assert words in out


def test_an_interrupt_is_exit_status_130(run, environment):
    interrupted = Mock(side_effect=KeyboardInterrupt)
    environment.setattr(socket, "getaddrinfo", interrupted)
    outcome = run("v", "--base-url", "http://127.0.0.1:9")
    assert outcome == (130, "", "videoretrieve: interrupted\n")


ENDS = [  # the answers, options, exit status, the field that is printed, the pauses
    ("queued completed", [], 0, "completed\n", [5]),
    ("queued failed", [], 3, "failed\n", [5]),
    ("queued cancelled", ["--lenient"], 3, "cancelled\n", [5]),
    ("processing completed", ["--lenient"], 0, "completed\n", [5]),
    ("queued", ["--max-wait", "11", "--interval", "4"], 4, "", [4, 4]),
    ("queued", ["--max-wait", "4"], 4, "", []),
]


@pytest.mark.parametrize("words, options, exit_status, out, pauses", ENDS, ids=label)
def test_the_exit_status_tells_the_end(
    words, options, exit_status, out, pauses, serve, run, clock
):
    url = serve(*map(job, words.split())).url
    outcome = run("v", "--base-url", url, "--wait", "--field", "status", *options)
    assert (*outcome[:2], clock.pauses) == (exit_status, out, pauses)


ENCODINGS = [  # the encoding of standard output, what is printed
    ("utf-8", "\xe9\xa5\u732b\U0001f600\u200d \\u009b\\ud800\n"),
    ("utf-8-sig", "\xe9\xa5\u732b\U0001f600\u200d \\u009b\\ud800\n"),
    ("latin-1", "\xe9\xa5\\u732b\\ud83d\\ude00\\u200d \\u009b\\ud800\n"),
    ("ascii", "\\u00e9\\u00a5\\u732b\\ud83d\\ude00\\u200d \\u009b\\ud800\n"),
    # It takes the yen sign for a backslash.
    ("euc_jp", "\xe9\\u00a5\u732b\\ud83d\\ude00\\u200d \\u009b\\ud800\n"),
]


@pytest.mark.parametrize("encoding, printed", ENCODINGS)
def test_text_is_printed_as_the_encoding_has_it(encoding, printed, serve, environment):
    text = "\xe9\xa5\u732b\U0001f600\u200d \x9b\ud800"
    stdout = io.TextIOWrapper(io.BytesIO(), encoding, newline="\n")
    environment.setattr(sys, "stdout", stdout)
    url = serve(respond(sample(prompt=text))).url
    assert mod.main(["v", "--base-url", url, "--field", "prompt"]) == 0
    assert mod.main(["v", "--base-url", url]) == 0
    environment.undo()
    out = stdout.buffer.getvalue().decode(encoding)
    assert out.startswith(printed)
    assert json.loads(out[len(printed) :])["prompt"] == text
    assert printed.split()[0] in out[len(printed) :]


OBEYED = "\x00\x08\x0b\x0d\x1b\x1f\x7f\x80\x9f\u061c\u200e\u200f\u2028\u202e\u2066\u2069\ufeff"
READABLE = "\t\n ~\xa0\xe9\u200c\u200d\u2027\u202f\u2065\u206a\u3000\uff00\U0001f600"


def test_what_a_terminal_would_obey_is_escaped_and_readable_text_is_not(serve, run):
    url = serve(respond(sample(prompt=OBEYED + READABLE))).url
    shown = "".join(f"\\u{ord(character):04x}" for character in OBEYED) + READABLE
    outcome = run("v", "--base-url", url, "--field", "prompt")
    assert outcome == (0, f"{shown}\n", "")


REDIRECTIONS = [  # of the streams, exit status, standard error
    ("| true", 0, ""),  # the exit status is true's; the point is the silence
    (">/dev/full", 1, "videoretrieve: cannot write the result: [Errno 28]"),
    (">&-", 1, "videoretrieve: cannot write the result: the stream is closed\n"),
    ("--wait 2>&-", 0, ""),
    ("--retries -1 2>&-", 2, ""),
    ("--retries -1 2>/dev/full", 2, ""),
]


@posix
@pytest.mark.parametrize("redirection, exit_status, err", REDIRECTIONS)
def test_a_shell_sees_closed_and_full_streams(redirection, exit_status, err, serve):
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    url = serve(respond()).url
    program = f"{shlex.quote(sys.executable)} {shlex.quote(str(MODULE))}"
    command = f"{program} v --base-url {url} {redirection}"
    env = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    done = execute("sh", "-c", command, env=env)
    assert done.returncode == exit_status
    assert done.stderr.startswith(err) and bool(done.stderr) == bool(err)


class Unwritable(io.StringIO):
    """A stream that cannot be written."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


CANNOT = "videoretrieve: cannot write the result:"
STREAMS = [  # standard output, standard error
    (None, f"{CANNOT} the stream is closed\n"),
    (Unwritable(ValueError("I/O on closed file")), f"{CANNOT} I/O on closed file\n"),
    (Unwritable(OSError(28, "full")), f"{CANNOT} [Errno 28] full\n"),
    (Unwritable(BrokenPipeError()), ""),  # Whoever reads has seen enough.
]


@pytest.mark.parametrize("stdout, err", STREAMS, ids=["none", "closed", "full", "pipe"])
def test_unwritable_output_is_exit_status_1(stdout, err, serve, environment, capsys):
    environment.setattr(sys, "stdout", stdout)
    assert mod.main(["v", "--base-url", serve(respond()).url]) == 1
    assert capsys.readouterr().err == err


# The progress bar

BARS = [  # progress, columns of the terminal, the line
    (0, 80, "  0% 0:00 done [--------------------] v\\u001b\\u732bvv"),
    (50, 80, " 50% 0:00 done [##########----------] v\\u001b\\u732bvv"),
    (250, 80, "100% 0:00 done [####################] v\\u001b\\u732bvv"),
    (-5, 80, "  0% 0:00 done [--------------------] v\\u001b\\u732bvv"),
    (99.99, 80, " 99% 0:00 done [###################-] v\\u001b\\u732bvv"),
    (4, 80, "  4% 0:00 done [--------------------] v\\u001b\\u732bvv"),
    (None, 80, "0:00 done v\\u001b\\u732bvv"),  # no percentage, no bar
    ("50", 80, "0:00 done v\\u001b\\u732bvv"),
    (5, 45, "  5% 0:00 done [#-------------------] v\\u0"),  # cut at the end
    (5, 20, "  5% 0:00 done [#"),
    (5, 4, " "),
    (5, 0, "  5% 0:00 done [#-------------------] v\\u001b\\u732bvv"),  # width unknown
]


class Terminal(io.StringIO):
    """Stands for a terminal as standard error; its width is set by `columns`."""

    def fileno(self):
        return 2


@pytest.fixture
def terminal(environment):
    def start(columns):
        size = os.terminal_size((columns, 24))
        environment.setattr(os, "get_terminal_size", lambda file: size)
        environment.setattr(sys, "stderr", Terminal())
        return sys.stderr

    return start


@pytest.mark.parametrize("progress, columns, line", BARS)
def test_the_bar_is_one_line_with_room_for_the_echo_of_an_interrupt(
    progress, columns, line, serve, terminal, clock
):
    server = serve(job("done", id="v\x1b\u732bvv", progress=progress))
    stderr = terminal(columns)
    mod.main(["v", "--base-url", server.url, "--wait", "--lenient", "--field", "id"])
    room = (columns or 80) - 3
    blank = f"\r{' ' * room}\r"
    assert stderr.getvalue() == blank + line + blank
    assert len(line) <= room


def test_the_bar_counts_the_time_and_is_gone_before_an_error(serve, terminal, clock):
    stderr = terminal(80)
    server = serve(job("queued"), job("in_progress"), respond(b"", 404))
    assert mod.main(["v", "--base-url", server.url, "--wait", "--interval", "75"]) == 1
    *bars, blank, error = stderr.getvalue().split("\r")
    assert [bar.split()[1] for bar in bars if bar.strip()] == ["0:00", "1:15"]
    assert blank.strip() == ""
    assert error == f"videoretrieve: GET {server.url}/videos/v: 404 Not Found\n"


@posix
def test_a_gone_terminal_does_not_end_the_wait(clock, serve, environment, capsys):
    import pty

    parent, terminal = pty.openpty()

    def close_terminal(server, connection):
        os.close(parent)
        connection.sendall(job("queued"))

    server = serve(close_terminal, job("queued"), respond())
    with open(terminal, "w") as stderr:
        environment.setattr(sys, "stderr", stderr)
        assert mod.main(["v", "--wait", "--base-url", server.url, "--field=id"]) == 0
        environment.undo()
    assert capsys.readouterr().out == "video_123\n"


@posix
def test_an_interrupt_in_a_real_terminal_leaves_it_in_order(serve):
    import pty

    server = serve(job("queued", progress=33))
    parent, terminal = pty.openpty()
    # A CI may start its jobs with interrupts ignored.
    code = f"""if True:
    import signal, sys, {mod.__name__} as mod
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(mod.main(sys.argv[1:]))
    """
    process = subprocess.Popen(
        [sys.executable, "-c", code, "v", "--base-url", server.url, "--wait"],
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=terminal,
        start_new_session=True,
        env=child_environment(),
    )
    os.close(terminal)
    seen = b""
    with process:
        try:
            while b"33%" not in seen:
                seen += os.read(parent, 4096)
            process.send_signal(signal.SIGINT)
            assert process.wait(15) == 130
        finally:
            process.kill()
        assert process.stdout.read() == b""
    with contextlib.suppress(OSError):  # Linux says so that the terminal was closed.
        for data in iter(lambda: os.read(parent, 4096), b""):
            seen += data
    os.close(parent)
    assert re.search(rb"\r +\rvideoretrieve: interrupted\r\n$", seen)


# The ways a copied file is run

WAYS = [
    ["-m", mod.__name__],
    [str(MODULE)],
    ["-I", "-S", str(MODULE)],  # with the standard library alone
    ["-OO", str(MODULE)],
    ["-X", "dev", "-W", "error", "-m", mod.__name__],
    ["-"],  # from standard input
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0][-20:])
def test_the_file_runs_in_every_way_a_file_is_run(way, serve):
    url = serve(respond()).url
    with MODULE.open("rb") as source:
        done = child(*way, "video_123", "--base-url", url, stdin=source)
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, SAMPLE, "")


def test_no_socket_stays_open_while_an_error_is_kept_and_no_warning_is_given(serve):
    broken = [b"", b"junk\r\n\r\n", respond()[:-1], silence()]
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
        if os.path.isdir("/proc/self/fd"):
            opened.append(len(os.listdir("/proc/self/fd")))
    assert len(kept) == 14, kept  # All of the URLs but the first, twice
    assert len(set(opened)) <= 1, opened
    """
    options = ("-X", "dev", "-W", "error", "-c", code)
    done = child(*options, *urls, env={"https_proxy": serve(LOG_IN).url})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_leaves_out_what_only_the_command_line_needs():
    code = "import dataclasses, email.utils, json, sys, urllib.request; sys.path += [sys.argv[1]]"
    code += "; parts = set(sys.modules); __import__(sys.argv[2])"
    code += "; print({'argparse', 'typing', 'asyncio'} & (set(sys.modules) - parts))"
    done = child("-I", "-S", "-c", code, str(MODULE.parent), MODULE.stem)
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")


# Promises

TREE = ast.parse(MODULE.read_text(encoding="utf-8"))


def test_every_public_name_is_listed_and_documented():
    assert sorted(mod.__all__) == list(mod.__all__)
    kinds = (ast.ClassDef, ast.FunctionDef)
    defined = {node.name for node in TREE.body if isinstance(node, kinds)}
    assert {name for name in defined if name[0] != "_"} == {*mod.__all__, "main"}
    assert "Unix seconds" in mod.Video.__doc__
    for name in mod.__all__:
        public = getattr(mod, name)
        assert inspect.getdoc(public)
        for own, method in vars(public).items():
            if callable(getattr(method, "__func__", method)) and own[0] != "_":
                assert inspect.getdoc(getattr(public, own))


SHARED = "api_key=None base_url=None headers=None timeout=60.0 max_retries=2 ssl_context=None"
SIGNATURES = {
    mod.retrieve: f"{SHARED} strict=True",
    mod.fetch: SHARED,
    mod.poll: f"interval=5.0 max_wait=None on_update=None {SHARED} strict=True",
}


@pytest.mark.parametrize("function", SIGNATURES)
def test_the_three_functions_share_their_settings(function):
    first, *settings = inspect.signature(function).parameters.values()
    assert first.name == "video_id"
    assert all(setting.kind is setting.KEYWORD_ONLY for setting in settings)
    written = [f"{setting.name}={setting.default}" for setting in settings]
    assert " ".join(written) == SIGNATURES[function]


# The project itself: these tests drop out in a repository that has vendored the file


def is_the_project():
    """Whether this folder is the project's own, and not one that holds a copy."""
    with contextlib.suppress(OSError):
        text = (HERE / "pyproject.toml").read_text(encoding="utf-8")
        return MODULE.parent == HERE and '\nname = "videoretrieve"\n' in text
    return False


project = pytest.mark.skipif(not is_the_project(), reason="this is a vendored copy")


def readme():
    return (HERE / "README.md").read_text(encoding="utf-8") if is_the_project() else ""


def readme_examples(language):
    """The fenced blocks of that language, each with the heading that it stands under."""
    found, heading = [], ""
    for match in re.finditer(r"(?ms)^#+ ([^\n]*)$|^```(\w+)\n(.*?)^```$", readme()):
        heading = match[1] or heading
        # The block under "Tests" would run this very suite.
        if match[2] == language and heading != "Tests":
            found.append((heading, match[3]))
    return found


@pytest.fixture
def copy_of_the_project(tmp_path, serve, environment):
    """A folder with a copy of the module, where README's examples find a server."""
    shutil.copy(str(MODULE), str(tmp_path))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment.setenv("PATH", path)
    environment.setenv("OPENAI_BASE_URL", serve(respond(sample(url="u"))).url)
    environment.setenv("OPENAI_API_KEY", KEY)
    environment.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return tmp_path


@project
def test_the_readme_has_examples_and_keeps_to_its_size():
    assert len(readme_examples("python")) >= 4
    assert len(readme_examples("sh")) >= 4
    assert len(readme().splitlines()) <= 280
    assert len(readme().split()) <= 2300


@project
@pytest.mark.parametrize("heading, code", readme_examples("python"), ids=label)
def test_the_python_examples_of_the_readme_run(heading, code, copy_of_the_project):
    (copy_of_the_project / "example.py").write_text(code, encoding="utf-8")
    done = child("-W", "error", "example.py", cwd=str(copy_of_the_project))
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr


@project
@posix
@pytest.mark.parametrize("heading, code", readme_examples("sh"), ids=label)
def test_the_shell_examples_of_the_readme_run(heading, code, copy_of_the_project):
    code = code.replace("http://127.0.0.1:8000/v1", os.environ["OPENAI_BASE_URL"])
    done = execute("sh", "-e", "-c", code, cwd=str(copy_of_the_project))
    assert done.returncode == 0, done.stderr
    assert done.stdout


@project
def test_the_version_and_the_licence_are_written_once():
    text = MODULE.read_text(encoding="utf-8")
    settings = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    assert text.startswith("# SPDX-License-Identifier: 0BSD\n")
    assert text.count(mod.__version__) == 1
    assert 'dynamic = ["version", "description"]' in settings
    assert "\nversion = " not in settings
    assert '\nvideoretrieve = "videoretrieve:main"\n' in settings


@project
def test_the_file_keeps_to_its_size():
    text = MODULE.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 1200
    assert max(map(len, text.splitlines())) <= 88
    for node in ast.walk(TREE):
        if isinstance(node, ast.FunctionDef) and hasattr(node, "end_lineno"):
            assert node.end_lineno - node.lineno < 45, node.name
            if node.name not in mod.__all__:
                assert len(node.args.args + node.args.kwonlyargs) <= 7, node.name
