// A plain HTTP client for command-line programs: one request at a time, the whole answer in memory.
// Threads: one at a time. Failures: Unreachable when no answer comes; an answer of any status is an answer.
//
//   http::Client client{"http://127.0.0.1:8080"};
//   const auto answer = client.get("/admin/views");
#pragma once

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "common/http/message.h"

namespace orderly::http {

// The sentence names the address and the reason.
class Unreachable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct ClientOptions {
  std::chrono::milliseconds timeout = std::chrono::seconds{40};
  std::string token = {};    // a bearer token, for every request; never in an error's text
  std::string ca_file = {};  // PEM: who may have signed the server's certificate; empty: the system's
};

class Client {
 public:
  // `base`: scheme, host and port, perhaps a path. Throws std::invalid_argument when it is no http or https address.
  explicit Client(std::string base, const ClientOptions& options = {});
  ~Client();

  Response get(const std::string& path);  // begins with a slash
  Response post(const std::string& path, const std::string& body = "", const std::string& content_type = "");
  const std::string& base() const { return base_; }

 private:
  struct Handle;
  Response perform(const std::string& path);

  std::string base_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace orderly::http
