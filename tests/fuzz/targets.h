// What is fuzzed: each target takes any bytes, and must neither crash, hang nor break the promise that it checks. The
// same functions run under libFuzzer (run.cpp, preset `fuzz`) and over the kept corpus in the normal tests
// (corpus_test.cpp). Threads: one. Failures: a broken promise aborts; a sanitizer tells the rest.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

namespace orderly::fuzz {

using Target = void (*)(std::string_view bytes);

void command(std::string_view bytes);   // a record: headers, then a value as Protobuf or JSON
void json(std::string_view bytes);      // our JSON reader beside Protobuf's mapping
void http(std::string_view bytes);      // path, query, parameters of routes, page tokens, headers
void stored(std::string_view bytes);    // events and snapshots of every aggregate
void csv(std::string_view bytes);       // the import's file
void outbox(std::string_view bytes);    // outbox entries
void token(std::string_view bytes);     // JWTs and key files

struct Named {
  const char* name;
  Target target;
};
inline constexpr Named targets[] = {{"command", command}, {"json", json}, {"http", http},   {"stored", stored},
                                    {"csv", csv},         {"outbox", outbox}, {"token", token}};

inline void hold(bool promise, const char* what) {
  if (promise) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

// Takes pieces off the front of the input, so that one input makes several arguments: up to the next newline.
class Pieces {
 public:
  explicit Pieces(std::string_view bytes) : rest_(bytes) {}
  std::string_view line() {
    const auto line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(rest_.size(), line.size() + 1));
    return line;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace orderly::fuzz
