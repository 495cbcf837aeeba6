// One line of the shop's file, read strictly: a good line with whole numbers in it, or the one reason why not. The
// checks come in the order of `Reason`, and the first that fails is told. Pure functions. Threads: any. Failures: none.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "cli/import/csv_reader.h"

namespace orderly::cli::importing {

// Why a line makes no command. The names are published: in the balance and in the file of reported lines.
enum class Reason {
  not_csv,                // quotes, or longer than a record may be
  columns,                // not eight
  bad_invoice,            // 1 to 40 printable ASCII characters wanted
  bad_code,               // 1 to 60 bytes of UTF-8 wanted
  not_goods,              // a charge, a discount, a correction
  bad_date,               // YYYY-MM-DD HH:MM:SS wanted
  bad_customer,           // at most 100 bytes of UTF-8 wanted
  bad_quantity,           // a whole number within 32 bits wanted
  quantity_not_positive,  // on an order's line
  quantity_not_negative,  // on a cancellation's line
  bad_price,              // a decimal number wanted
  price_not_positive,
  price_below_a_penny,  // parts of a penny
  // Of a line that is good by itself, in its invoice:
  other_customer,      // than the invoice's first line
  quantity_too_large,  // the code's lines together pass 32 bits
  too_many_codes,      // more, with their prices, than an order may hold
  total_too_large,     // for 64 bits
  no_customer,         // a cancellation without one
  nothing_to_cancel,   // no order that it could mean
};
std::string_view name_of(Reason reason);  // PRICE_NOT_POSITIVE

struct Complaint {
  Reason reason;
  std::string detail;  // what was found
};

struct OrderLine {
  std::string invoice;
  bool is_cancellation = false;  // the invoice's number begins with C
  std::string code;
  std::int64_t quantity = 0;      // never negative: of a cancellation, how many come back
  std::int64_t created_at_s = 0;  // unix time; the file's times are taken as UTC
  std::int64_t price_pence = 0;   // 0 on a cancellation
  std::string customer;           // empty: unknown
};

inline constexpr std::string_view header_line =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";
bool is_header(const CsvRecord& record);

std::expected<OrderLine, Complaint> read_line(const CsvRecord& record);

// "2.55" -> 255, "2.5" -> 250, by the digits alone. Zeros may follow the second decimal, nothing else.
std::expected<std::int64_t, Reason> to_pence(std::string_view text);

// "2010-12-01 08:26:00" to unix time; nothing for a time that does not exist.
std::optional<std::int64_t> to_unix_s(std::string_view text);

}  // namespace orderly::cli::importing
