#!/usr/bin/env bash
# Installs the foreign programs that the interoperability tests are checked against, from Debian's packages.
# Run by hand or by continuous integration, never by `npm test`: without them those tests are skipped.
set -euo pipefail

packages=(
  libgssapi-krb5-2 # Kerberos
  krb5-kdc # a realm that lives for one test
  krb5-admin-server
  krb5-user
  gss-ntlmssp # an NTLM acceptor and initiator, by way of python3-gssapi
  python3-gssapi # drives GSSAPI mechanisms: NTLM, Kerberos, SPNEGO
  python3-winrm # pywinrm, an independent client
  apache2-bin # Digest with MD5, and client certificates
  libapache2-mod-auth-gssapi # Negotiate that is bound to the connection
  lighttpd # Digest with SHA-256
  python3-httpbin # Digest over the body
  squid # a proxy
  golang # builds a client on the package below
  freerdp2-x11 # a CredSSP client
  freerdp2-shadow-x11 # a CredSSP server
  winpr-utils # makes the server's password file
  xvfb # the screen that both want
  golang-github-masterzen-winrm-dev # another independent client
)

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null
}

echo "installing ${missing[*]}"
apt update
apt install --yes --no-install-recommends "${missing[@]}" >/dev/null
