"""A mail server that remembers what it has taken, and when it said so."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message

HOST = "127.0.0.1"
KEY = re.compile(r"/stays/([A-Z0-9-]+)/\?key=([\w-]+)")


@dataclass(frozen=True)
class Mail:
    """One message that was taken: ``id`` is its Message-ID, without brackets and host."""

    id: str
    taken_at: float  # by time.time(), just before we answered

    @property
    def kind(self) -> str:
        return self.id.partition(".")[0]


class Mailbox:
    """Listens on a free port until closed. Every message that it has answered 250 for is in ``mails``."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.keys: dict[str, str] = {}  # to each booking, the latest that was mailed
        self._server = _Server(self._take)
        self.host, self.port = HOST, int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="mailbox", daemon=True).start()

    def by_id(self) -> Mapping[str, Sequence[Mail]]:
        found: dict[str, list[Mail]] = defaultdict(list)
        for mail in list(self.mails):
            found[mail.id].append(mail)
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _take(self, body: bytes) -> None:
        mail = message_from_bytes(body)
        name = str(mail["Message-ID"]).strip("<> ").partition("@")[0]
        self.mails.append(Mail(name, time.time()))
        self.keys.update(KEY.findall(_words(mail)))


def _words(mail: Message) -> str:
    """The text of a mail, as its reader sees it."""
    texts = [part.get_payload(decode=True) for part in mail.walk() if part.get_content_type() == "text/plain"]
    return "\n".join(text.decode("utf-8", "replace") for text in texts if isinstance(text, bytes))


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, take: Callable[[bytes], None]) -> None:
        super().__init__((HOST, 0), _Conversation)
        self.take = take


class _Conversation(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand over a message."""

    def handle(self) -> None:
        try:
            self._say("220 prove")
            while line := self.rfile.readline():
                verb = line.split(None, 1)[0].upper() if line.strip() else b""
                if verb == b"DATA":
                    self._take_message()
                elif verb == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 prove")
        except ConnectionError:
            return  # whoever was sending has been killed: what was not whole is not taken

    def _take_message(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if line:
            assert isinstance(self.server, _Server)
            self.server.take(b"".join(lines))
            self._say("250 taken")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
