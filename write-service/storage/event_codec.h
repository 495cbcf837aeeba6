// Domain events and snapshots to their stored bytes and back. Stored types of older versions are upcast here.
// Threads: any. Failures: bytes that cannot be read throw std::runtime_error: the store is damaged or newer than we
// are.
#pragma once

#include <string>
#include <string_view>

#include "domain/batch_reference.h"
#include "domain/product.h"

namespace orderly::storage {

// One specialisation an aggregate. `aggregate_id` is what the stream's name says, and is not stored again.
template <domain::Decider Aggregate>
struct EventCodec;

template <>
struct EventCodec<domain::Product> {
  using Event = domain::Product::Event;
  static std::string_view type(const Event& event);
  static std::string encode(const Event& event);
  static Event decode(std::string_view type, std::string_view data, const std::string& aggregate_id);
  static std::string encode_snapshot(const domain::Product::State& state);
  static domain::Product::State decode_snapshot(std::string_view data);
};

template <>
struct EventCodec<domain::BatchReference> {
  using Event = domain::BatchReference::Event;
  static std::string_view type(const Event& event);
  static std::string encode(const Event& event);
  static Event decode(std::string_view type, std::string_view data, const std::string& aggregate_id);
  static std::string encode_snapshot(const domain::BatchReference::State& state);
  static domain::BatchReference::State decode_snapshot(std::string_view data);
};

}  // namespace orderly::storage
