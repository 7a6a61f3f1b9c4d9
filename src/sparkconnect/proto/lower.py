#!/usr/bin/env python3
"""Turns the protocol's descriptors into ones that protoc-c takes, with the same bytes on the wire.

Without it: protoc-c refuses files with `optional` fields of proto3. As proto2 it takes them: every
scalar then says whether it is there, the oneofs that only stood for `optional` go, and repeated
numbers stay packed.

What that loses, which fields were `optional`, is written beside: they are sent when they are given,
the others only when they differ from their default.

usage: lower.py FOLDER GOOGLE OUT NAMES    FOLDER holds pyspark-client's *_pb2.py; GOOGLE, the
descriptors of google/protobuf that they import. Files lose their folders: spark_base.proto. NAMES
is a C header with the full names of the optional fields, sorted.
"""

import ast
import hashlib
import pathlib
import sys
from collections.abc import Callable, Iterator

# What Spark 4.1.1's protocol is; another text means another baseline, to be looked at first.
SHA256 = "0c1472f8a2026a0e83f0ba4d12f99a73389118ec172918f11a2d96823e6ce81a"

PACKABLE = {1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 16, 17, 18}
REPEATED = 3


def varint(data: bytes, at: int) -> "tuple[int, int]":
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def fields(data: bytes) -> "Iterator[tuple[int, int | bytes]]":
    """(number, value) of a message; descriptors hold varints and bytes only."""
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        value, at = varint(data, at)
        if tag & 7 == 2:
            yield tag >> 3, data[at : at + value]
            at += value
        else:
            yield tag >> 3, value


def number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def message(parts: "list[tuple[int, int | bytes]]") -> bytes:
    out = b""
    for field, value in parts:
        if isinstance(value, int):
            out += number(field << 3) + number(value)
        else:
            out += number(field << 3 | 2) + number(len(value)) + value
    return out


def nested(value: "int | bytes", change: "Callable[[bytes], bytes]") -> bytes:
    assert isinstance(value, bytes)
    return change(value)


def lower_field(data: bytes) -> bytes:
    """FieldDescriptorProto: label 4, type 5, options 8 {packed 2, deprecated 3}, oneof_index 9,
    proto3_optional 17. What is deprecated would warn wherever its message is made."""
    parts = list(fields(data))
    known = dict(parts)
    if known.get(17):
        parts = [x for x in parts if x[0] not in (9, 17)]
    options = [x for x in fields(bytes(known.get(8, b""))) if x[0] != 3]
    if known.get(4) == REPEATED and known.get(5) in PACKABLE:
        options = [*options, (2, 1)]
    return message([x for x in parts if x[0] != 8] + [(8, message(options))])


def lower_message(data: bytes) -> bytes:
    """DescriptorProto: field 2, nested_type 3, oneof_decl 8. Oneofs of `optional` stand last."""
    parts = list(fields(data))
    made_up = sum(1 for n, v in parts if n == 2 and dict(fields(bytes(v))).get(17))
    oneofs = [x for x in parts if x[0] == 8]
    kept = oneofs[: len(oneofs) - made_up]
    out: list[tuple[int, int | bytes]] = []
    for n, value in parts:
        if n == 2:
            out.append((n, nested(value, lower_field)))
        elif n == 3:
            out.append((n, nested(value, lower_message)))
        elif n != 8:
            out.append((n, value))
    return message(out + kept)


def optional_fields(data: bytes, scope: str) -> "Iterator[str]":
    """Full names; DescriptorProto: name 1, field 2, nested_type 3; a field's name is 1."""
    parts = list(fields(data))
    scope += "." + bytes(dict(parts)[1]).decode()
    for n, value in parts:
        if n == 2:
            known = dict(fields(bytes(value)))
            if known.get(17):
                yield f"{scope}.{bytes(known[1]).decode()}"
        elif n == 3:
            yield from optional_fields(bytes(value), scope)


def flat(name: bytes) -> bytes:
    """spark/connect/base.proto is spark_base.proto, google/protobuf/any.proto google_any.proto."""
    parts = name.split(b"/")
    return parts[0] + b"_" + parts[-1]


def lower_file(data: bytes) -> bytes:
    """FileDescriptorProto: name 1, dependency 3, message_type 4, syntax 12 (absent: proto2)."""
    change = {1: flat, 3: flat, 4: lower_message}
    parts = [x for x in fields(data) if x[0] != 12]
    return message([(n, nested(v, change[n]) if n in change else v) for n, v in parts])


def embedded(path: pathlib.Path) -> bytes:
    """The serialized FileDescriptorProto that a generated module hands to AddSerializedFile."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
            text = node.args[0]
            assert isinstance(text, ast.Constant) and isinstance(text.value, bytes)
            return text.value
    raise LookupError(f"{path} holds no descriptor")


def main() -> int:
    folder, google, out, names = map(pathlib.Path, sys.argv[1:])
    files = [embedded(p) for p in sorted(folder.glob("*_pb2.py"))]
    seen = hashlib.sha256(b"".join(files)).hexdigest()
    if seen != SHA256:
        print(f"lower: {folder} has sha256 {seen}, but {SHA256} is known", file=sys.stderr)
        return 1
    imported = [bytes(v) for _, v in fields(google.read_bytes())]
    out.write_bytes(message([(1, lower_file(x)) for x in imported + files]))
    optional = []
    for file in files:
        parts = list(fields(file))
        package = bytes(dict(parts)[2]).decode()
        for n, value in parts:
            if n == 4:
                optional += optional_fields(bytes(value), package)
    lines = "".join(f'    "{name}",\n' for name in sorted(optional))
    names.write_text(f"static const char *const optional_fields[] = {{\n{lines}}};\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
