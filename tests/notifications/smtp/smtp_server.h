// The SMTP server that run_with_smtp.sh runs (smtp_sink.py), as a test sees it: its addresses, its mails, its orders.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace orderly::testing {

inline std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class SmtpSink {
 public:
  SmtpSink() : directory_(variable("ORDERLY_TEST_SMTP_DIR")), seen_(count()) {}
  ~SmtpSink() { answer(""); }
  SmtpSink(const SmtpSink&) = delete;
  SmtpSink& operator=(const SmtpSink&) = delete;

  std::string url(const std::string& login = "") const { return "smtp://" + login + variable("ORDERLY_TEST_SMTP"); }
  std::string secure_url(const std::string& login = "") const {
    return "smtps://" + login + variable("ORDERLY_TEST_SMTPS");
  }

  // How to answer from now on, such as "data 451"; empty: take everything.
  void answer(const std::string& order) const {
    const auto file = directory_ / "answer";
    if (order.empty()) {
      std::filesystem::remove(file);
    } else {
      std::ofstream{directory_ / "answer.part"} << order;
      std::filesystem::rename(directory_ / "answer.part", file);
    }
  }

  // Mails taken since this object was made.
  std::size_t received() const { return count() - seen_; }
  std::string mail(std::size_t number) const {  // from 1 on
    std::ifstream file{directory_ / "mails" / (std::to_string(seen_ + number) + ".eml")};
    std::ostringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
  }

 private:
  std::size_t count() const {
    std::size_t mails = 0;
    for (const auto& entry : std::filesystem::directory_iterator{directory_ / "mails"})
      mails += entry.path().extension() == ".eml";
    return mails;
  }

  std::filesystem::path directory_;
  std::size_t seen_;
};

}  // namespace orderly::testing
