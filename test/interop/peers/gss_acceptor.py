#!/usr/bin/python3
"""One GSSAPI acceptor, driven over its standard streams, to check the mechanisms of the package against.

It knows no mechanism: what accepts is what the installed libraries and the environment (KRB5_CONFIG, KRB5_KTNAME,
NTLM_USER_FILE, ...) make of the tokens. Needs python3-gssapi.

One request per line, one reply per line, both JSON; octets are base64. A reply that holds "error" says what GSSAPI
refused, with its "major" and "minor" status; the process goes on.

  {"op": "step", "token": T}                        -> {"token": T or null, "complete": bool}
  {"op": "unwrap", "signature": S, "data": D}       -> {"data": D, "encrypted": bool}
  {"op": "wrap", "data": D}                         -> {"signature": S, "data": D, "length": n}
  {"op": "mic", "data": D}                          -> {"mic": M}
  {"op": "verifyMic", "data": D, "mic": M}          -> {}
  {"op": "inspect"}                                 -> {"initiator": name, "mechanism": oid, "flags": n}
  {"op": "restart"}                                 -> {}   a new context with the same arguments

"signature" and "data" are the halves of an encrypted part of MS-WSMV 2.2.9.1; "length" is the plaintext with the
mechanism's padding.
"""
import argparse
import base64
import json
import sys

import gssapi
from gssapi.raw import ChannelBindings, IOV, IOVBufferType, OperationUnavailableError, wrap_iov

MECHANISMS = {
    "spnego": "1.3.6.1.5.5.2",
    "krb5": "1.2.840.113554.1.2.2",
    "ntlm": "1.3.6.1.4.1.311.2.2.10",
}
# The signature of NTLM has one length; its library offers no other way to split a wrapped message.
NTLM_SIGNATURE_LENGTH = 16


def encode(octets):
    return base64.b64encode(octets).decode("ascii")


def decode(text):
    return base64.b64decode(text, validate=True)


class Peer:
    """One context after another, made by `new_context`."""

    def __init__(self, options):
        self.bindings = None
        if options.channel_binding is not None:
            self.bindings = ChannelBindings(application_data=decode(options.channel_binding))
        self.options = options
        self.restart({})

    def restart(self, _request):
        self.context = self.new_context()
        return {}

    def step(self, request):
        token = self.context.step(decode(request["token"]) if request["token"] is not None else None)
        return {"token": encode(token) if token else None, "complete": self.context.complete}

    def unwrap(self, request):
        plain, encrypted, _qop = self.context.unwrap(decode(request["signature"]) + decode(request["data"]))
        return {"data": encode(plain), "encrypted": encrypted}

    def wrap(self, request):
        plain = decode(request["data"])
        try:
            message = IOV(IOVBufferType.header, plain, IOVBufferType.padding, std_layout=False)
            wrap_iov(self.context, message, True)
            header, data, padding = (buffer.value or b"" for buffer in message)
            return {
                "signature": encode(header),
                "data": encode(data + padding),
                "length": len(plain) + len(padding),
            }
        except OperationUnavailableError:
            wrapped, _encrypted = self.context.wrap(plain, True)
            return {
                "signature": encode(wrapped[:NTLM_SIGNATURE_LENGTH]),
                "data": encode(wrapped[NTLM_SIGNATURE_LENGTH:]),
                "length": len(plain),
            }

    def mic(self, request):
        return {"mic": encode(self.context.get_signature(decode(request["data"])))}

    def verify_mic(self, request):
        self.context.verify_signature(decode(request["data"]), decode(request["mic"]))
        return {}

    def inspect(self, _request):
        context = self.context  # its target_name is left alone: asking gss-ntlmssp for it ends the process
        return {
            "initiator": str(context.initiator_name).rstrip("\0"),
            "mechanism": context.mech.dotted_form,
            "flags": int(context.actual_flags),
        }


    def serve(self):
        operations = {
            "step": self.step,
            "unwrap": self.unwrap,
            "wrap": self.wrap,
            "mic": self.mic,
            "verifyMic": self.verify_mic,
            "inspect": self.inspect,
            "restart": self.restart,
        }
        for line in sys.stdin:
            request = json.loads(line)
            try:
                reply = operations[request["op"]](request)
            except gssapi.exceptions.GSSError as error:
                reply = {"error": str(error), "major": error.maj_code, "minor": error.min_code}
            print(json.dumps(reply), flush=True)


class Acceptor(Peer):
    def new_context(self):
        return gssapi.SecurityContext(creds=self.credentials(), usage="accept", channel_bindings=self.bindings)

    def credentials(self):
        """None leaves the choice to the libraries: whatever they hold keys for."""
        options = self.options
        if options.mechanism is None and options.service is None:
            return None
        name = None
        if options.service is not None:
            name = gssapi.Name(options.service, gssapi.NameType.hostbased_service)
        mechanisms = [mechanism(m) for m in options.mechanism or []] or None
        return gssapi.Credentials(name=name, mechs=mechanisms, usage="accept")


def mechanism(name):
    return gssapi.OID.from_int_seq(MECHANISMS[name])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mechanism", action="append", choices=MECHANISMS, help="default: all there are")
    parser.add_argument("--service", help="host-based name, HTTP@host; default: any the keys are for")
    parser.add_argument("--channel-binding", help="application data of the channel binding, base64")
    Acceptor(parser.parse_args()).serve()


if __name__ == "__main__":
    main()
