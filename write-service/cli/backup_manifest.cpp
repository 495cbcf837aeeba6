#include "cli/backup_manifest.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "cli/json_message.h"
#include "common/http/json.h"

namespace orderly::cli {
namespace {

constexpr int format = 1;
constexpr std::array<std::string_view, 3> kind_names{"shard", "subscription", "view"};

void write_lane(http::JsonWriter& json, const BackupLane& lane) {
  json.begin_object().member("topic", lane.topic).member("next_offset", lane.next_offset);
  json.member("next_position", lane.next_position).member("next_sequence", lane.next_sequence);
  json.member("published", lane.published).end_object();
}

void write_file(http::JsonWriter& json, const BackupFile& file) {
  json.begin_object().member("kind", kind_names.at(static_cast<std::size_t>(file.kind))).member("path", file.path);
  json.member("bytes", file.bytes).member("sha256", file.sha256);
  if (file.kind == BackupKind::shard) {
    json.member("shard", file.shard).member("partitions", file.partitions).member("events", file.events);
    json.key("lanes").begin_array();
    for (const auto& lane : file.lanes) write_lane(json, lane);
    json.end_array();
  } else {
    json.key("next_offsets").begin_array();
    for (const auto& at : file.next_offsets) {
      json.begin_object().member("topic", at.topic).member("partition", at.partition);
      json.member("next_offset", at.offset).end_object();
    }
    json.end_array();
  }
  json.end_object();
}

const rapidjson::Value& member(const rapidjson::Value& object, const char* name) {
  const auto found = object.IsObject() ? object.FindMember(name) : rapidjson::Value::ConstMemberIterator{};
  if (!object.IsObject() || found == object.MemberEnd()) throw std::runtime_error{std::string{name} + " is missing"};
  return found->value;
}
std::int64_t number(const rapidjson::Value& object, const char* name) {
  const auto& value = member(object, name);
  if (!value.IsInt64()) throw std::runtime_error{std::string{name} + " is no whole number"};
  return value.GetInt64();
}
std::string text(const rapidjson::Value& object, const char* name) {
  const auto& value = member(object, name);
  if (!value.IsString()) throw std::runtime_error{std::string{name} + " is no text"};
  return {value.GetString(), value.GetStringLength()};
}
auto list(const rapidjson::Value& object, const char* name) {
  const auto& value = member(object, name);
  if (!value.IsArray()) throw std::runtime_error{std::string{name} + " is no list"};
  return value.GetArray();
}

// A path out of the folder of its kind would write anywhere.
void check_path(const BackupFile& file) {
  const std::filesystem::path path{file.path};
  const bool inside = path.is_relative() && path == path.lexically_normal() && *path.begin() != "..";
  const auto folder = file.kind == BackupKind::view ? read_folder : write_folder;
  if (!inside || *path.begin() != folder) throw std::runtime_error{"path " + file.path + " is not one of a backup"};
}

BackupFile read_file(const rapidjson::Value& json) {
  BackupFile file{.path = text(json, "path"), .bytes = number(json, "bytes"), .sha256 = text(json, "sha256")};
  const auto kind = text(json, "kind");
  const auto* known = std::find(kind_names.begin(), kind_names.end(), kind);
  if (known == kind_names.end()) throw std::runtime_error{"kind " + kind + " is unknown"};
  file.kind = static_cast<BackupKind>(known - kind_names.begin());
  check_path(file);
  if (file.kind != BackupKind::shard) {
    for (const auto& at : list(json, "next_offsets")) {
      file.next_offsets.push_back(
          {text(at, "topic"), static_cast<std::int32_t>(number(at, "partition")), number(at, "next_offset")});
    }
    return file;
  }
  file.shard = static_cast<std::int32_t>(number(json, "shard"));
  file.partitions = static_cast<std::int32_t>(number(json, "partitions"));
  file.events = number(json, "events");
  for (const auto& lane : list(json, "lanes")) {
    file.lanes.push_back({text(lane, "topic"), number(lane, "next_offset"), number(lane, "next_position"),
                          number(lane, "next_sequence"), number(lane, "published")});
  }
  return file;
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  http::JsonWriter json;
  json.begin_object().member("format", format).member("taken_at", manifest.taken_at).key("files").begin_array();
  for (const auto& file : manifest.files) write_file(json, file);
  return json.end_array().end_object().take();
}

Manifest read_manifest(const std::filesystem::path& backup) try {
  std::ifstream stream{backup / manifest_name, std::ios::binary};
  if (!stream) throw std::runtime_error{"it cannot be read"};
  std::stringstream content;
  content << stream.rdbuf();
  const auto document = parse_json(content.str());
  if (number(document, "format") != format) throw std::runtime_error{"another version of this program wrote it"};
  Manifest manifest{text(document, "taken_at"), {}};
  for (const auto& file : list(document, "files")) manifest.files.push_back(read_file(file));
  return manifest;
} catch (const std::exception& error) {
  throw std::runtime_error{(backup / manifest_name).string() + ": " + error.what()};
}

std::string sha256_of(const std::filesystem::path& file) {
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  std::ifstream stream{file, std::ios::binary};
  if (!stream || EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error{file.string() + " cannot be read"};
  }
  std::vector<char> buffer(1 << 20);
  while (stream.read(buffer.data(), std::ssize(buffer)), stream.gcount() > 0) {
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) throw std::runtime_error{file.string() + " cannot be read to its end"};
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex.append(1, digits[digest[i] >> 4]).append(1, digits[digest[i] & 0xF]);
  return hex;
}

}  // namespace orderly::cli
