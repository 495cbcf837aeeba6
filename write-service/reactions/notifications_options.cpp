#include "reactions/notifications_options.h"

#include <charconv>

#include "reactions/notifications_mails.h"

namespace po = boost::program_options;

namespace orderly::reactions {
namespace {

// Runs `read` and puts the option's name before what it complains of.
template <class Read>
auto option(const char* name, const Read& read) {
  try {
    return read();
  } catch (const std::invalid_argument& error) {
    throw options::OptionError{std::string{"--"} + name + ": " + error.what()};
  }
}

}  // namespace

void add_notification_options(options::Parser& parser, NotificationSettings& s) {
  parser.add()("smtp-url", po::value(&s.smtp_url)->value_name("URL"),
               "mail server for notifications, smtp://[user:password@]host:port or smtps://…; none: no notifications")(
      "smtp-ca", po::value(&s.smtp_ca)->value_name("FILE"), "certificates to trust for it, instead of the system's")(
      "mail-from", po::value(&s.mail_from)->default_value("orderly@localhost"), "who notifications are from")(
      "mail-to", po::value(&s.mail_to)->default_value("shop@localhost"), "who gets them; several with commas between")(
      "mail-templates", po::value(&s.templates)->value_name("DIR"), "templates to use instead of those built in")(
      "notify-max-age", po::value(&s.max_age)->default_value("24h"),
      "no mail for events older than this: 90s, 30m, 24h, 7d")("notify-tries", po::value(&s.tries)->default_value(8),
                                                               "tries at a mail before it goes to the dead letters");
}

std::optional<Notifications::Options> notification_options(const NotificationSettings& s,
                                                           const std::filesystem::path& directory,
                                                           const std::vector<std::int32_t>& shards) {
  const auto max_age = option("notify-max-age", [&] { return parse_age(s.max_age); });
  if (s.tries < 1) throw options::OptionError{"--notify-tries: at least 1 wanted"};
  auto addresses = option("mail-from, --mail-to", [&] { return MailAddresses::parse(s.mail_from, s.mail_to); });
  option("mail-templates", [&] {
    for (const auto& notification : notifications()) load_template(notification, s.templates);
  });
  if (!s.smtp_ca.empty() && !std::filesystem::exists(s.smtp_ca))
    throw options::OptionError{"--smtp-ca: there is no " + s.smtp_ca};
  if (s.smtp_url.empty()) return std::nullopt;
  return Notifications::Options{
      .directory = directory,
      .shards = shards,
      .smtp = {.server = option("smtp-url", [&] { return SmtpServer::parse(s.smtp_url); }), .ca_file = s.smtp_ca},
      .addresses = std::move(addresses),
      .templates = s.templates,
      .max_tries = s.tries,
      .max_age = max_age,
  };
}

std::chrono::milliseconds parse_age(const std::string& text) {
  constexpr std::int64_t most = 100'000;  // of any unit
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit{end, text.data() + text.size()};
  if (error == std::errc{} && count >= 0 && count <= most) {
    if (unit == "s") return std::chrono::seconds{count};
    if (unit == "m") return std::chrono::minutes{count};
    if (unit == "h") return std::chrono::hours{count};
    if (unit == "d") return std::chrono::days{count};
  }
  throw std::invalid_argument{"wanted a time such as 90s, 30m, 24h or 7d, got \"" + text + '"'};
}

}  // namespace orderly::reactions
