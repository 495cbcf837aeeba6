#include "outbox/outbox_entry.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

namespace orderly::outbox {
namespace {

// Their place is part of the stored format: add at the end only.
constexpr std::array<std::string_view, 21> known_names{
    "ce_specversion",   "ce_id",          "ce_type",          "ce_source",   "ce_time",    "ce_subject", "content-type",
    "ce_correlationid", "ce_causationid", "ce_streamversion", "traceparent", "tracestate", "reply-to",   "dlq-reason",
    "dlq-detail",       "dlq-topic",      "dlq-partition",    "dlq-offset",  "dlq-time",   "ce_authid",  "dlq-stream"};

void append_number(std::string& bytes, std::uint32_t number) {
  std::array<char, sizeof number> raw;
  std::memcpy(raw.data(), &number, raw.size());
  bytes.append(raw.data(), raw.size());
}

void append_text(std::string& bytes, std::string_view text) {
  append_number(bytes, static_cast<std::uint32_t>(text.size()));
  bytes.append(text);
}

void append_name(std::string& bytes, std::string_view name) {
  const auto known = std::ranges::find(known_names, name);
  if (known == known_names.end()) {
    bytes.push_back('\0');
    append_text(bytes, name);
  } else {
    bytes.push_back(static_cast<char>(known - known_names.begin() + 1));
  }
}

}  // namespace

void append_entry(std::string& bytes, const kafka::OutgoingMessage& message) {
  append_text(bytes, message.topic);
  append_number(bytes, static_cast<std::uint32_t>(message.partition));
  bytes.push_back(message.key ? '\1' : '\0');
  append_text(bytes, message.key.value_or(std::string_view{}));
  append_text(bytes, message.value);
  append_number(bytes, static_cast<std::uint32_t>(message.headers.size()));
  for (const auto& [name, value] : message.headers) {
    append_name(bytes, name);
    append_text(bytes, value);
  }
}

kafka::OutgoingMessage EntryReader::next(std::vector<kafka::Header>& headers) {
  kafka::OutgoingMessage message;
  message.topic = take_text();
  message.partition = static_cast<std::int32_t>(take_number());
  const bool has_key = take_byte() != 0;
  const auto key = take_text();
  if (has_key) message.key = key;
  message.value = take_text();
  for (auto left = take_number(); left > 0; --left) {
    const std::size_t code = take_byte();
    if (code > known_names.size()) throw std::runtime_error{"stored message is damaged: header name"};
    const auto name = code == 0 ? take_text() : known_names[code - 1];
    headers.push_back({name, take_text()});
  }
  return message;
}

std::string_view EntryReader::take(std::size_t size) {
  if (size > rest_.size()) throw std::runtime_error{"stored message is damaged: it ends too early"};
  const auto taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::uint32_t EntryReader::take_number() {
  std::uint32_t number = 0;
  std::memcpy(&number, take(sizeof number).data(), sizeof number);
  return number;
}

std::string_view EntryReader::take_text() { return take(take_number()); }

}  // namespace orderly::outbox
