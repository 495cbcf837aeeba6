// Encryption for what is to become unreadable by the loss of its key: AES-256-GCM and HMAC-SHA-256, of OpenSSL. Keys
// have key_bytes bytes. Threads: any. Failures: a library that cannot do it throws std::runtime_error; what was not
// sealed with that key and nonce is opened to nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace orderly::storage {

inline constexpr std::size_t key_bytes = 32, nonce_bytes = 12, tag_bytes = 16;

std::string random_bytes(std::size_t count);
std::string hmac(std::string_view key, std::string_view text);

// The tag comes last. One nonce must never meet two texts under one key.
std::string seal(std::string_view key, std::string_view nonce, std::string_view text);
std::optional<std::string> open_sealed(std::string_view key, std::string_view nonce, std::string_view sealed);

}  // namespace orderly::storage
