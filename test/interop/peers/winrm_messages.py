"""What winrm_peer.py says: the framing of sealed bodies as Windows writes it, and replies in SOAP."""
import re
import struct
import uuid

NS = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "wsmid": "http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd",
}
DECLARATIONS = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NS.items())

SEALED = re.compile(
    rb"--Encrypted Boundary\r\n"
    rb"(?P<tab>\t?)Content-Type: application/HTTP-(?P<protocol>SPNEGO|Kerberos)-session-encrypted\r\n"
    rb"\t?OriginalContent: type=application/soap\+xml;charset=UTF-8;Length=(?P<length>\d+)\r\n"
    rb"--Encrypted Boundary\r\n"
    rb"\t?Content-Type: application/octet-stream\r\n"
    rb"(?P<sealed>.*)--Encrypted Boundary--\r\n",
    re.DOTALL,
)


def read_sealed(body):
    """A sealed body: protocol, length of the plaintext, signature, data and whether tabs stand in it."""
    match = SEALED.fullmatch(body)
    if match is None:
        raise ValueError("this is no sealed body")
    sealed = match["sealed"]
    (length,) = struct.unpack_from("<I", sealed)
    return {
        "protocol": match["protocol"].decode(),
        "length": int(match["length"]),
        "signature": sealed[4 : 4 + length],
        "data": sealed[4 + length :],
        "tabs": match["tab"] != b"",
    }


def write_sealed(protocol, length, signature, data, tabs):
    tab = "\t" if tabs else ""
    head = (
        "--Encrypted Boundary\r\n"
        f"{tab}Content-Type: application/HTTP-{protocol}-session-encrypted\r\n"
        f"{tab}OriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n"
        "--Encrypted Boundary\r\n"
        f"{tab}Content-Type: application/octet-stream\r\n"
    )
    return head.encode() + struct.pack("<I", len(signature)) + signature + data + b"--Encrypted Boundary--\r\n"


def content_type(protocol):
    return (
        f'multipart/encrypted;protocol="application/HTTP-{protocol}-session-encrypted";'
        'boundary="Encrypted Boundary"'
    )


class Message:
    """A request, read as far as the peer needs it."""

    def __init__(self, octets):
        self.text = octets.decode("utf-8")
        self.action = self.element("Action")
        self.message_id = self.element("MessageID")
        self.resource = self.element("ResourceURI")
        self.verb = self.action.rpartition("/")[2] if self.action else "Identify"

    def element(self, name):
        match = re.search(rf"<(?:\w+:)?{name}(?:\s[^>]*)?>([^<]*)<", self.text)
        return match[1] if match else None


def envelope(body, message):
    headers = (
        f"<a:Action>{message.action}Response</a:Action><a:MessageID>uuid:{uuid.uuid4()}</a:MessageID>"
        f"<a:RelatesTo>{message.message_id}</a:RelatesTo>"
    )
    return f"<s:Envelope {DECLARATIONS}><s:Header>{headers}</s:Header><s:Body>{body}</s:Body></s:Envelope>"


def identified():
    return (
        f"<s:Envelope {DECLARATIONS}><s:Header/><s:Body><wsmid:IdentifyResponse>"
        "<wsmid:ProtocolVersion>http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd</wsmid:ProtocolVersion>"
        "<wsmid:ProductVendor>Nobody here</wsmid:ProductVendor><wsmid:ProductVersion>1.0</wsmid:ProductVersion>"
        "</wsmid:IdentifyResponse></s:Body></s:Envelope>"
    )


def answer(message, caller, count):
    """The reply to everything: who asked, for the how manieth time, and what was said."""
    if message.verb == "Identify":
        return identified()
    fields = {"Caller": caller, "Count": count, "Number": message.element("Number"), "Text": message.element("Text")}
    inner = "".join(f"<p:{name}>{value}</p:{name}>" for name, value in fields.items() if value is not None)
    name = "Thing" if message.verb in ("Get", "Put") else f"{message.verb}_OUTPUT"
    return envelope(f'<p:{name} xmlns:p="{message.resource}">{inner}</p:{name}>', message)


def fault():
    return (
        f"<s:Envelope {DECLARATIONS}><s:Header/><s:Body><s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode>"
        '<s:Value>w:TimedOut</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">Nobody said this.'
        '</s:Text></s:Reason><s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        'Code="2150858793"/></s:Detail></s:Fault></s:Body></s:Envelope>'
    )


def recorded(xml, message):
    """A recorded reply, made to belong to this request."""
    return re.sub(r"(<(?:\w+:)?RelatesTo(?:\s[^>]*)?>)[^<]*(<)", rf"\g<1>{message.message_id}\g<2>", xml)
