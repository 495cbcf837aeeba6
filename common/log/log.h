// Structured logs on stderr: readable text on a terminal, one JSON object a line otherwise.
// A Logger is passed to whoever logs; with() adds fields to every line of the copy, module() names the part of the
// program that writes it, whose level may be another one. Nothing personal is ever logged (deploy/README.md says what
// counts): no payload, no customer's id, no e-mail address. Threads: any.
//
//   log.module("outbox").with({"shard", 3}).warn("broker is away", {{"reason", error.what()}});
#pragma once

#include <concepts>
#include <initializer_list>
#include <map>
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
  // levels: trace, debug, info, warn, error or off, and others for some of the `modules`: "info,outbox=debug".
  // Throws std::invalid_argument that names what it does not know.
  static Logger to_stderr(std::string_view service, std::string_view levels,
                          const std::vector<std::string_view>& modules = {});
  static Logger silent();

  Logger with(std::string_view name, std::string_view value) const { return with(Field{name, value}); }
  Logger with(Field field) const;
  Logger module(std::string_view name) const;

  // Whether a debug line would be written: for who would have to gather much for it.
  bool debugs() const;
  void debug(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void info(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void warn(std::string_view message, std::initializer_list<Field> fields = {}) const;
  void error(std::string_view message, std::initializer_list<Field> fields = {}) const;

 private:
  void write(int level, std::string_view message, std::initializer_list<Field> fields) const;
  struct Levels {
    int all = 0;
    std::map<std::string, int, std::less<>> by_module;
  };
  static Levels parse(std::string_view levels, const std::vector<std::string_view>& modules);

  std::shared_ptr<spdlog::logger> sink_;
  std::shared_ptr<const Levels> levels_;
  int level_ = 0;
  bool json_ = false;
  std::vector<Field> bound_;
};

}  // namespace orderly::log
