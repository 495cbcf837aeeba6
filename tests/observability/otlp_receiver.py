"""An OTLP/HTTP collector for tests: takes JSON, checks it against OpenTelemetry's own Protobuf messages, keeps the spans.

    with OtlpReceiver() as receiver:
        ... --otlp-url receiver.url ...
        receiver.trace("4bf9…")  # its spans
"""
import base64, json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


def as_protobuf_json(message):
    """OTLP's JSON has ids in hex where Protobuf's mapping has base64; all else is that mapping."""
    if isinstance(message, list):
        return [as_protobuf_json(m) for m in message]
    if not isinstance(message, dict):
        return message
    return {k: base64.b64encode(bytes.fromhex(v)).decode() if k in ("traceId", "spanId", "parentSpanId") else as_protobuf_json(v)
            for k, v in message.items()}


class Span:
    def __init__(self, service, span):
        self.service, self.name, self.kind = service, span.name, span.kind
        self.trace, self.id, self.parent = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
        self.start, self.end = span.start_time_unix_nano, span.end_time_unix_nano
        self.attributes = {a.key: a.value.string_value or a.value.int_value for a in span.attributes}
        self.events = [(e.name, e.time_unix_nano) for e in span.events]
        self.error = span.status.message if span.status.code == 2 else ""

    def __repr__(self):
        return f"<{self.service}: {self.name} {self.id} under {self.parent or 'nothing'}>"


class OtlpReceiver:
    def __init__(self):
        self.spans, self.flaws, self.requests, self.status = [], [], 0, 200
        self.lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(self.path, self.headers, body)
                self.send_response(receiver.status)
                self.send_header("Content-Length", "2")
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def take(self, path, headers, body):
        with self.lock:
            self.requests += 1
            if self.status != 200:
                return
            if path != "/v1/traces" or headers.get("Content-Type") != "application/json":
                self.flaws.append(f"{path} with {headers.get('Content-Type')}")
            try:
                request = json_format.ParseDict(as_protobuf_json(json.loads(body)), ExportTraceServiceRequest())
            except Exception as error:
                self.flaws.append(f"{error}: {body[:300]}")
                return
            for resource in request.resource_spans:
                service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
                for scope in resource.scope_spans:
                    self.spans += [Span(service, span) for span in scope.spans]

    def trace(self, trace):
        with self.lock:
            return [s for s in self.spans if s.trace == trace]
