#include "simulation/broker.h"

#include <algorithm>
#include <set>

namespace orderly::simulation {

std::string Record::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, [](const auto& header) { return header.first; });
  return found == headers.end() ? std::string{} : found->second;
}

std::int64_t Broker::stable_end(const Place& place) {
  const auto& log = logs_[place];
  if (open_transactions().empty()) return std::ssize(log);
  return std::ranges::find(log, Record::State::open, &Record::state) - log.begin();
}

std::int64_t Broker::watermark(const Place& place) const {
  const auto found = watermarks_.find(place);
  return found == watermarks_.end() ? -1 : found->second;
}

int Broker::begin(const std::string& id) {
  auto& producer = producers_[id];
  end_transaction(producer, Record::State::aborted);
  return ++producer.epoch;
}

Broker::Producer& Broker::producer(const std::string& id, int epoch) {
  auto& producer = producers_[id];
  if (producer.epoch != epoch) throw kafka::Error{kafka::Error::Kind::fenced, id + ": a newer producer has taken over"};
  return producer;
}

void Broker::append(const std::string& id, int epoch, const Place& place, Record record) {
  auto& from = producer(id, epoch);
  auto& log = logs_[place];
  if (!from.is_open()) from.transaction = ++transactions_;
  from.records.emplace_back(place, log.size());
  record.state = Record::State::open;
  record.transaction = from.transaction;
  log.push_back(std::move(record));
}

void Broker::stage(const std::string& id, int epoch, std::span<const kafka::Position> watermarks) {
  producer(id, epoch).watermarks.assign(watermarks.begin(), watermarks.end());
}

void Broker::commit(const std::string& id, int epoch) {
  auto& from = producer(id, epoch);
  for (const auto& p : from.watermarks) watermarks_[{p.topic, p.partition}] = p.offset;
  end_transaction(from, Record::State::committed);
}

void Broker::abort(const std::string& id, int epoch) { end_transaction(producer(id, epoch), Record::State::aborted); }

// Leaves a marker in each partition that the transaction has written to, as the real one does: offsets have holes.
void Broker::end_transaction(Producer& producer, Record::State state) {
  std::set<Place> places;
  for (const auto& [place, offset] : producer.records) {
    logs_[place][offset].state = state;
    places.insert(place);
  }
  for (const auto& place : places) logs_[place].push_back({.state = Record::State::marker});
  producer.records.clear();
  producer.watermarks.clear();
}

std::vector<std::string> Broker::open_transactions() const {
  std::vector<std::string> open;
  for (const auto& [id, producer] : producers_) {
    if (producer.is_open()) open.push_back(id);
  }
  return open;
}

void Broker::time_out(const std::string& id) { begin(id); }

bool Broker::deliver_late(std::size_t which) {
  auto& requests = late_[which];
  bool taken = true;
  try {
    requests.front()();
    requests.pop_front();
  } catch (const kafka::Error&) {
    requests.clear();
    taken = false;
  }
  if (requests.empty()) late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(which));
  return taken;
}

}  // namespace orderly::simulation
