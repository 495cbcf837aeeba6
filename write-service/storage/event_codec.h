// Domain events and snapshots to their stored bytes and back; one file an aggregate. A stored type never changes its
// meaning: a new shape is a new type ("DeallocatedV2"), which is written from then on, and decode() upcasts the old
// one. Threads: any. Failures: bytes that cannot be read throw std::runtime_error: the store is damaged or newer than
// we are.
#pragma once

#include <string>
#include <string_view>

#include "domain/batch_reference.h"
#include "domain/customer.h"
#include "domain/order.h"
#include "domain/product.h"

namespace orderly::storage {

struct StoredForm {
  std::string_view type;  // a message of stored_events.proto
  std::string data;
};

// `aggregate_id` is what the stream's name says, and is not stored again.
template <domain::Decider Aggregate>
struct EventCodec {
  using Event = typename Aggregate::Event;
  using State = typename Aggregate::State;
  static StoredForm encode(const Event& event);
  static Event decode(std::string_view type, std::string_view data, const std::string& aggregate_id);
  static std::string encode_snapshot(const State& state);
  static State decode_snapshot(std::string_view data);
};

template <>
StoredForm EventCodec<domain::Product>::encode(const Event& event);
template <>
domain::Product::Event EventCodec<domain::Product>::decode(std::string_view, std::string_view, const std::string&);
template <>
std::string EventCodec<domain::Product>::encode_snapshot(const State& state);
template <>
domain::Product::State EventCodec<domain::Product>::decode_snapshot(std::string_view data);

template <>
StoredForm EventCodec<domain::BatchReference>::encode(const Event& event);
template <>
domain::BatchReference::Event EventCodec<domain::BatchReference>::decode(std::string_view, std::string_view,
                                                                         const std::string&);
template <>
std::string EventCodec<domain::BatchReference>::encode_snapshot(const State& state);
template <>
domain::BatchReference::State EventCodec<domain::BatchReference>::decode_snapshot(std::string_view data);

template <>
StoredForm EventCodec<domain::Order>::encode(const Event& event);
template <>
domain::Order::Event EventCodec<domain::Order>::decode(std::string_view, std::string_view, const std::string&);
template <>
std::string EventCodec<domain::Order>::encode_snapshot(const State& state);
template <>
domain::Order::State EventCodec<domain::Order>::decode_snapshot(std::string_view data);

template <>
StoredForm EventCodec<domain::Customer>::encode(const Event& event);
template <>
domain::Customer::Event EventCodec<domain::Customer>::decode(std::string_view, std::string_view, const std::string&);
template <>
std::string EventCodec<domain::Customer>::encode_snapshot(const State& state);
template <>
domain::Customer::State EventCodec<domain::Customer>::decode_snapshot(std::string_view data);

}  // namespace orderly::storage
