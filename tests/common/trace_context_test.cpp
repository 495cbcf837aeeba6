#include "common/tracing/trace_context.h"

#include <catch2/catch.hpp>

#include "common/tracing/tracer.h"

using namespace orderly::tracing;

namespace {

const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

}  // namespace

TEST_CASE("a traceparent is read and written alike") {
  const auto context = parse_traceparent(good);
  REQUIRE(context);
  CHECK(context->trace_high == 0x4bf92f3577b34da6);
  CHECK(context->trace_low == 0xa3ce929d0e0e4736);
  CHECK(context->span_id == 0x00f067aa0ba902b7);
  CHECK(context->sampled());
  CHECK(to_traceparent(*context) == good);
}

TEST_CASE("what is no traceparent is nothing") {
  const auto changed = [](std::size_t at, char to) {
    auto text = good;
    text[at] = to;
    return text;
  };
  for (std::size_t at = 0; at < good.size(); ++at) {
    INFO(at);
    CHECK_FALSE(parse_traceparent(changed(at, 'G')));
    CHECK_FALSE(parse_traceparent(changed(at, 'F')));  // lower case alone
    CHECK_FALSE(parse_traceparent(good.substr(0, at)));
  }
  CHECK_FALSE(parse_traceparent("ff" + good.substr(2)));
  CHECK_FALSE(parse_traceparent(good + "-00"));  // version 00 has no more
  CHECK_FALSE(parse_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
  CHECK_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
  CHECK(parse_traceparent("01" + good.substr(2) + "-what comes then"));
  CHECK_FALSE(parse_traceparent("01" + good.substr(2) + "what comes then"));
}

TEST_CASE("a tracer goes on with what is sampled, and begins by its ratio what has no context") {
  const Tracer none{{.ratio = 0, .seed = 1}, [](auto) {}};
  const Tracer half{{.ratio = 0.5, .seed = 1}, [](auto) {}};
  const Tracer all{{.ratio = 1, .seed = 1}, [](auto) {}};
  CHECK(none.continued(good));
  CHECK_FALSE(none.continued(good.substr(0, 53) + "00"));
  CHECK_FALSE(none.continued("nonsense"));
  CHECK_FALSE(none.begun("visit"));
  int begun = 0;
  for (int i = 0; i < 1'000; ++i) {
    const auto conversation = "visit-" + std::to_string(i);
    CHECK(all.begun(conversation));
    if (!half.begun(conversation)) continue;
    ++begun;
    CHECK(half.begun(conversation)->trace_low == all.begun(conversation)->trace_low);  // the same trace, always
  }
  CHECK(begun > 400);
  CHECK(begun < 600);
  CHECK(all.new_span_id() != all.new_span_id());
}
