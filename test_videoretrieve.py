"""The specification of videoretrieve.py, run against real sockets on the loopback.

To test a vendored copy, put this file beside it and change the import below.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import gc
import inspect
import io
import json
import os
import pathlib
import pickle
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback
import types

import pytest

import videoretrieve as mod

MODULE = pathlib.Path(mod.__file__)
HERE = pathlib.Path(__file__).resolve().parent
KEY = "sk-0123456789-secret"
MIB = 1 << 20

SAMPLE = {
    "id": "video_123", "completed_at": 1712697999, "created_at": 1712697600, "error": None,
    "expires_at": 1712784000, "model": "sora-2", "object": "video", "progress": 100,
    "prompt": "A calico cat playing a piano on stage", "remixed_from_video_id": None,
    "seconds": "8", "size": "1024x1792", "status": "completed",
}
FIELDS = tuple(SAMPLE)
ABSENT = object()  # in a table: the member is left out


def sample(**changes):
    """The complete answer with other values, or without those that are ABSENT."""
    return {name: value for name, value in {**SAMPLE, **changes}.items() if value is not ABSENT}


def http(body=SAMPLE, status=200, *headers, length=True):
    """The bytes of an HTTP answer; `body` is sent as JSON unless it is bytes."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} Whatever", *headers]
    if length:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def chunked(*sizes_and_chunks):
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(sizes_and_chunks)


class Server:
    """Takes a step of its script for each connection, the last step for all further ones.

    A step is the bytes to answer with, or a function of the connection and the request.
    """

    def __init__(self, *script, tls=None):
        self.script = list(script)
        self.requests = []
        self.tls = tls
        self.closed = threading.Event()
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(None)
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/v1"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with contextlib.suppress(OSError), contextlib.closing(connection):
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
                    return step(connection, request)
                connection.sendall(step)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # until the client has closed: no reset in its way
                    pass

    def close(self):
        self.closed.set()
        self.listener.close()

    def drip(self, before, piece):
        """A step that sends `before`, and then `piece` every 50 ms for as long as anyone reads."""
        def step(connection, request):
            connection.sendall(before)
            while not self.closed.wait(0.05):
                connection.sendall(piece)
        return step

    def flood(self, before, piece):
        """A step that sends `before`, and then `piece` as fast as anyone reads."""
        def step(connection, request):
            connection.sendall(before)
            while not self.closed.is_set():
                connection.sendall(piece)
        return step

    def silence(self, before=b""):
        """A step that sends `before`, and then nothing more."""
        def step(connection, request):
            connection.sendall(before)
            self.closed.wait(30)
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
    """No key, base URL or proxy of the machine's reaches a test."""
    for name in list(os.environ):
        if name.upper().startswith("OPENAI_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture(autouse=True)
def no_test_waits_for_ever():
    """A read without a deadline fails its test, and does not hang the run."""
    if not hasattr(signal, "SIGALRM"):  # Windows
        yield
        return
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("this test took half a minute"))
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


class Clock:
    """Stands in for the module `time`: sleeping takes none, and is recorded."""

    def __init__(self):
        self.now = 1000.0
        self.sleeps = []

    def monotonic(self):
        return self.now

    def time(self):
        return 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(mod, "time", clock)
    return clock


def look_up(server, video_id="video_123", function=None, **settings):
    settings = {"max_retries": 0, "timeout": 5, **settings}
    return (function or mod.retrieve)(video_id, base_url=server.url, **settings)


def failure(server, kind=mod.APIError, **settings):
    """The error that a look-up from `server` ends in."""
    with pytest.raises(kind) as caught:
        look_up(server, **settings)
    return caught.value


def everything(error):
    """All text in which a secret could show itself."""
    return "".join([str(error), repr(error), repr(error.args), repr(error.__cause__), repr(error.__context__),
                    *traceback.format_exception(type(error), error, None)])


# Decoding


def test_a_complete_answer_becomes_a_video_with_every_field():
    video = mod.Video.from_dict(SAMPLE)
    assert video == mod.Video(
        id="video_123", completed_at=1712697999, created_at=1712697600, error=None,
        expires_at=1712784000, model=mod.VideoModel.SORA_2, object="video", progress=100,
        prompt="A calico cat playing a piano on stage", remixed_from_video_id=None,
        seconds=mod.VideoSeconds.SECONDS_8, size=mod.VideoSize.SIZE_1024X1792,
        status=mod.VideoStatus.COMPLETED)


def test_fields_stand_in_the_documented_order_in_the_type_and_in_the_wire_form():
    assert tuple(inspect.signature(mod.Video).parameters) == FIELDS
    assert tuple(mod.Video.from_dict(dict(reversed(SAMPLE.items()))).to_dict()) == FIELDS


@pytest.mark.parametrize("literals, values", [
    (mod.VideoModel, ["sora-2", "sora-2-pro", "sora-2-2025-10-06", "sora-2-pro-2025-10-06",
                      "sora-2-2025-12-08"]),
    (mod.VideoSeconds, ["4", "8", "12"]),
    (mod.VideoSize, ["720x1280", "1280x720", "1024x1792", "1792x1024"]),
    (mod.VideoStatus, ["queued", "in_progress", "completed", "failed"]),
])
def test_literals_are_the_documented_ones_and_behave_as_their_wire_strings(literals, values):
    assert [member.value for member in literals] == values
    for member, value in zip(literals, values):
        assert (str(member), f"{member}", format(member, ">30"), json.dumps(member), member) == (
            value, value, value.rjust(30), json.dumps(value), value)
        assert type(str(member)) is str
        assert pickle.loads(pickle.dumps(member)) is member


@pytest.mark.parametrize("field, literals", [
    ("model", mod.VideoModel), ("seconds", mod.VideoSeconds), ("size", mod.VideoSize),
    ("status", mod.VideoStatus)])
@pytest.mark.parametrize("strict", [True, False])
def test_a_known_literal_becomes_its_member(field, literals, strict):
    for member in literals:
        video = mod.Video.from_dict(sample(**{field: member.value}), strict=strict)
        assert getattr(video, field) is member
        assert type(video.to_dict()[field]) is str


@pytest.mark.parametrize("field", ["completed_at", "error", "expires_at", "prompt",
                                   "remixed_from_video_id"])
@pytest.mark.parametrize("value", [None, ABSENT])
def test_a_nullable_field_may_be_null_or_absent(field, value):
    video = mod.Video.from_dict(sample(**{field: value}))
    assert getattr(video, field) is None
    assert video.to_dict()[field] is None


def test_unknown_models_and_durations_stay_text_and_further_members_are_ignored():
    video = mod.Video.from_dict(sample(model="sora-3", seconds="20", quality="high"))
    assert (type(video.model), video.model) == (str, "sora-3")
    assert (type(video.seconds), video.seconds) == (str, "20")
    assert "quality" not in video.to_dict()


def test_the_error_of_a_job_is_decoded_and_its_further_members_are_ignored():
    video = mod.Video.from_dict(sample(error={"code": "c", "message": "m", "param": None}))
    assert video.error == mod.VideoCreateError(code="c", message="m")
    assert video.to_dict()["error"] == {"code": "c", "message": "m"}


REFUSED = [  # field, value, the sentence
    ("id", ABSENT, "id: expected a string, got nothing"),
    ("id", None, "id: expected a string, got None"),
    ("id", 7, "id: expected a string, got 7"),
    ("completed_at", "1712697999", "completed_at: expected an integer or null, got '1712697999'"),
    ("created_at", ABSENT, "created_at: expected an integer, got nothing"),
    ("created_at", 1712697600.0, "created_at: expected an integer, got 1712697600.0"),
    ("created_at", False, "created_at: expected an integer, got False"),
    ("error", "out of memory", "error: expected an object or null, got 'out of memory'"),
    ("error", {"message": "m"}, "error.code: expected a string, got nothing"),
    ("error", {"code": 500, "message": "m"}, "error.code: expected a string, got 500"),
    ("error", {"code": "c", "message": None}, "error.message: expected a string, got None"),
    ("expires_at", [], "expires_at: expected an integer or null, got []"),
    ("model", None, "model: expected a string, got None"),
    ("object", "video.generation", "object: expected one of video, got 'video.generation'"),
    ("object", ABSENT, "object: expected one of video, got nothing"),
    ("progress", True, "progress: expected an integer, got True"),  # an int to Python, not to JSON
    ("progress", 33.5, "progress: expected an integer, got 33.5"),
    ("prompt", 1, "prompt: expected a string or null, got 1"),
    ("remixed_from_video_id", {}, "remixed_from_video_id: expected a string or null, got {}"),
    ("seconds", 8, "seconds: expected a string, got 8"),
    ("size", "1920x1080",
     "size: expected one of 720x1280, 1280x720, 1024x1792, 1792x1024, got '1920x1080'"),
    ("size", ["720x1280"],
     "size: expected one of 720x1280, 1280x720, 1024x1792, 1792x1024, got ['720x1280']"),
    ("status", "Completed",
     "status: expected one of queued, in_progress, completed, failed, got 'Completed'"),
    ("status", "", "status: expected one of queued, in_progress, completed, failed, got ''"),
]


@pytest.mark.parametrize("field, value, sentence", REFUSED, ids=lambda x: str(x)[:30])
def test_strict_decoding_refuses_whatever_is_not_of_the_documented_type(field, value, sentence):
    payload = sample(**{field: value})
    with pytest.raises(mod.APIResponseValidationError) as caught:
        mod.Video.from_dict(payload)
    assert caught.value.problems == (sentence,)
    assert caught.value.payload is payload
    assert str(caught.value).startswith("not a video of the documented type: " + sentence)


def test_every_fault_is_reported_in_one_error_in_the_order_of_the_fields():
    with pytest.raises(mod.APIResponseValidationError) as caught:
        mod.Video.from_dict({"id": "x", "status": "done", "progress": None, "error": {}})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "created_at", "error.code", "error.message", "model", "object", "progress", "seconds",
        "size", "status"]
    assert "; ".join(caught.value.problems) in str(caught.value)


def test_a_refusal_tells_of_leniency_where_that_would_help_and_only_there():
    with pytest.raises(mod.APIResponseValidationError, match="strict=False.*--lenient"):
        mod.Video.from_dict(sample(size="1x1"))
    for hopeless in (sample(id=1), sample(status=None), [SAMPLE], "video", None):
        for strict in (True, False):
            with pytest.raises(mod.APIResponseValidationError) as caught:
                mod.Video.from_dict(hopeless, strict=strict)
            assert "lenient" not in str(caught.value)
            assert caught.value.payload is hopeless


def test_a_refused_value_is_shown_cut_and_harmless():
    with pytest.raises(mod.APIResponseValidationError) as caught:
        mod.Video.from_dict(sample(size="\x1b[2J\u202e" + "x" * 5000))
    assert r"got '\x1b[2J\u202exxx" in caught.value.problems[0]
    assert caught.value.problems[0].endswith("x...")
    assert len(caught.value.problems[0]) < 300


@pytest.mark.parametrize("value, shown", [
    ("x" * 198, "'" + "x" * 198 + "'"),  # 200 characters with its quotes: whole
    ("x" * 199, "'" + "x" * 199 + "..."),  # one more: cut
    ("DIGITS", "a huge int"),  # more of them than Python likes to print
    ("NESTED", "a huge list"),  # deeper than repr() can go
])
def test_values_that_are_long_or_cannot_be_shown_are_cut_or_described(value, shown):
    if value == "NESTED":
        value = []
        for _ in range(100_000):
            value = [value]
    if value == "DIGITS":
        value = 10 ** 5000
        if not hasattr(sys, "set_int_max_str_digits"):
            pytest.skip("this Python prints integers of any length")
    with pytest.raises(mod.APIResponseValidationError) as caught:
        mod.Video.from_dict(sample(prompt=None, size=value))
    assert caught.value.problems[0].endswith("got " + shown)


LENIENT = [  # changes of the sample, and what becomes of them
    ({"status": "processing"}, {"status": "processing"}),
    ({"status": "anything at all"}, {"status": "anything at all"}),
    ({"progress": 33.5}, {"progress": 33.5}),
    ({"progress": None}, {"progress": None}),
    ({"created_at": ABSENT, "model": ABSENT, "object": ABSENT, "size": ABSENT},
     {"created_at": None, "model": None, "object": None, "size": None}),
    ({"seconds": 8}, {"seconds": 8}),
    ({"size": ["unhashable"], "model": {}}, {"size": ["unhashable"], "model": {}}),
    ({"error": "out of memory"}, {"error": mod.VideoCreateError(None, "out of memory")}),
    ({"error": ""}, {"error": mod.VideoCreateError(None, "")}),
    ({"error": {"message": "m"}}, {"error": mod.VideoCreateError(None, "m")}),
    ({"error": {"code": 500}}, {"error": mod.VideoCreateError(500, None)}),
    ({"error": {}}, {"error": mod.VideoCreateError(None, None)}),
    ({"error": ["m"]}, {"error": ["m"]}),
    ({"error": 5}, {"error": 5}),
]


@pytest.mark.parametrize("changes, expected", LENIENT, ids=lambda x: str(x)[:40])
def test_lenient_decoding_keeps_what_was_received(changes, expected):
    payload = sample(**changes)
    video = mod.Video.from_dict(payload, strict=False)
    for name in FIELDS:
        assert getattr(video, name) == expected.get(name, payload.get(name))
    assert mod.Video.from_dict(video.to_dict(), strict=False) == video
    assert tuple(video.to_dict()) == FIELDS


@pytest.mark.parametrize("payload, sentence", [
    ([], "expected a JSON object, got []"),
    (sample(id=None), "id: expected a string, got None"),
    (sample(status=ABSENT), "status: expected a string, got nothing"),
])
def test_lenient_decoding_refuses_what_is_no_video_job(payload, sentence):
    with pytest.raises(mod.APIResponseValidationError) as caught:
        mod.Video.from_dict(payload, strict=False)
    assert caught.value.problems == (sentence,)


def test_videos_are_frozen_hashable_comparable_and_picklable():
    video = mod.Video.from_dict(sample(error={"code": "c", "message": "m"}))
    for twin in (mod.Video.from_dict(video.to_dict()), pickle.loads(pickle.dumps(video)),
                 copy.deepcopy(video), mod.Video.from_json(json.dumps(video.to_dict()))):
        assert twin == video
        assert hash(twin) == hash(video)
    with pytest.raises(AttributeError):
        video.status = "failed"
    with pytest.raises(AttributeError):
        video.error.code = "other"


DOCUMENT = json.dumps(SAMPLE)


@pytest.mark.parametrize("document", [
    DOCUMENT, DOCUMENT.encode(), bytearray(DOCUMENT.encode()), "\ufeff" + DOCUMENT,
    b"\xef\xbb\xbf" + DOCUMENT.encode(), f" \n{DOCUMENT}\t\n"], ids=range(6))
def test_json_is_read_from_text_and_bytes_with_or_without_a_byte_order_mark(document):
    assert mod.Video.from_json(document) == mod.Video.from_dict(SAMPLE)


NOT_JSON = [  # the document, words of the problem
    (b"", "got b''"),
    (b"<html>", "got b'<html>'"),
    (b"{malformed json: <<<chaos>>>}", "got b'{malformed json: <<<chaos>>>}'"),  # aimock
    (DOCUMENT.encode() * 2, "Extra data"),
    (DOCUMENT.encode()[:-1], "delimiter"),
    ("\ufeff\ufeff" + DOCUMENT, "Expecting value"),
    (b'{"progress": NaN}', "NaN is no finite number"),
    (b'{"progress": Infinity}', "Infinity is no finite number"),
    (b'{"progress": -Infinity}', "-Infinity is no finite number"),
    (b'{"progress": 1e400}', "1e400 is no finite number"),
    (b'{"id": "\xff"}', "can't decode byte 0xff"),
    (b"\x1f\x8b\x08\x00", "can't decode byte 0x8b"),  # gzip that nobody asked for
    ('{"id": "video_1"}'.encode("utf-16"), "can't decode"),
    (b'{"id": "a\nb"}', "Invalid control character"),
    (b'{"id": "a"', "delimiter"),
    (b"[" * 100_000, "recursion"),
    (b'{"a":' * 100_000, "recursion"),
    (b"[" * 51 + b"]" * 51, "nested deeper than 50 levels"),
    (b'{"a":' * 51 + b"1" + b"}" * 51, "nested deeper than 50 levels"),
    (b'[{"a":' * 26 + b"1" + b"}]" * 26, "nested deeper than 50 levels"),
]


@pytest.mark.parametrize("document, words", NOT_JSON, ids=lambda x: str(x)[:30])
def test_what_is_no_json_is_refused_and_kept(document, words):
    for strict in (True, False):
        with pytest.raises(mod.APIResponseValidationError) as caught:
            mod.Video.from_json(document, strict=strict)
        assert caught.value.problems[0].startswith("expected JSON, got ")
        assert words in caught.value.problems[0]
        assert len(caught.value.problems) == 1
        assert caught.value.payload == document
        assert len(str(caught.value)) < 600


@pytest.mark.skipif(not hasattr(sys, "set_int_max_str_digits"), reason="this Python has no limit")
def test_an_integer_of_6000_digits_is_refused():
    with pytest.raises(mod.APIResponseValidationError, match="digits"):
        mod.Video.from_json('{"progress": %s}' % ("9" * 6000))


def test_fifty_levels_of_nesting_are_read_and_brackets_within_text_do_not_count():
    deep = json.loads("[" * 49 + "1" + "]" * 49)
    video = mod.Video.from_json(json.dumps(sample(size=deep, prompt="[{" * 99)), strict=False)
    assert (video.size, video.prompt) == (deep, "[{" * 99)
    wide = json.dumps(sample(extra=[[]] * 200))
    assert mod.Video.from_json(wide).id == "video_123"


def test_finite_numbers_and_lone_surrogates_are_kept():
    video = mod.Video.from_json(json.dumps(sample(prompt="\ud800", progress=10 ** 30)))
    assert (video.prompt, video.progress) == ("\ud800", 10 ** 30)
    assert mod.Video.from_json('{"id": "a", "status": "b", "progress": 0.5}',
                               strict=False).progress == 0.5


# What living servers send: each row as read from the source that it names, in November 2026.

PAYLOADS = r'''
{"name": "openai completed_no_prompt_key", "source": "MaxiDonkey/DelphiGenAI:guides/Videos.md", "status": 200, "body": {"id": "video_68f42b7120d081919b3daed817c163ed0d041027cfe1806e", "object": "video", "created_at": 1760832369, "status": "completed", "completed_at": 1760832448, "error": null, "expires_at": 1760836048, "model": "sora-2", "progress": 100, "remixed_from_video_id": null, "seconds": "4", "size": "720x1280"}}
{"name": "openai queued_remix", "source": "MaxiDonkey/DelphiGenAI:guides/Videos.md", "status": 200, "body": {"id": "video_68f42e34d72c8198957733bdebbbd0bf0a4767fb7c42df68", "object": "video", "created_at": 1760833076, "status": "queued", "completed_at": null, "error": null, "expires_at": null, "model": "sora-2", "progress": 0, "remixed_from_video_id": "video_68f42cd163cc8193812eaf290e2fe72f04b97ac67b0bc928", "seconds": "4", "size": "720x1280"}}
{"name": "openai completed", "source": "Laisky/one-api:README.md", "status": 200, "body": {"id": "video_691611812ca88190bfb123716dcc953a089a232f54b02b21", "object": "video", "created_at": 1763053953, "status": "completed", "completed_at": 1763054021, "error": null, "expires_at": 1763057621, "model": "sora-2", "progress": 100, "prompt": "aurora", "remixed_from_video_id": null, "seconds": "4", "size": "1280x720"}}
{"name": "openai queued_docs_sample_short", "source": "public source", "status": 200, "body": {"id": "video_68d7512d07848190b3e45da0ecbebcde004da08e1e0678d5", "object": "video", "created_at": 1758941485, "status": "queued", "model": "sora-2-pro", "progress": 0, "seconds": "8", "size": "1280x720"}}
{"name": "openai in_progress", "source": "public source", "status": 200, "body": {"id": "video_68d7512d07848190b3e45da0ecbebcde004da08e1e0678d5", "object": "video", "status": "in_progress", "model": "sora-2-pro", "prompt": "A dramatic sunset over a mountain lake", "progress": 33, "seconds": "8", "size": "1280x720", "created_at": 1758941485, "completed_at": null, "expires_at": null, "error": null, "remixed_from_video_id": null}}
{"name": "openai queued_spec_sample_extra_quality", "source": "openai/openai-openapi:openapi.yaml", "status": 200, "body": {"id": "video_123", "object": "video", "model": "sora-2", "status": "queued", "progress": 0, "created_at": 1712697600, "size": "1024x1792", "seconds": "8", "quality": "standard"}}
{"name": "openai failed_moderation_blocked", "source": "help page help.apiyi.com/en/sora-2-api-error-messages-complete-guide-en.html; community.openai.com/t/sora-2-pro-moderation-block/1372868; public source", "status": 200, "body": {"id": "video_6983c2ba2b6481908d992d0239bd84ad011940cf922686b0", "object": "video", "created_at": 1770242746, "status": "failed", "completed_at": null, "error": {"code": "moderation_blocked", "message": "Your request was blocked by our moderation system."}, "expires_at": null, "model": "sora-2", "progress": 0, "prompt": "A teddy bear and a rabbit run through a pixel-art level", "remixed_from_video_id": null, "seconds": "8", "size": "1280x720"}}
{"name": "openai completed_pro_1080p_20s", "source": "docs page developers.openai.com/api/docs/guides/video-generation", "status": 200, "body": {"id": "video_69b131ea03548190925a6a06febf993b", "object": "video", "created_at": 1773220330, "status": "completed", "completed_at": 1773220911, "error": null, "expires_at": 1773224511, "model": "sora-2-pro", "progress": 100, "prompt": "A cat walking through a sunflower field", "remixed_from_video_id": null, "seconds": "20", "size": "1920x1080"}}
{"name": "openai bad_auth", "source": "github.com/BerriAI/litellm/issues/16753 (truncated repr in a traceback: {error: {message: In...: None}, status: 401})", "status": 401, "body": {"error": {"message": "Incorrect API key provided: sk-test. You can find your API key at https://platform.openai.com/account/api-keys.", "type": "invalid_request_error", "code": "invalid_api_key", "param": null}, "status": 401}}
{"name": "azure in_progress", "source": "docs page learn.microsoft.com/en-us/azure/foundry/reference/rest/video-generation-get-video", "status": 200, "body": {"id": "video_68ff672709d481908f1fa7c53265d835", "object": "video", "model": "sora-2", "status": "in_progress", "progress": 45, "created_at": 1761568551, "completed_at": null, "expires_at": null, "prompt": "A video of a cat on a motorcycle", "size": "1280x720", "seconds": "8", "remixed_from_video_id": null, "error": null}}
{"name": "sglang queued", "source": "sgl-project/sglang:python/sglang/multimodal_gen/runtime/entrypoints/openai/video_api.py + protocol.py", "status": 200, "body": {"id": "b5a3f6b1-0d0f-4e59-8f3c-5d6a5f6e6d11", "object": "video", "model": "sora-2", "status": "queued", "progress": 0, "created_at": 1763051670, "size": "1280x720", "seconds": "4", "quality": "standard", "url": null, "remixed_from_video_id": null, "completed_at": null, "expires_at": null, "error": null, "file_path": "outputs/b5a3f6b1-0d0f-4e59-8f3c-5d6a5f6e6d11.mp4", "peak_memory_mb": null, "inference_time_s": null}}
{"name": "sglang completed", "source": "sgl-project/sglang:python/sglang/multimodal_gen/runtime/entrypoints/openai/video_api.py + protocol.py", "status": 200, "body": {"id": "b5a3f6b1-0d0f-4e59-8f3c-5d6a5f6e6d11", "object": "video", "model": "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", "status": "completed", "progress": 100, "created_at": 1763051670, "size": "832x480", "seconds": "3", "quality": "standard", "url": null, "remixed_from_video_id": null, "completed_at": 1763051731, "expires_at": null, "error": null, "file_path": "outputs/b5a3f6b1-0d0f-4e59-8f3c-5d6a5f6e6d11.mp4", "peak_memory_mb": 14322.5, "inference_time_s": 58.207}}
{"name": "sglang failed", "source": "sgl-project/sglang:python/sglang/multimodal_gen/runtime/entrypoints/openai/video_api.py + protocol.py", "status": 200, "body": {"id": "b5a3f6b1-0d0f-4e59-8f3c-5d6a5f6e6d11", "object": "video", "model": "sora-2", "status": "failed", "progress": 0, "created_at": 1763051670, "size": "1280x720", "seconds": "4", "quality": "standard", "url": null, "remixed_from_video_id": null, "completed_at": null, "expires_at": null, "error": {"message": "CUDA out of memory. Tried to allocate 2.00 GiB."}, "file_path": "outputs/b5a3f6b1-0d0f-4e59-8f3c-5d6a5f6e6d11.mp4", "peak_memory_mb": null, "inference_time_s": null}}
{"name": "sglang not_found", "source": "sgl-project/sglang:python/sglang/multimodal_gen/runtime/entrypoints/openai/video_api.py + protocol.py", "status": 404, "body": {"detail": "Video not found"}}
{"name": "fastvideo queued_size_empty_seconds_zero", "source": "hao-ai-lab/FastVideo:fastvideo/entrypoints/openai/video_api.py + protocol.py", "status": 200, "body": {"id": "3f0c7a5be1c94c0f9d0d7f6d3f0b8a21", "object": "video", "model": "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", "status": "queued", "progress": 0, "created_at": 1763051670, "size": "", "seconds": "0", "quality": "standard", "url": null, "file_path": "outputs/videos/3f0c7a5be1c94c0f9d0d7f6d3f0b8a21.mp4", "completed_at": null, "error": null, "peak_memory_mb": null, "inference_time_s": null}}
{"name": "vllm-omni queued_size_null", "source": "vllm-project/vllm-omni:vllm_omni/entrypoints/openai/protocol/videos.py", "status": 200, "body": {"model": "Wan-AI/Wan2.2-T2V-A14B-Diffusers", "prompt": "A cat runs across the street.", "id": "video_gen_9f2c1d7ab34e5f6081924c3d5e7f8a0b", "object": "video", "status": "queued", "size": null, "progress": 0, "seconds": "4", "quality": "default", "completed_at": null, "created_at": 1763051670, "remixed_from_video_id": null, "error": null, "media_type": "video/mp4", "expires_at": null, "file_name": null, "inference_time_s": null, "stage_durations": {}, "peak_memory_mb": 0.0, "action": null}}
{"name": "vllm-omni completed", "source": "vllm-project/vllm-omni:vllm_omni/entrypoints/openai/protocol/videos.py", "status": 200, "body": {"model": "Wan-AI/Wan2.2-T2V-A14B-Diffusers", "prompt": "A cat runs across the street.", "id": "video_gen_9f2c1d7ab34e5f6081924c3d5e7f8a0b", "object": "video", "status": "completed", "size": "640x360", "progress": 100, "seconds": "2", "quality": "default", "completed_at": 1763051731, "created_at": 1763051670, "remixed_from_video_id": null, "error": null, "media_type": "video/mp4", "expires_at": null, "file_name": "video_gen_9f2c1d7ab34e5f6081924c3d5e7f8a0b.mp4", "inference_time_s": 60.317, "stage_durations": {"diffuse": 1.75}, "peak_memory_mb": 1234.25, "action": null}}
{"name": "vllm-omni failed_error_code_int", "source": "vllm-project/vllm-omni:vllm_omni/entrypoints/openai/protocol/videos.py", "status": 200, "body": {"model": "Wan-AI/Wan2.2-T2V-A14B-Diffusers", "prompt": "A cat runs across the street.", "id": "video_gen_9f2c1d7ab34e5f6081924c3d5e7f8a0b", "object": "video", "status": "failed", "size": "640x360", "progress": 0, "seconds": "2", "quality": "default", "completed_at": 1763051700, "created_at": 1763051670, "remixed_from_video_id": null, "error": {"code": 500, "message": "No video outputs found in generation result."}, "media_type": "video/mp4", "expires_at": null, "file_name": null, "inference_time_s": 29.6, "stage_durations": {}, "peak_memory_mb": 0.0, "action": null}}
{"name": "vllm-omni not_found", "source": "vllm-project/vllm-omni:tests/entrypoints/openai_api/test_video_server.py (status); vllm build_app exception handler, public source", "status": 404, "body": {"error": {"message": "Video not found", "type": "Not Found", "param": null, "code": 404}}}
{"name": "aibrix queued", "source": "vllm-project/aibrix docs on async video jobs (public source)", "status": 200, "body": {"id": "aibrixjob-9f2c1d7ab34e5f6081924c3d5e7f8a0b", "object": "video", "model": "wan21-vace-13b", "prompt": "A drone shot flying over a misty mountain range at sunrise", "status": "queued", "size": "832x480", "progress": 0, "seconds": "5", "quality": "default", "completed_at": null, "created_at": 1788892979, "remixed_from_video_id": null, "error": null, "media_type": "video/mp4", "expires_at": null, "file_name": null, "inference_time_s": null, "stage_durations": {}, "peak_memory_mb": 0.0, "action": null}}
{"name": "aibrix not_found", "source": "vllm-project/aibrix gateway plugin (public source)", "status": 404, "body": {"error": {"message": "video aibrixjob-unknown not found", "type": "invalid_request_error", "code": "video_not_found", "param": null}}}
{"name": "new-api queued_completed_at_set", "source": "QuantumNous/new-api:model/task.go + dto/openai_video.go", "status": 200, "body": {"id": "task_9hQ2mXc7T1vLr8KpWz4BsN6dYf0aJeGu", "object": "video", "model": "wan2.5-t2v-preview", "status": "queued", "progress": 10, "created_at": 1763051670, "completed_at": 1763051675, "metadata": {"url": ""}}}
{"name": "new-api unknown_status", "source": "QuantumNous/new-api:model/task.go + dto/openai_video.go", "status": 200, "body": {"id": "task_9hQ2mXc7T1vLr8KpWz4BsN6dYf0aJeGu", "object": "video", "model": "kling-v1", "status": "unknown", "progress": 0, "created_at": 1763051670, "completed_at": 1763051670, "metadata": {"url": ""}}}
{"name": "new-api completed_task_id_and_metadata_url", "source": "QuantumNous/new-api:relay/channel/task/doubao/adaptor.go", "status": 200, "body": {"id": "task_9hQ2mXc7T1vLr8KpWz4BsN6dYf0aJeGu", "task_id": "task_9hQ2mXc7T1vLr8KpWz4BsN6dYf0aJeGu", "object": "video", "model": "doubao-seedance-1-0-pro-250528", "status": "completed", "progress": 100, "created_at": 1763051670, "completed_at": 1763051731, "metadata": {"url": "https://ark-content.example.com/video.mp4"}}}
{"name": "new-api failed_sora_upstream_no_code", "source": "QuantumNous/new-api:relay/channel/task/sora/adaptor.go", "status": 200, "body": {"id": "task_9hQ2mXc7T1vLr8KpWz4BsN6dYf0aJeGu", "object": "video", "created_at": 1763051670, "status": "failed", "completed_at": null, "error": {"message": "task failed"}, "expires_at": null, "model": "sora-2", "progress": 100, "prompt": "aurora", "remixed_from_video_id": null, "seconds": "4", "size": "1280x720"}}
{"name": "new-api queued_created_at_ms", "source": "docs page docs.newapi.pro/en/docs/api/ai-model/videos/sora/get-video", "status": 200, "body": {"id": "sora-2-123456", "object": "video", "model": "sora-2", "status": "queued", "progress": 0, "created_at": 1764347090922, "seconds": "8"}}
{"name": "new-api not_found", "source": "QuantumNous/new-api:relay/relay_task.go + dto/task.go", "status": 400, "body": {"code": "task_not_exist", "message": "task_not_exist", "data": null}}
{"name": "new-api bad_auth", "source": "QuantumNous/new-api:middleware/utils.go", "status": 401, "body": {"error": {"code": "", "message": "Invalid token (request id: 20261123130251123456789abcdefgh)", "type": "new_api_error"}}}
{"name": "reseller-pending pending", "source": "public source", "status": 200, "body": {"id": "video_68e688d4950481918ec389280c2f78140fcb904657674466", "object": "video", "model": "sora-2", "status": "pending", "progress": 0, "created_at": 1705123456, "seconds": "8", "size": "1280x720", "completed_at": null, "error": null, "expires_at": null, "remixed_from_video_id": null}}
{"name": "globalaiopc processing", "source": "docs page docs.globalaiopc.com/en/api-reference/video/sora-query", "status": 200, "body": {"id": "sora_abc123def456", "object": "video.generation", "created": 1761635478, "model": "sora-2", "status": "processing", "video_url": null, "error": null}}
{"name": "lumenfall in_progress", "source": "docs page docs.lumenfall.ai/api-reference/videos/get", "status": 200, "body": {"id": "video_abc123", "object": "video", "created_at": 1702345678, "completed_at": null, "expires_at": null, "status": "in_progress", "model": "sora-2", "prompt": "A capybara lounging in a hot spring, steam rising gently, slow camera pan", "seconds": "10", "size": "1920x1080", "output": null, "error": null}}
{"name": "rapid-mlx in_progress", "source": "raullenchai/Rapid-MLX:vllm_mlx/routes/video.py", "status": 200, "body": {"id": "video_9f2c1d7ab34e5f6081924c3d5e7f8a0b", "model": "ltx-2.3-mlx-q4", "prompt": "A lighthouse at dusk", "seconds": "4", "size": "768x512", "status": "in_progress", "progress": 1, "created_at": 1763051670, "completed_at": null, "error": null, "object": "video"}}
{"name": "rapid-mlx not_found", "source": "raullenchai/Rapid-MLX:vllm_mlx/routes/video.py", "status": 404, "body": {"detail": "video job not found"}}
{"name": "grok2api in_progress_keys_absent", "source": "chenyme/grok2api:app/products/openai/video.py", "status": 200, "body": {"id": "video_9f2c1d7ab34e5f6081924c3d5e7f8a0b", "object": "video", "created_at": 1763051670, "status": "in_progress", "model": "grok-imagine-video", "progress": 37, "prompt": "A fox in the snow", "seconds": "6", "size": "1024x1024", "quality": "standard"}}
{"name": "mock-vllm-omni unavailable_retry_after", "source": "public source", "status": 503, "headers": {"Retry-After": "2"}, "body": {"error": {"code": "backend_unavailable", "message": "temporarily unavailable, retry"}}}
{"name": "aimock completed", "source": "CopilotKit/aimock:src/video.ts", "status": 200, "body": {"id": "vid_completed", "status": "completed", "created_at": 1700000000, "url": "https://example.com/guitar.mp4"}}
{"name": "aimock processing", "source": "CopilotKit/aimock:src/__tests__/drift/video.drift.ts", "status": 200, "body": {"id": "vid_processing", "status": "processing", "created_at": 1700000000}}
{"name": "aimock not_found", "source": "CopilotKit/aimock:src/video.ts", "status": 404, "body": {"error": {"message": "Video vid_unknown not found", "type": "not_found"}}}
{"name": "aimock malformed_json", "source": "CopilotKit/aimock:src/chaos.ts", "status": 200, "text": "{malformed json: <<<chaos>>>"}
{"name": "any-fastapi empty_id_becomes_list", "source": "sgl-project/sglang:python/sglang/multimodal_gen/runtime/entrypoints/openai/video_api.py", "status": 200, "headers": {"Location": "/v1/videos"}, "body": {"data": [], "object": "list"}}
'''
ROWS = {row["name"]: row for row in map(json.loads, PAYLOADS.splitlines()[1:])}
STRICT_REFUSES = {  # the fields that strict decoding refuses; every other job it accepts
    "openai completed_pro_1080p_20s": "size",
    "sglang completed": "size",
    "sglang failed": "error.code",
    "fastvideo queued_size_empty_seconds_zero": "size",
    "vllm-omni queued_size_null": "size",
    "vllm-omni completed": "size",
    "vllm-omni failed_error_code_int": "error.code size",
    "aibrix queued": "size",
    "new-api queued_completed_at_set": "seconds size",
    "new-api unknown_status": "seconds size status",
    "new-api completed_task_id_and_metadata_url": "seconds size",
    "new-api failed_sora_upstream_no_code": "error.code",
    "new-api queued_created_at_ms": "size",
    "reseller-pending pending": "status",
    "globalaiopc processing": "created_at object progress seconds size status",
    "lumenfall in_progress": "progress size",
    "rapid-mlx in_progress": "size",
    "grok2api in_progress_keys_absent": "size",
    "aimock completed": "model object progress seconds size",
    "aimock processing": "model object progress seconds size status",
    "any-fastapi empty_id_becomes_list":
        "id created_at model object progress seconds size status",
}
NO_JOBS = {"aimock malformed_json", "any-fastapi empty_id_becomes_list"}
JOBS = [name for name, row in ROWS.items() if row["status"] == 200 and name not in NO_JOBS]
REFUSALS = {  # the message of each error envelope
    "openai bad_auth": (mod.AuthenticationError, "401 Unauthorized: Incorrect API key provided: "
                        "sk-test. You can find your API key at "
                        "https://platform.openai.com/account/api-keys."),
    "sglang not_found": (mod.NotFoundError, "404 Not Found: Video not found"),
    "vllm-omni not_found": (mod.NotFoundError, "404 Not Found: Video not found"),
    "aibrix not_found": (mod.NotFoundError, "404 Not Found: video aibrixjob-unknown not found"),
    "new-api not_found": (mod.BadRequestError, "400 Bad Request: task_not_exist"),
    "new-api bad_auth": (mod.AuthenticationError, "401 Unauthorized: Invalid token "
                         "(request id: 20261123130251123456789abcdefgh)"),
    "rapid-mlx not_found": (mod.NotFoundError, "404 Not Found: video job not found"),
    "mock-vllm-omni unavailable_retry_after": (
        mod.InternalServerError, "503 Service Unavailable: temporarily unavailable, retry"),
    "aimock not_found": (mod.NotFoundError, "404 Not Found: Video vid_unknown not found"),
}


def test_every_row_of_the_payloads_has_its_verdict():
    assert len(ROWS) == 40
    assert {*JOBS, *REFUSALS, *NO_JOBS} == set(ROWS)
    assert set(STRICT_REFUSES) <= {*JOBS, *NO_JOBS}


@pytest.mark.parametrize("name", [*JOBS, "any-fastapi empty_id_becomes_list"])
def test_strict_decoding_names_every_deviation_of_a_living_server(name):
    refused = ""
    try:
        mod.Video.from_dict(ROWS[name]["body"])
    except mod.APIResponseValidationError as error:
        refused = " ".join(problem.partition(":")[0] for problem in error.problems)
    assert refused == STRICT_REFUSES.get(name, "")


@pytest.mark.parametrize("name", JOBS)
def test_lenient_decoding_keeps_all_that_a_living_server_says_of_the_thirteen_fields(name, serve):
    body = ROWS[name]["body"]
    server = serve(http(body))
    assert look_up(server, function=mod.fetch) == body
    wire = look_up(server, strict=False).to_dict()
    error = body.get("error")
    assert wire.pop("error") == (error and {"code": error.get("code"), "message": error["message"]})
    assert wire == {field: body.get(field) for field in FIELDS if field != "error"}


@pytest.mark.parametrize("name", REFUSALS)
def test_the_reason_of_a_refusal_is_found_in_the_envelope_of_every_living_server(name, serve):
    row, (kind, message) = ROWS[name], REFUSALS[name]
    headers = [f"{key}: {value}" for key, value in row.get("headers", {}).items()]
    error = failure(serve(http(row["body"], row["status"], *headers)))
    assert (type(error), str(error)) == (kind, message)
    assert error.status_code == row["status"]
    assert json.loads(error.body) == row["body"]


REASONS = [  # further bodies of refusals, and the words found in them
    ({"error": "Unauthorized"}, ": Unauthorized"),  # vLLM's key check
    ({"error": {"code": "401", "message": "Access denied"}}, ": Access denied"),  # Azure
    ({"detail": [{"loc": ["path"], "msg": "too short"}, {"msg": "bad"}]}, ": too short; bad"),
    ({"object": "error", "message": "gone", "code": 404}, ": gone"),  # TensorRT-LLM
    ({"is_bifrost_error": True, "error": {"message": "no provider"}}, ": no provider"),
    ({"error": {"message": "", "code": "c"}, "message": "outer"}, ": outer"),
    ({"error": {"code": 7}}, ': {"error": {"code": 7}}'),  # no words: the body itself
    ([1, {"msg": "listed"}], ": listed"),
    ("just text", ": just text"),
    (b"plain \x1b[31mtext\x9b1m\r\nof two lines", r": plain \u001b[31mtext" "\ufffd1m of two lines"),
    (b"<html><head><title>502 Bad Gateway</title></head>\n<hr><center>nginx</center>",
     ": 502 Bad Gateway nginx"),
    (b"a < b", ": a < b"),
    (b'{"detail": "use <id>, not \xff"}', ": use <id>, not \ufffd"),
    (b"", ""),
    (b" \n ", ""),
    (b'{"detail":' * 50_000, ': {"detail":{"detail":'),  # cannot be read, and is shown as it is
    (b"[" * 50_000, ": [[[["),
    ({"detail": "\u202egnp.exe \x00"}, r": \u202egnp.exe \u0000"),
    (("x" * 200), ": " + "x" * 200),
    (("x" * 201), ": " + "x" * 200 + "..."),
]


@pytest.mark.parametrize("body, words", REASONS, ids=lambda x: str(x)[:30])
def test_the_reason_of_a_refusal_is_shown_on_one_harmless_line(body, words, serve):
    message = str(failure(serve(http(body, 418))))
    assert message.startswith(f"418 {http_phrase(418)}".rstrip() + words)
    assert "\n" not in message
    assert len(message) < 300


def http_phrase(status):
    """Python 3.8 does not know all of them."""
    return mod.http.client.responses.get(status, "")


# What is sent


def test_the_request_is_a_plain_get_with_these_headers(serve):
    server = serve(http())
    look_up(server, api_key=KEY, headers={"OpenAI-Project": "proj_1", "api-key": "k"})
    line, *headers = server.requests[0].rstrip().split("\r\n")
    assert line == "GET /v1/videos/video_123 HTTP/1.1"
    assert {header.lower() for header in headers} == {
        "accept-encoding: identity", f"host: 127.0.0.1:{server.port}", "accept: application/json",
        f"user-agent: videoretrieve/{mod.__version__}", f"authorization: bearer {KEY}",
        "openai-project: proj_1", "api-key: k", "connection: close"}


def test_headers_of_the_caller_win_whatever_their_case(serve):
    server = serve(http())
    look_up(server, api_key=KEY, headers={"aUTHORIZATION": "Basic x", "user-agent": "mine"})
    assert "Authorization: Basic x\r\n" in server.requests[0]
    assert "User-Agent: mine\r\n" in server.requests[0]
    assert KEY not in server.requests[0]


@pytest.mark.parametrize("video_id, segment", [
    ("video_123", "video_123"),
    ("-._~", "-._~"),
    ("!$&'()*+,;=:@", "!$&'()*+,;=:@"),  # as the SDK leaves them
    ("a/b?c#d e%", "a%2Fb%3Fc%23d%20e%25"),
    ("%2e", "%252e"),
    ("...", "..."),
    ("vidéo猫😀", "vid%C3%A9o%E7%8C%AB%F0%9F%98%80"),
    ("\r\n\x00\"<>\\^`{|}", "%0D%0A%00%22%3C%3E%5C%5E%60%7B%7C%7D"),
    ("video_bGl0ZWxsbTpjdXN0b20=", "video_bGl0ZWxsbTpjdXN0b20="),  # LiteLLM
    ("gen%2Fop_1:vertex", "gen%252Fop_1:vertex"),  # Bifrost
])
def test_the_id_is_percent_encoded_to_the_same_bytes_as_by_the_sdk(video_id, segment, serve):
    server = serve(http())
    look_up(server, video_id)
    assert server.requests[0].split(" ")[1] == "/v1/videos/" + segment


@pytest.mark.parametrize("video_id", ["", ".", "..", None, 5, b"video_1", "a\udc80"])
def test_an_id_that_cannot_be_asked_for_is_a_value_error(video_id):
    with pytest.raises(ValueError, match="^video_id: expected the id of a video job, got ") as caught:
        mod.retrieve(video_id, base_url="http://127.0.0.1:9")
    assert repr(video_id)[:9] in str(caught.value) or "udc80" in str(caught.value)


@pytest.mark.parametrize("suffix, target", [
    ("", "/videos/v"),
    ("/", "/videos/v"),
    ("/v1", "/v1/videos/v"),
    ("/v1//", "/v1/videos/v"),
    ("/a/b%20c/@x/", "/a/b%20c/@x/videos/v"),
    ("/openai/v1/?api-version=preview&x=/", "/openai/v1/videos/v?api-version=preview&x=/"),
    ("?key=a?b", "/videos/v?key=a?b"),
])
def test_the_path_is_appended_to_that_of_the_base_url_and_its_query_kept(suffix, target, serve):
    server = serve(http())
    mod.retrieve("v", base_url=f"HTTP://localhost:{server.port}{suffix}", timeout=5)
    assert server.requests[0].split(" ")[1] == target


@pytest.mark.parametrize("base_url, shown", [
    ("", "''"),
    ("localhost:8000/v1", "'localhost:8000/v1'"),
    ("ftp://host/v1", "'ftp://host/v1'"),
    ("file:///etc/passwd", "'file:///etc/passwd'"),
    ("http:///v1", "'http:///v1'"),
    ("http://host:/v1", "'http://host:/v1'"),
    ("http://host:65536/v1", "'http://host:65536/v1'"),
    ("http://host:x/v1", "'http://host:x/v1'"),
    ("http://ho%0d%0ast/v1", "'http://ho%0d%0ast/v1'"),
    ("http://a..b/v1", "'http://a..b/v1'"),
    ("http://" + "a" * 64 + "/v1", "'http://aaa"),
    ("http://[::1/v1", "'http://[::1/v1'"),
    ("http://host/v1#part", "'http://host/v1#part'"),
    ("http://host/v1?a#part", "'http://host/v1'"),
    ("http://host/v1?k=s3cr3t x", "'http://host/v1'"),  # what a query holds is not shown
    ("http://host/a b", "'http://host/a b'"),
    ("http://host/v1\r\nX: y", r"'http://host/v1\r\nX: y'"),
    ("http://host/v1\n", r"'http://host/v1\n'"),
    ("http://host/\x00", r"'http://host/\x00'"),
    ("http://hóst/v1", "'http://hóst/v1'"),
    ("http://user:passw0rd@host/v1", "one with an @"),
    ("user:passw0rd@host/v1", "one with an @"),
    (5, "'5'"),
])
def test_a_base_url_that_cannot_be_used_is_a_value_error_that_shows_no_secret(base_url, shown):
    with pytest.raises(ValueError) as caught:
        mod.retrieve("v", base_url=base_url, api_key="x")
    message = str(caught.value)
    assert message.startswith("base_url (OPENAI_BASE_URL): expected http:// or https://")
    assert f"got {shown}" in message
    assert "passw0rd" not in everything(caught.value)
    assert "s3cr3t" not in everything(caught.value)


@pytest.mark.parametrize("base_url", [
    "http://host:65535", "http://" + "a" * 63, "https://[::1]:1/v1", "https://a_b-c.example./"])
def test_a_base_url_at_the_edge_is_taken(base_url):
    assert mod._url(base_url, "v").startswith(base_url.rstrip("/"))


def test_the_environment_is_read_at_the_call_and_an_argument_wins(serve, environment):
    named, given = serve(http()), serve(http())
    environment.setenv("OPENAI_BASE_URL", named.url)
    environment.setenv("OPENAI_API_KEY", " \n" + KEY + "\t\n")  # as from a file
    mod.retrieve("v")
    mod.fetch("v", base_url=given.url, api_key=" other ")
    mod.poll("v", api_key="")
    assert f"Authorization: Bearer {KEY}\r\n" in named.requests[0]
    assert "Authorization: Bearer other\r\n" in given.requests[0]
    assert "Authorization" not in named.requests[1]
    environment.setenv("OPENAI_API_KEY", "")  # empty counts as unset
    mod.retrieve("v")
    assert "Authorization" not in named.requests[2]
    assert len(given.requests) == 1


@pytest.mark.parametrize("base_url", [None, "", "https://api.openai.com/v1/"])
@pytest.mark.parametrize("key", [None, "", " \n"])
def test_a_key_is_required_with_the_default_base_url(base_url, key, environment):
    for name, value in (("OPENAI_BASE_URL", base_url), ("OPENAI_API_KEY", key)):
        if value is not None:
            environment.setenv(name, value)
    with pytest.raises(ValueError, match=r"^api_key \(OPENAI_API_KEY\): expected one, or a base_url"):
        mod.retrieve("v")


def test_a_key_is_not_required_with_any_other_base_url(serve):
    server = serve(http())
    assert look_up(server).id == "video_123"
    assert "Authorization" not in server.requests[0]
    assert "Authorization" not in mod._headers("", {}, "https://api.openai.com/v2/videos/v")


@pytest.mark.parametrize("key", [
    "sk-bad\rkey", "sk-bad\nkey", "sk-bad\x00key", "sk-bad key", "sk-bad\u2028key", "sk-b\u00e4dkey",
    "sk-bad\x7fkey", b"sk-bytes"])
def test_a_key_that_no_header_can_carry_is_refused_and_never_shown(key, environment):
    if isinstance(key, str) and "\x00" not in key:  # which no environment can hold
        environment.setenv("OPENAI_API_KEY", key)
    for settings in ({"api_key": key}, {"api_key": None if "OPENAI_API_KEY" in os.environ else key}):
        with pytest.raises(ValueError, match="^api_key .OPENAI_API_KEY.: expected printable ASCII") as c:
            mod.retrieve("v", base_url="http://127.0.0.1:9", **settings)
        assert "sk-b" not in everything(c.value)


@pytest.mark.parametrize("headers, words", [
    ({"X\r\nInjected": "secret"}, "headers: expected names of letters"),
    ({"": "secret"}, "headers: expected names of letters"),
    ({"Authorization: Bearer secret": "x"}, "headers: expected names of letters"),
    ({"X-é": "secret"}, "headers: expected names of letters"),
    ({"X-A": "secret\r\nX-B: c"}, "headers: expected printable ASCII as the value of X-A"),
    ({"X-A": "secret\n"}, "headers: expected printable ASCII as the value of X-A"),
    ({"X-A": "secret\x00"}, "headers: expected printable ASCII as the value of X-A"),
    ({"X-A": "secreté"}, "headers: expected printable ASCII as the value of X-A"),
    ({"X-A": 5}, "headers: expected printable ASCII as the value of X-A"),
    ({5: "secret"}, "headers: expected names of letters"),
])
def test_a_header_that_would_break_the_request_is_refused_and_not_shown(headers, words):
    with pytest.raises(ValueError) as caught:
        mod.retrieve("v", base_url="http://127.0.0.1:9", headers=headers)
    assert str(caught.value).startswith(words)
    assert "secret" not in everything(caught.value)


NUMBERS = [  # setting, bad values, good values at the edges
    ("timeout", [0, 0.0009, -1, 86_400.1, float("nan"), float("inf"), "5", None, True, 10 ** 400],
     [0.001, 1, 86_400]),
    ("max_retries", [-1, 1.0, "2", None, True, 86_401, 10 ** 5000], [0, 86_400]),
    ("interval", [-0.1, 86_400.1, float("nan"), "5", None, False], [0, 86_400]),
    ("max_wait", [0, -5, 0.0009, 86_400.1, float("nan"), "5", True], [0.001, 86_400, None]),
]


@pytest.mark.parametrize("name, bad, good", NUMBERS, ids=[row[0] for row in NUMBERS])
def test_a_number_out_of_range_is_a_value_error_that_names_it(name, bad, good, serve):
    def call(value):
        settings = {"base_url": server.url, "timeout": 5, name: value}
        return mod.poll("v", **settings)

    server = serve(http())
    for value in bad:
        with pytest.raises(ValueError) as caught:
            call(value)
        unit = "an integer from 0" if name == "max_retries" else "seconds from 0"
        assert re.match(rf"{name}: expected {unit}[.01]* to 86400, got .", str(caught.value))
    assert server.requests == []
    for value in good:
        with contextlib.suppress(mod.APITimeoutError):  # a millisecond may not be enough
            assert call(value).id == "video_123"


# Proxies


def test_a_proxy_of_the_environment_is_used_and_no_proxy_obeyed(serve, environment):
    proxy, server = serve(http()), serve(http())
    environment.setenv("http_proxy", f"http://user:p%40ss@127.0.0.1:{proxy.port}")
    mod.retrieve("v", base_url="http://video.example/v1")
    assert proxy.requests[0].startswith("GET http://video.example/v1/videos/v HTTP/1.1\r\n")
    assert "proxy-authorization: basic dxnlcjpwqhnz\r\n" in proxy.requests[0].lower()
    environment.setenv("no_proxy", "127.0.0.1")
    look_up(server)
    assert (len(proxy.requests), len(server.requests)) == (1, 1)


def tunnel(port):
    """A proxy's step: connects the client with that port, byte by byte."""
    def step(connection, request):
        with contextlib.closing(socket.create_connection(("127.0.0.1", port))) as upstream:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")

            def copy(source, sink):
                with contextlib.suppress(OSError):
                    for data in iter(lambda: source.recv(65536), b""):
                        sink.sendall(data)
                    sink.shutdown(socket.SHUT_WR)

            thread = threading.Thread(target=copy, args=(connection, upstream), daemon=True)
            thread.start()
            copy(upstream, connection)
            thread.join(5)
    return step


def test_https_goes_through_a_tunnel_in_which_the_proxy_reads_no_key(serve, environment, trust):
    server = serve(http(), tls=trust.server())
    proxy = serve(tunnel(server.port))
    environment.setenv("https_proxy", f"http://user:pass@127.0.0.1:{proxy.port}")
    for _ in range(2):  # the second look-up is told nothing by the first
        video = look_up(server, api_key=KEY, ssl_context=trust.client())
        assert video.id == "video_123"
    assert proxy.requests[0].startswith(f"CONNECT 127.0.0.1:{server.port} HTTP/1.")
    assert "proxy-authorization: basic dxnlcjpwyxnz" in proxy.requests[0].lower()
    assert KEY not in "".join(proxy.requests)
    assert KEY in server.requests[1]
    assert "proxy-authorization" not in "".join(server.requests).lower()
    mod.retrieve("v", base_url="https://127.0.0.1", ssl_context=trust.client(), max_retries=0)
    assert proxy.requests[-1].startswith("CONNECT 127.0.0.1:443 HTTP/1.")


def test_a_retry_through_a_proxy_asks_the_same_again(serve, environment, trust, clock):
    server = serve(http(b"", 503), http(), tls=trust.server())
    proxy = serve(tunnel(server.port))
    environment.setenv("https_proxy", f"127.0.0.1:{proxy.port}")
    assert look_up(server, ssl_context=trust.client(), max_retries=1).id == "video_123"
    assert [request.split("\r\n")[0] for request in server.requests] == [
        "GET /v1/videos/video_123 HTTP/1.1"] * 2


@pytest.mark.parametrize("proxy", [
    "socks5://user:passw0rd@127.0.0.1:9", "ftp://user:passw0rd@127.0.0.1:9",
    "http://user:passw0rd@a..b:80", "http://user:passw0rd@127.0.0.1:x",
    "http://user:passw0rd",  # the host forgotten
    "http:/user:passw0rd@127.0.0.1", "http://",
    "https://user:passw0rd@127.0.0.1:9",  # for an http URL
])
def test_a_proxy_that_cannot_be_used_is_an_error_that_shows_no_password(proxy, environment):
    environment.setenv("http_proxy", proxy)
    with pytest.raises(mod.APIConnectionError) as caught:
        mod.retrieve("v", base_url="http://video.example", max_retries=0)
    assert "an unusable proxy in the environment" in str(caught.value)
    assert "passw0rd" not in everything(caught.value)


def test_proxies_that_point_at_each_other_are_an_error(environment):
    environment.setenv("http_proxy", "ftp://a")
    environment.setenv("ftp_proxy", "http://b")
    with pytest.raises(mod.APIConnectionError):
        mod.retrieve("v", base_url="http://video.example", max_retries=0)


def test_a_refusal_by_a_proxy_says_so(serve, environment, trust):
    proxy = serve(b"HTTP/1.1 407 Log in first\x1b[1m\r\n\r\n")
    environment.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    with pytest.raises(mod.APIConnectionError) as caught:
        mod.retrieve("v", base_url="https://video.example/v1", max_retries=0,
                     ssl_context=trust.client())
    assert str(caught.value) == (
        r"no answer from https://video.example: Tunnel connection failed: 407 Log in first\u001b[1m")


# Refusals


STATUSES = [  # status, class
    (400, mod.BadRequestError), (401, mod.AuthenticationError), (402, mod.APIStatusError),
    (403, mod.PermissionDeniedError), (404, mod.NotFoundError), (408, mod.APIStatusError),
    (409, mod.APIStatusError), (422, mod.APIStatusError), (429, mod.RateLimitError),
    (499, mod.APIStatusError), (500, mod.InternalServerError), (503, mod.InternalServerError),
    (599, mod.InternalServerError), (600, mod.APIStatusError), (999, mod.APIStatusError),
    (101, mod.APIStatusError), (199, mod.APIStatusError), (300, mod.APIStatusError),
    (304, mod.APIStatusError),
]


@pytest.mark.parametrize("status, kind", STATUSES)
def test_a_status_other_than_2xx_is_an_error_of_its_class(status, kind, serve):
    error = failure(serve(http(b"", status, "X-Request-Id: req_1", "X-Other: o")))
    assert type(error) is kind
    assert error.status_code == status
    assert error.request_id == "req_1"
    assert error.headers["x-OTHER"] == "o"
    assert error.body == b""
    assert str(error).startswith(f"{status} {http_phrase(status)}".strip())
    assert str(error).endswith(" (request id req_1)")


@pytest.mark.parametrize("status", [200, 201, 299])
def test_a_2xx_status_is_an_answer(status, serve):
    assert look_up(serve(http(SAMPLE, status))).id == "video_123"


def test_a_refusal_without_a_request_id_has_none_and_shows_control_characters_of_one(serve):
    error = failure(serve(http(b"no", 404)))
    assert (error.request_id, str(error)) == (None, "404 Not Found: no")
    error = failure(serve(http(b"no", 404, "x-request-id: \x1b]0;pwned\x07")))
    assert str(error) == r"404 Not Found: no (request id \u001b]0;pwned\u0007)"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
def test_a_redirect_is_never_followed_and_says_where_it_pointed(status, serve):
    other = serve(http())
    server = serve(http(b"", status, f"Location: {other.url}/videos/v\x1b[0m"))
    error = failure(server, mod.APIStatusError, api_key=KEY, max_retries=2)
    assert str(error) == (f"{status} {http_phrase(status)}".strip() + f", to {other.url}/videos/v"
                          r"\u001b[0m: redirects are not followed")
    assert (len(server.requests), other.requests) == (1, [])


def test_a_status_that_is_no_redirect_does_not_speak_of_one(serve):
    assert "redirect" not in str(failure(serve(http(b"", 400, "Location: /elsewhere"))))


def test_the_port_is_that_of_the_scheme_unless_it_is_named(environment):
    asked = []
    environment.setattr(socket, "getaddrinfo", lambda host, port, **options: asked.append((host, port)))
    for base_url in ("http://a", "https://a", "http://a:9", "https://[::1]:9/v1"):
        with pytest.raises(mod.APIConnectionError):
            mod.retrieve("v", base_url=base_url, max_retries=0)
    environment.setenv("https_proxy", "http://proxy.example")
    with pytest.raises(mod.APIConnectionError):
        mod.retrieve("v", base_url="https://a:9", max_retries=0)
    assert asked == [("a", 80), ("a", 443), ("a", 9), ("::1", 9), ("proxy.example", 443)]


@pytest.mark.parametrize("code, message", [(302, "302 Found: x"), (304, "304 Not Modified")])
def test_a_3xx_that_points_nowhere_is_a_status_like_any_other(code, message, serve):
    assert str(failure(serve(http(b"x", code)))) == message


@pytest.mark.parametrize("answer", [
    lambda key: http({"error": {"message": f"bad key {key}!"}}, 401),
    lambda key: http(sample(status=key)),
    lambda key: http(json.dumps(sample(status=key)).replace("9-", "9\\u002d").encode()),
    lambda key: http(key.encode()),
    lambda key: http(b"\xff" + key.encode()),
    lambda key: chunked(key.encode() + b"\r\n"),
    lambda key: b"HTTP/9 " + b"x" * 300 + key.encode() + b"\r\n\r\n",
    lambda key: http(b"", 404, "X-Request-Id: " + key),
    lambda key: http(b"", 302, "Location: " + "x" * 185 + key),  # cut in the middle of it
    lambda key: http(b"", 302, "Location: " + "x" * 186 + key),
    lambda key: b"HTTP/9 " + key.encode() + b"\r\n\r\n",
], ids=["refusal", "literal", "escaped", "no json", "no utf-8", "chunk", "far", "header", "cut", "cut one before",
        "status line"])
def test_the_key_is_not_shown_even_if_the_server_echoes_it(answer, serve):
    error = failure(serve(answer(KEY)), api_key=KEY)
    assert KEY[:12] not in everything(error)
    assert KEY not in str(getattr(error, "problems", ""))
    if len(str(error)) > 80 and not str(error).endswith("..."):
        assert "(the API key)" in str(error)


@pytest.mark.parametrize("key", ["sk-abc\\defghijklmnop", "sk-a'b\"cdefghijklmnop", "abcd/efgh/ijklmnop"])
@pytest.mark.parametrize("answer", [
    lambda key: http({"err": f"bad key {key}"}, 401), lambda key: http(sample(status=key)),
    lambda key: http(key.encode()), lambda key: http({"detail": key}, 400),
    lambda key: http(json.dumps({"err": key}).replace("/", "\\/").encode(), 401),
], ids=["unknown envelope", "literal", "no json", "refusal", "as PHP escapes"])
def test_an_echoed_key_is_not_shown_in_quotes_or_escapes_either(key, answer, serve):
    error = failure(serve(answer(key)), api_key=key)
    assert not re.search(r"[:/]ijklmnop|ghijklmnop", everything(error) + str(getattr(error, "problems", "")))
    assert "(the API key)" in str(error)


def test_a_key_that_a_header_of_the_callers_carries_is_not_shown_either(serve):
    error = failure(serve(http(f"bad {KEY}".encode(), 401)), headers={"authorization": f"Bearer {KEY}"})
    assert str(error) == "401 Unauthorized: bad (the API key)"


@pytest.mark.parametrize("key, shown", [("sk-12345678", True), ("sk-123456789", False)])
def test_a_key_shorter_than_twelve_characters_is_a_placeholder(key, shown, serve):
    for step in (http(f"bad {key}".encode(), 401), http(b"", 401, f"X-Request-Id: {key}")):
        assert (key in str(failure(serve(step), api_key=key))) == shown


def test_every_error_survives_pickling_with_its_attributes(serve):
    video = mod.Video.from_dict(SAMPLE)
    errors = [
        failure(serve(http({"detail": "gone"}, 404, "x-request-id: req_1"))),
        failure(serve(http(sample(size="1x1")))),
        failure(serve(b"junk\r\n\r\n")),
        mod.APITimeoutError("late", video=video, max_wait_reached=True),
        mod.APIError("plain"),
    ]
    for error in errors:
        twin = pickle.loads(pickle.dumps(error))
        assert type(twin) is type(error)
        assert twin.args == error.args == (str(error),)
        assert vars(twin).keys() == vars(error).keys()
        for name, value in vars(error).items():
            assert str(getattr(twin, name)) == str(value)
    assert (mod.APITimeoutError("x").video, mod.APITimeoutError("x").max_wait_reached) == (None, False)


def test_the_family_of_errors_is_that_of_the_sdk():
    assert mod.APITimeoutError.__mro__[1:3] == (mod.APIConnectionError, mod.APIError)
    for kind in (mod.BadRequestError, mod.AuthenticationError, mod.PermissionDeniedError,
                 mod.NotFoundError, mod.RateLimitError, mod.InternalServerError):
        assert kind.__mro__[1:3] == (mod.APIStatusError, mod.APIError)
    assert mod.APIResponseValidationError.__mro__[1:3] == (mod.APIError, Exception)


# Retries


RETRY_AFTER = [  # the header, the pause it makes; None: no retry; "own": the module's own
    (None, "own"), ("", "own"), ("0", 0), ("1", 1), ("1.5", 1.5), (" 7 ", 7),
    ("120", 120), ("120.001", None), ("121", None), ("1e9", None), ("9" * 400, None),
    ("-1", "own"), ("-0.001", "own"), ("nan", "own"), ("inf", None), ("soon", "own"),
    ("\xb2", "own"), ("1 s", "own"), ("0x10", "own"),
    ("Tue, 14 Nov 2023 22:13:20 GMT", 0),  # this very second
    ("Tue, 14 Nov 2023 22:13:50 GMT", 30),
    ("Tuesday, 14-Nov-23 22:13:50 GMT", 30),  # RFC 850
    ("Tue Nov 14 22:13:50 2023", 30),  # asctime
    ("Tue, 14 Nov 2023 22:15:20 GMT", 120), ("Tue, 14 Nov 2023 22:15:21 GMT", None),
    ("Tue, 14 Nov 2023 22:13:19 GMT", "own"), ("Mon, 01 Jan 1900 00:00:00 GMT", "own"),
    ("Fri, 31 Dec 2099 23:59:59 GMT", None),
    ("Fri, 31 Dec 99999 23:59:59 GMT", "own"), ("Fri, 99 Xxx 2023 99:99:99 GMT", "own"),
]


@pytest.mark.parametrize("value, pause", RETRY_AFTER, ids=lambda x: str(x)[:30])
def test_retry_after_is_obeyed_up_to_two_minutes(value, pause, serve, clock, environment):
    environment.setenv("TZ", "EST5")  # which must not matter, though asctime names no time zone
    if hasattr(time, "tzset"):
        time.tzset()
    headers = [] if value is None else [f"Retry-After: {value}"]
    server = serve(http(b"", 429, *headers), http())
    if pause is None:
        failure(server, mod.RateLimitError, max_retries=1)
        assert clock.sleeps == []
    else:
        look_up(server, max_retries=1)
        assert len(clock.sleeps) == 1
        if pause == "own":
            assert 0.375 <= clock.sleeps[0] <= 0.5
        else:
            assert clock.sleeps == [pause]


@pytest.mark.parametrize("status, retried", [
    (408, True), (409, True), (429, True), (500, True), (503, True), (599, True),
    (400, False), (401, False), (404, False), (407, False), (410, False), (428, False),
    (430, False), (499, False), (600, False), (302, False)])
def test_these_statuses_are_retried_and_no_others(status, retried, serve, clock):
    server = serve(http(b"", status))
    failure(server, mod.APIStatusError, max_retries=2)
    assert len(server.requests) == (3 if retried else 1)


def test_own_pauses_double_to_eight_seconds_with_jitter_downward(serve, clock):
    server = serve(http(b"", 500))
    failure(server, max_retries=8)
    assert len(server.requests) == 9
    for pause, longest in zip(clock.sleeps, [0.5, 1, 2, 4, 8, 8, 8, 8]):
        assert 0.75 * longest <= pause <= longest
    error = mod.APIConnectionError("x")
    pauses = [mod._retry_pause(error, 0) for _ in range(500)]
    assert 0.375 <= min(pauses) < 0.39
    assert 0.485 < max(pauses) <= 0.5


@pytest.mark.parametrize("step", [b"", b"junk\r\n\r\n", http()[:-1]], ids=["closed", "junk", "short"])
def test_a_broken_connection_is_retried_twice_by_default(step, serve, clock):
    server = serve(step, step, http())
    assert mod.retrieve("v", base_url=server.url).id == "video_123"
    assert len(server.requests) == 3
    server = serve(step)
    with pytest.raises(mod.APIConnectionError):
        mod.retrieve("v", base_url=server.url)
    assert len(server.requests) == 3


@pytest.mark.parametrize("body", [b"no json", {"id": 5}])
def test_an_answer_that_cannot_be_believed_is_not_retried(body, serve, clock):
    server = serve(http(body))
    failure(server, mod.APIResponseValidationError, max_retries=2)
    assert (len(server.requests), clock.sleeps) == (1, [])


def test_an_exception_of_the_programs_own_is_none_of_ours(serve, environment):
    class SoftTimeLimitExceeded(Exception):
        """As a signal handler raises it in the middle of whatever runs."""

    def raise_it(*_, **__):
        raise SoftTimeLimitExceeded

    environment.setattr(socket, "getaddrinfo", raise_it)
    with pytest.raises(SoftTimeLimitExceeded):
        mod.retrieve("v", base_url="http://127.0.0.1:9")


def test_a_dead_server_is_a_connection_error():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(mod.APIConnectionError) as caught:
        mod.retrieve("v", base_url=f"http://127.0.0.1:{port}", max_retries=0)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    reason = caught.value.__cause__.strerror
    assert str(caught.value) == f"no answer from http://127.0.0.1:{port}: {reason}"


# A hostile network


def gzip_body():
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00"


BROKEN = [  # what the server sends, the class, words of the message
    (b"", mod.APIConnectionError, "Remote end closed connection without response"),
    (b"junk\r\n\r\n", mod.APIConnectionError, "junk"),
    (b"HTTP/2.0 200 OK\r\n\r\n{}", mod.APIConnectionError, "HTTP/2.0"),
    (b"HTTP/1.1 twohundred OK\r\n\r\n", mod.APIConnectionError, "twohundred"),
    (b"\x1b]0;pwned\x07\r\n\r\n", mod.APIConnectionError, r"\u001b]0;pwned\u0007"),
    (b"HTTP/1.1 200 OK\r\nContent-Len", mod.APIResponseValidationError, "expected JSON, got b''"),
    (b"HTTP/1.1 200 " + b"x" * MIB + b"\r\n\r\n", mod.APIConnectionError, "65536 bytes"),
    (b"HTTP/1.1 200 OK\r\nX: " + b"x" * MIB + b"\r\n\r\n", mod.APIConnectionError, "65536 bytes"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000 + b"\r\n", mod.APIConnectionError, "100 headers"),
    # Cut short, though what came is valid JSON
    (http(json.dumps(SAMPLE).encode() + b" ")[:-1], mod.APIConnectionError, "1 more expected"),
    (http(b"gone ", 404)[:-1], mod.APIConnectionError, "1 more expected"),
    (http(json.dumps(SAMPLE).encode().ljust(MIB + 1))[:-1], mod.APIConnectionError, "1 more expected"),
    (chunked(b"200\r\n", json.dumps(SAMPLE).encode()), mod.APIConnectionError, "IncompleteRead"),
    (chunked(b"2\r\n", b"{}\r\n"), mod.APIConnectionError, "IncompleteRead"),
    # Chunks of sizes that are none
    (chunked(b"zz\r\n", b"{}\r\n0\r\n\r\n"), mod.APIConnectionError, "IncompleteRead"),
    (chunked(b"-5\r\n", b"{}\r\n0\r\n\r\n"), mod.APIConnectionError, ""),
    (chunked(b"-" + b"f" * 20 + b"\r\n"), mod.APIConnectionError, ""),  # OverflowError, to some Pythons
    (chunked(b"", b"x" * 70_000), mod.APIConnectionError, ""),
    # Bodies that are no JSON object
    (http(b""), mod.APIResponseValidationError, "expected JSON, got b''"),
    (http(b"", 204), mod.APIResponseValidationError, "expected JSON, got b''"),
    (http(b"[]"), mod.APIResponseValidationError, "expected a JSON object, got []"),
    (http(b"null"), mod.APIResponseValidationError, "expected a JSON object, got None"),
    (http(b"\x1b[2J"), mod.APIResponseValidationError, r"got b'\x1b[2J'"),
    (http(gzip_body(), 200, "Content-Encoding: gzip"), mod.APIResponseValidationError, "0x8b"),
    (http(b"[" * 100_000), mod.APIResponseValidationError, "recursion"),
    # Headers that email.parser stumbles over: TypeError, and a number of 5,000 digits
    (http(SAMPLE, 200, "Content-Type: multipart/mixed; boundary*0=a; boundary*=b"),
     mod.APIConnectionError, "malformed headers or chunks"),
    (http(SAMPLE, 200, "Content-Type: multipart/mixed; boundary*" + "9" * 5000 + "=x"), None, ""),
]


@pytest.mark.parametrize("step, kind, words", BROKEN, ids=[str(row[0])[:40] for row in BROKEN])
def test_a_broken_answer_ends_in_an_error_of_the_family(step, kind, words, serve):
    server = serve(step)
    with contextlib.suppress(mod.APIConnectionError if kind is None else ()):
        if kind is None:
            assert look_up(server).id == "video_123"
            return
        error = failure(server)
        assert type(error) is kind
        assert words in str(error)
        assert error.__cause__ is None or isinstance(error.__cause__, ConnectionError)
        if kind is mod.APIConnectionError:
            assert error.__context__ is None  # it would hold the socket, and quote what was sent
            assert str(error).startswith(f"no answer from http://127.0.0.1:{server.port}: ")
        for function in (mod.fetch, mod.poll):
            assert type(failure(server, function=function)) is kind


def test_bodies_without_a_length_and_in_chunks_are_whole_answers(serve):
    document = json.dumps(SAMPLE).encode()
    pieces = [b"1\r\n%c\r\n" % byte for byte in document]
    for step in (http(length=False), chunked(*pieces, b"0\r\nTrailer: x\r\n\r\n"),
                 b"HTTP/1.1 100 Continue\r\n\r\n" + http(), b"HTTP/1.0 200 OK\n\n" + document):
        assert look_up(serve(step)).id == "video_123"


def padded(size):
    """A valid document of that many bytes."""
    document = json.dumps(SAMPLE).encode()
    return document + b" " * (size - len(document))


@pytest.mark.parametrize("frame", [
    lambda body: http(body), lambda body: http(body, length=False),
    lambda body: chunked(b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n")],
    ids=["length", "until closed", "chunked"])
def test_a_body_may_have_one_mebibyte_and_not_a_byte_more(frame, serve):
    assert look_up(serve(frame(padded(MIB)))).id == "video_123"
    error = failure(serve(frame(padded(MIB + 1))), mod.APIResponseValidationError)
    assert error.problems == ("expected at most 1048576 bytes, got more",)
    assert error.payload == padded(MIB + 1)
    error = failure(serve(frame(padded(2 * MIB))), mod.APIResponseValidationError)
    assert len(error.payload) == MIB + 1  # no more is read than it takes to know


@pytest.mark.parametrize("before", [
    b"HTTP/1.1 500 Oops\r\n\r\n", b"HTTP/1.1 500 Oops\r\nContent-Length: 999999999999\r\n\r\n",
    b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n"])
def test_of_an_endless_refusal_one_mebibyte_is_kept(before, serve):
    server = serve(None)
    server.script = [server.flood(before, b"x" * 65536)]
    error = failure(server)
    assert type(error) is mod.InternalServerError
    assert error.body == b"x" * MIB


ENDLESS = [  # what comes at once, what then comes as fast as it is read, the class
    (b"", b"HTTP/1.1 100 Continue\r\n\r\n", mod.APITimeoutError),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"T: x\r\n",
     mod.APITimeoutError),  # trailers
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x" * 65536,
     mod.APIConnectionError),  # to read() of http.client: "all there is"
]


@pytest.mark.parametrize("before, piece, kind", ENDLESS, ids=["continue", "trailers", "chunk of -1"])
def test_whatever_is_endless_ends_in_bounded_time_and_memory(before, piece, kind, serve):
    tracemalloc = pytest.importorskip("tracemalloc")  # PyPy has none
    server = serve(None)
    server.script = [server.flood(before, piece * (65536 // len(piece)))]
    started = time.monotonic()
    tracemalloc.start()
    try:
        error = failure(server, timeout=0.7)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()
    assert type(error) is kind
    assert time.monotonic() - started < 0.7 + 1.5


def within(seconds, started, moment=1.5):
    """No earlier than the limit, and a moment later at most."""
    return seconds <= time.monotonic() - started + 0.05 and time.monotonic() - started < seconds + moment


SLOW = [  # what comes at once, and then what comes every 50 ms
    (b"", b"H"),
    (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
    (b"HTTP/1.1 404 Not Found\r\n", b"X: y\r\n"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{", b" "),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 999\r\n\r\n{", b" "),
    (b"HTTP/1.1 200 OK\r\n\r\n{", b" "),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
]


@pytest.mark.parametrize("before, piece", SLOW, ids=[f"{a[-12:]}{b}" for a, b in SLOW])
def test_a_server_that_trickles_is_cut_off_when_the_whole_attempt_times_out(before, piece, serve):
    server = serve(None)
    server.script = [server.drip(before, piece)]
    started = time.monotonic()
    error = failure(server, mod.APITimeoutError, timeout=0.4)
    assert within(0.4, started)
    assert str(error) == f"no whole answer from http://127.0.0.1:{server.port} within 0.4 s"
    assert (error.video, error.max_wait_reached) == (None, False)


def test_a_server_that_falls_silent_is_cut_off_too(serve):
    for before in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"):
        server = serve(None)
        server.script = [server.silence(before)]
        started = time.monotonic()
        failure(server, mod.APITimeoutError, timeout=0.2)
        assert within(0.2, started, moment=0.6)


def test_a_proxy_that_trickles_is_cut_off(serve, environment, trust):
    for before, piece in ((b"", b"H"), (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")):
        proxy = serve(None)
        proxy.script = [proxy.drip(before, piece)]
        environment.setenv("https_proxy", proxy.url)
        started = time.monotonic()
        with pytest.raises(mod.APITimeoutError):
            mod.retrieve("v", base_url="https://video.example", timeout=0.3, max_retries=0,
                         ssl_context=trust.client())
        assert within(0.3, started)


def test_a_late_proxy_leaves_the_tls_handshake_only_the_time_that_is_left(serve, environment, trust):
    def late(connection, request):
        proxy.closed.wait(0.7)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        proxy.closed.wait(10)

    proxy = serve(late)
    environment.setenv("https_proxy", proxy.url)
    started = time.monotonic()
    with pytest.raises(mod.APITimeoutError):
        mod.retrieve("v", base_url="https://video.example", timeout=0.9, max_retries=0,
                     ssl_context=trust.client())
    assert within(0.9, started, moment=0.6)  # not 0.7 and then another 0.9


@pytest.mark.skipif(sys.platform != "linux", reason="a full backlog is silent on Linux alone")
def test_the_time_to_connect_is_shared_out_among_the_addresses_of_a_name(serve, environment):
    with socket.socket() as full:  # its backlog full, so that connecting gets no answer
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        with contextlib.ExitStack() as stack:
            for _ in range(4):
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(full.getsockname())
            port = full.getsockname()[1]
            found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
            answering = serve(http())
            good = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", answering.port))]
            resolve = socket.getaddrinfo
            tables = {"two-bad.test": found * 2, "bad-good.test": found + good}
            environment.setattr(socket, "getaddrinfo", lambda host, port, *rest, **options: (
                list(tables.get(host) or resolve(host, port, *rest, **options))))
            started = time.monotonic()
            with pytest.raises(mod.APITimeoutError):
                mod.retrieve("v", base_url=f"http://two-bad.test:{port}", timeout=0.6, max_retries=0)
            assert within(0.6, started)
            started = time.monotonic()
            assert mod.retrieve("v", base_url=f"http://bad-good.test:{port}", timeout=1.2,
                                max_retries=0).id
            assert within(0.6, started)


def test_a_name_of_two_addresses_is_reached_at_the_second(serve, environment):
    server = serve(http())
    with socket.create_server(("127.0.0.1", 0)) as free:
        closed = free.getsockname()[1]
    resolve = socket.getaddrinfo
    environment.setattr(socket, "getaddrinfo", lambda host, port, *rest, **options: [
        (2, 1, 6, "", ("127.0.0.1", number)) for number in (closed, server.port)
    ] if host == "two.test" else resolve(host, port, *rest, **options))
    assert mod.retrieve("v", base_url="http://two.test", max_retries=0).id == "video_123"


def test_a_name_that_does_not_exist_is_a_connection_error():
    with pytest.raises(mod.APIConnectionError, match=r"^no answer from http://nowhere\.invalid: .") as c:
        mod.retrieve("v", base_url="http://nowhere.invalid/v1?k=secret", max_retries=0)
    assert isinstance(c.value.__cause__, socket.gaierror)
    assert "secret" not in str(c.value)


def test_no_opener_of_urllib_is_used_which_would_follow_redirects_and_open_files():
    used = {node.attr for node in ast.walk(TREE) if isinstance(node, ast.Attribute)}
    assert not used & {"urlopen", "urlretrieve", "build_opener", "install_opener", "OpenerDirector"}


def test_a_failed_tunnel_leaves_no_socket_open_while_its_error_is_kept(serve, environment, trust):
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("this system does not list what is open")
    proxy = serve(b"HTTP/1.1 407 No\r\n\r\n")
    environment.setenv("https_proxy", proxy.url)
    kept, opened = [], len(os.listdir("/proc/self/fd"))
    for _ in range(12):
        with pytest.raises(mod.APIConnectionError) as caught:
            mod.retrieve("v", base_url="https://video.example", max_retries=0, ssl_context=trust.client())
        kept.append(caught.value)
        del caught
    for _ in range(3):  # one does not always do on PyPy
        gc.collect()
    assert len(os.listdir("/proc/self/fd")) < opened + 6  # the proxy's own ends may linger


def test_many_threads_look_up_at_once(serve):
    server = serve(http(b"", 503, "Retry-After: 0"), http(), http(b"", 429, "Retry-After: 0"), http())
    found = []

    def work():
        for _ in range(10):
            found.append(look_up(server, max_retries=2).id)

    threads = [threading.Thread(target=work) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == ["video_123"] * 240
    assert len(server.requests) == 242


CHILD_LEAKS = """
import gc, sys, {name} as mod
for url in sys.argv[1:]:
    try:
        mod.retrieve("v", base_url=url, timeout=0.3, max_retries=0)
    except mod.APIError:
        pass
gc.collect()
print("done")
"""


def test_no_socket_is_left_open_and_no_warning_given(serve):
    steps = [http(), http(b"", 404), b"", b"junk\r\n\r\n", http()[:-1], http(b"x" * (MIB + 1)),
             http(b"", 302, "Location: /"), chunked(b"-5\r\n")]
    servers = [serve(step) for step in steps] + [serve(None)]
    servers[-1].script = [servers[-1].silence()]
    done = child("-X", "dev", "-W", "error", "-c", CHILD_LEAKS.format(name=mod.__name__),
                 *(server.url for server in servers), "http://127.0.0.1:1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


# TLS


class Trust:
    """Throw-away certificates with one key, made for this file: they secure nothing."""

    KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgP08hrl+Ho3mPJW7T
s0VR4W/1sKzvs4Nv/+Cljfyyk7OhRANCAATyO67wJHFKGzalco1XxetxHUiMNu3f
ukiYnoam+DX1QyYNhosl75czKfFodlvmNUfJroO/BtXgIGHQxaXHwKO7
-----END PRIVATE KEY-----
"""
    GOOD = """\
-----BEGIN CERTIFICATE-----
MIIBoDCCAUegAwIBAgIUHv2Kvp7LXFPbc/ANelCedLwepJ0wCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEZ29vZDAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAw
MFowDzENMAsGA1UEAwwEZ29vZDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPI7
rvAkcUobNqVyjVfF63EdSIw27d+6SJiehqb4NfVDJg2GiyXvlzMp8Wh2W+Y1R8mu
g78G1eAgYdDFpcfAo7ujfzB9MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAP
BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBSm+SahGKFdMKzkFjBsBSZ+eX7P1DAf
BgNVHSMEGDAWgBSm+SahGKFdMKzkFjBsBSZ+eX7P1DAOBgNVHQ8BAf8EBAMCAoQw
CgYIKoZIzj0EAwIDRwAwRAIgHoFLd6VwMDQlhW2RVR4WZuSqtLNZqVaFc0UscgyB
wFYCIDmHXQvWOdGXNtOIkAJVbRsAY6CJuIJ99nctd1nbx8oH
-----END CERTIFICATE-----
"""  # for localhost and 127.0.0.1, until 2120
    EXPIRED = """\
-----BEGIN CERTIFICATE-----
MIIBpTCCAUugAwIBAgIUflBUtGvxoq/uaZxupiq2oc91ePgwCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHZXhwaXJlZDAeFw0yMDAxMDEwMDAwMDBaFw0yMTAxMDEwMDAw
MDBaMBIxEDAOBgNVBAMMB2V4cGlyZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATyO67wJHFKGzalco1XxetxHUiMNu3fukiYnoam+DX1QyYNhosl75czKfFodlvm
NUfJroO/BtXgIGHQxaXHwKO7o38wfTAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8A
AAEwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUpvkmoRihXTCs5BYwbAUmfnl+
z9QwHwYDVR0jBBgwFoAUpvkmoRihXTCs5BYwbAUmfnl+z9QwDgYDVR0PAQH/BAQD
AgKEMAoGCCqGSM49BAMCA0gAMEUCIQDjxa7MzIYKoODAz91XZFLwCEkpOtsjSOaI
3h9zK4PWiQIgJLlKkLZ9+KyZMdUR5foxRQiL5gmp8oPelZyIihWaJuc=
-----END CERTIFICATE-----
"""  # in 2021
    ELSEWHERE = """\
-----BEGIN CERTIFICATE-----
MIIBrjCCAVSgAwIBAgIUHtZbLzQ2ISPmqfTk5JbEi8iILLAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJZWxzZXdoZXJlMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAx
MDAwMDAwWjAUMRIwEAYDVQQDDAllbHNld2hlcmUwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATyO67wJHFKGzalco1XxetxHUiMNu3fukiYnoam+DX1QyYNhosl75cz
KfFodlvmNUfJroO/BtXgIGHQxaXHwKO7o4GBMH8wHAYDVR0RBBUwE4IRZWxzZXdo
ZXJlLmV4YW1wbGUwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUpvkmoRihXTCs
5BYwbAUmfnl+z9QwHwYDVR0jBBgwFoAUpvkmoRihXTCs5BYwbAUmfnl+z9QwDgYD
VR0PAQH/BAQDAgKEMAoGCCqGSM49BAMCA0gAMEUCIQD8UU8YDCC5TDcyLOWvapkH
izyKAcx3C7k3s2fy6vIs6gIgCUgTYJ5Ks+S83SXTWORiaien4j08SJOkEEDZ72L1
RR8=
-----END CERTIFICATE-----
"""  # for elsewhere.example

    def __init__(self, folder):
        self.folder = folder

    def server(self, certificate=GOOD):
        path = self.folder / "server.pem"
        path.write_text(self.KEY + certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(path))
        return context

    def client(self):
        return ssl.create_default_context(cadata=self.GOOD + self.EXPIRED + self.ELSEWHERE)


@pytest.fixture
def trust(tmp_path):
    return Trust(tmp_path)


def test_a_context_of_the_callers_verifies_a_ca_of_its_own(serve, trust):
    server = serve(http(), tls=trust.server())
    for host in ("127.0.0.1", "localhost"):
        assert mod.retrieve("v", base_url=f"https://{host}:{server.port}/v1", max_retries=0,
                            ssl_context=trust.client()).id == "video_123"


@pytest.mark.parametrize("certificate, own, words", [
    (Trust.GOOD, False, "certificate verify failed"),  # a CA unknown to the system
    (Trust.EXPIRED, True, "certificate has expired"),
    (Trust.ELSEWHERE, True, "127.0.0.1"),  # the wrong host
], ids=["unknown", "expired", "elsewhere"])
def test_a_certificate_that_does_not_verify_ends_it_at_once(certificate, own, words, serve, trust, clock):
    server = serve(http(), tls=trust.server(certificate))
    settings = {"ssl_context": trust.client()} if own else {}
    error = failure(server, mod.APIConnectionError, api_key=KEY, max_retries=2, **settings)
    assert words in str(error)
    assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
    assert (server.requests, clock.sleeps) == ([], [])


def test_other_failures_of_tls_are_retried(serve, trust, clock):
    server = serve(http())  # which answers in plain text
    server.url = server.url.replace("http:", "https:")
    failure(server, mod.APIConnectionError, max_retries=1, timeout=0.5, ssl_context=trust.client())
    assert len(clock.sleeps) == 1


def test_a_tls_handshake_that_stalls_is_cut_off(trust):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.monotonic()
        with pytest.raises(mod.APITimeoutError):
            mod.retrieve("v", base_url=f"https://127.0.0.1:{listener.getsockname()[1]}",
                         timeout=0.3, max_retries=0, ssl_context=trust.client())
        assert within(0.3, started)


def test_the_default_context_is_built_once_and_only_for_https(serve, trust, environment):
    built = []
    environment.setattr(mod, "_default_context", mod.functools.lru_cache(maxsize=None)(
        lambda: built.append(1) or time.sleep(0.01) or trust.client()))
    plain, secure = serve(http()), serve(http(), tls=trust.server())
    look_up(plain)
    assert built == []
    threads = [threading.Thread(target=look_up, args=(secure,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert built == [1]
    assert len(secure.requests) == 8


def test_the_default_context_verifies():
    context = mod._default_context()
    assert context is mod._default_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname


# Waiting


def status(word, **changes):
    return http(sample(status=word, **changes))


def test_waiting_asks_until_the_job_is_over_with_a_pause_between_answers(serve, clock):
    server = serve(status("queued", progress=0), status("in_progress", progress=50), status("completed"))
    seen = []
    video = look_up(server, function=mod.poll, interval=7, on_update=seen.append)
    assert video.status == "completed"
    assert [each.status for each in seen] == ["queued", "in_progress", "completed"]
    assert seen[-1] == video
    assert clock.sleeps == [7, 7]  # none before the first request, none after the last answer
    assert len(server.requests) == 3


def test_the_pause_is_five_seconds_by_default(serve, clock):
    look_up(serve(status("queued"), status("completed")), function=mod.poll)
    assert clock.sleeps == [5]


def test_an_interval_may_be_nothing(serve, clock):
    look_up(serve(status("queued"), status("completed")), function=mod.poll, interval=0)
    assert clock.sleeps == [0]


@pytest.mark.parametrize("word", ["queued", "in_progress", "pending", "processing", "generating",
                                  "postprocessing", "cancelling"])
def test_these_statuses_are_in_flight(word, serve, clock):
    server = serve(status(word), status("failed", error={"code": "c", "message": "m"}))
    video = look_up(server, function=mod.poll, strict=False)
    assert (video.status, video.error.code) == ("failed", "c")
    assert len(server.requests) == 2


@pytest.mark.parametrize("word", ["completed", "failed", "unknown", "cancelled", "done", "deleted", ""])
def test_any_other_status_is_final(word, serve, clock):
    server = serve(status(word))
    assert look_up(server, function=mod.poll, strict=False).status == word
    assert (len(server.requests), clock.sleeps) == (1, [])


def test_a_refusal_that_comes_as_max_wait_ends_is_told_all_the_same(serve, clock, environment):
    attempt = mod._attempt

    def and_then_time_passes(*arguments):
        try:
            return attempt(*arguments)
        finally:
            clock.now += 60

    environment.setattr(mod, "_attempt", and_then_time_passes)
    error = failure(serve(http(b"gone", 404)), mod.NotFoundError, function=mod.poll, max_wait=30)
    assert str(error) == "404 Not Found: gone"


def test_what_on_update_raises_is_not_touched(serve, clock):
    own = mod.APITimeoutError("mine")

    def raise_own(video):
        raise own

    error = failure(serve(status("queued")), function=mod.poll, on_update=raise_own)
    assert (error, str(error), error.video) == (own, "mine", None)


def test_strict_waiting_refuses_an_undocumented_status(serve, clock):
    assert "processing" in str(failure(serve(status("processing")), mod.APIResponseValidationError,
                                       function=mod.poll))


def test_errors_while_waiting_are_raised_after_their_retries(serve, clock):
    server = serve(status("queued"), http(b"", 503), status("queued"), http(b"", 404))
    assert type(failure(server, function=mod.poll, max_retries=1)) is mod.NotFoundError
    assert len(server.requests) == 4
    server = serve(status("queued"), http(b"", 503))
    assert type(failure(server, function=mod.poll, max_retries=1)) is mod.InternalServerError
    assert len(server.requests) == 3  # an answer begins the count anew, and earns no further retry


@pytest.mark.parametrize("max_wait, sleeps", [(20, [5, 5, 5]), (20.5, [5, 5, 5, 5]), (5, [])])
def test_max_wait_ends_the_wait_as_soon_as_no_request_fits_any_more(max_wait, sleeps, serve, clock):
    server = serve(status("queued", progress=7))
    error = failure(server, mod.APITimeoutError, function=mod.poll, max_wait=max_wait)
    assert clock.sleeps == sleeps
    assert (error.video.progress, error.max_wait_reached) == (7, True)
    assert str(error) == "no final answer within max_wait (in flight)"
    assert error.__cause__ is None


def test_a_retry_pause_beyond_max_wait_is_not_slept(serve, clock):
    server = serve(status("queued"), http(b"busy", 503, "Retry-After: 60"))
    error = failure(server, mod.APITimeoutError, function=mod.poll, max_wait=30, max_retries=2)
    assert clock.sleeps == [5]
    assert error.video.status == "queued"
    assert isinstance(error.__cause__, mod.InternalServerError)
    assert str(error) == "no final answer within max_wait (503 Service Unavailable: busy)"
    assert len(server.requests) == 2


def test_a_refusal_within_max_wait_stays_a_refusal(serve, clock):
    error = failure(serve(http(b"busy", 503, "Retry-After: 60")), function=mod.poll, max_wait=30)
    assert type(error) is mod.InternalServerError


def test_max_wait_is_a_wall_for_requests_too(serve):
    server = serve(status("queued"), None)
    server.script[1] = server.silence()
    started = time.monotonic()
    error = failure(server, mod.APITimeoutError, function=mod.poll, interval=0.1, max_wait=0.5,
                    max_retries=2, timeout=30)
    assert within(0.5, started)
    assert (error.video.status, error.max_wait_reached) == ("queued", True)
    assert isinstance(error.__cause__, mod.APITimeoutError)
    assert re.search(r"within 0\.[1-4]\d* s", str(error.__cause__))  # what was left, not 30 s


def test_a_request_that_times_out_while_waiting_tells_the_last_answer(serve):
    server = serve(status("in_progress"), None)
    server.script[1] = server.silence()
    error = failure(server, mod.APITimeoutError, function=mod.poll, interval=0, timeout=0.3, max_wait=60)
    assert (error.video.status, error.max_wait_reached) == ("in_progress", False)
    assert str(error).endswith(" within 0.3 s")
    server.script = [server.silence()]
    error = failure(server, mod.APITimeoutError, function=mod.poll, timeout=0.2)
    assert (error.video, error.max_wait_reached) == (None, False)


def test_max_wait_without_any_answer_has_no_video(serve):
    server = serve(None)
    server.script = [server.silence()]
    error = failure(server, mod.APITimeoutError, function=mod.poll, max_wait=0.2)
    assert (error.video, error.max_wait_reached) == (None, True)


# The text that reaches a terminal


HARMFUL = [*range(0, 9), *range(11, 32), *range(0x7F, 0xA0), 0x61C, 0x200E, 0x200F,
           *range(0x2028, 0x202F), *range(0x2066, 0x2070), 0xFEFF, 0xD800, 0xDFFF]


@pytest.mark.parametrize("code", HARMFUL, ids=hex)
def test_what_a_terminal_would_obey_is_escaped(code):
    assert mod._harmless(f"a{chr(code)}b") == f"a\\u{code:04x}b"


@pytest.mark.parametrize("code", [0x9, 0xA, 0x20, 0x7E, 0xA0, 0xE9, 0x61B, 0x61D, 0x200D, 0x2010,
                                  0x2027, 0x202F, 0x2065, 0x2070, 0x3000, 0x732B, 0xFEFE, 0xFF00,
                                  0xD7FF, 0xE000, 0x1F600])
def test_readable_text_stays_readable(code):
    assert mod._harmless(f"a{chr(code)}b") == f"a{chr(code)}b"


@pytest.mark.parametrize("encoding, text", [
    ("utf-8", "é猫😀"), ("utf-16", "é猫😀"), ("latin-1", "é\\u732b\\ud83d\\ude00"),
    ("ascii", "\\u00e9\\u732b\\ud83d\\ude00")])
def test_what_the_encoding_cannot_take_is_escaped_and_nothing_else(encoding, text):
    assert mod._harmless("é猫😀", encoding) == text
    assert json.loads(f'"{text}"') == "é猫😀"


def test_what_an_encoding_would_turn_into_something_else_is_escaped():
    assert mod._harmless("\xa5u0041", "shift_jis") == r"\u00a5u0041"  # its yen sign is a backslash


# The command line


@pytest.fixture
def run(capsys):
    """Runs the command line in this process: exit status, standard output, standard error."""
    def run(*arguments):
        try:
            exit_status = mod.main([str(argument) for argument in arguments])
        except SystemExit as stopped:  # as argparse does
            exit_status = stopped.code
        return (exit_status, *capsys.readouterr())
    return run


def child(*arguments, **options):
    """Runs this Python on `arguments`, where the module can be imported."""
    root = MODULE.parents[mod.__name__.count(".")]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1",
                   **options.pop("env", {})}
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
               "encoding": "utf-8", "timeout": 60, **options}
    return subprocess.run([sys.executable, *arguments], env=environment, **options)


def test_the_command_prints_the_thirteen_fields_as_json(serve, run):
    exit_status, out, err = run("video_123", "--base-url", serve(http(sample(extra=1))).url)
    assert (exit_status, out, err) == (0, json.dumps(SAMPLE, indent=2) + "\n", "")


@pytest.mark.parametrize("options, changes, out", [
    (["--field", "status"], {}, "completed\n"),
    (["--field", "progress"], {}, "100\n"),
    (["--field", "error"], {}, "null\n"),
    (["--field", "error"], {"error": {"code": "c", "message": "m"}},
     '{\n  "code": "c",\n  "message": "m"\n}\n'),
    (["--field", "prompt"], {"prompt": "a \"b\"\n\tc\r\x1b"}, 'a "b"\n\tc\\u000d\\u001b\n'),
    (["--field", "size", "--lenient"], {"size": "1x1"}, "1x1\n"),
    (["--field", "progress", "--lenient"], {"progress": ABSENT}, "null\n"),
    (["--raw", "--field", "url"], {"url": "http://x/\u202e"}, "http://x/\\u202e\n"),
    (["--raw", "--field", "size"], {"size": ["1x1"]}, '[\n  "1x1"\n]\n'),
    (["--raw"], {"size": 5, "extra": {"é": "\x7f\x9b"}},
     json.dumps({**SAMPLE, "size": 5, "extra": {"é": "@"}}, indent=2, ensure_ascii=False)
     .replace("@", "\\u007f\\u009b") + "\n"),
])
def test_options_choose_what_is_printed(options, changes, out, serve, run):
    server = serve(http(sample(**changes)))
    assert run("video_123", "--base-url", server.url, *options) == (0, out, "")


def test_options_reach_the_request(serve, run, environment, clock):
    environment.setenv("OPENAI_API_KEY", KEY)
    server = serve(http(b"", 503, "Retry-After: 3"), http())
    assert run("a/b", "--base-url", server.url, "--retries", 1, "--timeout", 9.5, "-H", "X-One:  1 ",
               "--header", "X-Two: a:b")[0] == 0
    assert server.requests[1].startswith("GET /v1/videos/a%2Fb HTTP/1.1\r\n")
    for header in (f"Authorization: Bearer {KEY}", "X-One: 1", "X-Two: a:b"):
        assert header + "\r\n" in server.requests[1]
    assert clock.sleeps == [3]
    server.script = [server.silence()]
    assert run("v", "--base-url", server.url, "--retries", 0, "--timeout", 0.1)[::2] == (
        1, f"videoretrieve: no whole answer from http://127.0.0.1:{server.port} within 0.1 s\n")


WRONG = [  # arguments, words of the one line on stderr
    ([], "the following arguments are required: VIDEO_ID; see --help"),
    (["v", "w"], "unrecognized arguments: w; see --help"),
    (["v", "--nonsense\x1b\n"], r"unrecognized arguments: --nonsense\u001b; see --help"),
    (["v", "--base", "http://h"], "unrecognized arguments: --base http://h"),  # no abbreviations
    (["v", "--timeout", "soon"], "argument --timeout: invalid float value: 'soon'; see --help"),
    (["v", "--timeout", "0"], "timeout: expected seconds from 0.001 to 86400, got 0.0"),
    (["v", "--retries", "1.5"], "argument --retries: invalid int value: '1.5'; see --help"),
    (["v", "--retries", "-1"], "max_retries: expected an integer from 0 to 86400, got -1"),
    (["v", "--wait", "--interval", "nan"], "interval: expected seconds from 0 to 86400, got nan"),
    (["v", "--wait", "--max-wait", "0"], "max_wait: expected seconds from 0.001 to 86400, got 0.0"),
    (["v", "--field", "url"], "--field: expected one of id, completed_at, created_at, error, "
     "expires_at, model, object, progress, prompt, remixed_from_video_id, seconds, size, status"),
    (["v", "--field", ""], "--field: expected one of id, "),
    (["v", "-H", "sk-secret"], "--header: expected 'Name: value', got no colon"),
    (["v", "-H", "X: a\nb"], "headers: expected printable ASCII as the value of X"),
    (["v", "--base-url", "nowhere"], "base_url (OPENAI_BASE_URL): expected http:// or https://"),
    ([""], "video_id: expected the id of a video job, got ''"),
    ([".."], "video_id: expected the id of a video job, got '..'"),
    (["v", "--base-url", "https://api.openai.com/v1"], "api_key (OPENAI_API_KEY): expected one"),
]


@pytest.mark.parametrize("arguments, words", WRONG, ids=lambda x: str(x)[:40])
def test_wrong_usage_is_one_line_and_exit_status_2(arguments, words, run, environment):
    environment.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    exit_status, out, err = run(*arguments)
    assert (exit_status, out) == (2, "")
    assert err.startswith("videoretrieve: " + words)
    assert err.count("\n") == 1
    assert "secret" not in err


FAILED = [  # the answer, options, the line on stderr
    (http({"detail": "Video not found"}, 404, "x-request-id: req_7"), [],
     "404 Not Found: Video not found (request id req_7)"),
    (http(sample(size="1920x1080"), 200, "x-request-id: req_8"), [],
     "not a video of the documented type: size: expected one of 720x1280, 1280x720, 1024x1792, "
     "1792x1024, got '1920x1080' (strict=False, on the command line --lenient, takes it as it is) "
     "(request id req_8)"),
    (http(b"<html>"), ["--raw"], "not a video of the documented type: expected JSON, got b'<html>'"),
    (http({"id": "a"}), ["--raw", "--field", "b"], "no member 'b' among id"),
]


@pytest.mark.parametrize("step, options, line", FAILED, ids=lambda x: str(x)[:40])
def test_a_failure_is_one_line_and_exit_status_1(step, options, line, serve, run, environment):
    exit_status, out, err = run("v", "--base-url", serve(step).url, *options)
    assert (exit_status, out) == (1, "")
    assert err.startswith("videoretrieve: " + line)
    assert err.count("\n") == 1


@pytest.mark.parametrize("depth, exit_status", [(49, 0), (50, 1), (900, 1), (100_000, 1)])
def test_nesting_is_printed_up_to_fifty_levels(depth, exit_status, serve, run):
    server = serve(http(b'{"a":' + b"[" * depth + b"]" * depth + b"}"))
    got, out, err = run("v", "--base-url", server.url, "--raw")
    assert (got, out.count("\n") > 90, err.count("\n")) == (exit_status, not exit_status, exit_status)


def test_the_key_is_never_an_argument_and_never_printed(run, environment):
    environment.setenv("OPENAI_API_KEY", KEY + "\n" + KEY)
    exit_status, out, err = run("v", "--base-url", "http://127.0.0.1:9")
    assert (exit_status, out) == (2, "")
    assert KEY not in err
    assert not any("key" in option for option in re.findall(r"--[\w-]+", run("--help")[1]))


def test_help_names_every_option_variable_and_exit_status(run):
    exit_status, out, err = run("--help")
    assert (exit_status, err) == (0, "")
    for word in ("VIDEO_ID", "--base-url URL", "-H", "--header", "--timeout S", "--retries N",
                 "--lenient", "--field NAME", "--raw", "--wait", "--interval S", "--max-wait S",
                 "--version", "OPENAI_API_KEY", "OPENAI_BASE_URL", "https_proxy", "SSL_CERT_FILE",
                 "(default: 60)", "(default: 2)", "(default: 5)"):
        assert word in out
    assert re.findall(r"^  (\d+)  ", out, re.M) == ["0", "1", "2", "3", "4", "130"]


def test_version_is_that_of_the_module(run):
    assert run("--version") == (0, f"videoretrieve {mod.__version__}\n", "")


def test_an_interrupt_is_exit_status_130(run, environment):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    environment.setattr(mod, "_attempt", interrupt)
    assert run("v", "--base-url", "http://127.0.0.1:9") == (130, "", "videoretrieve: interrupted\n")


@pytest.mark.parametrize("answers, options, exit_status, last", [
    (["queued", "completed"], [], 0, "completed"),
    (["in_progress", "failed"], [], 3, "failed"),
    (["processing", "cancelled"], ["--lenient"], 3, "cancelled"),
    (["processing", "completed"], ["--raw"], 0, "completed"),
    (["queued"], ["--max-wait", "12", "--interval", "6"], 4, None),
])
def test_waiting_tells_the_end_by_the_exit_status(answers, options, exit_status, last, serve, run, clock):
    server = serve(*(http(sample(status=word, extra=word)) for word in answers))
    got, out, err = run("v", "--base-url", server.url, "--wait", *options)
    assert got == exit_status
    if last:
        assert (json.loads(out)["status"], err) == (last, "")
        assert ("extra" in json.loads(out)) == ("--raw" in options)
        assert clock.sleeps == [5]
    else:
        assert (out, err) == ("", "videoretrieve: no final answer within max_wait (in flight)\n")
        assert clock.sleeps == [6]


def test_a_request_that_times_out_while_waiting_is_exit_status_1(serve, run):
    server = serve(None)
    server.script = [server.silence()]
    assert run("v", "--base-url", server.url, "--wait", "--max-wait", 0.2)[0] == 1  # never seen
    assert run("v", "--base-url", server.url, "--wait", "--timeout", 0.1, "--retries", 0)[0] == 1


class Stream(io.StringIO):
    """A text stream that fails, or has another encoding, or is a terminal."""

    def __init__(self, error=None, encoding="utf-8", terminal=False):
        super().__init__()
        self.error, self.coding, self.terminal = error, encoding, terminal

    @property
    def encoding(self):
        return self.coding

    def write(self, text):
        if self.error:
            raise self.error
        return super().write(text)

    def isatty(self):
        return self.terminal

    def fileno(self):
        if self.closed:
            raise ValueError("I/O operation on closed file")
        return 98765  # no such file


@pytest.mark.parametrize("encoding, out", [
    ("ascii", "\\u00e9\\u732b\n"), ("latin-1", "é\\u732b\n"), ("utf-8", "é猫\n"), (None, "é猫\n")])
def test_standard_output_gets_what_its_encoding_takes(encoding, out, serve, environment):
    environment.setattr(sys, "stdout", Stream(encoding=encoding))
    assert mod.main(["v", "--base-url", serve(http(sample(prompt="é猫"))).url, "--field", "prompt"]) == 0
    assert sys.stdout.getvalue() == out


@pytest.mark.parametrize("stdout, err", [
    (Stream(BrokenPipeError()), ""),  # the reader has gone: quiet
    (Stream(OSError(28, "No space left on device")),
     "videoretrieve: cannot write the result: [Errno 28] No space left on device\n"),
    (None, "videoretrieve: cannot write the result: standard output is closed\n"),
], ids=["pipe", "disk", "closed"])
def test_output_that_cannot_be_written_is_exit_status_1(stdout, err, serve, environment, capsys):
    environment.setattr(sys, "stdout", stdout)
    assert mod.main(["v", "--base-url", serve(http()).url]) == 1
    assert capsys.readouterr().err == err
    assert stdout is None or stdout.closed


@pytest.mark.parametrize("stderr", [None, Stream(OSError(28, "full"))], ids=["closed", "full"])
def test_an_error_that_cannot_be_shown_keeps_its_exit_status(stderr, environment, capsys):
    environment.setattr(sys, "stderr", stderr)
    assert mod.main(["", "--base-url", "http://127.0.0.1:9", "--wait"]) == 2
    assert capsys.readouterr().out == ""


BARS = [  # id, status, progress, seconds, width, the line
    ("video_1", "queued", 0, 0, 60, "  0% 0:00 queued [--------------------] video_1"),
    ("video_1", "in_progress", 50, 75, 60, " 50% 1:15 in_progress [##########----------] video_1"),
    ("video_1", "completed", 100, 3600, 60, "100% 60:00 completed [####################] video_1"),
    ("video_1", "queued", -5, 5, 50, "  0% 0:05 queued [--------------------] video_1"),
    ("video_1", "queued", 250, 5, 50, "100% 0:05 queued [####################] video_1"),
    ("video_1", "queued", 10 ** 30, 5, 50, "100% 0:05 queued [####################] video_1"),
    ("video_1", "queued", 99.99, 5, 50, " 99% 0:05 queued [###################-] video_1"),
    ("video_1", "queued", 4, 5, 50, "  4% 0:05 queued [--------------------] video_1"),
    ("video_1", "queued", None, 5, 50, "  ?% 0:05 queued [--------------------] video_1"),
    ("video_1", "queued", "50", 5, 50, "  ?% 0:05 queued [--------------------] video_1"),
    ("\x1b[31m猫", "q\u202e", 5, 5, 60, r"  5% 0:05 q\u202e [#-------------------] \u001b[31m\u732b"),
    ("v" * 60, "queued", 5, 5, 50, "  5% 0:05 queued [#-------------------] vvvvvvvvvv"),  # cut
    ("v" * 60, "in_progress", 33, 5, 25, " 33% 0:05 in_progress [##"),
    ("v" * 60, "in_progress", 33, 5, 19, " 33% 0:05 in_progre"),  # a terminal of 20 columns
    ("v" * 60, "in_progress", 33, 5, 5, " 33% "),
    ("v" * 60, "in_progress", 33, 5, 0, ""),
    ("v", "queued", 33, 5, 300, " 33% 0:05 queued [######--------------] v"),
]


@pytest.mark.parametrize("video_id, word, progress, elapsed, width, line", BARS, ids=lambda x: str(x)[:20])
def test_the_bar_is_one_line_that_fits(video_id, word, progress, elapsed, width, line):
    video = mod.Video.from_dict(sample(id=video_id, status=word, progress=progress), strict=False)
    assert mod._bar(video, elapsed, width) == line.ljust(width)


def test_on_a_terminal_the_bar_is_redrawn_in_place_and_ends_with_a_newline(serve, environment, clock, run):
    server = serve(status("queued", progress=0), status("completed", id="video_123456789"))
    for columns, width in ((40, 39), (0, 79)):  # 0 where the terminal does not know
        size = os.terminal_size((columns, 24))
        environment.setattr(os, "get_terminal_size", lambda file, size=size: size)
        environment.setattr(sys, "stderr", Stream(terminal=True))
        server.script = [status("queued", progress=0), status("completed", id="video_123456789")]
        assert mod.main(["v\x1b", "--base-url", server.url, "--wait", "--field", "status"]) == 0
        start, *lines = sys.stderr.getvalue().split("\r")
        assert start == ""
        assert [line[:20].rstrip(" [#-") for line in lines] == [
            "  ?% 0:00 asking", "  0% 0:00 queued", "100% 0:05 completed"]
        assert [len(line) for line in lines] == [width, width, width + 1]
        assert width < 50 or lines[0].rstrip().endswith(r"] v\u001b")
        assert lines[-1].endswith("\n")


def test_the_bar_ends_with_a_newline_before_an_error_too(environment, clock, serve):
    environment.setattr(sys, "stderr", Stream(terminal=True))
    environment.setattr(os, "get_terminal_size", lambda file: os.terminal_size((40, 24)))
    assert mod.main(["v", "--base-url", serve(http(b"", 404)).url, "--wait"]) == 1
    assert sys.stderr.getvalue().endswith("\nvideoretrieve: 404 Not Found\n")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX terminal")
def test_a_terminal_that_has_gone_does_not_end_the_wait(clock, serve, environment, capsys):
    import pty
    parent, terminal = pty.openpty()
    server = serve(lambda connection, request: (os.close(parent), connection.sendall(status("queued"))),
                   status("queued"), http())
    with open(terminal, "w") as stderr:
        environment.setattr(sys, "stderr", stderr)
        assert mod.main(["v", "--base-url", server.url, "--wait", "--field", "status"]) == 0
        environment.undo()
    assert capsys.readouterr().out == "completed\n"
    assert len(server.requests) == 3


def test_a_terminal_that_does_not_tell_its_width_does_not_end_the_wait(clock, serve, environment, capsys):
    environment.setattr(sys, "stderr", Stream(terminal=True))
    assert mod.main(["v", "--base-url", serve(http()).url, "--wait", "--field", "status"]) == 0
    assert capsys.readouterr().out == "completed\n"


def test_off_a_terminal_there_is_no_bar(serve, clock, run):
    assert run("v", "--base-url", serve(status("queued"), http()).url, "--wait", "--field", "status") == (
        0, "completed\n", "")


# The ways a copied file is run


WAYS = [
    ["-m", mod.__name__],
    [str(MODULE)],
    ["-I", "-S", str(MODULE)],
    ["-OO", str(MODULE)],
    ["-X", "dev", "-W", "error", "-m", mod.__name__],
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: " ".join(way[:-1]) or "script")
def test_the_file_runs_in_every_way_a_file_is_run(way, serve):
    done = child(*way, "video_123", "--base-url", serve(http()).url)
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, SAMPLE, "")


def test_the_file_runs_from_standard_input(serve):
    with MODULE.open("rb") as source:
        done = child("-", "video_123", "--base-url", serve(http()).url, stdin=source)
    assert (done.returncode, json.loads(done.stdout), done.stderr) == (0, SAMPLE, "")


def test_the_file_runs_inside_a_zip_and_under_another_name(serve, tmp_path):
    import zipfile
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        archive.write(MODULE, "__main__.py")
        archive.write(MODULE, "other_name.py")
    url = serve(http()).url
    done = child(str(tmp_path / "app.zip"), "v", "--base-url", url, "--field", "id")
    assert (done.returncode, done.stdout, done.stderr) == (0, "video_123\n", "")
    done = child("-c", "import pickle, sys, other_name as o\n"
                 "v = o.retrieve('v', base_url=sys.argv[1])\n"
                 "assert pickle.loads(pickle.dumps(v)) == v\nprint(v.status)",
                 url, env={"PYTHONPATH": str(tmp_path / "app.zip")})
    assert (done.returncode, done.stdout, done.stderr) == (0, "completed\n", "")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell and devices")
@pytest.mark.parametrize("redirection, exit_status, err", [
    ("| true", 0, ""),  # true's own; the point is the silence
    (">/dev/full", 1, "videoretrieve: cannot write the result: [Errno 28] No space left on device\n"),
    (">&-", 1, "videoretrieve: cannot write the result: standard output is closed\n"),
    ("2>&-", 0, ""),
    ("--retries -1 2>&-", 2, ""),
    ("--nonsense 2>&-", 2, ""),
    ("--retries -1 2>/dev/full", 2, ""),
    ("--nonsense 2>/dev/full", 2, ""),
])
def test_a_shell_sees_a_closed_pipe_a_full_disk_and_closed_streams(redirection, exit_status, err, serve):
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    command = f"{sys.executable} {MODULE} v --base-url {serve(http()).url} {redirection}"
    environment = {name: os.environ[name] for name in os.environ if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(["sh", "-c", command], capture_output=True, encoding="utf-8", timeout=60,
                          env=environment)
    assert (done.returncode, done.stderr) == (exit_status, err)


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX terminal")
def test_an_interrupt_in_a_real_terminal_leaves_it_in_order(serve):
    import pty
    server = serve(status("queued", progress=33))
    parent, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(MODULE), "v", "--base-url", server.url, "--wait"],
        stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # if CI ignores it
    os.close(terminal)
    seen = b""
    while b"33%" not in seen:
        seen += os.read(parent, 4096)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    with contextlib.suppress(OSError):  # Linux's way to say that the terminal was closed
        for data in iter(lambda: os.read(parent, 4096), b""):
            seen += data
    os.close(parent)
    assert process.stdout.read() == b""
    process.stdout.close()
    assert seen.endswith(b"\r\nvideoretrieve: interrupted\r\n")


# Promises


TREE = ast.parse(MODULE.read_text(encoding="utf-8"))


def test_only_the_standard_library_is_imported():
    names = set()
    for node in ast.walk(TREE):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.add(node.module.partition(".")[0])
    if hasattr(sys, "stdlib_module_names"):  # Python 3.10
        assert names <= set(sys.stdlib_module_names)
    assert "urllib" in names


def test_importing_is_quick_because_it_leaves_out_what_only_the_command_line_needs():
    done = child("-I", "-S", "-c", "import sys; sys.path.insert(0, sys.argv[1]); __import__(sys.argv[2]);"
                 "print(sorted({'argparse', 'typing', 'asyncio'} & set(sys.modules)))",
                 str(MODULE.parent), MODULE.stem)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_every_public_name_is_listed_and_documented():
    assert mod.__all__ == sorted(mod.__all__)
    defined = {node.name for node in TREE.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    assert {name for name in defined if not name.startswith("_")} == {*mod.__all__, "main"}
    for name in mod.__all__:
        public = getattr(mod, name)
        assert inspect.getdoc(public)
        for own, method in vars(public).items():
            if callable(getattr(method, "__func__", method)) and not own.startswith("_"):
                assert inspect.getdoc(getattr(public, own))


@pytest.mark.parametrize("function", [mod.retrieve, mod.fetch, mod.poll])
def test_the_three_functions_share_their_settings(function):
    settings = {name: parameter.default
                for name, parameter in list(inspect.signature(function).parameters.items())[1:]
                if parameter.kind is inspect.Parameter.KEYWORD_ONLY}
    own = {"retrieve": {"strict": True}, "fetch": {}, "poll": {
        "strict": True, "interval": 5, "max_wait": None, "on_update": None}}[function.__name__]
    assert settings == {"api_key": None, "base_url": None, "headers": None, "timeout": 60,
                        "max_retries": 2, "ssl_context": None, **own}


@pytest.mark.parametrize("method", [mod.Video.from_dict, mod.Video.from_json])
def test_strict_is_a_keyword_and_the_default(method):
    strict = inspect.signature(method).parameters["strict"]
    assert (strict.kind, strict.default) == (inspect.Parameter.KEYWORD_ONLY, True)


def test_annotations_name_what_exists():
    import typing
    source = MODULE.read_text(encoding="utf-8").replace("TYPE_CHECKING = False", "TYPE_CHECKING = True")
    twin = types.ModuleType("twin")
    sys.modules["twin"] = twin
    try:
        exec(compile(source, str(MODULE), "exec"), vars(twin))
        if sys.version_info >= (3, 10):  # X | None
            for name in (*twin.__all__, "main"):
                typing.get_type_hints(getattr(twin, name))
            for each in vars(twin).values():
                if inspect.isfunction(each) and each.__module__ == "twin":
                    assert "return" in typing.get_type_hints(each)
    finally:
        del sys.modules["twin"]


def test_the_file_keeps_to_its_size():
    lines = MODULE.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 600
    assert max(map(len, lines)) <= 100
    for node in ast.walk(TREE):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 55, node.name


def test_the_licence_travels_in_the_first_line():
    assert MODULE.read_text(encoding="utf-8").startswith("# SPDX-License-Identifier: 0BSD\n")


repository = pytest.mark.skipif(
    not (HERE / "README.md").exists() or not (HERE / "pyproject.toml").exists(),
    reason="a vendored copy has no README and no pyproject.toml")


@repository
def test_the_version_is_written_once():
    project = (HERE / "pyproject.toml").read_text(encoding="utf-8")
    assert 'dynamic = ["version", "description"]' in project
    assert "\nversion = " not in project
    assert MODULE.read_text(encoding="utf-8").count(mod.__version__) == 1


def readme_examples(language):
    """The fenced blocks of that language, each with the heading that it stands under."""
    found, heading = [], ""
    text = (HERE / "README.md").read_text(encoding="utf-8") if (HERE / "README.md").exists() else ""
    for match in re.finditer(r"^#+ ([^\n]*)$|^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        heading = match[1] or heading
        if match[2] == language:
            found.append((heading, match[3]))
    return found


@repository
def test_the_readme_has_examples():
    assert len(readme_examples("python")) >= 5
    assert len(readme_examples("sh")) >= 4


@repository
@pytest.mark.parametrize("heading, code", readme_examples("python"), ids=lambda x: str(x)[:20])
def test_the_python_examples_of_the_readme_run(heading, code, serve, tmp_path):
    if "asyncio.to_thread" in code and sys.version_info < (3, 9):
        pytest.skip("asyncio.to_thread came with Python 3.9")
    done = child("-W", "error", "-c", code, cwd=str(tmp_path), env={
        "OPENAI_BASE_URL": serve(http()).url, "OPENAI_API_KEY": KEY})
    assert (done.returncode, done.stderr) == (0, "")


@repository
@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("heading, code", readme_examples("sh"), ids=lambda x: str(x)[:20])
def test_the_shell_examples_of_the_readme_run(heading, code, serve, tmp_path):
    if heading.startswith("Tests"):
        pytest.skip("it would run this very suite; .ci/run does")
    python = tmp_path / "python3"
    python.symlink_to(sys.executable)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
                   "OPENAI_BASE_URL": serve(http()).url, "OPENAI_API_KEY": KEY,
                   "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(["sh", "-e", "-c", code], cwd=str(HERE), env=environment, encoding="utf-8",
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout
