// Questions to a read service from the command line. Threads: one. Failures: std::invalid_argument for an address that
// is none; std::runtime_error, with the service's own sentence, for an answer that is not what was asked for.
#pragma once

#include <rapidjson/document.h>

#include <string>

#include "cli/dispatch.h"
#include "common/http/client.h"
#include "common/options/options.h"

namespace orderly::cli {

struct ReadServiceOptions {
  std::string url, token, ca_file;

  void add_to(options::Parser& parser);
};

class ReadServiceClient {
 public:
  explicit ReadServiceClient(const ReadServiceOptions& options);

  rapidjson::Document get(const std::string& path);
  rapidjson::Document post(const std::string& path);
  // The body as it came, or nothing for 404.
  std::optional<std::string> find(const std::string& path);

 private:
  rapidjson::Document parse(const http::Response& response, const std::string& path) const;
  http::Client client_;
};

// Members that may be missing or null come out empty, 0 or nothing.
std::string text_in(const rapidjson::Value& object, const char* name);
std::int64_t number_in(const rapidjson::Value& object, const char* name);
std::optional<double> real_in(const rapidjson::Value& object, const char* name);
// Throws when it is no list.
rapidjson::Value::ConstArray list_in(const rapidjson::Value& object, const char* name);

}  // namespace orderly::cli
