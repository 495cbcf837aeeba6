#include "cli/dead_letter.h"

#include <charconv>
#include <stdexcept>

#include "cli/text.h"
#include "common/clock/rfc3339.h"

namespace orderly::cli {
namespace {

std::string text(std::optional<std::string_view> header) { return header ? std::string{*header} : std::string{}; }

template <class Number>
std::optional<Number> to_number(std::string_view digits) {
  Number number{};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || number < 0) return std::nullopt;
  return number;
}

// Cuts the part behind the last slash off, and gives it.
std::string_view take_last(std::string_view& rest) {
  const auto slash = rest.rfind('/');
  const auto last = slash == std::string_view::npos ? rest : rest.substr(slash + 1);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(0, slash);
  return last;
}

}  // namespace

DeadLetter to_dead_letter(const kafka::Message& record, WithValue with_value) {
  DeadLetter letter;
  letter.partition = record.partition;
  letter.offset = record.offset;
  letter.time = text(record.header("dlq-time"));
  if (letter.time.empty()) letter.time = to_rfc3339(from_unix_ms(record.timestamp_ms));
  letter.original = text(record.header("dlq-topic")) + '/' + text(record.header("dlq-partition")) + '/' +
                    text(record.header("dlq-offset"));
  letter.type = text(record.header("ce_type"));
  letter.id = text(record.header("ce_id"));
  letter.reason = text(record.header("dlq-reason"));
  letter.detail = text(record.header("dlq-detail"));
  letter.content_type = text(record.header("content-type"));
  if (with_value == WithValue::no) return letter;
  if (record.key) letter.key = std::string{*record.key};
  letter.value = record.value;
  for (const auto& [name, value] : record.headers) letter.headers.emplace_back(name, value);
  return letter;
}

std::string DeadLetter::header(std::string_view name) const {
  for (const auto& [known, text_of] : headers) {
    if (known == name) return text_of;
  }
  return {};
}

kafka::Position parse_place(const std::string& place) {
  std::string_view rest = place;
  const auto offset = to_number<std::int64_t>(take_last(rest));
  const auto partition = to_number<std::int32_t>(take_last(rest));
  if (offset && partition) return {std::string{rest}, *partition, *offset};
  throw std::invalid_argument{
      "TOPIC/PARTITION/OFFSET of the original record, or PARTITION/OFFSET of the dead letter, wanted; got " +
      shortened(one_line(place), 80)};
}

}  // namespace orderly::cli
