#include "common/http/client.h"

#include <curl/curl.h>

#include <array>

namespace orderly::http {
namespace {

constexpr std::size_t max_answer_bytes = 64 * 1024 * 1024;

std::size_t append(const char* data, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + size * count > max_answer_bytes) return 0;
  body.append(data, size * count);
  return size * count;
}

// Once, and before any other thread of the program.
void initialise_curl() {
  static const auto code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error{std::string{"libcurl: "} + curl_easy_strerror(code)};
}

}  // namespace

struct Client::Handle {
  Handle() {
    initialise_curl();
    curl.reset(curl_easy_init());
    if (!curl) throw std::runtime_error{"libcurl cannot be had"};
  }
  template <class Value>
  void set(CURLoption option, Value value) {
    const auto code = curl_easy_setopt(curl.get(), option, value);
    if (code != CURLE_OK) throw std::invalid_argument{curl_easy_strerror(code)};
  }
  struct Cleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  };
  struct Free {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  std::unique_ptr<curl_slist, Free> headers;  // of the request at hand
  std::unique_ptr<CURL, Cleanup> curl;
  std::array<char, CURL_ERROR_SIZE> reason{};
};

Client::Client(std::string base, const ClientOptions& options)
    : base_(std::move(base)), handle_(std::make_unique<Handle>()) {
  while (base_.ends_with('/')) base_.pop_back();
  if (!base_.starts_with("http://") && !base_.starts_with("https://")) {
    throw std::invalid_argument{"http://HOST:PORT wanted, got \"" + base_ + '"'};
  }
  handle_->set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
  handle_->set(CURLOPT_NOSIGNAL, 1L);
  handle_->set(CURLOPT_ACCEPT_ENCODING, "");
  handle_->set(CURLOPT_WRITEFUNCTION, &append);
  handle_->set(CURLOPT_ERRORBUFFER, handle_->reason.data());
  if (!options.ca_file.empty()) handle_->set(CURLOPT_CAINFO, options.ca_file.c_str());
  if (options.token.empty()) return;
  handle_->set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
  handle_->set(CURLOPT_XOAUTH2_BEARER, options.token.c_str());
}

Client::~Client() = default;

Response Client::get(const std::string& path) {
  handle_->set(CURLOPT_HTTPGET, 1L);
  return perform(path);
}

Response Client::post(const std::string& path, const std::string& body, const std::string& content_type) {
  handle_->set(CURLOPT_POST, 1L);
  handle_->headers.reset(content_type.empty() ? nullptr
                                              : curl_slist_append(nullptr, ("Content-Type: " + content_type).c_str()));
  handle_->set(CURLOPT_HTTPHEADER, handle_->headers.get());
  handle_->set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  handle_->set(CURLOPT_COPYPOSTFIELDS, body.c_str());
  return perform(path);
}

Response Client::perform(const std::string& path) {
  const std::string url = base_ + path;
  Response response;
  handle_->reason.front() = '\0';
  handle_->set(CURLOPT_URL, url.c_str());
  handle_->set(CURLOPT_WRITEDATA, static_cast<void*>(&response.body));
  const auto code = curl_easy_perform(handle_->curl.get());
  if (code != CURLE_OK) {
    const std::string reason = handle_->reason.front() != '\0' ? handle_->reason.data() : curl_easy_strerror(code);
    throw Unreachable{"no answer from " + base_ + ": " + reason};
  }
  long status = 0;
  curl_easy_getinfo(handle_->curl.get(), CURLINFO_RESPONSE_CODE, &status);
  response.status = static_cast<int>(status);
  const char* type = nullptr;
  curl_easy_getinfo(handle_->curl.get(), CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) response.headers.emplace_back("content-type", type);
  return response;
}

}  // namespace orderly::http
