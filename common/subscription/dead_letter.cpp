#include "common/subscription/dead_letter.h"

#include <algorithm>
#include <array>
#include <string>

#include "common/clock/rfc3339.h"
#include "common/id/id.h"

namespace orderly::subscription {
namespace {

constexpr std::size_t longest_detail = 1'000;

// One record is one id, whoever publishes it how often: from where it lies and who gave up.
std::string dead_letter_id(const kafka::Message& record, std::string_view subscription) {
  std::string place{record.topic};
  place.append("/").append(std::to_string(record.partition)).append("/").append(std::to_string(record.offset));
  return derive_id(place, subscription, 0);
}

}  // namespace

void publish(kafka::Publisher& publisher, const kafka::Message& record, const DeadLetter& letter) {
  const std::string partition = std::to_string(record.partition), offset = std::to_string(record.offset);
  const std::string time = to_rfc3339(letter.time), id = dead_letter_id(record, letter.subscription);
  const std::array added{kafka::Header{"dlq-reason", letter.reason},
                         kafka::Header{"dlq-detail", letter.detail.substr(0, longest_detail)},
                         kafka::Header{"dlq-topic", record.topic},
                         kafka::Header{"dlq-partition", partition},
                         kafka::Header{"dlq-offset", offset},
                         kafka::Header{"dlq-time", time},
                         kafka::Header{subscription_header, letter.subscription},
                         kafka::Header{"dlq-id", id}};
  std::vector<kafka::Header> headers;
  // A record that was dead-lettered and replayed before has old ones.
  std::ranges::copy_if(record.headers, std::back_inserter(headers),
                       [](const kafka::Header& header) { return !header.name.starts_with("dlq-"); });
  headers.insert(headers.end(), added.begin(), added.end());
  const kafka::OutgoingMessage message{letter.topic, kafka::partition_for(record.key.value_or(""), letter.partitions),
                                       record.key, record.value, headers};
  publisher.publish({&message, 1}, {});
}

}  // namespace orderly::subscription
