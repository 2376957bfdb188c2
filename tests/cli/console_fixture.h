// Tests on a whole appliance in memory (console_parts.h).
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/cli/console_parts.h"

namespace sallyport {

class ConsoleTest : public testing::Test {
 protected:
  // A console that has just been connected; a privileged one; one in configuration mode.
  std::unique_ptr<TestConsole> Open(int privilege = 1) {
    Session::Options options;
    options.privilege = privilege;
    options.greet = false;
    return std::make_unique<TestConsole>(box_, options);
  }
  std::unique_ptr<TestConsole> OpenSsh(int privilege = 1) {
    Session::Options options;
    options.kind = Session::Kind::kSsh;
    options.user = "anna";
    options.privilege = privilege;
    options.peer = *IpAddress::Parse("10.9.0.2");
    options.end_reason = end_reason_;
    options.greet = false;
    return std::make_unique<TestConsole>(box_, options);
  }
  std::unique_ptr<TestConsole> OpenConfig() {
    auto c = Open(15);
    c->Do("configure terminal");
    return c;
  }
  TestAppliance box_;
  std::shared_ptr<std::string> end_reason_ = std::make_shared<std::string>();  // of the latest SSH session
};

inline constexpr char kInvalidInput[] = "ERROR: % Invalid input detected at '^' marker.\n";

}  // namespace sallyport
