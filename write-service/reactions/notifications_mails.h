// Which event makes which mail: one entry each, with its topic, its template and what the template may say. A new
// notification is an entry here and a file in templates/. Threads: any. Failures: bytes that are no such event give
// nothing.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/kafka/message.h"
#include "reactions/mail.h"
#include "reactions/mail_template.h"

namespace orderly::reactions {

struct Notification {
  std::string name;  // the subscription's, and the template's file: NAME.txt
  std::string topic;
  std::string type;  // ce_type
  std::string built_in_template;
  std::vector<std::string> placeholders;  // besides event_id and time
  std::optional<MailTemplate::Values> (*read)(std::string_view payload);
};

std::span<const Notification> notifications();

// The template in `directory`, or the built-in one when the directory is empty or has no such file.
// Throws std::invalid_argument that names the file and what is wrong in it.
MailTemplate load_template(const Notification& notification, const std::filesystem::path& directory);

// The mail for this event; nothing when the record's bytes are no such event.
std::optional<Mail> mail_for(const Notification& notification, const MailTemplate& words, const kafka::Message& event);

}  // namespace orderly::reactions
