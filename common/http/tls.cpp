#include "common/http/tls.h"

#include <openssl/ssl.h>

#include <stdexcept>

namespace orderly::http {

std::shared_ptr<asio::ssl::context> make_tls_context(const std::string& certificate, const std::string& key) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  context->set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return std::string{}; });
  asio::error_code error;
  if (context->use_certificate_chain_file(certificate, error)) {
    throw std::invalid_argument{"--tls-cert: " + certificate + ": " + error.message()};
  }
  if (context->use_private_key_file(key, asio::ssl::context::pem, error)) {
    throw std::invalid_argument{"--tls-key: " + key + ": " + error.message()};
  }
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    throw std::invalid_argument{"--tls-key: " + key + " is not the key of " + certificate};
  }
  return context;
}

}  // namespace orderly::http
