// The reference holds what can be typed: found by asking `?`, and by reading configurations, not by asking the declarations.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>

#include "cli/exec.h"
#include "cli/tool.h"
#include "conf/declare.h"
#include "conf/personality.h"
#include "conf/shape.h"

namespace sallyport {
namespace {

// The entries of the reference by their section ("" : the console).
std::map<std::string, std::vector<std::string>> Entries(const std::string& docs) {
  std::map<std::string, std::vector<std::string>> out;
  std::string mode;
  for (std::size_t at = 0; at < docs.size();) {
    const std::size_t end = docs.find('\n', at);
    const std::string line = docs.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("### ")) mode = line.substr(4);
    if (line.starts_with("- `")) out[mode].push_back(line.substr(3, line.find('`', 3) - 3));
  }
  return out;
}
bool AnyBegins(const std::vector<std::string>& entries, const std::string& words) {
  for (const std::string& e : entries) {
    if (e.starts_with(words) && (e.size() == words.size() || e[words.size()] == ' ')) return true;
  }
  return false;
}

TEST(Docs, EveryFirstWordThatHelpOffersIsThere) {
  const auto entries = Entries(CommandDocs(nullptr));
  std::size_t words = 0;
  for (const auto& [mode, set] : ConfigGrammar::Get().sets) {
    for (const Hint& h : set.Help("", {}).hints) {
      if (h.text == "no") continue;
      EXPECT_TRUE(AnyBegins(entries.at(mode), h.text) || AnyBegins(entries.at(mode), "no " + h.text)) << mode << ": " << h.text;
      words++;
    }
  }
  EXPECT_GT(words, 100u);
  for (const Hint& h : ExecCommands().Help("", {}).hints) {
    EXPECT_TRUE(h.text == "no" || AnyBegins(entries.at(""), h.text)) << h.text;
  }
  for (const Hint& h : ExecCommands().Help("show ", {}).hints) EXPECT_TRUE(AnyBegins(entries.at(""), "show " + h.text)) << h.text;
}

TEST(Docs, EveryRowOfTheTablesIsThereInItsMode) {
  const auto entries = Entries(CommandDocs(nullptr));
  ASSERT_GT(DeclaredShapes().size(), 50u);
  for (const DeclaredShape& d : DeclaredShapes()) {
    // Its leading keywords, as the row has them: up to the first value or bracket, without help texts and marks.
    std::string lead;
    bool help = false;
    for (const char c : std::string_view(d.shape->words)) {
      if (c == '`') help = !help;
      else if (!help && (c == '<' || c == '[' || c == '(' || c == '{')) break;
      else if (!help && c != '/' && c != '\\' && !(c == ' ' && (lead.empty() || lead.back() == ' '))) lead += c;
    }
    while (!lead.empty() && lead.back() == ' ') lead.pop_back();
    EXPECT_TRUE(AnyBegins(entries.at(d.mode), lead)) << d.mode << ": " << lead;
  }
}

// A command of keywords only is taken as it is written there.
TEST(Docs, WhatStandsThereIsTaken) {
  int taken = 0;
  for (const auto& [mode, lines] : Entries(CommandDocs(nullptr))) {
    const auto set = ConfigGrammar::Get().sets.find(mode);
    for (const std::string& line : lines) {
      if (line.find_first_of("<[({.|") != std::string::npos) continue;
      ParseOptions options;
      options.any_release = true;
      const RunResult r = mode.empty() ? ExecCommands().Matches(line, options) : set->second.Matches(line, options);
      EXPECT_EQ(r.outcome, RunResult::Outcome::kOk) << mode << ": " << line;
      taken++;
    }
  }
  EXPECT_GT(taken, 50);
}

TEST(Docs, SyntaxOfTokens) {
  const std::string docs = CommandDocs(nullptr);
  for (const char* line : {"- `hostname <WORD < 64 char>`: Set system's network name (modelled)\n", "- `enable [<0-15>]`: Turn on privileged commands (privilege 0)\n"}) {
    EXPECT_NE(docs.find(line), std::string::npos) << line;
  }
}

TEST(Docs, OfOneRelease) {
  const Personality before = *PersonalityOf("8.2(5)"), today = *PersonalityOf("9.16(4)");
  const auto old = Entries(CommandDocs(&before));
  const auto now = Entries(CommandDocs(&today));
  EXPECT_TRUE(AnyBegins(old.at("config"), "nat-control"));
  EXPECT_FALSE(AnyBegins(now.at("config"), "nat-control"));
}

}  // namespace
}  // namespace sallyport
