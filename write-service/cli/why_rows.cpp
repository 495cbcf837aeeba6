#include "cli/why_rows.h"

#include <rapidjson/document.h>

#include <algorithm>

#include "common/http/uri.h"
#include "topics.h"

namespace orderly::cli {
namespace {

// In the order in which they come, each once; the one that was asked for before all others.
class Names {
 public:
  explicit Names(const std::string& asked) : asked_(asked) {}
  void add(const std::string& name) {
    if (name.empty() || std::ranges::find(names_, name) != names_.end()) return;
    names_.insert(name == asked_ ? names_.begin() : names_.end(), name);
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  const std::string& asked_;
  std::vector<std::string> names_;
};

std::string order_in(const WhyRecord& record) {
  rapidjson::Document data;
  data.Parse(record.data.data(), record.data.size());
  return data.HasParseError() ? "" : text_in(data, "order_id");
}

}  // namespace

std::vector<WhyRow> rows_of(const std::vector<WhyRecord>& records, const std::string& asked, std::size_t most,
                            ReadServiceClient& client) {
  Names commands{asked}, orders{asked};
  for (const auto& record : records) {
    if (record.kind == WhyRecord::Kind::command) commands.add(record.id);
    if (record.kind == WhyRecord::Kind::command || record.kind == WhyRecord::Kind::event) orders.add(order_in(record));
  }
  std::vector<WhyRow> rows;
  const auto ask = [&](const std::string& route, const std::string& id) {
    const auto path = route + http::percent_encode(id);
    rows.push_back({path, client.find(path)});
  };
  const auto few = [&](const Names& names) { return std::min(names.names().size(), most); };
  for (std::size_t i = 0; i < few(commands); ++i) ask("/commands/", commands.names()[i]);
  for (std::size_t i = 0; i < few(orders); ++i) {
    ask("/orders/", orders.names()[i]);
    ask("/allocations/", orders.names()[i]);
  }
  return rows;
}

}  // namespace orderly::cli
