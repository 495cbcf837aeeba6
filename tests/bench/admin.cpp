#include "admin.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "client.h"
#include "topics.h"

namespace orderly::bench {
namespace {

using namespace std::chrono_literals;

constexpr int timeout_ms = 60'000;  // a fresh broker on a busy machine

using Options = std::unique_ptr<rd_kafka_AdminOptions_t, With<rd_kafka_AdminOptions_destroy>>;
using Answer = std::unique_ptr<rd_kafka_event_t, With<rd_kafka_event_destroy>>;

void check(rd_kafka_resp_err_t code, const char* reason, const std::string& doing) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error{doing + ": " + (reason ? reason : rd_kafka_err2str(code))};
}

class Admin {
 public:
  explicit Admin(const std::string& brokers)
      : client_(make_producer({{"bootstrap.servers", brokers}, {"log_level", "3"}})),
        queue_(rd_kafka_queue_new(client_.get())) {}

  // Those of these topics that are there, with all their partitions.
  std::vector<std::string> found(const std::vector<topics::Topic>& wanted) {
    const rd_kafka_metadata_t* metadata = nullptr;
    check(rd_kafka_metadata(client_.get(), 1, nullptr, &metadata, timeout_ms), nullptr, "ask for the topics");
    std::vector<std::string> names;
    for (int i = 0; i < metadata->topic_cnt; ++i) {
      const auto& topic = metadata->topics[i];
      const std::span partitions{topic.partitions, static_cast<std::size_t>(topic.partition_cnt)};
      const bool complete =
          std::ranges::all_of(partitions, [](const auto& p) { return p.err == RD_KAFKA_RESP_ERR_NO_ERROR; });
      if (complete && std::ranges::find(wanted, topic.topic, &topics::Topic::name) != wanted.end())
        names.emplace_back(topic.topic);
    }
    rd_kafka_metadata_destroy(metadata);
    return names;
  }

  void remove(const std::vector<std::string>& names) {
    if (names.empty()) return;
    std::vector<rd_kafka_DeleteTopic_t*> wanted;
    for (const auto& name : names) wanted.push_back(rd_kafka_DeleteTopic_new(name.c_str()));
    rd_kafka_DeleteTopics(client_.get(), wanted.data(), wanted.size(), options(RD_KAFKA_ADMIN_OP_DELETETOPICS).get(),
                          queue_.get());
    rd_kafka_DeleteTopic_destroy_array(wanted.data(), wanted.size());
    const Answer answer{rd_kafka_queue_poll(queue_.get(), timeout_ms)};
    check_answer(answer, "delete topics");
  }

  // Those that are not there are passed over.
  void remove_groups(const std::vector<std::string>& names) {
    std::vector<rd_kafka_DeleteGroup_t*> wanted;
    for (const auto& name : names) wanted.push_back(rd_kafka_DeleteGroup_new(name.c_str()));
    rd_kafka_DeleteGroups(client_.get(), wanted.data(), wanted.size(), options(RD_KAFKA_ADMIN_OP_DELETEGROUPS).get(),
                          queue_.get());
    rd_kafka_DeleteGroup_destroy_array(wanted.data(), wanted.size());
    const Answer answer{rd_kafka_queue_poll(queue_.get(), timeout_ms)};
    check_answer(answer, "delete groups");
  }

  void create(const std::vector<topics::Topic>& wanted, std::int32_t partitions) {
    std::vector<rd_kafka_NewTopic_t*> fresh;
    for (const auto& topic : wanted) {
      fresh.push_back(rd_kafka_NewTopic_new(topic.name.c_str(), partitions, 1, nullptr, 0));
      for (const auto& [key, value] : topic.settings)
        rd_kafka_NewTopic_set_config(fresh.back(), key.c_str(), value.c_str());
      if (!topic.name.ends_with(".commands"))
        rd_kafka_NewTopic_set_config(fresh.back(), "message.timestamp.type", "LogAppendTime");
    }
    rd_kafka_CreateTopics(client_.get(), fresh.data(), fresh.size(), options(RD_KAFKA_ADMIN_OP_CREATETOPICS).get(),
                          queue_.get());
    rd_kafka_NewTopic_destroy_array(fresh.data(), fresh.size());
    const Answer answer{rd_kafka_queue_poll(queue_.get(), timeout_ms)};
    check_answer(answer, "create topics");
    std::size_t count = 0;
    const auto** results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
      check(rd_kafka_topic_result_error(results[i]), rd_kafka_topic_result_error_string(results[i]), "create topic");
    }
  }

 private:
  Options options(rd_kafka_admin_op_t what) { return Options{rd_kafka_AdminOptions_new(client_.get(), what)}; }
  static void check_answer(const Answer& answer, const char* doing) {
    if (!answer) throw std::runtime_error{std::string{doing} + ": no answer"};
    check(rd_kafka_event_error(answer.get()), rd_kafka_event_error_string(answer.get()), doing);
  }

  const Client client_;
  const Queue queue_;
};

// -1: the broker does not say yet, the topic is too new.
std::int64_t end_of(rd_kafka_t* client, const std::string& topic, std::int32_t partitions) {
  std::int64_t sum = 0;
  for (std::int32_t p = 0; p < partitions; ++p) {
    std::int64_t low = 0, high = 0;
    const auto code = rd_kafka_query_watermark_offsets(client, topic.c_str(), p, &low, &high, timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return -1;
    sum += high;
  }
  return sum;
}

template <class Condition>
void wait_until(Condition condition) {
  for (const auto deadline = std::chrono::steady_clock::now() + 30s; !condition(); std::this_thread::sleep_for(50ms)) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error{"the topics cannot be made anew"};
  }
}

}  // namespace

void reset_topics(const std::string& brokers, std::int32_t partitions, bool keep_commands) {
  Admin admin{brokers};
  std::vector<topics::Topic> wanted;
  for (auto& topic : topics::all(1)) {
    if (!keep_commands || !topic.name.ends_with(".commands")) wanted.push_back(std::move(topic));
  }
  admin.remove(admin.found(wanted));
  admin.remove_groups({"orderly-outbox", "bench-floor"});
  wait_until([&] { return admin.found(wanted).empty(); });
  admin.create(wanted, partitions);
  wait_until([&] { return admin.found(wanted).size() == wanted.size(); });
}

std::int64_t wait_for_end(const std::string& brokers, const std::string& topic, std::int32_t partitions,
                          std::int64_t at_least, int still_ms, int timeout_s) {
  const Client client = make_producer({{"bootstrap.servers", brokers}});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{timeout_s};
  auto changed = std::chrono::steady_clock::now();
  for (std::int64_t last = -1;;) {
    const auto end = end_of(client.get(), topic, partitions);
    const auto now = std::chrono::steady_clock::now();
    if (end != last) changed = now;
    last = end;
    if (end >= at_least && now - changed >= std::chrono::milliseconds{still_ms}) return end;
    if (now > deadline)
      throw std::runtime_error{topic + " ends at " + std::to_string(end) + ", not yet " + std::to_string(at_least)};
    std::this_thread::sleep_for(50ms);
  }
}

}  // namespace orderly::bench
