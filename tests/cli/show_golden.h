// Compares a renderer's text with tests/golden/show/NAME.txt, byte for byte. With SALLYPORT_UPDATE_GOLDEN set, writes the
// file instead (and the test says so and fails, so that an update never passes unseen).
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace sallyport {

inline std::string ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return in ? text.str() : std::string("(cannot read " + path + ")");
}

inline void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(SALLYPORT_TEST_DIR) + "/golden/show/" + name + ".txt";
  if (std::getenv("SALLYPORT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    ADD_FAILURE() << path << " was written anew";
    return;
  }
  EXPECT_EQ(text, ReadWhole(path)) << "differs from " << path;
}

}  // namespace sallyport
