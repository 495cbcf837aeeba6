#include <ostream>

#include "cli/broker_options.h"
#include "cli/payload.h"
#include "cli/stream_reader.h"
#include "cli/subcommands.h"
#include "cli/table.h"
#include "cli/text.h"
#include "common/clock/rfc3339.h"
#include "common/id/id.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

struct Options {
  OutputOptions output;
  std::string stream, data;
};

std::string time_of(const storage::StoredEvent& event) { return to_rfc3339(from_unix_ms(event.time_ms)); }

void print_json(const Stream& stream, const Console& console) {
  for (const auto& event : stream.events) {
    const auto id = derive_id(event.command_id, "event", static_cast<std::uint64_t>(event.number));
    console.out << "{\"stream\":" << json_text(stream.name) << ",\"position\":" << event.position
                << ",\"version\":" << event.version << ",\"type\":" << json_text(event.type)
                << ",\"time\":" << json_text(time_of(event)) << ",\"id\":" << json_text(id)
                << ",\"command_id\":" << json_text(event.command_id)
                << ",\"correlation_id\":" << json_text(event.correlation_id)
                << ",\"principal\":" << json_text(event.principal) << ",\"data\":" << event_json(stream.name, event)
                << "}\n";
  }
}

void print_text(const Stream& stream, const Console& console) {
  console.out << console.paint(Colour::bold, one_line(stream.name)) << '\n';
  Table table{{{.name = "position", .align = Align::right},
               {.name = "version", .align = Align::right},
               {.name = "type"},
               {.name = "time"},
               {.name = "command"},
               {.name = "correlation"},
               {.name = "principal"},
               {.name = "event"}}};
  for (const auto& event : stream.events) {
    const bool own = event.correlation_id == event.command_id;
    table.add({std::to_string(event.position),
               std::to_string(event.version),
               {event.type, Colour::bold},
               {time_of(event), Colour::dim},
               event.command_id,
               {own ? "same" : event.correlation_id, own ? Colour::dim : Colour::plain},
               {event.principal.empty() ? "-" : event.principal, event.principal.empty() ? Colour::dim : Colour::plain},
               event_json(stream.name, event)});
  }
  table.print(console);
}

}  // namespace

int events(const Invocation& invocation) {
  Options options;
  options::Parser parser{
      invocation.program,
      "shows every event of one aggregate, with its cause, from a write service's data directory;\n"
      "the service may be running\n\nusage: orderly events STREAM --data DIR\n\n"
      "STREAM is category/id, such as product/LAMP, order/o1 or batch_reference/b1, or the id alone."};
  parser.add()("stream", po::value(&options.stream)->required(), "the aggregate; --stream itself may be left out")(
      "data", po::value(&options.data)->required()->value_name("DIR"), "the write service's data directory");
  options.output.add_to(parser);
  parser.positional("stream", 1);
  if (!parse(parser, invocation)) return 0;
  const bool json = options.output.json();
  for (const auto& stream : read_streams(options.data, options.stream)) {
    if (json) {
      print_json(stream, invocation.console);
    } else {
      print_text(stream, invocation.console);
    }
  }
  return 0;
}

}  // namespace orderly::cli
