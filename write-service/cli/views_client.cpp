#include "cli/views_client.h"

#include <stdexcept>

#include "cli/json_message.h"
#include "cli/text.h"

namespace po = boost::program_options;

namespace orderly::cli {
namespace {

constexpr int first_error = 400, not_found = 404;

const rapidjson::Value* member(const rapidjson::Value& object, const char* name) {
  if (!object.IsObject()) return nullptr;
  const auto found = object.FindMember(name);
  return found == object.MemberEnd() ? nullptr : &found->value;
}

// A problem document's sentence, or what can be said without one.
std::string problem_of(const http::Response& response, const std::string& where) {
  rapidjson::Document document;
  document.Parse(response.body.data(), response.body.size());
  const auto detail = document.HasParseError() ? std::string{} : text_in(document, "detail");
  return detail.empty() ? where + " answered with status " + std::to_string(response.status) : detail;
}

http::Client client_of(const ReadServiceOptions& options) try {
  return http::Client{options.url,
                      {.token = options::value_or_file(options.token, "token"), .ca_file = options.ca_file}};
} catch (const options::OptionError&) {
  throw;
} catch (const std::invalid_argument& error) {
  throw options::OptionError{std::string{"--url: "} + error.what()};
}

}  // namespace

void ReadServiceOptions::add_to(options::Parser& parser) {
  parser.add()("url", po::value(&url)->default_value("http://127.0.0.1:8080"), "the read service's address")(
      "token", po::value(&token)->value_name("TOKEN"),
      "a bearer token; better as @FILE or in ORDERLY_TOKEN, where `ps` does not show it")(
      "ca-file", po::value(&ca_file)->value_name("FILE"), "who may have signed its certificate, PEM");
}

ReadServiceClient::ReadServiceClient(const ReadServiceOptions& options) : client_(client_of(options)) {}

rapidjson::Document ReadServiceClient::get(const std::string& path) { return parse(client_.get(path), path); }
rapidjson::Document ReadServiceClient::post(const std::string& path) { return parse(client_.post(path), path); }

std::optional<std::string> ReadServiceClient::find(const std::string& path) {
  auto response = client_.get(path);
  if (response.status == not_found) return std::nullopt;
  if (response.status >= first_error) throw std::runtime_error{problem_of(response, client_.base() + path)};
  return std::move(response.body);
}

rapidjson::Document ReadServiceClient::parse(const http::Response& response, const std::string& path) const {
  const auto where = client_.base() + path;
  if (response.status >= first_error) throw std::runtime_error{problem_of(response, where)};
  try {
    return parse_json(response.body);
  } catch (const std::invalid_argument&) {
    throw std::runtime_error{where + " did not answer with JSON: is it a read service?"};
  }
}

std::string text_in(const rapidjson::Value& object, const char* name) {
  const auto* value = member(object, name);
  return value != nullptr && value->IsString() ? std::string{value->GetString(), value->GetStringLength()} : "";
}

std::int64_t number_in(const rapidjson::Value& object, const char* name) {
  const auto* value = member(object, name);
  return value != nullptr && value->IsInt64() ? value->GetInt64() : 0;
}

std::optional<double> real_in(const rapidjson::Value& object, const char* name) {
  const auto* value = member(object, name);
  return value != nullptr && value->IsNumber() ? std::optional{value->GetDouble()} : std::nullopt;
}

rapidjson::Value::ConstArray list_in(const rapidjson::Value& object, const char* name) {
  const auto* value = member(object, name);
  if (value == nullptr || !value->IsArray()) {
    throw std::runtime_error{std::string{"the read service's answer has no "} + name + ": is it of this version?"};
  }
  return value->GetArray();
}

}  // namespace orderly::cli
