// Text for people: numbers with thousands separators, columns counted in characters, and nothing from a record that
// could steer a terminal. Threads: any. Failures: none; what is no text comes out readable all the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderly::cli {

std::string grouped(std::int64_t number);  // 1,234,567

std::string with_decimals(double number, int decimals);

// One line without control characters: \n, \t, \x1b … stand for them, and \xff for a byte that is no UTF-8.
std::string one_line(std::string_view text);

// The same, but line ends and tabs are left as they are.
std::string printable(std::string_view text);

// How many characters, not bytes, of UTF-8.
std::size_t length(std::string_view text);

// At most `characters`, the last one an ellipsis where something was cut off.
std::string shortened(std::string_view text, std::size_t characters);

// UTF-8 without control characters but for line ends and tabs.
bool is_readable(std::string_view bytes);

// 00000000  4c 41 4d 50 …  |LAMP…|
std::string hex_dump(std::string_view bytes);

std::string joined(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace orderly::cli
