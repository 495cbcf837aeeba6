// Tests against a real SMTP server; without one (ORDERLY_TEST_SMTP, see run_with_smtp.sh) they are skipped.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

int main(int argc, char** argv) {
  if (std::getenv("ORDERLY_TEST_SMTP") == nullptr) {
    std::cout << "SKIPPED: ORDERLY_TEST_SMTP names no SMTP server\n";
    return 77;
  }
  return Catch::Session().run(argc, argv);
}
