#include "common/security/jwt.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "common/security/base64url.h"

namespace orderly::security {
namespace {

using Json = rapidjson::Value;
using Document = rapidjson::Document;

constexpr int deepest = 3;  // object in object, as far as anybody has roles

std::string string_of(const Json& json) { return {json.GetString(), json.GetStringLength()}; }

// An object in base64url, or nothing.
std::optional<Document> object_in(std::string_view part) {
  const auto text = base64url_decode(part);
  if (!text) return std::nullopt;
  Document document;
  document.Parse<rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag>(text->data(), text->size());
  if (document.HasParseError() || !document.IsObject()) return std::nullopt;
  return document;
}

void collect(const Json& object, const std::string& prefix, int depth, Claims& claims) {
  for (const auto& member : object.GetObject()) {
    const auto name = prefix + string_of(member.name);
    const auto& value = member.value;
    if (value.IsString()) {
      claims.texts.emplace(name, string_of(value));
    } else if (value.IsInt64()) {
      claims.numbers.emplace(name, value.GetInt64());
    } else if (value.IsDouble() && std::abs(value.GetDouble()) < 9e18) {
      claims.numbers.emplace(name, static_cast<std::int64_t>(std::floor(value.GetDouble())));
    } else if (value.IsArray()) {
      auto& list = claims.lists[name];
      for (const auto& one : value.GetArray()) {
        if (one.IsString()) list.push_back(string_of(one));
      }
    } else if (value.IsObject() && depth < deepest) {
      collect(value, name + '.', depth + 1, claims);
    }
  }
}

// The key that made the signature: of the header's algorithm, and of its kid where both have one.
const Key* signer(const Keys& keys, std::string_view algorithm, std::string_view id, std::string_view data,
                  std::string_view signature) {
  const auto found = std::ranges::find_if(keys, [&](const Key& key) {
    const bool right_id = id.empty() || key.id().empty() || key.id() == id;
    return right_id && name_of(key.algorithm()) == algorithm && key.verify(data, signature);
  });
  return found == keys.end() ? nullptr : &*found;
}

std::expected<const Key*, std::string> find_signer(std::string_view signed_part, std::string_view header_part,
                                                   std::string_view signature_part, const Keys& keys) {
  const auto header = object_in(header_part);
  if (!header) return std::unexpected{"the token's header cannot be read"};
  if (header->HasMember("crit")) return std::unexpected{"the token demands what is not known here"};
  const auto text = [&](const char* name) {
    const auto found = header->FindMember(name);
    return found != header->MemberEnd() && found->value.IsString() ? string_of(found->value) : std::string{};
  };
  const auto algorithm = text("alg");
  const auto signature = base64url_decode(signature_part);
  const bool known = std::ranges::any_of(keys, [&](const Key& key) { return name_of(key.algorithm()) == algorithm; });
  if (!known) return std::unexpected{"the token's algorithm is not accepted"};
  const auto* key = signature ? signer(keys, algorithm, text("kid"), signed_part, *signature) : nullptr;
  if (key == nullptr) return std::unexpected{"the token's signature matches no key"};
  return key;
}

}  // namespace

std::string_view Claims::text(std::string_view name) const {
  const auto found = texts.find(name);
  return found == texts.end() ? std::string_view{} : std::string_view{found->second};
}

std::vector<std::string> Claims::words(std::string_view name) const {
  if (const auto list = lists.find(name); list != lists.end()) return list->second;
  std::istringstream text{std::string{this->text(name)}};
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

std::expected<Claims, std::string> verify_token(std::string_view token, const Keys& keys) {
  if (token.size() > max_token_bytes) return std::unexpected{"the token is too long"};
  const auto first = token.find('.'), second = token.find('.', first == token.npos ? first : first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) {
    return std::unexpected{"no signed token: three parts wanted"};
  }
  const auto key = find_signer(token.substr(0, second), token.substr(0, first), token.substr(second + 1), keys);
  if (!key) return std::unexpected{key.error()};
  const auto payload = object_in(token.substr(first + 1, second - first - 1));
  if (!payload) return std::unexpected{"the token's claims cannot be read"};
  Claims claims{(*key)->id(), {}, {}, {}};
  collect(*payload, "", 1, claims);
  return claims;
}

std::optional<std::string> check_times(const Claims& claims, Time now, std::chrono::seconds leeway) {
  const auto now_s = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const auto expires = claims.numbers.find("exp"), begins = claims.numbers.find("nbf");
  if (expires != claims.numbers.end() && now_s - leeway.count() >= expires->second) return "the token has expired";
  if (begins != claims.numbers.end() && now_s + leeway.count() < begins->second) return "the token is not valid yet";
  return std::nullopt;
}

std::string make_token(const Key& key, const TextClaims& texts, const NumberClaims& numbers) {
  const auto text = [](const std::string_view& value) {
    return Json{rapidjson::StringRef(value.data(), static_cast<rapidjson::SizeType>(value.size()))};
  };
  const auto encoded = [](const auto& write) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
    writer.StartObject();
    write(writer);
    writer.EndObject();
    return base64url_encode({buffer.GetString(), buffer.GetSize()});
  };
  std::string token = encoded([&](auto& writer) {
    writer.Key("alg");
    text(name_of(key.algorithm())).Accept(writer);
    if (key.id().empty()) return;
    writer.Key("kid");
    text(key.id()).Accept(writer);
  });
  token += '.' + encoded([&](auto& writer) {
    for (const auto& [name, value] : texts) {
      writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
      text(value).Accept(writer);
    }
    for (const auto& [name, value] : numbers) {
      writer.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
      writer.Int64(value);
    }
  });
  return token + '.' + base64url_encode(key.sign(token));
}

}  // namespace orderly::security
