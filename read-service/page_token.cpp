#include "read-service/page_token.h"

#include <rapidjson/document.h>

#include "common/http/json.h"
#include "common/http/uri.h"

namespace orderly::read {
namespace {

// FNV-1a: a typing error is to be told from a token; it is no secret and no protection.
std::string checksum(std::string_view text) {
  std::uint32_t hash = 2'166'136'261;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619;
  std::string bytes(4, '\0');
  for (auto& byte : bytes) {
    byte = static_cast<char>(hash & 0xFF);
    hash >>= 8;
  }
  return bytes;
}

std::string text_of(const rapidjson::Value& value) { return {value.GetString(), value.GetStringLength()}; }

}  // namespace

std::string encode(const PageToken& token) {
  http::JsonWriter json;
  json.begin_array().value(token.route).begin_object();
  for (const auto& [name, value] : token.filters) json.member(name, value);
  json.end_object().begin_array();
  for (const auto& part : token.after) json.value(part);
  const auto text = json.end_array().end_array().take();
  return http::base64url_encode(checksum(text) + text);
}

std::optional<PageToken> decode_page_token(std::string_view text) {
  const auto bytes = http::base64url_decode(text);
  if (!bytes || bytes->size() < 4 || checksum(std::string_view{*bytes}.substr(4)) != bytes->substr(0, 4))
    return std::nullopt;
  rapidjson::Document json;
  json.Parse<rapidjson::kParseIterativeFlag>(bytes->data() + 4, bytes->size() - 4);
  if (json.HasParseError() || !json.IsArray() || json.Size() != 3) return std::nullopt;
  if (!json[0].IsString() || !json[1].IsObject() || !json[2].IsArray()) return std::nullopt;
  PageToken token{.route = text_of(json[0]), .filters = {}, .after = {}};
  for (const auto& member : json[1].GetObject()) {
    if (!member.value.IsString()) return std::nullopt;
    token.filters.emplace(text_of(member.name), text_of(member.value));
  }
  for (const auto& part : json[2].GetArray()) {
    if (!part.IsString()) return std::nullopt;
    token.after.push_back(text_of(part));
  }
  return token;
}

}  // namespace orderly::read
