"""Puts every document of a JSON list into the canonical form of XML (C14N 2.0), prefixes renamed, and prints them as JSON."""

import json
import sys
from xml.etree import ElementTree

print(json.dumps([ElementTree.canonicalize(xml, rewrite_prefixes=True) for xml in json.load(sys.stdin)]))
