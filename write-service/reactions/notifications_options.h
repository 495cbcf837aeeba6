// The notifications' options of the command line, --smtp-url first of all: without it there are no notifications.
// Threads: start of the program only. Failures: options::OptionError with one line, which never shows the URL's
// password.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/options/options.h"
#include "reactions/notifications.h"

namespace orderly::reactions {

struct NotificationSettings {
  std::string smtp_url, smtp_ca, mail_from, mail_to, templates, max_age;
  int tries = 0;
};

void add_notification_options(options::Parser& parser, NotificationSettings& settings);

// Nothing when no mail server is given. `shards`: whose events, empty for all; `directory`: of the checkpoints.
std::optional<Notifications::Options> notification_options(const NotificationSettings& settings,
                                                           const std::filesystem::path& directory,
                                                           const std::vector<std::int32_t>& shards);

// 90s, 30m, 24h or 7d. Throws std::invalid_argument.
std::chrono::milliseconds parse_age(const std::string& text);

}  // namespace orderly::reactions
