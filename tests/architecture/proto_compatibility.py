#!/usr/bin/env python3
"""proto/ and the stored events have no change that breaks what the last version's programs read or write: no message, field, or value is
gone, renamed (JSON is a form of the messages, too), renumbered or of another type. Fields and messages may be added. Held against
published.binpb, the last version's descriptors, which `proto_compatibility.py --accept` makes anew at a release. Canaries prove that
each kind of break is seen."""
import copy, subprocess, sys, tempfile
from pathlib import Path

try:
    from google.protobuf import descriptor_pb2
except ImportError:
    print("SKIPPED: the Python package protobuf is not installed (tests/run installs it)")
    sys.exit(77)

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).parent / "published.binpb"
SOURCES = ((ROOT / "proto", "*/v1/*.proto"), (ROOT / "write-service/storage", "stored_events.proto"))
Field = descriptor_pb2.FieldDescriptorProto


def describe():
    """A FileDescriptorSet of all that is published or stored."""
    found = descriptor_pb2.FileDescriptorSet()
    for directory, pattern in SOURCES:
        with tempfile.NamedTemporaryFile() as out:
            files = sorted(str(p) for p in directory.glob(pattern))
            subprocess.run(["protoc", f"-I{directory}", f"--descriptor_set_out={out.name}", *files], check=True)
            found.MergeFromString(Path(out.name).read_bytes())
    return found


def messages_of(package, messages):
    for message in messages:
        name = f"{package}.{message.name}"
        yield name, message
        yield from messages_of(name, message.nested_type)


def enums_of(package, message_or_file):
    for enum in message_or_file.enum_type:
        yield f"{package}.{enum.name}", enum


def shape(field):
    """What a field is on the wire and in JSON. `optional` may come and go: nothing is encoded differently."""
    kind = Field.Type.Name(field.type).removeprefix("TYPE_").lower()
    repeated = "repeated " if field.label == Field.LABEL_REPEATED else ""
    return f"{repeated}{kind} {field.type_name}".strip()


def breaks(before, after):
    """Each break as a sentence."""
    found = []
    all_after = {name: m for file in after.file for name, m in messages_of(file.package, file.message_type)}
    enums_after = {}
    for file in after.file:
        enums_after |= dict(enums_of(file.package, file))
        for name, message in messages_of(file.package, file.message_type):
            enums_after |= dict(enums_of(name, message))
    for file in before.file:
        for name, message in messages_of(file.package, file.message_type):
            if name not in all_after:
                found.append(f"message {name} is gone")
                continue
            found += breaks_of_message(name, message, all_after[name])
            for enum_name, enum in enums_of(name, message):
                found += breaks_of_enum(enum_name, enum, enums_after.get(enum_name))
        for enum_name, enum in enums_of(file.package, file):
            found += breaks_of_enum(enum_name, enum, enums_after.get(enum_name))
    return found


def breaks_of_message(name, before, after):
    now, names = {f.number: f for f in after.field}, {f.name: f.number for f in after.field}
    reserved = {n for r in after.reserved_range for n in range(r.start, r.end)}
    for field in before.field:
        same = now.get(field.number)
        if same is None:
            yield f"{name}.{field.name} = {field.number} is gone" + (
                f", and now is {names[field.name]}" if field.name in names else "" if field.number in reserved else ", its number not reserved")
        elif same.name != field.name or same.json_name != field.json_name:
            yield f"{name}: field {field.number} was {field.name} and is {same.name}"
        elif shape(same) != shape(field):
            yield f"{name}.{field.name} was {shape(field)} and is {shape(same)}"


def breaks_of_enum(name, before, after):
    if after is None:
        yield f"enum {name} is gone"
        return
    now = {value.number: value.name for value in after.value}
    for value in before.value:
        if now.get(value.number) != value.name:
            yield f"{name}: {value.name} = {value.number} is {now.get(value.number, 'gone')}"


def find(files, name):
    return next(m for file in files.file for n, m in messages_of(file.package, file.message_type) if n == name)


def canaries(now):
    """(what was done, what must be said of it)"""
    def changed(change):
        altered = copy.deepcopy(now)
        change(altered)
        return altered

    def field(files, name):
        return next(f for f in find(files, "allocation.v1.Allocate").field if f.name == name)
    yield changed(lambda f: setattr(field(f, "quantity"), "number", 99)), "is gone, and now is 99"
    yield changed(lambda f: setattr(field(f, "quantity"), "name", "amount")), "was quantity and is amount"
    yield changed(lambda f: setattr(field(f, "quantity"), "type", Field.TYPE_STRING)), "is string"
    yield changed(lambda f: setattr(field(f, "sku"), "label", Field.LABEL_REPEATED)), "is repeated string"
    yield changed(lambda f: find(f, "allocation.v1.Allocate").field.pop()), "is gone"
    yield changed(lambda f: f.file.pop()), "is gone"
    yield changed(lambda f: setattr(find(f, "messaging.v1.CommandResult").enum_type[0].value[1], "number", 9)
                  if find(f, "messaging.v1.CommandResult").enum_type else setattr(first_enum(f).value[1], "number", 9)), "is gone"


def first_enum(files):
    return next(enum for file in files.file for enum in file.enum_type)


now = describe()
if sys.argv[1:] == ["--accept"]:
    KEPT.write_bytes(now.SerializeToString(deterministic=True))
    print(f"{KEPT}: {KEPT.stat().st_size} bytes")
    sys.exit(0)
last = descriptor_pb2.FileDescriptorSet.FromString(KEPT.read_bytes())
for number, (altered, words) in enumerate(canaries(now), 1):
    said = breaks(now, altered)
    assert any(words in sentence for sentence in said), f"canary {number}: wanted \"{words}\", got {said}"
added = copy.deepcopy(now)
find(added, "allocation.v1.Allocate").field.add(name="colour", json_name="colour", number=77, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
assert not breaks(now, added), "a new field breaks nothing"
found = breaks(last, now)
for sentence in found:
    print(f"proto/ breaks the last version: {sentence}")
assert not found, f"{len(found)} breaking changes"
print(f"{sum(1 for f in now.file for _ in messages_of(f.package, f.message_type))} messages: no break; {number} canaries are seen")
