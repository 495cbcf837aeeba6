// What a view is: tables, a projection that fills them from events, and the queries over them. One file pair in views/
// and one line in all_views.h make a view; files, checkpoints, retries, paging and waiting are the service's. Threads:
// a Projection belongs to one at a time, queries run on the server's. Failures: a projection that throws takes its own
// view out, and nothing else; a query that throws gives a 500.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/http/message.h"
#include "common/http/problem.h"
#include "common/sqlite/database.h"
#include "read-service/published_event.h"
#include "read-service/readers.h"

namespace orderly::read {

// What a batch changed, for those who wait: keys such as "sku/LAMP", and the version that each has reached.
class Changes {
 public:
  void touch(std::string_view kind, std::string_view id, std::int64_t version) {
    auto& highest = versions_[std::string{kind}.append("/").append(id)];
    highest = std::max(highest, version);
  }
  const std::unordered_map<std::string, std::int64_t>& versions() const { return versions_; }

 private:
  std::unordered_map<std::string, std::int64_t> versions_;
};

// Bound to the tables of one file. Each event comes once, in the order of its partition, inside a transaction.
class Projection {
 public:
  virtual ~Projection() = default;
  virtual void apply(const PublishedEvent& event, Changes& changes) = 0;
};

// One resource as a query found it.
struct Answer {
  std::optional<std::string> json = {};       // nothing: 404
  std::string etag = {};                      // changes whenever the JSON does
  std::int64_t version = 0;                   // what min_version is compared with; 0: nothing known yet
  std::string wake_key = {};                  // what is touched when the version can have grown
  std::optional<http::Problem> problem = {};  // given instead, where 404 without more would not say enough
};

// A moment in the past: a time, or when the resource last had a version. One of the two.
struct AsOf {
  std::optional<Time> time;
  std::int64_t version = 0;
};

struct ResourceRoute {
  std::string path;  // "/batches/:batch_ref"; several parameters make one id, with slashes between
  std::string noun;  // "batch", for "there is no batch B1"
  std::function<Answer(Reader&, const std::string& id)> query;
  bool waits_for_existence = false;  // `wait` alone waits until there is something
  std::function<Answer(Reader&, const std::string& id, const AsOf&)> as_of = nullptr;  // null: knows only the present
};

struct ListRequest {
  http::Parameters filters;        // those of the route that were given, and the path's parameters
  std::vector<std::string> after;  // the key of the row before the first one; empty: from the start
  std::int64_t most = 0;           // rows to give
  const std::string* filter(std::string_view name) const {
    const auto found = filters.find(name);
    return found == filters.end() ? nullptr : &found->second;
  }
};

// For binding: a view of what lives in the request, where a conditional between string and literal would bind a
// temporary.
inline std::string_view text_or_empty(const std::string* text) { return text != nullptr ? *text : std::string_view{}; }

struct ListRow {
  std::vector<std::string> key;  // by which the list is ordered
  std::string json;
};

using ListRows = std::expected<std::vector<ListRow>, http::Problem>;

struct ListRoute {
  std::string path;
  std::vector<std::string> filters;
  std::size_t key_size = 1;
  std::function<ListRows(Reader&, const ListRequest&)> query;
};

struct ViewDefinition {
  std::string name;
  int schema_version =
      1;  // raised with every change of the tables or of what the projection writes: the view is refilled
  std::vector<std::string> topics;
  bool versioned = true;  // its events carry ce_subject and ce_streamversion, and one is applied once by them
  std::string schema;
  std::function<std::unique_ptr<Projection>(sqlite::Database&)> projection;
  std::vector<ResourceRoute> resources;
  std::vector<ListRoute> lists;

  bool wants(std::string_view topic) const { return std::find(topics.begin(), topics.end(), topic) != topics.end(); }
};

}  // namespace orderly::read
