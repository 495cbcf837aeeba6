#include "cli/import/input_file.h"

#include <lzma.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace orderly::cli::importing {
namespace {

constexpr std::size_t read_bytes = 65'536;
constexpr std::uint64_t unpacker_memory_bytes = 256 << 20;  // xz -9 wants 65 MiB
constexpr std::string_view xz_magic{
    "\xFD"
    "7zXZ\0",
    6};

std::string sentence(lzma_ret code) {
  switch (code) {
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
      return "needs more than 256 MiB to be unpacked";
    case LZMA_BUF_ERROR:
      return "ends in the middle";
    default:
      return "is damaged (xz error " + std::to_string(code) + ")";
  }
}

}  // namespace

struct InputFile::Unpacker {
  Unpacker() { code = lzma_stream_decoder(&stream, unpacker_memory_bytes, LZMA_CONCATENATED); }
  ~Unpacker() { lzma_end(&stream); }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  lzma_stream stream = LZMA_STREAM_INIT;
  lzma_ret code = LZMA_OK;
  std::array<char, read_bytes> packed{};
};

InputFile::InputFile(std::string path) : path_(std::move(path)), file_(path_, std::ios::binary) {
  if (!file_) fail("cannot be opened");
  std::array<char, xz_magic.size()> first{};
  file_.read(first.data(), first.size());
  if (file_.bad()) fail("cannot be read");  // a directory opens all the same
  const std::string_view seen{first.data(), static_cast<std::size_t>(file_.gcount())};
  if (seen == xz_magic) unpacker_ = std::make_unique<Unpacker>();
  file_.clear();
  bytes_ = file_.seekg(0, std::ios::end).tellg();
  file_.seekg(0);
}

InputFile::~InputFile() = default;

void InputFile::fail(const std::string& reason) const { throw std::runtime_error{path_ + ": " + reason}; }

std::size_t InputFile::read(std::span<char> into) { return unpacker_ ? unpack(into) : read_packed(into); }

std::size_t InputFile::read_packed(std::span<char> into) {
  file_.read(into.data(), static_cast<std::streamsize>(into.size()));
  if (file_.bad()) fail("cannot be read to its end");
  bytes_read_ += file_.gcount();
  return static_cast<std::size_t>(file_.gcount());
}

std::size_t InputFile::unpack(std::span<char> into) {
  auto& [stream, code, packed] = *unpacker_;
  if (code == LZMA_STREAM_END || into.empty()) return 0;
  stream.next_out = reinterpret_cast<std::uint8_t*>(into.data());
  stream.avail_out = into.size();
  while (stream.avail_out == into.size()) {
    bool at_end = false;
    if (stream.avail_in == 0) {
      stream.next_in = reinterpret_cast<const std::uint8_t*>(packed.data());
      stream.avail_in = read_packed(packed);
      at_end = stream.avail_in == 0;
    }
    code = lzma_code(&stream, at_end ? LZMA_FINISH : LZMA_RUN);
    if (code == LZMA_STREAM_END) break;
    if (code != LZMA_OK) fail(sentence(code));
  }
  return into.size() - stream.avail_out;
}

double InputFile::fraction() const {
  return bytes_ > 0 ? std::min(1.0, static_cast<double>(bytes_read_) / static_cast<double>(bytes_)) : 0;
}

std::string InputFile::fingerprint(const std::string& path) {
  InputFile file{path};
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state{XXH3_createState(), XXH3_freeState};
  XXH3_128bits_reset(state.get());
  std::array<char, read_bytes> part{};
  while (const auto bytes = file.read_packed(part)) XXH3_128bits_update(state.get(), part.data(), bytes);
  const auto hash = XXH3_128bits_digest(state.get());
  return std::to_string(hash.high64) + '-' + std::to_string(hash.low64);
}

}  // namespace orderly::cli::importing
