#include <ostream>

#include "cli/broker_options.h"
#include "cli/dead_letter.h"
#include "cli/outgoing_command.h"
#include "cli/sender.h"
#include "cli/subcommands.h"
#include "cli/text.h"
#include "cli/topic_reader.h"
#include "common/clock/rfc3339.h"
#include "messaging/v1/messaging.pb.h"
#include "topics.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

enum class Word { replay, discard };

DeadLetter find(const BrokerOptions& broker, const std::string& place) {
  auto at = parse_place(place);
  if (!at.topic.empty()) throw options::OptionError{"place: PARTITION/OFFSET wanted, as the list gives it"};
  at.topic = topics::dead_letters;
  std::optional<DeadLetter> found;
  read_record(broker.config(), broker.log(), at,
              [&](const kafka::Message& record) { found = to_dead_letter(record, WithValue::yes); });
  if (!found) throw std::runtime_error{"there is no dead letter at " + place};
  return *std::move(found);
}

template <class Message>
std::string words_about(const DeadLetter& letter) {
  Message message;
  message.set_stream(letter.header("dlq-stream"));
  message.set_command_id(letter.id);
  return message.SerializeAsString();
}

// The operator's word to the shard that keeps the parked command.
OutgoingCommand word_about(const DeadLetter& letter, Word word) {
  const auto stream = letter.header("dlq-stream");
  const auto now = SystemClock{}.now();
  OutgoingCommand command;
  command.id = IdSource{}.next(now);
  command.time = to_rfc3339(now);
  command.topic = letter.original.substr(0, letter.original.find('/'));
  command.key = stream.substr(stream.find('/') + 1);
  command.type = word == Word::replay ? "messaging.v1.ReplayParked" : "messaging.v1.DiscardParked";
  command.value = word == Word::replay ? words_about<messaging::v1::ReplayParked>(letter)
                                       : words_about<messaging::v1::DiscardParked>(letter);
  return command;
}

// The record as it was: for what could not be read and can be by now, such as a type that a newer version knows.
OutgoingCommand original_of(const DeadLetter& letter) {
  OutgoingCommand command;
  command.id = letter.id;
  command.topic = letter.original.substr(0, letter.original.find('/'));
  command.key = letter.key.value_or("");
  command.value = letter.value;
  for (const auto& header : letter.headers) {
    if (!header.first.starts_with("dlq-")) command.headers.push_back(header);
  }
  return command;
}

OutgoingCommand answer_to(const DeadLetter& letter, Word word) {
  if (!letter.header("dlq-stream").empty()) return word_about(letter, word);
  if (word == Word::discard) {
    throw std::runtime_error{"nothing waits for it: only a parked command, one with a dlq-stream, can be discarded"};
  }
  const bool from_commands = topics::is_commands(letter.original.substr(0, letter.original.find('/')));
  if (!from_commands) {
    throw std::runtime_error{"it is of a follower of " + letter.original +
                             ": sending an event again would tell everybody of it twice"};
  }
  if (!letter.header("dlq-truncated").empty()) {
    throw std::runtime_error{"only its beginning was kept: the broker takes no record of its size"};
  }
  return original_of(letter);
}

int release(const Invocation& invocation, Word word, const std::string& purpose) {
  BrokerOptions broker;
  SigningOptions signing;
  std::string place;
  options::Parser parser{invocation.program, purpose};
  broker.add_to(parser);
  signing.add_to(parser);
  parser.add()("place", po::value(&place)->required(), "the dead letter; --place itself may be left out");
  parser.positional("place", 1);
  if (!parse(parser, invocation)) return 0;
  const auto letter = find(broker, place);
  const auto command = answer_to(letter, word);
  std::optional<Delivery> told;
  Sender sender{broker.config(), broker.log(), [&](const Delivery& delivery) { told = delivery; }, Signer{signing}};
  sender.send(command, 0);
  while (!told) sender.flush(std::chrono::seconds{1});
  if (!told->error.empty()) throw std::runtime_error{"not delivered: " + told->error};
  invocation.console.out << (word == Word::replay ? "replayed " : "discarded ") << one_line(letter.id) << ", "
                         << one_line(letter.reason) << ": " << command.topic << '/' << told->partition << '/'
                         << told->offset << "; its result comes under " << one_line(command.id) << '\n';
  return 0;
}

}  // namespace

int dead_letters_replay(const Invocation& invocation) {
  return release(invocation, Word::replay,
                 "has a dead letter handled again\n\nusage: orderly dead-letters replay PARTITION/OFFSET\n\n"
                 "A parked command goes first, then all that waits behind it, in order. What could not be read is "
                 "sent again as it was.");
}

int dead_letters_discard(const Invocation& invocation) {
  return release(invocation, Word::discard,
                 "leaves a parked command out, and lets all that waits behind it go on\n\n"
                 "usage: orderly dead-letters discard PARTITION/OFFSET");
}

}  // namespace orderly::cli
