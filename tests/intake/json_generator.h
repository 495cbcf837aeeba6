// Random JSON documents for a message type: mostly such as it takes, now and then wrong in one value, name or byte.
// Threads: one generator each. Failures: none; the same seed gives the same documents.
#pragma once

#include <google/protobuf/descriptor.h>

#include <random>
#include <string>
#include <string_view>

namespace orderly::testing {

class JsonGenerator {
 public:
  using Descriptor = google::protobuf::Descriptor;
  using Field = google::protobuf::FieldDescriptor;

  explicit JsonGenerator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool once_in(std::size_t chances) { return below(chances) == 0; }

  std::string object(const Descriptor& type, int depth = 0) {
    std::string json = "{" + space();
    const char* separator = "";
    for (int i = 0; i < type.field_count(); ++i) {
      const Field& field = *type.field(static_cast<int>(once_in(8) ? below(static_cast<std::size_t>(type.field_count()))
                                                                   : static_cast<std::size_t>(i)));
      if (once_in(type.field_count() > 10 ? 2 : 4) || (depth > 2 && field.message_type())) continue;
      json += std::exchange(separator, ",") + space() + name(field) + space() + ":" + space() + value(field, depth) +
              space();
    }
    if (once_in(40)) json += std::string{*separator ? "," : ""} + R"("unknown_field":1)";
    return json + "}" + space();
  }

  // One or two bytes or tokens of the document changed.
  std::string mutated(std::string json) {
    for (std::size_t changes = 1 + below(2); changes > 0 && !json.empty(); --changes) {
      const std::size_t at = below(json.size());
      switch (below(4)) {
        case 0:
          json[at] = static_cast<char>(below(256));
          break;
        case 1:
          json.erase(at, 1 + below(3));
          break;
        case 2:
          json.insert(at, pick(fragments));
          break;
        default:
          json.insert(below(json.size()), json.substr(at, 1 + below(12)));
      }
    }
    return json;
  }

 private:
  template <std::size_t N>
  std::string pick(const std::string_view (&choices)[N]) {
    return std::string{choices[below(N)]};
  }

  static constexpr std::string_view fragments[] = {"{",        "}",    "[", "]",  ",",  ":",  "\"",      "\\",
                                                   "null",     "true", "0", "-",  "e9", ".5", "\\u0000", "\\ud800",
                                                   "\xC3\xA9", "\xFF", " ", "\n", "'",  "//"};
  static constexpr std::string_view numbers[] = {"0",
                                                 "1",
                                                 "-1",
                                                 "-0",
                                                 "-0.0",
                                                 "3.0",
                                                 "1e3",
                                                 "1E+2",
                                                 "1.5",
                                                 "0.1e1",
                                                 "2147483647",
                                                 "2147483648",
                                                 "-2147483649",
                                                 "4294967296",
                                                 "9223372036854775807",
                                                 "9223372036854775808",
                                                 "-9223372036854775808",
                                                 "-9223372036854775809",
                                                 "18446744073709551615",
                                                 "18446744073709551616",
                                                 "99999999999999999999",
                                                 "9.223372036854775807e18",
                                                 "-9.223372036854775808e18",
                                                 "9007199254740993.0",
                                                 "1e400",
                                                 "1e-400",
                                                 "3.5e38",
                                                 "01",
                                                 "1.",
                                                 "+1",
                                                 "0x10",
                                                 "1e",
                                                 "--1"};
  static constexpr std::string_view texts[] = {"\"\"",
                                               "\"o1\"",
                                               "\"LAMP\"",
                                               "\"a longer text than fits a short string, \\u00e9\\ud83d\\ude00\"",
                                               "\"\\n\\t\\\\\\/\"",
                                               "\"\xC3\xA9\xF0\x9F\x98\x80\"",
                                               "\"\\ud800\"",
                                               "\"\\udc00x\"",
                                               "\"\xFF\"",
                                               "\"tab\there\"",
                                               "\"\\u0000\"",
                                               "\"12\"",
                                               "\"-0\"",
                                               "\"+7\"",
                                               "\" 7\"",
                                               "\"007\"",
                                               "\"1.0\"",
                                               "\"1e2\"",
                                               "\"NaN\"",
                                               "\"-Infinity\"",
                                               "\"true\"",
                                               "\"A\"",
                                               "\"B\"",
                                               "\"ACCEPTED\"",
                                               "\"REJECTED\"",
                                               "\"accepted\"",
                                               "\"YWI=\"",
                                               "\"YWI\"",
                                               "\"-_8\"",
                                               "\"+/8=\"",
                                               "\"YWJ=\"",
                                               "\"1.5s\""};
  static constexpr std::string_view times[] = {"\"2010-12-01T08:26:00Z\"",
                                               "\"2010-12-01T08:26:00.123456789Z\"",
                                               "\"1970-01-01T00:00:00+01:00\"",
                                               "\"2010-02-30T08:26:00Z\"",
                                               "\"2010-12-01 08:26:00\"",
                                               "\"0001-01-01T00:00:00Z\"",
                                               "\"9999-12-31T23:59:59.999999999Z\"",
                                               "\"0000-01-01T00:00:00Z\"",
                                               "\"10000-01-01T00:00:00Z\"",
                                               "\"2010-12-01T08:26:00.Z\""};
  static constexpr std::string_view others[] = {"null", "true",   "false",     "{}", "[]",
                                                "[[]]", "[null]", "{\"a\":1}", "nul"};

  std::string space() { return once_in(12) ? " " : once_in(40) ? "\n\t " : ""; }

  std::string name(const Field& field) {
    const std::string text = once_in(3) ? field.json_name() : field.name();
    return once_in(60) ? "\"\\u00" + std::string{"0123456789abcdef"[text[0] >> 4]} + "0123456789abcdef"[text[0] & 15] +
                             text.substr(1) + "\""
                       : "\"" + text + "\"";
  }

  std::string value(const Field& field, int depth) {
    if (once_in(60)) return once_in(2) ? pick(others) : once_in(2) ? pick(numbers) : pick(texts);
    if (once_in(30)) return "null";
    if (field.is_map()) return map(field, depth);
    if (!field.is_repeated()) return single(field, depth);
    std::string list = "[";
    const char* separator = "";
    for (std::size_t left = below(4); left > 0; --left)
      list += std::exchange(separator, ",") + single(field, depth) + space();
    return list + "]";
  }

  std::string map(const Field& field, int depth) {
    std::string json = "{";
    const char* separator = "";
    for (std::size_t left = below(3); left > 0; --left) {
      static constexpr std::string_view keys[] = {"\"1\"", "\"2\"", "\"-3\"", "\"true\"", "\"false\"", "\"k\"", "\"\""};
      json += std::exchange(separator, ",") + pick(keys) + ":" + single(*field.message_type()->field(1), depth);
    }
    return json + "}";
  }

  std::string single(const Field& field, int depth) {
    const bool odd = once_in(6);
    switch (field.cpp_type()) {
      case Field::CPPTYPE_BOOL:
        return once_in(2) ? "true" : "false";
      case Field::CPPTYPE_STRING:
        return odd ? pick(texts) : "\"id-" + std::to_string(below(1000)) + "\"";
      case Field::CPPTYPE_ENUM:
        return once_in(2) ? pick(texts) : std::to_string(below(5));
      case Field::CPPTYPE_MESSAGE:
        break;
      default:
        return odd ? pick(numbers) : once_in(6) ? pick(texts) : std::to_string(below(1000));
    }
    if (field.message_type()->full_name() == "google.protobuf.Timestamp")
      return odd ? pick(times) : std::string{times[0]};
    if (field.message_type()->file()->package() == "google.protobuf") return odd ? pick(others) : pick(texts);
    return object(*field.message_type(), depth + 1);
  }

  std::mt19937_64 random_;
};

}  // namespace orderly::testing
