// libFuzzer's entry: the one target that TARGET names.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  orderly::fuzz::TARGET({reinterpret_cast<const char*>(data), size});
  return 0;
}
