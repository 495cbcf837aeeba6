#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <ostream>

#include "cli/command_types.h"
#include "cli/payload.h"
#include "cli/result_listener.h"
#include "cli/send_options.h"
#include "cli/sender.h"
#include "cli/subcommands.h"
#include "cli/table.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

constexpr int rejected = 1;
constexpr int no_result = 3;

std::string purpose() {
  std::string text =
      "sends one command, or a file of them\n\n"
      "usage: orderly send TYPE field=value ... [--id ID] [--wait SECONDS]\n"
      "       orderly send --file commands.jsonl [--rate COMMANDS/S] [--wait SECONDS]\n\n"
      "A field of a field is items[0].sku=LAMP; a list or a message may be given whole as JSON. A line of a file is\n"
      "{\"type\": TYPE, \"id\": ID (may be left out), \"data\": {...}}. Ends with 0 when all was accepted (one "
      "command) or\n"
      "answered (a file), 1 when it was rejected, dead-lettered, broken or not delivered, 3 when results are "
      "missing.\n\n"
      "Commands and their fields:\n";
  for (const auto& type : command_types()) {
    text += "  " + type.name() + "  " + field_names(*type.prototype->GetDescriptor()) + "\n";
  }
  text.pop_back();
  return text;
}

bool parse(const Invocation& invocation, SendOptions& options) {
  options::Parser parser{invocation.program, purpose()};
  std::optional<double> wait_seconds;
  options.broker.add_to(parser);
  options.signing.add_to(parser);
  parser.add()("command", po::value(&options.words)->value_name("TYPE field=value ..."),
               "the command; --command itself is left out")(
      "id", po::value(&options.id), "the command's id, 1 to 64 printable ASCII characters; a new one by default")(
      "file", po::value(&options.file), "commands as JSON, one a line; - is standard input")(
      "rate", po::value(&options.rate)->value_name("COMMANDS/S"), "with --file: send no faster than this")(
      "wait", po::value<double>()->value_name("SECONDS")->notifier([&](double seconds) { wait_seconds = seconds; }),
      "wait for the results, and give up when none has come for so long");
  options.output.add_to(parser);
  parser.positional("command", -1);
  if (!parse(parser, invocation)) return false;
  if (wait_seconds) {
    if (!(*wait_seconds > 0 && *wait_seconds <= 86'400))
      throw options::OptionError{"--wait: more than 0 and at most 86400 seconds wanted"};
    options.wait = std::chrono::milliseconds{std::llround(std::ceil(*wait_seconds * 1000))};
  }
  if (!(options.rate >= 0 && options.rate <= 1e9)) throw options::OptionError{"--rate: a positive number wanted"};
  if (options.file.empty()) return true;
  if (!options.words.empty())
    throw options::OptionError{"--file: no command can stand beside it, got " + options.words.front()};
  if (!options.id.empty()) throw options::OptionError{"--id: the lines of a file have ids of their own"};
  return true;
}

Colour colour_of(messaging::v1::CommandStatus status) {
  return status == messaging::v1::ACCEPTED   ? Colour::green
         : status == messaging::v1::REJECTED ? Colour::yellow
                                             : Colour::red;
}

void print(const messaging::v1::CommandResult& result, bool json, const Console& console) {
  if (json) {
    console.out << to_json(result, JsonLayout::one_line) << '\n';
    return;
  }
  Table table = property_table();
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) table.add({Cell{name, Colour::dim}, value});
  };
  table.add(
      {Cell{"status", Colour::dim}, {messaging::v1::CommandStatus_Name(result.status()), colour_of(result.status())}});
  add("code", result.code());
  add("field", result.field());
  add("message", result.message());
  add("command", result.type());
  add("id", result.command_id());
  add("aggregate", result.aggregate_id());
  if (result.version() > 0) add("version", std::to_string(result.version()));
  add("batch", result.batch_ref());
  if (result.out_of_stock()) add("out of stock", "yes");
  table.print(console);
}

void print(const OutgoingCommand& command, const Delivery& delivery, bool json, const Console& console) {
  if (json) {
    console.out << "{\"command_id\":" << json_text(command.id) << ",\"type\":" << json_text(command.type)
                << ",\"topic\":" << json_text(command.topic) << ",\"partition\":" << delivery.partition
                << ",\"offset\":" << delivery.offset << "}\n";
    return;
  }
  Table table = property_table();
  table.add({Cell{"sent", Colour::dim}, command.type});
  table.add({Cell{"id", Colour::dim}, command.id});
  table.add({Cell{"record", Colour::dim},
             command.topic + '/' + std::to_string(delivery.partition) + '/' + std::to_string(delivery.offset)});
  table.print(console);
}

Delivery deliver(const SendOptions& options, const OutgoingCommand& command) {
  std::optional<Delivery> told;
  Sender sender{options.broker.config(), options.broker.log(), [&](const Delivery& delivery) { told = delivery; },
                Signer{options.signing}};
  sender.send(command, 0);
  while (!told) sender.flush(std::chrono::seconds{1});
  if (!told->error.empty()) throw std::runtime_error{"the command was not delivered: " + told->error};
  return *told;
}

std::optional<messaging::v1::CommandResult> wait_for(ResultListener& listener, const std::string& id,
                                                     std::chrono::milliseconds wait) {
  std::optional<messaging::v1::CommandResult> found;
  const auto deadline = std::chrono::steady_clock::now() + wait;
  while (!found) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    listener.poll(
        std::min(left, std::chrono::milliseconds{1'000}), [&](std::string_view key) { return key == id && !found; },
        [&](const messaging::v1::CommandResult& result) { found = result; });
  }
  return found;
}

int send_one(const Invocation& invocation, const SendOptions& options) {
  IdSource ids;
  const bool json = options.output.json();
  const auto command = command_from_words(options.words, options.id, ids);
  std::optional<ResultListener> listener;
  if (options.wait) listener.emplace(options.broker.config(), options.broker.log());
  const auto delivery = deliver(options, command);
  if (!listener) {
    print(command, delivery, json, invocation.console);
    return 0;
  }
  const auto result = wait_for(*listener, command.id, *options.wait);
  if (!result) {
    const std::string reason = listener->trouble().empty() ? "" : " (" + listener->trouble() + ")";
    invocation.console.err << invocation.program << ": no result for " << command.id << " in time" << reason
                           << "; the command is sent and may still be handled\n";
    return no_result;
  }
  print(*result, json, invocation.console);
  return result->status() == messaging::v1::ACCEPTED ? 0 : rejected;
}

}  // namespace

int send(const Invocation& invocation) {
  SendOptions options;
  if (!parse(invocation, options)) return 0;
  return options.file.empty() ? send_one(invocation, options) : send_file(options, invocation.console);
}

}  // namespace orderly::cli
