// Structured logs on stderr: readable text on a terminal, one JSON object a line otherwise.
// A Logger is passed to whoever logs; with() adds fields to every line of the copy. Threads: any.
//
//   log.with("shard", 3).warn("broker is away", {{"reason", error.what()}});
#pragma once

#include <concepts>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spdlog {
class logger;
}

namespace orderly::log {

struct Field {
  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text), quoted(true) {}
  Field(std::string_view field_name, const char* text) : Field(field_name, std::string_view(text)) {}
  Field(std::string_view field_name, const std::string& text) : Field(field_name, std::string_view(text)) {}
  Field(std::string_view field_name, std::integral auto number) : name(field_name), value(std::to_string(number)) {}
  std::string name;
  std::string value;
  bool quoted = false;
};

class Logger {
 public:
  // level: trace, debug, info, warn, error or off.
  static Logger to_stderr(std::string_view service, const std::string& level);
  static Logger silent();

  Logger with(std::string_view name, std::string_view value) const { return with(Field{name, value}); }
  Logger with(Field field) const;

  void debug(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void info(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void warn(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void error(std::string_view message, std::initializer_list<Field> fields = {}) const;

 private:
  void write(int level, std::string_view message, std::initializer_list<Field> fields) const;
  std::shared_ptr<spdlog::logger> sink_;
  bool json_ = false;
  std::vector<Field> bound_;
};

}  // namespace orderly::log
