// The OpenAPI document against the running service: every route is described, and answers as it says.
#include <rapidjson/document.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <catch2/catch.hpp>
#include <set>

#include "common/http/problem.h"
#include "read-service/access.h"
#include "tests/views/running_service.h"

using namespace orderly;
using namespace orderly::test;

namespace {

using Json = rapidjson::Value;

std::string text_of(const Json& json) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer{buffer};
  json.Accept(writer);
  return buffer.GetString();
}

// What there is at least one of every kind in the service that is asked.
const std::map<std::string, std::string> values{{"order_id", "o1"},
                                                {"batch_ref", "b1"},
                                                {"sku", "LAMP"},
                                                {"command_id", "c1"},
                                                {"customer_id", "c1"},
                                                {"partition", "0"},
                                                {"offset", "0"},
                                                {"name", "products"},
                                                {"status", "paid"},
                                                {"limit", "2"},
                                                {"wait", "0"},
                                                {"topic", "allocation.events"},
                                                {"stock", "low"},
                                                {"file", "app.js"},
                                                {"min_version", "1"},
                                                {"as_of_version", "1"},
                                                {"reason", "UNREADABLE"},
                                                {"as_of", "2999-01-01T00:00:00Z"}};

class Description {
 public:
  explicit Description(const RunningService& service) : service_(service) {
    const auto body = service.get("/openapi.json").body;
    document_.Parse(body.data(), body.size());
    REQUIRE_FALSE(document_.HasParseError());
  }

  // A component behind a reference, or the value itself.
  const Json& resolve(const Json& value) const {
    if (!value.HasMember("$ref")) return value;
    const auto* found = rapidjson::Pointer(value["$ref"].GetString()).Get(document_);
    INFO(value["$ref"].GetString());
    REQUIRE(found != nullptr);
    return *found;
  }

  // Calls with method, path and operation.
  template <class Visit>
  void each(const Visit& visit) const {
    for (const auto& path : document_["paths"].GetObject()) {
      for (const auto& operation : path.value.GetObject()) {
        visit(std::string{operation.name.GetString()}, std::string{path.name.GetString()}, operation.value);
      }
    }
  }

  // The reply is one of those that the operation describes, with its headers, its type and its fields.
  void check(const Json& operation, const Reply& reply) const {
    const auto status = std::to_string(reply.status);
    INFO(operation["operationId"].GetString() << " gives " << status << ' ' << reply.body);
    REQUIRE(operation["responses"].HasMember(status.c_str()));
    const auto& described = resolve(operation["responses"][status.c_str()]);
    if (described.HasMember("headers")) {
      for (const auto& header : described["headers"].GetObject()) {
        std::string name = header.name.GetString();
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        CHECK(reply.headers.contains(name));
      }
    }
    if (!described.HasMember("content")) {
      CHECK(reply.body.empty());
      return;
    }
    auto type = reply.headers.at("content-type");
    type.resize(std::min(type.size(), type.find(';')));
    REQUIRE(described["content"].HasMember(type.c_str()));
    if (type.ends_with("json")) check_schema(described["content"][type.c_str()]["schema"], reply.body);
  }

  std::set<std::string> documented() const {
    std::set<std::string> routes;
    each([&](std::string method, std::string path, const Json&) {
      std::ranges::transform(method, method.begin(),
                             [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      std::ranges::replace(path, '{', ':');
      std::erase(path, '}');
      routes.insert(method + ' ' + path);
    });
    return routes;
  }

 private:
  void check_schema(const Json& schema, const std::string& body) const {
    const auto whole =
        R"({"allOf":[)" + text_of(schema) + R"(],"components":)" + text_of(document_["components"]) + '}';
    rapidjson::Document schema_json, json;
    schema_json.Parse(whole.data(), whole.size());
    json.Parse(body.data(), body.size());
    REQUIRE_FALSE(json.HasParseError());
    const rapidjson::SchemaDocument schema_document{schema_json};
    rapidjson::SchemaValidator validator{schema_document};
    const bool valid = json.Accept(validator);
    rapidjson::StringBuffer where;
    if (!valid) validator.GetInvalidDocumentPointer().Stringify(where);
    INFO("at " << where.GetString() << ": " << (valid ? "" : validator.GetInvalidSchemaKeyword()));
    CHECK(valid);
  }

  const RunningService& service_;
  rapidjson::Document document_;
};

void fill(RunningService& service) {
  Stream lamp, chair{"CHAIR"};
  OrderStream order{"o1"}, cancelled{"o2"}, third{"o3"};
  service.topics.publish({lamp.created("b1", 50), chair.created("b2", 1, "2030-01-01"),
                          order.created({{"LAMP", 3}, {"CHAIR", 2}}), lamp.allocated("o1", 3, "b1"),
                          chair.out_of_stock("o1", 2, true), lamp.allocated("o2", 1, "b1"), order.paid(),
                          cancelled.created({{"LAMP", 1}}), cancelled.paid(), cancelled.cancelled("why not"),
                          third.created({{"DESK", 1}}), became_vip("c1", "2026-01-31T12:00:00Z"), accepted("c1"),
                          dead_letter("{}", "UNREADABLE", "2026-01-31T12:00:00Z")});
  service.until_ready();
}

// The path with a value for each of its parameters.
std::string target_of(std::string path, const std::map<std::string, std::string>& with = values) {
  for (auto at = path.find('{'); at != std::string::npos; at = path.find('{')) {
    const auto end = path.find('}', at);
    path.replace(at, end + 1 - at, with.at(path.substr(at + 1, end - at - 1)));
  }
  return path;
}

}  // namespace

TEST_CASE("every route is described, and no other") {
  RunningService service;
  const auto routes = service.service().routes();
  CHECK(Description{service}.documented() == std::set<std::string>{routes.begin(), routes.end()});
}

TEST_CASE("every described route answers as it is described") {
  RunningService service;
  fill(service);
  const Description description{service};
  std::size_t checked = 0;
  description.each([&](const std::string& method, const std::string& path, const Json& operation) {
    INFO(method << ' ' << path);
    if (method != "get") return;
    const auto reply = service.get(target_of(path));
    CHECK(reply.status == 200);
    description.check(operation, reply);
    if (reply.headers.contains("etag")) {
      const auto again = service.get(target_of(path), "If-None-Match: " + reply.headers.at("etag") + "\r\n");
      CHECK(again.status == 304);
      description.check(operation, again);
    }
    if (operation["responses"].HasMember("404")) {
      auto unknown = values;
      for (auto& [name, value] : unknown) value = "99";
      const auto missing = service.get(target_of(path, unknown));
      CHECK(missing.status == 404);
      description.check(operation, missing);
    }
    if (operation["responses"].HasMember("400")) {
      const auto wrong = service.get(target_of(path) + "?no-such-parameter=1");
      CHECK(wrong.status == 400);
      description.check(operation, wrong);
    }
    ++checked;
  });
  CHECK(checked >= 18);
}

TEST_CASE("who demands tokens demands them where the document says so, and refuses as it says") {
  RunningService service;
  http::AuthSettings settings{{}, "reader", "operator"};
  const auto roles = read::roles_of_route(settings);
  service.gate = [&](const http::Request& request, std::string_view route) -> std::optional<http::Response> {
    if (roles(route).empty()) return std::nullopt;
    const int status = request.header("authorization") ? 403 : 401;
    auto refusal = http::to_response({.status = status, .detail = "no"}, request.path);
    refusal.headers.emplace_back("WWW-Authenticate", "Bearer");
    return refusal;
  };
  service.restart();
  const Description description{service};
  description.each([&](const std::string& method, const std::string& path, const Json& operation) {
    INFO(method << ' ' << path);
    const bool is_open = operation.HasMember("security") && operation["security"].Empty();
    const auto ask = [&](const std::string& headers) {
      return method == "post" ? service.post(target_of(path)) : service.get(target_of(path), headers);
    };
    const auto reply = ask("");
    if (path == "/metrics") {  // by --auth-metrics
      CHECK(reply.status == 200);
      return;
    }
    CHECK((reply.status == 401) == !is_open);
    if (is_open) return;
    description.check(operation, reply);
    if (method == "get") description.check(operation, ask("Authorization: Bearer x\r\n"));
    const auto wanted = roles((method == "get" ? "GET " : "POST ") + path);
    CHECK(std::ranges::count(wanted, "operator") == 1);
    CHECK(std::ranges::count(wanted, "reader") == (path.starts_with("/admin/") ? 0 : 1));
  });
}

TEST_CASE("every described parameter is taken") {
  RunningService service;
  fill(service);
  const Description description{service};
  description.each([&](const std::string&, const std::string& path, const Json& operation) {
    if (!operation.HasMember("parameters")) return;
    for (const auto& listed : operation["parameters"].GetArray()) {
      const auto& parameter = description.resolve(listed);
      const std::string name = parameter["name"].GetString();
      if (parameter["in"] != "query" || name == "page_token") continue;
      INFO(path << ' ' << name);
      const auto also = name == "wait" ? "&min_version=1" : "";
      const auto reply = service.get(target_of(path) + '?' + name + '=' + values.at(name) + also);
      CHECK(reply.status == 200);
      description.check(operation, reply);
      if (name == "limit") {
        const auto nothing = service.get(target_of(path) + "?limit=0");
        CHECK(nothing.status == 400);
      }
      if (name != "min_version") continue;
      const auto late = service.get(target_of(path) + "?min_version=999");
      CHECK(late.status == 504);
      description.check(operation, late);
    }
  });
}

TEST_CASE("what an operator starts answers as it is described, and so does a view that is not there yet") {
  RunningService service;
  fill(service);
  service.topics.set_away(true);
  const Description description{service};
  const auto call = [&](const std::string& path, const std::string& name, int status) {
    description.each([&](const std::string& method, const std::string& described, const Json& operation) {
      if (method != "post" || described != path) return;
      const auto reply = service.post(target_of(path, {{"name", name}}));
      CHECK(reply.status == status);
      description.check(operation, reply);
    });
  };
  call("/admin/views/{name}/rollback", "products", 409);
  call("/admin/views/{name}/rebuild", "products", 202);
  call("/admin/views/{name}/rebuild", "products", 409);
  call("/admin/views/{name}/rebuild", "nothing", 404);
  service.stop();
  std::filesystem::remove_all(service.folder() / "views");
  service.start();
  description.each([&](const std::string&, const std::string& path, const Json& operation) {
    if (!operation["responses"].HasMember("503") || path == "/stream") return;  // that begins before there is anything
    const auto reply = service.get(target_of(path));
    CHECK(reply.status == 503);
    description.check(operation, reply);
  });
}
