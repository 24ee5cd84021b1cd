"""Parses every document of a JSON list with Python's xml.etree and prints what is in them as JSON.

An element is {"name": "{namespace}local", "attributes": {...}, "children": [...]}; neighbouring texts are one.
"""

import json
import sys
from xml.etree import ElementTree


def plain(element):
    children = [element.text] if element.text else []
    for child in element:
        children.append(plain(child))
        if child.tail:
            children.append(child.tail)
    return {"name": element.tag, "attributes": dict(sorted(element.attrib.items())), "children": children}


def read(xml):
    try:
        return plain(ElementTree.fromstring(xml.encode("utf-8")))
    except ElementTree.ParseError as error:
        return {"error": str(error)}


print(json.dumps([read(xml) for xml in json.load(sys.stdin)]))
