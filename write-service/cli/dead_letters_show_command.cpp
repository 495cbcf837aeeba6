#include <google/protobuf/stubs/strutil.h>

#include <ostream>

#include "cli/broker_options.h"
#include "cli/dead_letter.h"
#include "cli/payload.h"
#include "cli/subcommands.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/topic_reader.h"
#include "topics.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

struct Options {
  BrokerOptions broker;
  OutputOptions output;
  std::string place;
};

// A record handed over several times is in dead-letters several times.
std::vector<DeadLetter> find_by_original(const Options& options) {
  std::vector<DeadLetter> found;
  read_topic(options.broker.config(), options.broker.log(), std::string{topics::dead_letters},
             [&](const kafka::Message& record) {
               if (to_dead_letter(record, WithValue::no).original == options.place)
                 found.push_back(to_dead_letter(record, WithValue::yes));
             });
  return found;
}

std::vector<DeadLetter> find_at(const Options& options, kafka::Position place) {
  place.topic = topics::dead_letters;
  std::vector<DeadLetter> found;
  read_record(options.broker.config(), options.broker.log(), place,
              [&](const kafka::Message& record) { found.push_back(to_dead_letter(record, WithValue::yes)); });
  return found;
}

void print_text(const DeadLetter& letter, const Console& console) {
  Table table = property_table();
  const auto add = [&](const char* name, const std::string& value) { table.add({Cell{name, Colour::dim}, value}); };
  add("position", letter.position());
  add("time", letter.time);
  table.add({Cell{"reason", Colour::dim}, {letter.reason, Colour::red}});
  add("detail", letter.detail);
  add("original", letter.original);
  add("key", letter.key ? *letter.key : "none");
  table.print(console);

  console.out << '\n' << console.paint(Colour::bold, "headers") << '\n';
  Table headers{{{.name = ""}, {.name = ""}, {.name = ""}}};
  for (const auto& [name, value] : letter.headers) headers.add({"", Cell{name, Colour::dim}, value});
  headers.print(console);

  const auto payload = describe_payload(letter.value, letter.type, letter.content_type, JsonLayout::indented);
  console.out << '\n'
              << console.paint(Colour::bold, "value") << ", " << grouped(static_cast<std::int64_t>(letter.value.size()))
              << " bytes\n"
              << printable(payload.text);
  if (!payload.text.ends_with('\n')) console.out << '\n';
}

void print_json(const DeadLetter& letter, const Console& console) {
  std::string base64, headers;
  google::protobuf::Base64Escape(letter.value, &base64);
  for (const auto& [name, value] : letter.headers) {
    headers.append(headers.empty() ? "" : ",").append("[" + json_text(name) + "," + json_text(value) + "]");
  }
  const auto payload = describe_payload(letter.value, letter.type, letter.content_type, JsonLayout::one_line);
  console.out << "{\"position\":" << json_text(letter.position()) << ",\"time\":" << json_text(letter.time)
              << ",\"original\":" << json_text(letter.original) << ",\"type\":" << json_text(letter.type)
              << ",\"id\":" << json_text(letter.id) << ",\"reason\":" << json_text(letter.reason)
              << ",\"detail\":" << json_text(letter.detail)
              << ",\"key\":" << (letter.key ? json_text(*letter.key) : "null") << ",\"headers\":[" << headers
              << "],\"value\":" << (payload.form == Payload::Form::json ? payload.text : "null")
              << ",\"value_base64\":\"" << base64 << "\"}\n";
}

}  // namespace

int dead_letters_show(const Invocation& invocation) {
  Options options;
  options::Parser parser{
      invocation.program,
      "shows one dead letter with its headers and value\n\nusage: orderly dead-letters show PLACE\n\n"
      "PLACE is TOPIC/PARTITION/OFFSET of the original record, or PARTITION/OFFSET as the list gives it."};
  options.broker.add_to(parser);
  parser.add()("place", po::value(&options.place)->required(), "the dead letter; --place itself may be left out");
  options.output.add_to(parser);
  parser.positional("place", 1);
  if (!parse(parser, invocation)) return 0;
  const bool json = options.output.json();
  const auto place = parse_place(options.place);
  const auto found = place.topic.empty() ? find_at(options, place) : find_by_original(options);
  if (found.empty()) throw std::runtime_error{"there is no dead letter at " + options.place};
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (json) {
      print_json(found[i], invocation.console);
    } else {
      if (i > 0) invocation.console.out << '\n';
      print_text(found[i], invocation.console);
    }
  }
  return 0;
}

}  // namespace orderly::cli
