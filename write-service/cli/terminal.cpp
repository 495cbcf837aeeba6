#include "cli/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace orderly::cli {
namespace {

constexpr std::size_t bar_width = 30;

// Characters, not bytes: what continues a UTF-8 sequence takes no place of its own.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(rows.empty() ? 0 : rows[0].size());
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - width(row[i]) + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > (number < 0 ? 1 : 0); at -= 3) text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

ProgressBar::ProgressBar(std::int64_t total) : total_(total), terminal_(isatty(STDERR_FILENO) != 0) {}

void ProgressBar::show(std::int64_t done, const std::string& words) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now - last_ < std::chrono::milliseconds{100}) return;
  last_ = now;
  shown_ = true;
  std::string line = "\r";
  if (total_ > 0) {
    const auto full = static_cast<std::size_t>(std::min(done, total_)) * bar_width / static_cast<std::size_t>(total_);
    line += '[' + std::string(full, '#') + std::string(bar_width - full, ' ') + "] ";
  }
  std::cerr << line << words << "\033[K" << std::flush;
}

void ProgressBar::finish() {
  if (shown_) std::cerr << "\r\033[K" << std::flush;
}

}  // namespace orderly::cli
