#!/usr/bin/python3
"""A service like WinRM whose security nobody here wrote: what authenticates and seals is the system's GSSAPI, with
MIT Kerberos and gss-ntlmssp below it. Needs python3-gssapi.

It is driven over its standard streams: one request per line, one reply per line, both JSON.

  {"op": "open", ...}                           -> {"peer": p, "port": n}   a service on 127.0.0.1, see Service
  {"op": "set", "peer": p, "modes": {...}}      -> {}       see MODES
  {"op": "script", "peer": p, "replies": {...}} -> {}       recorded replies by the last part of the action, used up in order
  {"op": "state", "peer": p}                    -> {...}    see Log
  {"op": "restart", "peer": p}                  -> {}       cuts every socket
  {"op": "close", "peer": p}                    -> {}

The environment (KRB5_CONFIG, KRB5_KTNAME, NTLM_USER_FILE, ...) says whom it knows.
"""
import base64
import collections
import hashlib
import json
import random
import socket
import ssl
import sys
import threading
import traceback

import gssapi
from gssapi.raw import ChannelBindings, IOV, IOVBufferType, OperationUnavailableError, set_neg_mechs, wrap_iov

import winrm_messages as messages

# The signature of NTLM has one length; its library offers no other way to split a wrapped message.
NTLM_SIGNATURE_LENGTH = 16
MECHANISMS = {"krb5": "1.2.840.113554.1.2.2", "ntlm": "1.3.6.1.4.1.311.2.2.10"}
SPNEGO = "1.3.6.1.5.5.2"
MODES = {
    "form": "windows",  # or "omi"
    "challenges": ["Negotiate", "Kerberos"],  # one header line each
    "finalToken": "right",  # "wrong", "missing"
    "endless": None,  # "bare" or "token": nothing but 401
    "refuse": False,  # after a handshake that succeeded
    "plaintext": 0,  # so many replies in plaintext, with "plaintextStatus"
    "plaintextStatus": 500,
    "unauthorized": 0,  # so many 401 on authenticated sockets
    "closing": False,  # with every 401 that carries no token
    "tamper": None,  # "data" or "signature" of replies
    "keepContext": False,  # a 401 leaves the authentication as it is
    "cut": 0.0,  # how likely a socket is cut, at each of several places
}


class Cut(Exception):
    """The socket ends here."""


class Log:
    def __init__(self):
        self.lock = threading.Lock()
        self.connections = 0
        self.begun = 0
        self.busiest = 0
        self.shaking = 0
        self.logons = []
        self.ledger = []
        self.plaintext = 0
        self.complaints = []
        self.received = []

    def as_json(self):
        with self.lock:
            return {
                "connections": self.connections,
                "begun": self.begun,  # handshakes
                "busiest": self.busiest,  # the most handshakes at the same time
                "logons": list(self.logons),
                "ledger": list(self.ledger),
                "plaintext": self.plaintext,
                "complaints": list(self.complaints),
                "received": [base64.b64encode(octets).decode() for octets in self.received],
            }


class Service:
    """`mechanisms` are those of MECHANISMS, all by default; `tls` gives files and the hash that signed the certificate."""

    def __init__(self, seed=1, mechanisms=(), tls=None):
        self.modes = dict(MODES)
        self.log = Log()
        self.script = {}
        self.sockets = set()
        self.random = random.Random(seed)
        self.mechanisms = mechanisms
        self.tls = None
        self.bindings = None
        if tls is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(tls["certificate"], tls["key"])
            with open(tls["certificate"], encoding="ascii") as file:
                der = ssl.PEM_cert_to_DER_cert(file.read())
            digest = hashlib.new(tls["hash"], der).digest()
            self.bindings = ChannelBindings(application_data=b"tls-server-end-point:" + digest)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def take(self, mode):
        """Uses up one of a number of times."""
        with self.log.lock:
            left = self.modes[mode]
            self.modes[mode] = max(0, left - 1)
        return left > 0

    def may_cut(self):
        with self.log.lock:
            if self.random.random() < self.modes["cut"]:
                raise Cut

    def listen(self):
        while True:
            try:
                accepted, _address = self.listener.accept()
            except OSError:
                return
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(accepted,), daemon=True).start()

    def serve(self, accepted):
        self.sockets.add(accepted)
        connection = None
        try:
            stream = self.tls.wrap_socket(accepted, server_side=True) if self.tls else accepted
            self.sockets.add(stream)
            connection = Connection(self, stream)
            connection.run()
        except (Cut, OSError):
            pass
        except Exception as error:  # pylint: disable=broad-except
            self.log.complaints.append(f"{error!r} at {traceback.extract_tb(error.__traceback__)[-1].line}")
        finally:
            if connection:
                connection.end_handshake()
            for each in {accepted, stream}:
                self.sockets.discard(each)
                abort(each)

    def restart(self):
        for each in list(self.sockets):
            shut(each)

    def close(self):
        shut(self.listener)
        self.listener.close()
        self.restart()


def shut(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def abort(sock):
    try:
        sock.close()
    except OSError:
        pass


class Connection:
    def __init__(self, service, stream):
        self.service = service
        self.log = service.log
        self.stream = stream
        self.buffer = b""
        self.context = None
        self.protocol = None
        self.is_shaking = False
        with self.log.lock:
            self.number = self.log.connections
            self.log.connections += 1
            self.received = bytearray()
            self.log.received.append(self.received)

    def run(self):
        while True:
            headers, body = self.read_request()
            self.service.may_cut()
            authorization = headers.get("authorization")
            if self.service.modes["endless"]:
                self.refuse_without_end(authorization)
            elif authorization is not None:
                self.shake_hands(*authorization.split(None, 1), headers, body)
            elif self.context is None or not self.context.complete:
                self.demand()
            elif headers.get("content-type", "").startswith("multipart/encrypted"):
                self.converse(body)
            elif self.service.tls:
                self.reply(200, self.execute(body), {"Content-Type": "application/soap+xml;charset=UTF-8"})
            else:
                self.log.plaintext += 1
                self.reply(500, messages.fault().encode(), {"Content-Type": "application/soap+xml;charset=UTF-8"})

    # HTTP

    def receive(self):
        chunk = self.stream.recv(65536)
        if not chunk:
            raise Cut
        self.received += chunk
        self.buffer += chunk

    def read_request(self):
        while b"\r\n\r\n" not in self.buffer:
            self.receive()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        if not first.startswith("POST "):
            raise ValueError(first)
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers["content-length"])
        while len(self.buffer) < length:
            self.receive()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return headers, body

    def reply(self, status, body=b"", headers=None, lines=(), cuttable=False):
        reasons = {200: "Success" if self.service.modes["form"] == "omi" else "OK", 401: "Unauthorized"}
        head = [f"HTTP/1.1 {status} {reasons.get(status, 'Error')}"]
        head += [f"{name}: {value}" for name, value in (headers or {}).items()]
        head += [*lines, f"Content-Length: {len(body)}"]
        octets = "\r\n".join([*head, "", ""]).encode("latin-1") + body
        if cuttable:
            with self.log.lock:
                is_cut = self.service.random.random() < self.service.modes["cut"]
                place = self.service.random.randrange(len(octets))
            if is_cut:
                self.stream.sendall(octets[:place])
                raise Cut
        self.stream.sendall(octets)

    # Authentication

    def demand(self):
        if self.service.modes["form"] == "omi":
            self.log.complaints.append("a request without Authorization, which OMI never answers")
            while True:
                self.receive()
        self.unauthorized()

    def unauthorized(self, *tokens):
        lines = tokens or self.service.modes["challenges"]
        closing = self.service.modes["closing"] and not tokens
        headers = {"Connection": "close"} if closing else {}
        self.reply(401, b"", headers, [f"WWW-Authenticate: {line}" for line in lines])
        if closing:
            raise Cut

    def refuse_without_end(self, authorization):
        with self.log.lock:
            self.log.logons.append({"outcome": "never"})
        if self.service.modes["endless"] == "bare" or authorization is None:
            self.unauthorized()
        else:
            name, token = authorization.split(None, 1)
            if self.context is None:
                self.context = self.new_context(name)
            try:
                token = self.encode(self.context.step(base64.b64decode(token)) or b"")
            except gssapi.exceptions.GSSError:
                token = "TlRMTVNTUAACAAAA"
            self.unauthorized(f"{name} {token}")

    def shake_hands(self, name, token, headers, body):
        if name.lower() not in {line.split()[0].lower().rstrip(",") for line in self.offered()}:
            return self.unauthorized()
        if self.context is None or self.context.complete:
            self.context = self.new_context(name)
            self.begin_handshake()
        if body and self.service.modes["form"] == "omi":
            self.log.complaints.append("a body during the handshake, which OMI's worker dies of")
            raise Cut
        answer = None
        try:
            answer = self.context.step(base64.b64decode(token, validate=True))
            complete = self.context.complete  # where SPNEGO has a token for its refusal, this tells of it
        except (gssapi.exceptions.GSSError, ValueError) as error:
            return self.refused(error, name, answer)
        self.service.may_cut()
        if not complete:
            return self.unauthorized(f"{name} {self.encode(answer or b'')}")
        self.end_handshake()
        with self.log.lock:
            self.log.logons.append(
                {
                    "outcome": "accepted",
                    "user": self.caller(),
                    "mechanism": self.mechanism(),
                    "name": name,
                    "bound": bool(int(self.context.actual_flags) & 0x800),
                    "connection": self.number,
                }
            )
        if self.service.modes["refuse"]:
            self.context = None
            return self.unauthorized()
        self.protocol = "Kerberos" if name.lower() == "kerberos" else "SPNEGO"
        return self.accept(name, answer)

    def accept(self, name, answer):
        final = self.service.modes["finalToken"]
        if final == "wrong" and answer:
            place = len(answer) - 1
            answer = answer[:place] + bytes([answer[place] ^ 1])
        lines = [] if final == "missing" or not answer else [f"WWW-Authenticate: {name} {self.encode(answer)}"]
        return self.reply(200, b"", {}, lines)

    def refused(self, error, name, token):
        self.context = None
        self.end_handshake()
        with self.log.lock:
            self.log.logons.append({"outcome": "refused", "why": str(error)})
        routine = getattr(error, "maj_code", 0) & 0xFF0000
        if self.service.modes["form"] == "omi":
            # It calls NO_CRED, FAILURE and UNAUTHORIZED so, and passes on no token.
            return self.unauthorized() if routine in (0x70000, 0xD0000, 0xF0000) else self.reply(400)
        return self.unauthorized(*([f"{name} {self.encode(token)}"] if token else []))

    def offered(self):
        return [part for line in self.service.modes["challenges"] for part in line.split(", ")]

    def new_context(self, name):
        mechanisms = ["krb5"] if name.lower() == "kerberos" else self.service.mechanisms
        credentials = None
        if mechanisms:
            oids = {gssapi.OID.from_int_seq(MECHANISMS[each]) for each in mechanisms}
            spnego = {gssapi.OID.from_int_seq(SPNEGO)}
            credentials = gssapi.Credentials(usage="accept", mechs=oids | spnego)
            set_neg_mechs(credentials, oids)
        return gssapi.SecurityContext(creds=credentials, usage="accept", channel_bindings=self.service.bindings)

    def begin_handshake(self):
        with self.log.lock:
            self.log.begun += 1
            if not self.is_shaking:
                self.is_shaking = True
                self.log.shaking += 1
            self.log.busiest = max(self.log.busiest, self.log.shaking)

    def end_handshake(self):
        with self.log.lock:
            if self.is_shaking:
                self.is_shaking = False
                self.log.shaking -= 1

    def caller(self):
        return str(self.context.initiator_name).rstrip("\0")

    def mechanism(self):
        oid = self.context.mech.dotted_form
        return next((name for name, known in MECHANISMS.items() if known == oid), oid)

    @staticmethod
    def encode(octets):
        return base64.b64encode(octets).decode("ascii")

    # Messages

    def converse(self, body):
        modes = self.service.modes
        if self.service.take("unauthorized"):
            if not modes["keepContext"]:
                self.context = None
            return self.unauthorized()
        sealed = messages.read_sealed(body)
        if modes["form"] == "omi" and sealed["tabs"]:
            raise Cut
        if sealed["protocol"] != self.protocol:
            raise ValueError(f"sealed for {sealed['protocol']}, authenticated as {self.protocol}")
        plain, encrypted, _qop = self.context.unwrap(sealed["signature"] + sealed["data"])
        if not encrypted or sealed["length"] - len(plain) not in (0, 1):
            raise ValueError("not encrypted, or of another length than it says")
        self.service.may_cut()
        text = self.execute(plain)
        self.service.may_cut()
        if self.service.take("plaintext"):
            soap = {"Content-Type": "application/soap+xml;charset=UTF-8"}
            return self.reply(modes["plaintextStatus"], messages.fault().encode(), soap)
        return self.reply(200, self.seal(text), {"Content-Type": messages.content_type(self.protocol)}, cuttable=True)

    def execute(self, octets):
        message = messages.Message(octets)
        with self.log.lock:
            entry = {"id": message.message_id, "verb": message.verb, "number": message.element("Number")}
            self.log.ledger.append({**entry, "connection": self.number})
            count = len(self.log.ledger)
            replies = self.service.script.get(message.verb)
            reply = replies.popleft() if replies else None
        if reply is not None:
            return messages.recorded(reply, message).encode()
        return messages.answer(message, self.caller(), count).encode()

    def seal(self, text):
        signature, data = self.wrap(text)
        length = len(data) if self.mechanism() == "krb5" else len(text)
        match self.service.modes["tamper"]:
            case "data":
                data = data[:-1] + bytes([data[-1] ^ 1])
            case "signature":
                signature = signature[:-1] + bytes([signature[-1] ^ 1])
        return messages.write_sealed(self.protocol, length, signature, data, self.service.modes["form"] != "omi")

    def wrap(self, text):
        try:
            message = IOV(IOVBufferType.header, text, IOVBufferType.padding, std_layout=False)
            wrap_iov(self.context, message, True)
            header, data, padding = (buffer.value or b"" for buffer in message)
            return header, data + padding
        except OperationUnavailableError:
            wrapped, _encrypted = self.context.wrap(text, True)
            return wrapped[:NTLM_SIGNATURE_LENGTH], wrapped[NTLM_SIGNATURE_LENGTH:]


class Control:
    """What the standard streams ask for."""

    def __init__(self):
        self.services = []

    def open(self, options):
        service = Service(**options)
        self.services.append(service)
        threading.Thread(target=service.listen, daemon=True).start()
        return {"peer": len(self.services) - 1, "port": service.listener.getsockname()[1]}

    def answer(self, op, peer=None, **request):
        if op == "open":
            return self.open(request)
        service = self.services[peer]
        match op:
            case "set":
                unknown = set(request["modes"]) - set(MODES)
                if unknown:
                    raise ValueError(unknown)
                service.modes.update(request["modes"])
            case "script":
                service.script = {verb: collections.deque(list_) for verb, list_ in request["replies"].items()}
            case "state":
                return service.log.as_json()
            case "restart":
                service.restart()
            case "close":
                service.close()
        return {}


def main():
    control = Control()
    for line in sys.stdin:
        print(json.dumps(control.answer(**json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
