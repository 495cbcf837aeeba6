// A story for people and for programs. Threads: one. Failures: none.
#pragma once

#include "cli/console.h"
#include "cli/why_rows.h"
#include "cli/why_story.h"

namespace orderly::cli {

struct WhyShown {
  const WhyStory& story;
  const std::vector<WhyRow>& rows;
  std::string rows_trouble;  // why there are none
  std::size_t data_width = 0;
};

void print_text(const WhyShown& shown, const Console& console);
void print_json(const WhyShown& shown, const Console& console);

}  // namespace orderly::cli
