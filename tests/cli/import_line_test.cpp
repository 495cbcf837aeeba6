#include <catch2/catch.hpp>

#include "cli/import/order_line.h"

using namespace orderly::cli::importing;

namespace {

CsvRecord record(const std::string& invoice, const std::string& code, const std::string& quantity,
                 const std::string& price, const std::string& date = "2010-12-01 08:26:00",
                 const std::string& customer = "17850.0") {
  return {2, {invoice, code, "A \"NAME\", größer", quantity, date, price, customer, "United Kingdom"}, ""};
}

std::string_view reason_for(const CsvRecord& of) {
  const auto line = read_line(of);
  return line ? "" : name_of(line.error().reason);
}

}  // namespace

TEST_CASE("A good line of an order") {
  const auto line = read_line(record("536365", " 85123A ", "6", "2.55"));
  REQUIRE(line);
  CHECK(line->invoice == "536365");
  CHECK_FALSE(line->is_cancellation);
  CHECK(line->code == "85123A");
  CHECK(line->quantity == 6);
  CHECK(line->price_pence == 255);
  CHECK(line->customer == "17850");
  CHECK(line->created_at_s == 1291191960);
}

TEST_CASE("A cancellation's line counts what comes back, at whatever price") {
  const auto line = read_line(record("C536379", "22960", "-6", "0.0"));
  REQUIRE(line);
  CHECK(line->is_cancellation);
  CHECK(line->quantity == 6);
  CHECK(reason_for(record("C536379", "22960", "6", "1.0")) == "QUANTITY_NOT_NEGATIVE");
  CHECK(reason_for(record("C536379", "22960", "0", "1.0")) == "QUANTITY_NOT_NEGATIVE");
}

TEST_CASE("Prices are pence to the last digit, and never a float") {
  const auto pence = [](std::string_view text) { return to_pence(text).value_or(-1); };
  CHECK(pence("2.55") == 255);
  CHECK(pence("2.5") == 250);
  CHECK(pence("2") == 200);
  CHECK(pence("0.01") == 1);
  CHECK(pence("1.0500") == 105);
  CHECK(pence("38970.0") == 3'897'000);
  CHECK(pence("4.35") == 435);  // 4.35 * 100 is 434.99999999999994
  CHECK(pence("1.15") == 115);
  CHECK(pence("999999999999.99") == 99'999'999'999'999);
  for (std::int64_t amount = 1; amount < 100'000; ++amount) {
    const auto rest = std::to_string(amount % 100);
    CHECK(pence(std::to_string(amount / 100) + '.' + (rest.size() < 2 ? "0" : "") + rest) == amount);
  }
}

TEST_CASE("What is no price says why") {
  const auto reason = [](std::string_view text) { return name_of(to_pence(text).error()); };
  for (const auto* wrong : {"", ".", "1.", ".5", "1,5", "1e3", "+1", " 1", "0x1", "1.2.3", "--1", "nan", "٣",
                            "1000000000000", "99999999999999999999999"}) {
    INFO(wrong);
    CHECK(reason(wrong) == "BAD_PRICE");
  }
  for (const auto* wrong : {"0", "0.0", "0.00", "-0.01", "-11062.06", "000.000"})
    CHECK(reason(wrong) == "PRICE_NOT_POSITIVE");
  for (const auto* wrong : {"0.001", "2.555", "9.9901"}) CHECK(reason(wrong) == "PRICE_BELOW_A_PENNY");
}

TEST_CASE("A line that is no good tells the first thing that is wrong") {
  CHECK(reason_for({7, {}, "a quote that is not closed"}) == "NOT_CSV");
  CHECK(reason_for({7, {""}, ""}) == "COLUMNS");
  CHECK(reason_for({7, {"1", "2", "3", "4", "5", "6", "7", "8", "9"}, ""}) == "COLUMNS");
  CHECK(reason_for(record("", "1", "1", "1")) == "BAD_INVOICE");
  CHECK(reason_for(record("5 3", "1", "1", "1")) == "BAD_INVOICE");
  CHECK(reason_for(record("53é", "1", "1", "1")) == "BAD_INVOICE");
  CHECK(reason_for(record(std::string(41, '5'), "1", "1", "1")) == "BAD_INVOICE");
  CHECK(reason_for(record("5", "", "1", "1")) == "BAD_CODE");
  CHECK(reason_for(record("5", "a\nb", "1", "1")) == "BAD_CODE");
  CHECK(reason_for(record("5", "a\xFF", "1", "1")) == "BAD_CODE");
  CHECK(reason_for(record("5", std::string(61, 'a'), "1", "1")) == "BAD_CODE");
  for (const auto* code : {"POST", "DOT", "M", "m", "D", "C2", "S", "B", "CRUK", "BANK CHARGES", "AMAZONFEE"}) {
    CHECK(reason_for(record("5", code, "-1", "x")) == "NOT_GOODS");
  }
  CHECK(reason_for(record("5", "1", "", "1")) == "BAD_QUANTITY");
  CHECK(reason_for(record("5", "1", "6.0", "1")) == "BAD_QUANTITY");
  CHECK(reason_for(record("5", "1", "2147483648", "1")) == "BAD_QUANTITY");
  CHECK(reason_for(record("5", "1", "99999999999999999999", "1")) == "BAD_QUANTITY");
  CHECK(reason_for(record("5", "1", "0", "1")) == "QUANTITY_NOT_POSITIVE");
  CHECK(reason_for(record("5", "1", "-10", "1")) == "QUANTITY_NOT_POSITIVE");
  CHECK(reason_for(record("5", "1", "1", "0.0")) == "PRICE_NOT_POSITIVE");
  CHECK(reason_for(record("5", "1", "1", "1", "2010-12-01 08:26:00", std::string(101, 'x'))) == "BAD_CUSTOMER");
  CHECK(reason_for(record("5", "1", "2147483647", "1")).empty());
}

TEST_CASE("A date is one that exists, in exactly the file's form") {
  for (const auto* wrong : {"", "2010-12-01", "2010-12-01T08:26:00", "2010-12-01 08:26", "2010-02-30 08:26:00",
                            "2010-12-01 24:00:00", "2010-12-01 08:60:00", "2010-12-01 08:26:60", "01/12/2010 08:26:00",
                            "2010-12-01 08:26:00 ", "2010-12-01 -8:26:00"}) {
    INFO(wrong);
    CHECK_FALSE(to_unix_s(wrong));
  }
  CHECK(to_unix_s("1970-01-01 00:00:01") == 1);
  CHECK(to_unix_s("2012-02-29 23:59:59") == 1330559999);
  CHECK(reason_for(record("5", "1", "1", "1", "yesterday")) == "BAD_DATE");
}

TEST_CASE("A customer's number may come as a float, and nobody else's name is touched") {
  const auto customer = [](const std::string& text) {
    return read_line(record("5", "1", "1", "1", "2010-12-01 08:26:00", text)).value().customer;
  };
  CHECK(customer("17850.0") == "17850");
  CHECK(customer("17850.") == "17850");
  CHECK(customer("17850") == "17850");
  CHECK(customer("17850.5") == "17850.5");
  CHECK(customer("Müller & Co. 0") == "Müller & Co. 0");
  CHECK(customer("").empty());
}

TEST_CASE("The header is the shop's") {
  CHECK(is_header(
      {1,
       {"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"},
       ""}));
  CHECK_FALSE(is_header({1, {"536365", "85123A"}, ""}));
}
