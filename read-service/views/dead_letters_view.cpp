#include "read-service/views/dead_letters_view.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "common/clock/rfc3339.h"
#include "common/http/json.h"
#include "common/http/uri.h"

namespace orderly::read {
namespace {

constexpr std::size_t most_payload_bytes = 16'384, most_text_bytes = 1'000;

// partition, offset: of the dead letter; the original's may be missing where its sender put none.
constexpr const char* schema = R"sql(
  CREATE TABLE dead_letters(partition INTEGER, offset INTEGER, time_ms INTEGER NOT NULL, reason TEXT NOT NULL,
                            detail TEXT NOT NULL, topic TEXT NOT NULL, original_partition INTEGER,
                            original_offset INTEGER, subscription TEXT NOT NULL, type TEXT NOT NULL,
                            command_id TEXT NOT NULL, correlation_id TEXT NOT NULL, record_key TEXT,
                            content_type TEXT NOT NULL, payload TEXT NOT NULL, payload_encoding TEXT NOT NULL,
                            payload_bytes INTEGER NOT NULL, payload_truncated INTEGER NOT NULL,
                            PRIMARY KEY(partition, offset)) WITHOUT ROWID;
  CREATE INDEX dead_letters_by_time ON dead_letters(time_ms, partition, offset);
  CREATE INDEX dead_letters_by_reason ON dead_letters(reason, time_ms, partition, offset);
  CREATE INDEX dead_letters_by_topic ON dead_letters(topic, time_ms, partition, offset);
)sql";

// The whole characters among the first so many bytes.
std::string_view cut(std::string_view utf8, std::size_t most_bytes) {
  if (utf8.size() <= most_bytes) return utf8;
  while (most_bytes > 0 && (static_cast<unsigned char>(utf8[most_bytes]) & 0xC0) == 0x80) --most_bytes;
  return utf8.substr(0, most_bytes);
}

// What is not UTF-8 becomes U+FFFD.
std::string to_text(std::string_view bytes) {
  bytes = bytes.substr(0, most_text_bytes);
  if (http::is_utf8(bytes)) return std::string{bytes};
  std::string text;
  for (std::size_t i = 0, size = 0; i < bytes.size(); i += size) {
    const auto whole = [&](std::size_t n) { return i + n <= bytes.size() && http::is_utf8(bytes.substr(i, n)); };
    size = whole(1) ? 1 : whole(2) ? 2 : whole(3) ? 3 : whole(4) ? 4 : 0;
    text += size > 0 ? bytes.substr(i, size) : "\xEF\xBF\xBD";
    size = std::max<std::size_t>(1, size);
  }
  return text;
}

std::string text_of(const kafka::Message& record, std::string_view header) {
  return to_text(record.header(header).value_or(""));
}

std::optional<std::int64_t> number_in(const kafka::Message& record, std::string_view header) {
  const auto text = record.header(header).value_or("");
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = !text.empty() && error == std::errc{} && end == text.data() + text.size() && number >= 0;
  return whole ? std::optional{number} : std::nullopt;
}

// Without recursion: a stranger chose how deep it is.
bool is_json(std::string_view bytes) {
  rapidjson::MemoryStream stream{bytes.data(), bytes.size()};
  rapidjson::BaseReaderHandler<> nothing;
  return http::is_utf8(bytes) && !rapidjson::Reader{}.Parse<rapidjson::kParseIterativeFlag>(stream, nothing).IsError();
}

std::string to_base64(std::string_view bytes) {
  auto text = http::base64url_encode(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.resize((text.size() + 3) / 4 * 4, '=');
  return text;
}

struct Payload {
  std::string text;
  const char* encoding;
  bool truncated;
};

Payload payload_of(const kafka::Message& record) {
  const bool said_json = record.header("content-type").value_or("").starts_with("application/json");
  const bool truncated = record.value.size() > most_payload_bytes || record.header("dlq-truncated");
  if (said_json && is_json(record.value)) {
    return {std::string{cut(record.value, most_payload_bytes)}, "json", truncated};
  }
  return {to_base64(record.value.substr(0, most_payload_bytes)), "base64", truncated};
}

class DeadLettersProjection final : public Projection {
 public:
  explicit DeadLettersProjection(sqlite::Database& db)
      : put_(db,
             "INSERT INTO dead_letters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
             "?17, ?18)") {}

  void apply(const PublishedEvent& event, Changes& changes) override {
    const auto& record = *event.record;
    const auto time = parse_rfc3339(record.header("dlq-time").value_or(""));
    const auto payload = payload_of(record);
    const auto key = record.key ? std::optional{to_text(*record.key)} : std::nullopt;
    const auto whole_size = number_in(record, "dlq-truncated");
    put_.run(record.partition, record.offset, time ? to_unix_ms(*time) : record.timestamp_ms,
             text_of(record, "dlq-reason"), text_of(record, "dlq-detail"), text_of(record, "dlq-topic"),
             number_in(record, "dlq-partition"), number_in(record, "dlq-offset"), text_of(record, "dlq-subscription"),
             text_of(record, "ce_type"), text_of(record, "ce_id"), text_of(record, "ce_correlationid"), key,
             text_of(record, "content-type"), payload.text, payload.encoding,
             whole_size.value_or(static_cast<std::int64_t>(record.value.size())), payload.truncated);
    changes.touch("dead_letter", std::to_string(record.partition) + '/' + std::to_string(record.offset), 1);
  }

 private:
  sqlite::Statement put_;
};

constexpr const char* columns =
    "SELECT partition, offset, time_ms, reason, detail, topic, original_partition, original_offset, subscription, "
    "type, command_id, correlation_id, record_key, content_type, payload_bytes, payload_truncated, payload_encoding, "
    "payload FROM dead_letters ";

void write_number(http::JsonWriter& json, std::string_view name, const sqlite::Statement& row, int column) {
  json.key(name);
  row.is_null(column) ? json.null() : json.value(row.integer(column));
}

std::string position_of(const sqlite::Statement& row) {
  return std::to_string(row.integer(0)) + '/' + std::to_string(row.integer(1));
}

enum class With { headers_only, payload };

std::string to_json(const sqlite::Statement& row, With with) {
  http::JsonWriter json;
  json.begin_object().member("position", position_of(row)).member("time", to_rfc3339(from_unix_ms(row.integer(2))));
  json.member("reason", row.text(3)).member("detail", row.text(4)).key("original").begin_object();
  json.member("topic", row.text(5));
  write_number(json, "partition", row, 6);
  write_number(json, "offset", row, 7);
  json.end_object().member_if_any("subscription", row.text(8)).member("type", row.text(9));
  json.member("command_id", row.text(10)).member_if_any("correlation_id", row.text(11)).key("key");
  row.is_null(12) ? json.null() : json.value(row.text(12));
  json.member("content_type", row.text(13)).member("payload_bytes", row.integer(14));
  if (with == With::payload) {
    json.member("payload_truncated", row.integer(15) != 0);
    json.member("payload_encoding", row.text(16)).member("payload", row.text(17));
  }
  return json.end_object().take();
}

// Nothing where the text is no such number.
std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

Answer dead_letter_at(Reader& reader, const std::string& position) {
  const auto slash = std::min(position.find('/'), position.size() - 1);
  const auto partition = to_number(std::string_view{position}.substr(0, slash));
  const auto offset = to_number(std::string_view{position}.substr(slash + 1));
  Answer answer{.wake_key = "dead_letter/" + position};
  if (!partition || !offset) return answer;
  auto& row = reader.query(std::string{columns} + "WHERE partition = ?1 AND offset = ?2").bind(*partition, *offset);
  if (!row.step()) return answer;
  answer.json = to_json(row, With::payload);
  answer.etag = "1";  // never changes
  answer.version = 1;
  return answer;
}

ListRows list_dead_letters(Reader& reader, const ListRequest& request) {
  constexpr auto last = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> before{last, last, last};
  for (std::size_t i = 0; i < request.after.size(); ++i) {
    const auto number = to_number(request.after[i]);
    if (!number) return std::unexpected{http::Problem{.status = 400, .detail = "page_token: not one of this service"}};
    before[i] = *number;
  }
  const auto* reason = request.filter("reason");
  const auto* topic = request.filter("topic");
  std::string sql = std::string{columns} + "WHERE (time_ms, partition, offset) < (?1, ?2, ?3)";
  if (reason != nullptr) sql += " AND reason = ?4";
  if (topic != nullptr) sql += " AND topic = ?5";
  auto& row = reader.query(sql + " ORDER BY time_ms DESC, partition DESC, offset DESC LIMIT ?6");
  row.bind(before[0], before[1], before[2], text_or_empty(reason), text_or_empty(topic), request.most);
  std::vector<ListRow> rows;
  while (row.step()) {
    rows.push_back({{std::to_string(row.integer(2)), std::to_string(row.integer(0)), std::to_string(row.integer(1))},
                    to_json(row, With::headers_only)});
  }
  return rows;
}

}  // namespace

ViewDefinition dead_letters_view() {
  return {.name = "dead_letters",
          .schema_version = 1,
          .topics = {std::string{dead_letters_topic}},
          .versioned = false,
          .schema = schema,
          .projection = [](sqlite::Database& db) { return std::make_unique<DeadLettersProjection>(db); },
          .resources = {{"/dead-letters/:partition/:offset", "dead letter", dead_letter_at, true}},
          .lists = {{"/dead-letters", {"reason", "topic"}, 3, list_dead_letters}}};
}

}  // namespace orderly::read
