// Keys that a configuration has masked, and a file that gives them.
#include <gtest/gtest.h>

#include "conf/configuration.h"
#include "conf/shape.h"

namespace sallyport {
namespace {

constexpr char kMasked[] =
    "ASA Version 9.16(4) \n!\nhostname edge\nenable password ***** pbkdf2\nnames\nmtu x\nusername anna password ***** pbkdf2 privilege 15\n"
    "username bob password 3USUcOPFUiMCO4Jk encrypted\n";

std::string Reports(const std::vector<LineReport>& reports) {
  std::string s;
  for (const LineReport& l : reports) s += std::to_string(l.number) + ": " + l.text;
  return s;
}
LoadReport Give(Configuration& c, std::string_view text) {
  LoadOptions options;
  options.secrets = true;
  return c.Load(text, options);
}

TEST(Secrets, MissingOnesAreNamedByLine) {
  Configuration c;
  EXPECT_EQ(c.Load(kMasked).refused, 1) << "mtu x";
  EXPECT_EQ(Reports(c.MissingSecrets()),
            "4: enable password ***** pbkdf2\nWARNING: the key is not known; it is masked here\n"
            "7: username anna password ***** pbkdf2 privilege 15\nWARNING: the key is not known; it is masked here\n");
}

TEST(Secrets, AreGivenToTheLinesThatAreThere) {
  Configuration c;
  c.Load(kMasked);
  const LoadReport r = Give(c, "! keys\nenable password open sesame\nenable password sesame\nusername anna password secret\n");
  EXPECT_EQ(Reports(r.reports).substr(0, 30), "2: enable password open sesame");
  EXPECT_EQ(r.refused, 1);
  EXPECT_EQ(Reports(c.MissingSecrets()), "");
  const auto s = c.settings();
  EXPECT_EQ(s.enable.kind, UserAccount::Kind::kPbkdf2);
  ASSERT_EQ(s.users.size(), 2u);
  EXPECT_EQ(s.users[0].privilege, 15) << "what the line said besides stays";
  EXPECT_TRUE(s.users[0].password.starts_with("$sha512$"));
  // Twice is no harm, and nothing else has come or gone.
  EXPECT_EQ(Give(c, "username anna password secret\n").refused, 0);
  EXPECT_EQ(c.settings().users.size(), 2u);
}

TEST(Secrets, NothingElseIsTaken) {
  Configuration c;
  c.Load(kMasked);
  const std::string before = c.Print();
  const std::string only = "ERROR: only lines with keys, and those of the modes they are in, can stand here\n";
  const std::string none = "ERROR: the configuration has no such line\n";
  const LoadReport r = Give(c, "hostname other\nusername carl password x\nno username anna\nclear configure all\nusername bob nopassword\n"
                               "interface GigabitEthernet0/7\naccess-list a permit ip any any\nusername anna password *****\npasswd x\n");
  EXPECT_EQ(r.refused, 9);
  EXPECT_EQ(Reports(r.reports),
            "1: hostname other\n" + only + "2: username carl password x\n" + none + "3: no username anna\n" + only + "4: clear configure all\n" + only +
                "5: username bob nopassword\n" + only + "6: interface GigabitEthernet0/7\n" + none + "7: access-list a permit ip any any\n" + only +
                "8: username anna password *****\nERROR: the key is masked here, too\n9: passwd x\n" + none);
  EXPECT_EQ(c.Print(), before);
}

TEST(Secrets, AnOwnMaskAndAPasswordWithAStar) {
  Configuration c;
  ConfigMode mode;
  c.Apply(mode, "username carl password a*b");
  EXPECT_TRUE(c.settings().users.at(0).password.starts_with("$sha512$")) << "hashed like any other";
  EXPECT_EQ(Reports(c.MissingSecrets()), "");
}

TEST(Secrets, TextsAreMaskedAsShowDoesIt) {
  const std::string text = ": Saved\n: Written by x\nASA Version 9.18(1)\n!\nenable password $sha512$5000$AA==$BB== pbkdf2\nhostname edge\n";
  EXPECT_EQ(Configuration::WithoutSecrets(text),
            ": Saved\n: Written by x\nASA Version 9.18(1)\n!\nenable password ***** pbkdf2\nhostname edge\n");
}

// Lines of shapes, whose keys may be what says which line it is.
constexpr Shape kShapes[] = {
    {"config", "peer <name:name> attributes", Section::kTunnelGroup, {.submode = "config-peer"}},
    {"config-peer", "pre-shared-key / <key:secret>", Section::kTunnelGroup},
    {"config-peer", "timeout / <n:1-10>", Section::kTunnelGroup},
    {"config", "community <key:secret> [ro]", Section::kSnmp, {.trailing = " "}},
};
class ShapeSecrets : public testing::Test {
 protected:
  ShapeSecrets() { Run("peer a attributes", false); }
  static const ConfigGrammar& Grammar() {
    static const ConfigGrammar& grammar = *[] {
      auto* g = new ConfigGrammar;  // as long as the program, like its tokens
      g->Mode("config-peer");
      DeclareShapes(*g, kShapes);
      return g;
    }();
    return grammar;
  }
  // "" : taken.
  std::string Run(const std::string& line, bool keys) {
    ConfigEdit edit{tree_, mode_, personality_, names_, here_, {}};
    edit.keys_only = keys;
    const RunResult r = Grammar().sets.find(here_ == nullptr ? "config" : "config-peer")->second.Run(edit, line);
    if (r.outcome != RunResult::Outcome::kOk) return "syntax";
    return r.reply.ok ? "" : r.reply.text;
  }
  LineTree tree_;
  ConfigMode mode_;
  Personality personality_;
  NameTable names_;
  std::shared_ptr<Line> here_;
};

TEST_F(ShapeSecrets, InASubMode) {
  here_ = tree_.Of(Section::kTunnelGroup).at(0);
  EXPECT_EQ(Run("pre-shared-key *****", false), "");
  const Line& key = *here_->lines.at(0);
  EXPECT_EQ(key.secret, KeyState::kMasked);
  EXPECT_EQ(Run("timeout 3", true), "ERROR: only lines with keys, and those of the modes they are in, can stand here\n");
  EXPECT_EQ(Run("pre-shared-key letmein", true), "");
  EXPECT_EQ(key.text, "pre-shared-key letmein");
  EXPECT_EQ(key.secret, KeyState::kKnown);
  here_ = nullptr;
  EXPECT_EQ(Run("peer a attributes", true), "");
  EXPECT_EQ(Run("peer b attributes", true), "ERROR: the configuration has no such line\n");
  EXPECT_EQ(tree_.Of(Section::kTunnelGroup).size(), 1u);
}

TEST_F(ShapeSecrets, WhereTheKeyTellsLinesApart) {
  Run("community * ro", false);
  Run("community *****", false);
  EXPECT_EQ(Run("community public ro", true), "");
  EXPECT_EQ(Run("community private", true), "");
  const auto& lines = tree_.Of(Section::kSnmp);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]->text, "community public ro ");
  EXPECT_EQ(lines[1]->text, "community private ");
  EXPECT_EQ(tree_.Find(Section::kSnmp, "community public ro"), lines[0].get()) << "found by its new key";
  EXPECT_EQ(tree_.Find(Section::kSnmp, "community * ro"), nullptr);
}

}  // namespace
}  // namespace sallyport
