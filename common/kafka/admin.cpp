#include "common/kafka/admin.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>

#include "common/kafka/client_callbacks.h"

namespace orderly::kafka {
namespace {

const Config defaults{{"reconnect.backoff.max.ms", "1000"}};

[[noreturn]] void fail(const std::string& what) { throw Error{Error::Kind::transient, what}; }

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

Owned<rd_kafka_AdminOptions_t> admin_options(rd_kafka_t* client, rd_kafka_admin_op_t operation,
                                             std::chrono::milliseconds timeout) {
  Owned<rd_kafka_AdminOptions_t> options{rd_kafka_AdminOptions_new(client, operation), rd_kafka_AdminOptions_destroy};
  std::array<char, 256> reason{};
  const auto timeout_ms = static_cast<int>(timeout.count());
  auto code = rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, reason.data(), reason.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR && operation == RD_KAFKA_ADMIN_OP_CREATETOPICS) {
    code = rd_kafka_AdminOptions_set_operation_timeout(options.get(), timeout_ms, reason.data(), reason.size());
  }
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) fail(std::string{"cannot ask the brokers: "} + reason.data());
  return options;
}

Owned<rd_kafka_NewTopic_t> to_request(const NewTopic& topic) {
  std::array<char, 256> reason{};
  Owned<rd_kafka_NewTopic_t> request{
      rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, topic.replication, reason.data(), reason.size()),
      rd_kafka_NewTopic_destroy};
  if (!request) fail("topic " + topic.name + ": " + reason.data());
  for (const auto& [name, value] : topic.settings) {
    rd_kafka_NewTopic_set_config(request.get(), name.c_str(), value.c_str());
  }
  return request;
}

// The answer to one admin request. Throws when the request failed as a whole.
Owned<rd_kafka_event_t> wait_for_answer(rd_kafka_queue_t* queue, std::chrono::milliseconds timeout,
                                        const std::string& doing) {
  // The request has a time-out of its own; a little more, so that its reason is the one told.
  const auto patience_ms = static_cast<int>(timeout.count()) + 1'000;
  Owned<rd_kafka_event_t> answer{rd_kafka_queue_poll(queue, patience_ms), rd_kafka_event_destroy};
  if (!answer) fail(doing + ": no answer from the brokers");
  if (rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    fail(doing + ": " + rd_kafka_event_error_string(answer.get()));
  }
  return answer;
}

TopicSettings to_settings(const rd_kafka_ConfigResource_t* resource) {
  std::size_t count = 0;
  const auto** entries = rd_kafka_ConfigResource_configs(resource, &count);
  TopicSettings settings;
  for (const auto* entry : std::span{entries, count}) {
    const char* value = rd_kafka_ConfigEntry_value(entry);
    settings[rd_kafka_ConfigEntry_name(entry)] = value == nullptr ? "" : value;
  }
  return settings;
}

TopicSettings differing(const TopicSettings& wanted, const TopicSettings& found) {
  TopicSettings differing;
  for (const auto& [name, value] : wanted) {
    const auto at = found.find(name);
    if (at == found.end() || at->second != value) differing[name] = at == found.end() ? "" : at->second;
  }
  return differing;
}

std::int32_t partition_count_of(const rd_kafka_metadata_topic_t& topic) {
  const std::span partitions{topic.partitions, static_cast<std::size_t>(topic.partition_cnt)};
  const bool all_led = std::ranges::all_of(partitions, [](const auto& partition) { return partition.leader >= 0; });
  return all_led ? topic.partition_cnt : -topic.partition_cnt;
}

// Of every topic: its partitions, negative while one of them has no leader. Asking for all makes none by accident, as
// asking for one does where brokers make topics by themselves.
std::map<std::string, std::int32_t> count_partitions(rd_kafka_t* client, std::chrono::milliseconds timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const auto code = rd_kafka_metadata(client, 1, nullptr, &metadata, static_cast<int>(timeout.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const auto* callbacks = static_cast<const ClientCallbacks*>(rd_kafka_opaque(client));
    fail(callbacks->with_reason("no Kafka broker answers within " + std::to_string(timeout.count()) + " ms (" +
                                rd_kafka_err2str(code) + ")"));
  }
  const std::unique_ptr<const rd_kafka_metadata_t, void (*)(const rd_kafka_metadata_t*)> owned{
      metadata, rd_kafka_metadata_destroy};
  std::map<std::string, std::int32_t> counts;
  for (const auto& topic : std::span{metadata->topics, static_cast<std::size_t>(metadata->topic_cnt)}) {
    if (topic.err == RD_KAFKA_RESP_ERR_NO_ERROR && topic.partition_cnt > 0)
      counts[topic.topic] = partition_count_of(topic);
  }
  return counts;
}

std::int32_t count_partitions_of(const std::string& topic, rd_kafka_t* client, std::chrono::milliseconds timeout) {
  const auto counts = count_partitions(client, timeout);
  const auto found = counts.find(topic);
  if (found == counts.end()) fail("there is no topic " + topic);
  return std::abs(found->second);
}

}  // namespace

struct Admin::Callbacks : ClientCallbacks {
  using ClientCallbacks::ClientCallbacks;
};

void Admin::Destroy::operator()(rd_kafka_s* client) const { rd_kafka_destroy(client); }

Admin::Admin(const Config& overrides, std::chrono::milliseconds timeout, const log::Logger& log)
    : timeout_(timeout), callbacks_(std::make_unique<Callbacks>(log)) {
  client_.reset(callbacks_->create(RD_KAFKA_PRODUCER, make_conf(defaults, overrides)));
}

Admin::~Admin() = default;

void KnownTopic::Destroy::operator()(rd_kafka_topic_s* handle) const { rd_kafka_topic_destroy(handle); }

KnownTopic::KnownTopic(rd_kafka_s* client, const std::string& name, std::chrono::milliseconds timeout)
    : handle_(rd_kafka_topic_new(client, name.c_str(), nullptr)) {
  if (!handle_) fail("topic " + name + ": " + rd_kafka_err2str(rd_kafka_last_error()));
  partitions_ = count_partitions_of(name, client, timeout);
}

std::map<std::string, std::int32_t> Admin::partition_counts() { return count_partitions(client_.get(), timeout_); }

std::vector<TopicOutcome> Admin::create_topics(std::span<const NewTopic> wanted) {
  const auto counts = partition_counts();
  std::vector<NewTopic> missing;
  std::vector<std::string> found;
  for (const auto& topic : wanted) {
    const auto at = counts.find(topic.name);
    if (at == counts.end()) {
      missing.push_back(topic);
    } else if (std::abs(at->second) != topic.partitions) {
      throw Error{Error::Kind::fatal, "topic " + topic.name + " exists with " + std::to_string(std::abs(at->second)) +
                                          " partitions, not " + std::to_string(topic.partitions) +
                                          "; nothing was created"};
    } else {
      found.push_back(topic.name);
    }
  }
  if (!missing.empty()) create_missing(missing);
  wait_for_leaders({wanted.begin(), wanted.end()});
  const auto settings_found = settings(found);
  std::vector<TopicOutcome> outcomes;
  for (const auto& topic : wanted) {
    const auto at = settings_found.find(topic.name);
    const bool existed = at != settings_found.end();
    outcomes.push_back({topic.name, !existed, existed ? differing(topic.settings, at->second) : TopicSettings{}});
  }
  return outcomes;
}

void Admin::create_missing(const std::vector<NewTopic>& missing) {
  std::vector<Owned<rd_kafka_NewTopic_t>> requests;
  std::vector<rd_kafka_NewTopic_t*> raw;
  for (const auto& topic : missing) raw.push_back(requests.emplace_back(to_request(topic)).get());
  const Owned<rd_kafka_queue_t> queue{rd_kafka_queue_new(client_.get()), rd_kafka_queue_destroy};
  const auto options = admin_options(client_.get(), RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_);
  rd_kafka_CreateTopics(client_.get(), raw.data(), raw.size(), options.get(), queue.get());
  const auto answer = wait_for_answer(queue.get(), timeout_, "cannot create topics");
  std::size_t count = 0;
  const auto** results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &count);
  for (const auto* result : std::span{results, count}) {
    const auto code = rd_kafka_topic_result_error(result);
    // Somebody else has made it meanwhile; wait_for_leaders checks its partitions.
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) continue;
    const char* reason = rd_kafka_topic_result_error_string(result);
    fail(std::string{"cannot create topic "} + rd_kafka_topic_result_name(result) + ": " +
         (reason == nullptr ? rd_kafka_err2str(code) : reason));
  }
}

void Admin::wait_for_leaders(const std::vector<NewTopic>& topics) {
  const auto deadline = std::chrono::steady_clock::now() + timeout_;
  for (;;) {
    const auto counts = partition_counts();
    const auto waiting = std::ranges::find_if(topics, [&](const NewTopic& topic) {
      const auto at = counts.find(topic.name);
      return at == counts.end() || at->second != topic.partitions;
    });
    if (waiting == topics.end()) return;
    if (std::chrono::steady_clock::now() > deadline) {
      fail("topic " + waiting->name + " does not have " + std::to_string(waiting->partitions) +
           " partitions with a leader yet");
    }
    rd_kafka_poll(client_.get(), 100);
  }
}

std::int32_t Admin::partition_count(const std::string& topic) {
  return count_partitions_of(topic, client_.get(), timeout_);
}

std::string Admin::cluster_id() {
  const auto timeout_ms = static_cast<int>(timeout_.count());
  const std::unique_ptr<char, void (*)(char*)> id{rd_kafka_clusterid(client_.get(), timeout_ms),
                                                  [](char* text) { rd_kafka_mem_free(nullptr, text); }};
  if (!id) fail("no Kafka broker answers within " + std::to_string(timeout_ms) + " ms");
  return id.get();
}

std::map<std::string, TopicSettings> Admin::settings(std::span<const std::string> topics) {
  if (topics.empty()) return {};
  std::vector<Owned<rd_kafka_ConfigResource_t>> resources;
  std::vector<rd_kafka_ConfigResource_t*> raw;
  for (const auto& topic : topics) {
    resources.emplace_back(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()),
                           rd_kafka_ConfigResource_destroy);
    raw.push_back(resources.back().get());
  }
  const Owned<rd_kafka_queue_t> queue{rd_kafka_queue_new(client_.get()), rd_kafka_queue_destroy};
  const auto options = admin_options(client_.get(), RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_);
  rd_kafka_DescribeConfigs(client_.get(), raw.data(), raw.size(), options.get(), queue.get());
  const auto answer = wait_for_answer(queue.get(), timeout_, "cannot read the topics' settings");
  std::size_t count = 0;
  const auto** found =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(answer.get()), &count);
  std::map<std::string, TopicSettings> settings;
  for (const auto* resource : std::span{found, count}) {
    if (rd_kafka_ConfigResource_error(resource) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* reason = rd_kafka_ConfigResource_error_string(resource);
      fail(std::string{"cannot read the settings of topic "} + rd_kafka_ConfigResource_name(resource) + ": " +
           (reason == nullptr ? "no reason given" : reason));
    }
    settings[rd_kafka_ConfigResource_name(resource)] = to_settings(resource);
  }
  return settings;
}

}  // namespace orderly::kafka
