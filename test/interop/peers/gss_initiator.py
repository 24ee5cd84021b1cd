#!/usr/bin/python3
"""One GSSAPI initiator, driven over its standard streams, to check the acceptors of the package against.

Speaks as gss_acceptor.py does; the token of the first "step" is null.
"""
import argparse

import gssapi

from gss_acceptor import MECHANISMS, Peer, mechanism


class Initiator(Peer):
    def new_context(self):
        options = self.options
        asked = mechanism(options.mechanism)
        credentials = gssapi.Credentials(
            name=gssapi.Name(options.user, gssapi.NameType.user), mechs=[asked], usage="initiate"
        )
        flags = gssapi.RequirementFlag
        return gssapi.SecurityContext(
            name=gssapi.Name(options.service, gssapi.NameType.hostbased_service),
            creds=credentials,
            mech=asked,
            usage="initiate",
            channel_bindings=self.bindings,
            flags=[flags.mutual_authentication, flags.integrity, flags.confidentiality],
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mechanism", required=True, choices=MECHANISMS)
    parser.add_argument("--user", required=True, help=r"DOMAIN\user, or a principal; the libraries hold its key")
    parser.add_argument("--service", required=True, help="host-based name of the target, HTTP@host")
    parser.add_argument("--channel-binding", help="application data of the channel binding, base64")
    Initiator(parser.parse_args()).serve()


if __name__ == "__main__":
    main()
