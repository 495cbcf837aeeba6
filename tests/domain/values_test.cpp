// Dates, money and the checks of single fields at their limits.
#include "domain/values.h"

#include "given.h"

namespace {

using namespace orderly::domain;

std::string problem(const std::optional<Rejection>& rejection) { return rejection ? rejection->message : ""; }
std::string text(std::size_t bytes) { return std::string(bytes, 'x'); }
constexpr std::int64_t most = 9'223'372'036'854'775'807;

}  // namespace

TEST_CASE("A date is read strictly and written back the same", "[values]") {
  for (const std::string good : {"2026-01-31", "2024-02-29", "0000-01-01", "9999-12-31"}) {
    const auto date = parse_date(good);
    REQUIRE(date);
    CHECK(to_string(*date) == good);
  }
}

TEST_CASE("What is not exactly a date that exists is none", "[values]") {
  for (const std::string bad :
       {"", "2026-1-31", "2026-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "2026/01/31", "20260131",
        " 2026-01-31", "2026-01-31 ", "2026-01-3x", "-026-01-31", "+026-01-31", "2026-01-31T00:00:00Z"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_date(bad));
  }
}

TEST_CASE("Money is added and multiplied, but not past 64 bits and not across currencies", "[values]") {
  CHECK(add({"EUR", 2}, {"EUR", 3}) == Money{"EUR", 5});
  CHECK_FALSE(add({"EUR", 2}, {"USD", 3}));
  CHECK_FALSE(add({"EUR", most}, {"EUR", 1}));
  CHECK(multiply({"EUR", 2}, 3) == Money{"EUR", 6});
  CHECK_FALSE(multiply({"EUR", most / 2 + 1}, 2));
  CHECK(to_string(Money{"EUR", 1999}) == "EUR 1999");
}

TEST_CASE("An id has 1 to 100 bytes", "[values]") {
  CHECK(problem(check_id("sku", "x")).empty());
  CHECK(problem(check_id("sku", text(100))).empty());
  CHECK(problem(check_id("sku", "")) == "sku: must not be empty");
  CHECK(problem(check_id("sku", text(101))) == "sku: must have at most 100 bytes, got 101: '" + text(60) + "'...");
}

TEST_CASE("An id is UTF-8 without control characters", "[values]") {
  CHECK(problem(check_id("sku", "Stehlampe gr\xC3\xBCn \xF0\x9F\x92\xA1")).empty());
  CHECK(problem(check_id("sku", "a\nb")) == "sku: must not contain control characters, got 'a?b'");
  CHECK(problem(check_id("sku", "a\x7F")) == "sku: must not contain control characters, got 'a?'");
  CHECK(problem(check_id("sku", "a\xC2\x85")) == "sku: must not contain control characters, got 'a?'");
  CHECK(problem(check_id("sku", std::string_view{"a\0b", 3})) == "sku: must not contain control characters, got 'a?b'");
  CHECK(problem(check_id("sku", "a\xFF")) == "sku: must be valid UTF-8, got 'a?'");
}

TEST_CASE("Overlong forms, surrogates, cut and too large sequences are not UTF-8", "[values]") {
  for (const std::string bad : {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xED\xA0\x80",
                                "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "\x80", "\xC3\x28"}) {
    CHECK_FALSE(is_utf8(bad));
  }
  for (const std::string good :
       {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    CHECK(is_utf8(good));
  }
}

TEST_CASE("At most 60 bytes of a bad value are repeated, never half a character", "[values]") {
  std::string umlauts = "x";
  for (int i = 0; i < 50; ++i) umlauts += "\xC3\xBC";
  const std::string shown = orderly::domain::quoted(umlauts);
  CHECK(is_utf8(shown));
  CHECK(shown.size() == 59 + std::string{"''..."}.size());
  CHECK(quoted(text(60)) == "'" + text(60) + "'");
}

TEST_CASE("A quantity lies between its least and 2147483647", "[values]") {
  CHECK(problem(check_quantity("quantity", 1)).empty());
  CHECK(problem(check_quantity("quantity", 2'147'483'647)).empty());
  CHECK(problem(check_quantity("quantity", 0, 0)).empty());
  CHECK(problem(check_quantity("quantity", -3)) == "quantity: must be at least 1, got -3");
  CHECK(problem(check_quantity("quantity", 2'147'483'648)) == "quantity: must be at most 2147483647, got 2147483648");
}

TEST_CASE("A reason has at most 500 bytes, and may have line breaks", "[values]") {
  CHECK(problem(check_reason("reason", "")).empty());
  CHECK(problem(check_reason("reason", text(500))).empty());
  CHECK(problem(check_reason("reason", "a\r\n\tb")).empty());
  CHECK(problem(check_reason("reason", text(501))) == "reason: must have at most 500 bytes, got 501");
  CHECK(problem(check_reason("reason", "a\x1B")) == "reason: must not contain control characters, got 'a?'");
}

TEST_CASE("A currency is three upper-case letters, an amount at least 0", "[values]") {
  CHECK(problem(check_money("amount", {"EUR", 0})).empty());
  for (const std::string bad : {"", "EU", "EURO", "eur", "EU1"}) {
    CHECK(problem(check_money("amount", {bad, 1})) ==
          "amount.currency: must be three upper-case letters, got '" + bad + "'");
  }
  CHECK(problem(check_money("amount", {"EUR", -1})) == "amount.minor_units: must be at least 0, got -1");
}

TEST_CASE("Every rejection code has its published name", "[values]") {
  using enum RejectionCode;
  CHECK(to_string(invalid_command) == "INVALID_COMMAND");
  CHECK(to_string(unknown_sku) == "UNKNOWN_SKU");
  CHECK(to_string(unknown_batch) == "UNKNOWN_BATCH");
  CHECK(to_string(batch_exists) == "BATCH_EXISTS");
  CHECK(to_string(unknown_order) == "UNKNOWN_ORDER");
  CHECK(to_string(order_exists) == "ORDER_EXISTS");
  CHECK(to_string(wrong_status) == "WRONG_STATUS");
  CHECK(to_string(amount_mismatch) == "AMOUNT_MISMATCH");
  CHECK(to_string(line_exists) == "LINE_EXISTS");
  CHECK(to_string(not_allocated) == "NOT_ALLOCATED");
  CHECK(to_string(unauthorized) == "UNAUTHORIZED");
}
