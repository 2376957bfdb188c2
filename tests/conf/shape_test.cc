// Grammar strings: what a row of a table reads, prints, explains, refuses; and the order that an ASA's own text keeps.
#include "conf/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conf/configuration.h"
#include "conf/personality.h"

namespace sallyport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Sec = Section;

constexpr Shape kRows[] = {
    {"config", "peer <number:1-10> / <address:ip> [ <mask:mask> ] { log`Log it` | weight <weight:0-255> | via <hops:word>... }", Sec::kRoute,
     {.trailing = " ", .no_trailing = ""}},
    {"config", "mode / <kind:{tunnel|transport}>", Sec::kRoute, {.keep_no = true}},
    {"config", "key <key:secret>", Sec::kRoute},
    {"config", "use \\ ( list <list:acl> | any ) [ strict | loose ]", Sec::kRoute},
    {"config", "box <name:name> /", Sec::kCrypto, {.sort = "{name}", .submode = "config-box", .defaults = "size 7;open"}},
    {"config-box", "size / <size:1-99>", Sec::kCrypto, {.rank = 1}},
    {"config-box", "open /", Sec::kCrypto, {.rank = 2}},
    {"config", "old <n:0-9>", Sec::kRoute, {.until = 802}},
    {"config", "link <if:iface>", Sec::kRoute},
};

class ShapeTest : public ::testing::Test {
 protected:
  ShapeTest() { DeclareShapes(grammar_, kRows); }

  RunResult Run(std::string_view line, bool loading = false) {
    ConfigEdit edit{tree_, mode_, personality_, names_, nullptr, {}};
    edit.loading = loading;
    ParseOptions options{15, &personality_, &names_, loading};
    return grammar_.Mode("config").Run(edit, line, options);
  }
  std::vector<std::string> Lines(Section s) const {
    std::vector<std::string> out;
    for (const auto& l : tree_.Of(s)) out.push_back(l->text);
    return out;
  }
  ConfigGrammar grammar_;
  LineTree tree_;
  ConfigMode mode_;
  Personality personality_;
  NameTable names_;
};

TEST_F(ShapeTest, ReadsAndPrintsInTheDeclaredOrder) {
  EXPECT_TRUE(Run("pe 3 10.1.1.1 weight 9 log via a b").reply.ok);
  EXPECT_THAT(Lines(Sec::kRoute), ElementsAre("peer 3 10.1.1.1 log weight 9 via a b "));
  const auto* f = tree_.Of(Sec::kRoute)[0]->As<FieldLine>();
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->Int("number"), 3);
  EXPECT_EQ(f->Address("address", names_), IpAddress::Parse("10.1.1.1"));
  EXPECT_TRUE(f->Has("log"));
  EXPECT_FALSE(f->Has("mask"));
  EXPECT_THAT(f->List("hops"), ElementsAre("a", "b"));
  EXPECT_EQ(f->Get("nothing of the kind"), "");
}

TEST_F(ShapeTest, TheKeySaysWhichLineItIs) {
  Run("peer 3 10.1.1.1");
  Run("peer 4 10.1.1.1");
  Run("peer 3 10.2.2.2 255.255.0.0");
  EXPECT_THAT(Lines(Sec::kRoute), ElementsAre("peer 3 10.2.2.2 255.255.0.0 ", "peer 4 10.1.1.1 "));
  Run("no peer 3");
  EXPECT_THAT(Lines(Sec::kRoute), ElementsAre("peer 4 10.1.1.1 "));
}

TEST_F(ShapeTest, TheCaretIsUnderWhatIsWrong) {
  const auto column = [&](std::string_view line) {
    const RunResult r = Run(line);
    EXPECT_EQ(r.outcome, RunResult::Outcome::kInvalid) << line;
    return r.column;
  };
  EXPECT_EQ(column("peer 11 10.1.1.1"), 5u);
  EXPECT_EQ(column("peer 1 10.1.1"), 7u);
  EXPECT_EQ(column("peer 1 10.1.1.1 weight 256"), 23u);
  EXPECT_EQ(column("mode tunnel2"), 5u + 6u);
  EXPECT_EQ(column("peer 1 2001:db8::1"), 7u);
  EXPECT_EQ(Run("peer 1").outcome, RunResult::Outcome::kIncomplete);
}

TEST_F(ShapeTest, NoLeavesALineWhereAnAsaHasOne) {
  Run("mode transport");
  Run("no mode");
  EXPECT_THAT(Lines(Sec::kRoute), ElementsAre("no mode"));
  Run("mode tunnel");
  EXPECT_THAT(Lines(Sec::kRoute), ElementsAre("mode tunnel"));
}

TEST_F(ShapeTest, AlternativesAndOptionalWordsAreFields) {
  Run("use any", true);
  Run("use list vpn loose", true);
  EXPECT_THAT(Lines(Sec::kRoute), ElementsAre("use any", "use list vpn loose"));
  EXPECT_TRUE(tree_.Of(Sec::kRoute)[0]->As<FieldLine>()->Has("any"));
  EXPECT_EQ(tree_.Of(Sec::kRoute)[1]->As<FieldLine>()->Get("loose"), "loose");
  const ReferenceKind* acl = ReferenceKindOf("acl");
  ASSERT_NE(acl, nullptr);
  EXPECT_EQ(FindReference(tree_, *acl, "vpn"), tree_.Of(Sec::kRoute)[1].get());
  EXPECT_EQ(FindReference(tree_, *acl, "other"), nullptr);
}

TEST_F(ShapeTest, ReferencesAreCheckedInASessionNotInAFile) {
  const RunResult r = Run("use list nowhere");
  EXPECT_FALSE(r.reply.ok);
  EXPECT_EQ(r.reply.text, "ERROR: access-list <nowhere> does not exist\n");
  EXPECT_TRUE(Lines(Sec::kRoute).empty());
  EXPECT_EQ(Run("link nowhere").reply.text, "ERROR: % Invalid Hostname\n");
  EXPECT_TRUE(Run("use list nowhere", true).reply.ok);
}

TEST_F(ShapeTest, AFileMayHoldLinesOfAnyRelease) {
  EXPECT_EQ(Run("old 1").outcome, RunResult::Outcome::kInvalid);
  EXPECT_EQ(Run("old 1", true).outcome, RunResult::Outcome::kOk);
}

TEST_F(ShapeTest, HelpComesFromTheRow) {
  const HelpResult h = grammar_.Mode("config").Help("peer 1 10.1.1.1 ", {});
  std::string all;
  for (const Hint& hint : h.hints) all += hint.text + "|" + hint.help + "\n";
  EXPECT_THAT(all, HasSubstr("log|Log it\n"));
  EXPECT_THAT(all, HasSubstr("weight|"));
  EXPECT_THAT(all, HasSubstr("A.B.C.D"));
  EXPECT_THAT(grammar_.Mode("config").Complete("mode tr", {}), ElementsAre("transport"));
}

// --- an ASA's own order

std::string BodyOf(std::string_view text) {
  Configuration c;
  LoadOptions options;
  options.empty_first = true;
  const LoadReport r = c.Load(text, options);
  EXPECT_EQ(r.refused, 0) << (r.reports.empty() ? "" : r.reports[0].text);
  return c.Body();
}

constexpr std::string_view kOdd =
    "ASA Version 9.1(2) \n!\nhostname odd\n!\ninterface GigabitEthernet0/0\n nameif inside\n security-level 100\n"
    " ip address 10.1.1.1 255.255.255.0 \n!\n!\nroute inside 10.5.0.0 255.255.0.0 10.1.1.9 1\nmtu inside 1500\n!\nprompt hostname \n"
    "banner motd hi\nbanner motd ho\n!\n";

// What an appliance printed comes back in its order and with its spacing, though ours would be another.
TEST(AsaOrder, IsKept) {
  EXPECT_EQ(BodyOf(": Saved\n" + std::string(kOdd) + "Cryptochecksum:0\n: end\n"), kOdd);
}

TEST(AsaOrder, IsOursForAFileThatAPersonWrote) {
  std::string text(kOdd);
  text.replace(text.find("9.1(2) "), 7, "9.1(2)");
  const std::string body = BodyOf(text);
  EXPECT_LT(body.find("banner motd"), body.find("mtu inside"));
  EXPECT_LT(body.find("mtu inside"), body.find("route inside"));
}

TEST(AsaOrder, NewLinesGoWhereTheyBelong) {
  Configuration c;
  c.Load(": Saved\n" + std::string(kOdd) + ": end\n");
  ConfigMode mode;
  EXPECT_TRUE(c.Apply(mode, "route inside 10.6.0.0 255.255.0.0 10.1.1.9").ok());
  EXPECT_TRUE(c.Apply(mode, "logging enable").ok());
  EXPECT_TRUE(c.Apply(mode, "no banner motd").ok());
  EXPECT_THAT(c.Body(), HasSubstr("route inside 10.5.0.0 255.255.0.0 10.1.1.9 1\nroute inside 10.6.0.0 255.255.0.0 10.1.1.9 1\nmtu inside 1500\n"));
  EXPECT_THAT(c.Body(), HasSubstr("logging enable\n"));
  EXPECT_THAT(c.Body(), Not(HasSubstr("banner")));
  Configuration again;
  again.Load(c.Print());
  EXPECT_EQ(again.Body(), c.Body());
}

// Copies lose the blanks at line ends; they come back as the copy has them.
TEST(AsaOrder, BlanksAtLineEndsAreAsTheyWere) {
  std::string copy(kOdd);
  copy.replace(copy.find("255.255.255.0 \n!"), 16, "255.255.255.0\n!");
  copy.replace(copy.find("hostname \n"), 10, "hostname\n");
  EXPECT_EQ(BodyOf(": Saved\n" + copy + ": end\n"), copy);
}

}  // namespace
}  // namespace sallyport
