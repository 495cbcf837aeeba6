// A server's TLS: certificate chain and private key in PEM, TLS 1.2 at least. Read once: new files need a restart.
// Included by the server alone. Threads: any. Failures: throws std::invalid_argument that names the file.
#pragma once

#include <asio/ssl/context.hpp>
#include <memory>
#include <string>

namespace orderly::http {

std::shared_ptr<asio::ssl::context> make_tls_context(const std::string& certificate, const std::string& key);

}  // namespace orderly::http
