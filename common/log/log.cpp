#include "common/log/log.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <stdexcept>

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

int level_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, spdlog::level::level_enum>, 6> levels{
      {{"trace", spdlog::level::trace},
       {"debug", spdlog::level::debug},
       {"info", spdlog::level::info},
       {"warn", spdlog::level::warn},
       {"error", spdlog::level::err},
       {"off", spdlog::level::off}}};
  const auto* found = std::ranges::find(levels, name, [](const auto& level) { return level.first; });
  if (found == levels.end()) throw std::invalid_argument{"--log-level: there is no level \"" + std::string{name} + '"'};
  return found->second;
}

}  // namespace

Logger::Levels Logger::parse(std::string_view levels, const std::vector<std::string_view>& modules) {
  Levels parsed{spdlog::level::info, {}};
  for (const auto range : std::views::split(levels, ',')) {
    const std::string_view part{range.begin(), range.end()};
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) {
      parsed.all = level_of(part);
      continue;
    }
    const auto name = part.substr(0, equals);
    if (std::ranges::find(modules, name) == modules.end()) {
      std::string known;
      for (const auto one : modules) known.append(known.empty() ? "" : ", ").append(one);
      throw std::invalid_argument{"--log-level: there is no module \"" + std::string{name} + "\", only " +
                                  (known.empty() ? "one level for all" : known)};
    }
    parsed.by_module.insert_or_assign(std::string{name}, level_of(part.substr(equals + 1)));
  }
  return parsed;
}

Logger Logger::to_stderr(std::string_view service, std::string_view levels,
                         const std::vector<std::string_view>& modules) {
  Logger logger;
  logger.json_ = isatty(STDERR_FILENO) == 0;
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  logger.sink_ = std::make_shared<spdlog::logger>(std::string{service}, sink);
  logger.sink_->set_pattern(logger.json_ ? "%v" : "%H:%M:%S.%e %^%-7l%$ %v");
  logger.sink_->set_level(spdlog::level::trace);
  logger.levels_ = std::make_shared<const Levels>(parse(levels, modules));
  logger.level_ = logger.levels_->all;
  logger.sink_->flush_on(spdlog::level::trace);
  if (logger.json_) logger.bound_.emplace_back("service", service);
  return logger;
}

Logger Logger::silent() {
  Logger logger;
  logger.sink_ = std::make_shared<spdlog::logger>("silent", std::make_shared<spdlog::sinks::null_sink_mt>());
  logger.sink_->set_level(spdlog::level::off);
  logger.level_ = spdlog::level::off;
  return logger;
}

Logger Logger::with(Field field) const {
  Logger copy = *this;
  copy.bound_.push_back(std::move(field));
  return copy;
}

Logger Logger::module(std::string_view name) const {
  Logger copy = *this;
  std::erase_if(copy.bound_, [](const Field& field) { return field.name == "module"; });
  copy.bound_.emplace_back("module", name);
  if (!levels_) return copy;
  const auto found = levels_->by_module.find(name);
  copy.level_ = found == levels_->by_module.end() ? levels_->all : found->second;
  return copy;
}

bool Logger::debugs() const { return level_ <= spdlog::level::debug; }
void Logger::debug(std::string_view m, std::initializer_list<Field> f) const { write(spdlog::level::debug, m, f); }
void Logger::info(std::string_view m, std::initializer_list<Field> f) const { write(spdlog::level::info, m, f); }
void Logger::warn(std::string_view m, std::initializer_list<Field> f) const { write(spdlog::level::warn, m, f); }
void Logger::error(std::string_view m, std::initializer_list<Field> f) const { write(spdlog::level::err, m, f); }

void Logger::write(int level, std::string_view message, std::initializer_list<Field> fields) const {
  const auto severity = static_cast<spdlog::level::level_enum>(level);
  if (level < level_) return;
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
