// How a publisher finds out that nobody else runs its shard, and says that it does.
#include <librdkafka/rdkafka.h>

#include "common/kafka/publisher.h"

namespace orderly::kafka {
namespace {

using namespace std::chrono_literals;

constexpr int slice_ms = 500;
constexpr auto look_every = 200ms;

using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, void (*)(rd_kafka_topic_partition_list_t*)>;

PartitionList one_partition(const Owner& owner) {
  PartitionList list{rd_kafka_topic_partition_list_new(1), rd_kafka_topic_partition_list_destroy};
  rd_kafka_topic_partition_list_add(list.get(), owner.topic.c_str(), owner.partition);
  return list;
}

}  // namespace

// Uncommitted reading: a predecessor's open transaction, which only fencing it ends, must not hide its last claim.
std::optional<Claim> LibrdkafkaPublisher::read_claim(rd_kafka_t* client) {
  const auto list = one_partition(*options_.owner);
  for (;;) {
    check_interrupted();
    if (rd_kafka_committed(client, list.get(), slice_ms * 4) == RD_KAFKA_RESP_ERR_NO_ERROR) break;
    rd_kafka_poll(client, slice_ms);
  }
  const auto& found = list->elems[0];
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw Error{Error::Kind::transient, std::string{"cannot read who runs the shard: "} + rd_kafka_err2str(found.err)};
  }
  if (found.offset < 0 || found.metadata == nullptr) return std::nullopt;
  return parse_claim({static_cast<const char*>(found.metadata), found.metadata_size}, found.offset);
}

// Returns when nobody else runs the shard, as far as can be seen from its beats. Throws (fenced) when somebody does.
void LibrdkafkaPublisher::settle_ownership() {
  const Owner& owner = *options_.owner;
  const auto client = watermark_reader("read_uncommitted");
  const auto first = read_claim(client.get());
  if (first) next_beat_ = first->beat + 1;
  if (!may_be_alive(first, owner)) return;
  const auto silent_at = std::chrono::steady_clock::now() + owner.lease;
  while (std::chrono::steady_clock::now() < silent_at) {
    {
      std::unique_lock lock{mutex_};
      interrupt_.wait_for(lock, look_every, [this] { return interrupted_.load(); });
    }
    const auto now = read_claim(client.get());
    if (now == first) continue;
    if (!may_be_alive(now, owner)) return;
    throw Error{Error::Kind::fenced, "another write service runs this shard (" + now->place +
                                         "); this one takes over when that one has ended, or been silent for " +
                                         std::to_string(owner.lease / 1s) + " s"};
  }
}

void LibrdkafkaPublisher::claim(bool released) {
  Owner& owner = *options_.owner;
  owner.claim.released = released;
  const std::string metadata = to_metadata(owner.claim);
  const auto list = one_partition(owner);
  auto& place = list->elems[0];
  place.offset = next_beat_++;
  place.metadata_size = metadata.size();
  place.metadata = rd_kafka_mem_malloc(client_.get(), metadata.size());
  metadata.copy(static_cast<char*>(place.metadata), metadata.size());
  const std::unique_ptr<rd_kafka_consumer_group_metadata_t, void (*)(rd_kafka_consumer_group_metadata_t*)> group{
      rd_kafka_consumer_group_metadata_new(options_.watermark_group.c_str()), rd_kafka_consumer_group_metadata_destroy};
  retry([this] { return rd_kafka_begin_transaction(client_.get()); });
  retry([&] { return rd_kafka_send_offsets_to_transaction(client_.get(), list.get(), group.get(), slice_ms); });
  commit();
  owner.held = true;
  next_renewal_ = std::chrono::steady_clock::now() + owner.renew_every;
}

void LibrdkafkaPublisher::renew() {
  if (options_.owner && std::chrono::steady_clock::now() >= next_renewal_) claim(false);
}

void LibrdkafkaPublisher::release() {
  if (options_.owner && options_.owner->held) claim(true);
}

}  // namespace orderly::kafka
