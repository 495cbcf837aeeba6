// orderly send: one command from words, or a file of commands.
#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <iostream>
#include <map>
#include <set>

#include "cli/command_client.h"
#include "cli/command_file.h"
#include "cli/message_builder.h"
#include "cli/subcommand.h"
#include "cli/terminal.h"
#include "common/id/id.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using messaging::v1::CommandResult;

constexpr int exit_refused = 1, exit_no_answer = 3;
constexpr std::size_t lines_at_a_time = 1'000;

struct Options {
  std::vector<std::string> words;
  std::string id, file;
  double wait_s = 0;
  bool json = false;
  kafka::Config config;
};

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string to_json(const CommandResult& result) {
  google::protobuf::util::JsonPrintOptions print;
  print.preserve_proto_field_names = true;
  std::string json;
  return google::protobuf::util::MessageToJsonString(result, &json, print).ok() ? json : "{}";
}

std::string to_text(const CommandResult& result) {
  if (result.status() != messaging::v1::ACCEPTED) {
    return CommandStatus_Name(result.status()) + ' ' + result.code() + ": " + result.message();
  }
  std::string text = "ACCEPTED  " + result.aggregate_id() + " is at version " + std::to_string(result.version());
  if (!result.batch_ref().empty()) text += ", allocated to batch " + result.batch_ref();
  if (result.out_of_stock()) text += ", out of stock";
  return text;
}

int send_one(const Options& options) {
  MessageBuilder builder;
  const auto message = builder.make(options.words[0]);
  for (std::size_t i = 1; i < options.words.size(); ++i) builder.set(*message, options.words[i]);
  std::mt19937_64 random{std::random_device{}()};
  const std::string id = options.id.empty() ? new_uuid_v7(SystemClock{}.now(), random) : options.id;
  std::optional<ResultFollower> results;
  if (options.wait_s > 0) results.emplace(options.config);
  CommandSender{options.config}.send({{id, options.words[0], MessageBuilder::aggregate_id(*message), message->SerializeAsString()}});
  if (!results) {
    std::cout << "sent " << id << '\n';
    return 0;
  }
  for (const auto start = Clock::now(); seconds_since(start) < options.wait_s;) {
    for (const auto& result : results->poll(50ms)) {
      if (result.command_id() != id) continue;
      std::cout << (options.json ? to_json(result) : to_text(result)) << '\n';
      return result.status() == messaging::v1::ACCEPTED ? 0 : exit_refused;
    }
  }
  std::cerr << "orderly: no result for " << id << " within " << options.wait_s << " s; it may still come\n";
  return exit_no_answer;
}

// Sends a file, and counts what became of every command.
class FileSending {
 public:
  FileSending(const Options& options, std::istream& in, std::int64_t lines)
      : options_(options), file_(in, builder_), sender_(options.config), bar_(lines) {
    if (options.wait_s > 0) results_.emplace(options.config);
  }

  int run() {
    while (send_some()) collect(0ms);
    sent_s_ = seconds_since(start_);
    auto last_news = Clock::now();
    while (results_ && !open_.empty() && seconds_since(last_news) < options_.wait_s) {
      if (collect(50ms)) last_news = Clock::now();
    }
    bar_.finish();
    report();
    return broken_ > 0 || (results_ && !open_.empty()) ? exit_refused : 0;
  }

 private:
  bool send_some() {
    std::vector<OutgoingCommand> commands;
    while (commands.size() < lines_at_a_time) {
      auto line = file_.next();
      if (!line) break;
      if (*line) {
        if (results_) open_.insert((*line)->id);
        commands.push_back(std::move(**line));
      } else {
        ++broken_;
        bar_.finish();
        std::cerr << "line " << line->error().number << ": " << line->error().reason << '\n';
      }
    }
    if (!commands.empty()) sender_.send(commands);
    sent_ += static_cast<std::int64_t>(commands.size());
    return !commands.empty();
  }

  bool collect(std::chrono::milliseconds timeout) {
    bool news = false;
    if (results_) {
      for (const auto& result : results_->poll(timeout)) {
        if (open_.erase(result.command_id()) == 0) continue;
        news = true;
        ++outcomes_[CommandStatus_Name(result.status()) + (result.code().empty() ? "" : ' ' + result.code())];
        out_of_stock_ += result.out_of_stock();
      }
    }
    const auto answered = sent_ - static_cast<std::int64_t>(open_.size());
    bar_.show(results_ ? answered : sent_, grouped(sent_) + " sent" + (results_ ? ", " + grouped(answered) + " answered" : ""));
    return news;
  }

  void report() const {
    const double seconds = results_ ? seconds_since(start_) : sent_s_;
    std::vector<std::vector<std::string>> rows{{"sent", grouped(sent_)}};
    for (const auto& [outcome, count] : outcomes_) rows.push_back({outcome, grouped(count)});
    if (out_of_stock_ > 0) rows.push_back({"  of these out of stock", grouped(out_of_stock_)});
    if (results_) rows.push_back({"without a result", grouped(static_cast<std::int64_t>(open_.size()))});
    if (broken_ > 0) rows.push_back({"broken lines, not sent", grouped(broken_)});
    rows.push_back({"seconds", std::to_string(seconds).substr(0, 5)});
    rows.push_back({"commands/s", grouped(static_cast<std::int64_t>(static_cast<double>(sent_) / std::max(seconds, 0.001)))});
    std::cout << table(rows);
  }

  const Options& options_;
  MessageBuilder builder_;
  CommandFile file_;
  CommandSender sender_;
  std::optional<ResultFollower> results_;
  ProgressBar bar_;
  std::set<std::string> open_;  // sent, not yet answered
  std::map<std::string, std::int64_t> outcomes_;
  std::int64_t sent_ = 0, broken_ = 0, out_of_stock_ = 0;
  double sent_s_ = 0;
  Clock::time_point start_ = Clock::now();
};

int send_file(const Options& options) {
  if (options.file == "-") return FileSending{options, std::cin, 0}.run();
  std::ifstream in{options.file};
  if (!in) throw std::invalid_argument{"--file: cannot read " + options.file};
  const auto lines = std::count(std::istreambuf_iterator<char>{in}, {}, '\n');
  in.clear();
  in.seekg(0);
  return FileSending{options, in, lines}.run();
}

}  // namespace

int send_command(const Arguments& arguments) {
  Options options;
  KafkaOptions kafka_options;
  options::Parser parser{"orderly send TYPE FIELD=VALUE … | --file FILE", "sends commands"};
  kafka_options.add_to(parser);
  parser.add()("word", po::value(&options.words), "TYPE FIELD=VALUE …, such as allocation.v1.Allocate order_id=o1 sku=LAMP quantity=3")(
      "id", po::value(&options.id), "the command's id; a new one when left out")(
      "file", po::value(&options.file), "a command a line, as JSON: {\"type\": …, \"id\": …, \"data\": {…}}; - is stdin")(
      "wait", po::value(&options.wait_s)->default_value(0), "seconds to wait for the result (with --file: since the last result)")(
      "json", po::bool_switch(&options.json), "print the result as JSON");
  parser.positional("word", -1);
  if (!parse(parser, arguments)) return 0;
  if (options.file.empty() == options.words.empty()) throw std::invalid_argument{"send: either TYPE FIELD=VALUE … or --file FILE wanted"};
  options.config = kafka_options.config();
  return options.file.empty() ? send_one(options) : send_file(options);
}

}  // namespace orderly::cli
