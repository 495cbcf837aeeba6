#include "cli/import/order_line.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "cli/text.h"
#include "domain/values.h"

namespace orderly::cli::importing {
namespace {

constexpr std::size_t columns = 8;
constexpr std::size_t max_invoice_bytes = 40, max_code_bytes = 60;  // room for what ids and references add to them
constexpr std::size_t max_pounds_digits = 12;
constexpr std::array<std::string_view, 10> not_goods{"AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D",
                                                     "DOT",       "M", "POST",         "S"};

std::string_view trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_invoice(std::string_view text) {
  return !text.empty() && text.size() <= max_invoice_bytes &&
         std::ranges::all_of(text, [](char c) { return c >= '!' && c <= '~'; });
}

bool is_goods(std::string_view code) {
  std::string upper{code};
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return std::ranges::find(not_goods, upper) == not_goods.end();
}

// 17850.0 stands for 17850: the file's maker kept numbers that may be missing as floats.
std::string_view without_zero_decimals(std::string_view customer) {
  const auto point = customer.find('.');
  if (point == std::string_view::npos || !is_digits(customer.substr(0, point))) return customer;
  const auto decimals = customer.substr(point + 1);
  return decimals.find_first_not_of('0') == std::string_view::npos ? customer.substr(0, point) : customer;
}

std::unexpected<Complaint> complain(Reason reason, std::string_view found) {
  return std::unexpected(Complaint{reason, shortened(one_line(found), 100)});
}

std::optional<Reason> check_quantity(std::int64_t quantity, bool is_cancellation) {
  if (quantity > domain::max_quantity || quantity < -domain::max_quantity) return Reason::bad_quantity;
  if (is_cancellation) return quantity < 0 ? std::nullopt : std::optional{Reason::quantity_not_negative};
  return quantity > 0 ? std::nullopt : std::optional{Reason::quantity_not_positive};
}

}  // namespace

std::string_view name_of(Reason reason) {
  constexpr std::array<std::string_view, 19> names{"NOT_CSV",
                                                   "COLUMNS",
                                                   "BAD_INVOICE",
                                                   "BAD_CODE",
                                                   "NOT_GOODS",
                                                   "BAD_DATE",
                                                   "BAD_CUSTOMER",
                                                   "BAD_QUANTITY",
                                                   "QUANTITY_NOT_POSITIVE",
                                                   "QUANTITY_NOT_NEGATIVE",
                                                   "BAD_PRICE",
                                                   "PRICE_NOT_POSITIVE",
                                                   "PRICE_BELOW_A_PENNY",
                                                   "OTHER_CUSTOMER",
                                                   "QUANTITY_TOO_LARGE",
                                                   "TOO_MANY_CODES",
                                                   "TOTAL_TOO_LARGE",
                                                   "NO_CUSTOMER",
                                                   "NOTHING_TO_CANCEL"};
  return names.at(static_cast<std::size_t>(reason));
}

bool is_header(const CsvRecord& record) { return record.problem.empty() && joined(record.fields, ",") == header_line; }

std::expected<std::int64_t, Reason> to_pence(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto pounds = text.substr(0, point);
  auto decimals = point == std::string_view::npos ? std::string_view{"00"} : text.substr(point + 1);
  if (!is_digits(pounds) || pounds.size() > max_pounds_digits || !is_digits(decimals))
    return std::unexpected(Reason::bad_price);
  const bool whole_pence = decimals.size() <= 2 || decimals.find_first_not_of('0', 2) == std::string_view::npos;
  const bool zero = pounds.find_first_not_of('0') == std::string_view::npos &&
                    decimals.find_first_not_of('0') == std::string_view::npos;
  if (negative || zero) return std::unexpected(Reason::price_not_positive);
  if (!whole_pence) return std::unexpected(Reason::price_below_a_penny);
  std::string pence{decimals.substr(0, 2)};
  pence.resize(2, '0');
  return *to_integer(pounds) * 100 + *to_integer(pence);
}

std::optional<std::int64_t> to_unix_s(std::string_view text) {
  if (text.size() != 19 || text[10] != ' ' || text[13] != ':' || text[16] != ':') return std::nullopt;
  const auto date = domain::parse_date(text.substr(0, 10));
  for (const auto at : {11U, 14U, 17U}) {
    if (!is_digits(text.substr(at, 2))) return std::nullopt;
  }
  const auto hour = *to_integer(text.substr(11, 2)), minute = *to_integer(text.substr(14, 2));
  const auto second = *to_integer(text.substr(17, 2));
  if (!date || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::chrono::sys_seconds day = std::chrono::sys_days{*date};
  return day.time_since_epoch().count() + hour * 3600 + minute * 60 + second;
}

std::expected<OrderLine, Complaint> read_line(const CsvRecord& record) {
  if (!record.problem.empty()) return complain(Reason::not_csv, record.problem);
  if (record.fields.size() != columns) return complain(Reason::columns, std::to_string(record.fields.size()));
  const auto field = [&](std::size_t column) { return trimmed(record.fields[column]); };
  OrderLine line;
  line.invoice = field(0);
  line.code = field(1);
  line.customer = without_zero_decimals(field(6));
  line.is_cancellation = line.invoice.starts_with('C');
  if (!is_invoice(line.invoice)) return complain(Reason::bad_invoice, line.invoice);
  if (line.code.size() > max_code_bytes || domain::check_id("", line.code))
    return complain(Reason::bad_code, line.code);
  if (!is_goods(line.code)) return complain(Reason::not_goods, line.code);
  const auto created_at_s = to_unix_s(field(4));
  if (!created_at_s) return complain(Reason::bad_date, field(4));
  line.created_at_s = *created_at_s;
  if (!line.customer.empty() && domain::check_id("", line.customer))
    return complain(Reason::bad_customer, line.customer);
  const auto quantity = to_integer(field(3));
  if (!quantity) return complain(Reason::bad_quantity, field(3));
  if (const auto wrong = check_quantity(*quantity, line.is_cancellation)) return complain(*wrong, field(3));
  line.quantity = line.is_cancellation ? -*quantity : *quantity;
  if (line.is_cancellation) return line;
  const auto pence = to_pence(field(5));
  if (!pence) return complain(pence.error(), field(5));
  line.price_pence = *pence;
  return line;
}

}  // namespace orderly::cli::importing
