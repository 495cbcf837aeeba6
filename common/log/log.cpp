#include "common/log/log.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "common/clock/rfc3339.h"

namespace orderly::log {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void put(Writer& json, std::string_view name, std::string_view text) {
  json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
  json.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void put(Writer& json, const Field& field) {
  if (field.quoted) return put(json, field.name, field.value);
  json.Key(field.name.data(), static_cast<rapidjson::SizeType>(field.name.size()));
  json.RawValue(field.value.data(), field.value.size(), rapidjson::kNumberType);
}

template <class Fields>
void append_text(std::string& line, const Fields& fields) {
  for (const auto& field : fields) line.append("  ").append(field.name).append("=").append(field.value);
}

}  // namespace

Logger Logger::to_stderr(std::string_view service, const std::string& level) {
  Logger logger;
  logger.json_ = isatty(STDERR_FILENO) == 0;
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  logger.sink_ = std::make_shared<spdlog::logger>(std::string{service}, sink);
  logger.sink_->set_pattern(logger.json_ ? "%v" : "%H:%M:%S.%e %^%-7l%$ %v");
  logger.sink_->set_level(spdlog::level::from_str(level));
  logger.sink_->flush_on(spdlog::level::trace);
  if (logger.json_) logger.bound_.emplace_back("service", service);
  return logger;
}

Logger Logger::silent() {
  Logger logger;
  logger.sink_ = std::make_shared<spdlog::logger>("silent", std::make_shared<spdlog::sinks::null_sink_mt>());
  logger.sink_->set_level(spdlog::level::off);
  return logger;
}

Logger Logger::with(Field field) const {
  Logger copy = *this;
  copy.bound_.push_back(std::move(field));
  return copy;
}

void Logger::debug(std::string_view m, std::initializer_list<Field> f) const { write(spdlog::level::debug, m, f); }
void Logger::info(std::string_view m, std::initializer_list<Field> f) const { write(spdlog::level::info, m, f); }
void Logger::warn(std::string_view m, std::initializer_list<Field> f) const { write(spdlog::level::warn, m, f); }
void Logger::error(std::string_view m, std::initializer_list<Field> f) const { write(spdlog::level::err, m, f); }

void Logger::write(int level, std::string_view message, std::initializer_list<Field> fields) const {
  const auto severity = static_cast<spdlog::level::level_enum>(level);
  if (!sink_->should_log(severity)) return;
  if (!json_) {
    std::string line{message};
    append_text(line, bound_);
    append_text(line, fields);
    return sink_->log(severity, "{}", line);
  }
  rapidjson::StringBuffer buffer;
  Writer json{buffer};
  json.StartObject();
  const auto severity_name = spdlog::level::to_string_view(severity);
  put(json, "time", to_rfc3339(SystemClock{}.now()));
  put(json, "level", {severity_name.data(), severity_name.size()});
  put(json, "message", message);
  for (const auto& field : bound_) put(json, field);
  for (const auto& field : fields) put(json, field);
  json.EndObject();
  sink_->log(severity, "{}", buffer.GetString());
}

}  // namespace orderly::log
