// orderly dead-letters list | show: what could not be handled, with the reason.
#include <google/protobuf/util/json_util.h>

#include <iostream>
#include <map>

#include "cli/subcommand.h"
#include "cli/terminal.h"
#include "common/kafka/consumer.h"
#include "domain/values.h"
#include "topics.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

using namespace std::chrono_literals;

std::string header(const kafka::Message& record, std::string_view name) { return std::string{record.header(name).value_or("")}; }

std::string place(const kafka::Message& record) { return std::to_string(record.partition) + '/' + std::to_string(record.offset); }

std::string original_place(const kafka::Message& record) {
  return header(record, "dlq-topic") + '/' + header(record, "dlq-partition") + '/' + header(record, "dlq-offset");
}

// Calls see(record) for every dead letter there is now; false from it ends the reading.
template <class See>
void read_all(const kafka::Config& config, See see) {
  kafka::Consumer consumer{config, log::Logger::silent()};
  const std::string topic{topics::dead_letters};
  std::vector<kafka::Position> positions;
  std::map<std::int32_t, std::int64_t> open;  // partitions not yet read to their end, and where that is
  const auto partitions = consumer.partition_count(topic, 10s);
  for (std::int32_t p = 0; p < partitions; ++p) {
    positions.push_back({topic, p, kafka::beginning});
    if (const auto end = consumer.end_offset(topic, p, 10s); end > 0) open.emplace(p, end);
  }
  consumer.assign(positions);
  // The last offset of a partition is mostly its transaction's marker, which no consumer sees. Where more of them, or
  // expired records, make up the end, a silence ends the reading.
  for (auto last = std::chrono::steady_clock::now(); !open.empty() && std::chrono::steady_clock::now() - last < 2s;) {
    const auto batch = consumer.poll(1'000, 100ms);
    for (const auto& record : batch.messages) {
      last = std::chrono::steady_clock::now();
      if (!see(record)) return;
      if (const auto found = open.find(record.partition); found != open.end() && record.offset + 2 >= found->second) open.erase(found);
    }
  }
}

std::string body(const kafka::Message& record) {
  const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(header(record, "ce_type"));
  if (descriptor != nullptr && !header(record, "content-type").starts_with("application/json")) {
    const std::unique_ptr<google::protobuf::Message> message{google::protobuf::MessageFactory::generated_factory()->GetPrototype(descriptor)->New()};
    std::string json;
    if (message->ParseFromArray(record.value.data(), static_cast<int>(record.value.size())) &&
        google::protobuf::util::MessageToJsonString(*message, &json).ok()) {
      return json;
    }
  }
  std::string text{record.value.substr(0, 2'000)};
  if (!domain::is_utf8(text)) {
    std::string hex;
    for (const char c : text.substr(0, 500)) {
      constexpr char digits[] = "0123456789abcdef";
      hex += {digits[static_cast<unsigned char>(c) >> 4], digits[c & 0xF], ' '};
    }
    text = hex;
  }
  return record.value.size() > 2'000 ? text + " …" : text;
}

int list(const kafka::Config& config, const std::string& reason, std::size_t limit) {
  std::vector<std::vector<std::string>> rows{{"POSITION", "TIME", "REASON", "FROM", "TYPE", "ID", "DETAIL"}};
  read_all(config, [&](const kafka::Message& record) {
    if (reason.empty() || header(record, "dlq-reason") == reason) {
      rows.push_back({place(record), header(record, "dlq-time"), header(record, "dlq-reason"), original_place(record),
                      header(record, "ce_type"), header(record, "ce_id"), header(record, "dlq-detail")});
    }
    return rows.size() <= limit;
  });
  if (rows.size() == 1) {
    std::cout << "no dead letters\n";
  } else {
    std::cout << table(rows);
  }
  return 0;
}

int show(const kafka::Config& config, const std::string& which) {
  bool found = false;
  read_all(config, [&](const kafka::Message& record) {
    if (place(record) != which && original_place(record) != which) return true;
    found = true;
    std::cout << "position  " << place(record) << "\nkey       " << record.key.value_or("(none)") << "\nbytes     " << record.value.size() << '\n';
    for (const auto& [name, value] : record.headers) std::cout << name << ": " << value << '\n';
    std::cout << '\n' << body(record) << '\n';
    return false;
  });
  if (!found) std::cerr << "orderly: no dead letter at " << which << '\n';
  return found ? 0 : 1;
}

}  // namespace

int dead_letters_command(const Arguments& arguments) {
  std::string action, which, reason;
  std::size_t limit = 0;
  KafkaOptions kafka_options;
  options::Parser parser{"orderly dead-letters list | show POSITION", "what could not be handled"};
  kafka_options.add_to(parser);
  parser.add()("action", po::value(&action)->required(), "list or show")(
      "which", po::value(&which), "show: PARTITION/OFFSET of the dead letter, or TOPIC/PARTITION/OFFSET of the original")(
      "reason", po::value(&reason), "list: only those with this reason")(
      "limit", po::value(&limit)->default_value(1'000), "list: at most so many");
  parser.positional("action", 1);
  parser.positional("which", 1);
  if (!parse(parser, arguments)) return 0;
  if (action == "list") return list(kafka_options.config(), reason, limit);
  if (action != "show") throw std::invalid_argument{"dead-letters: list or show wanted, got " + action};
  if (which.empty()) throw std::invalid_argument{"dead-letters show: a position such as 0/17 wanted; list tells them"};
  return show(kafka_options.config(), which);
}

}  // namespace orderly::cli
