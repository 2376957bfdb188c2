// The way of a command: parsing, abbreviation, ambiguity, the caret's column, help, completion, the no form, printing.
#include "conf/command.h"

#include "conf/codecs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport {
namespace {

using ::testing::ElementsAre;
using Outcome = RunResult::Outcome;

struct Show {
  std::string what;
  bool all = false;
  std::optional<int> count;
  std::string address;
  bool operator==(const Show&) const = default;
};
struct Shun { std::optional<IpAddress> who; };
struct Rate {
  enum class Unit { kNone, kPackets, kBytes } unit{};
  std::optional<int> low, high;
  std::string note;
};
struct Log {
  std::vector<std::string> lines;
};

template <typename T>
auto Keep(Command<T> c) {
  return [c](Log& log, const T& v, Form f) {
    log.lines.push_back((f == Form::kNo ? "no " : "") + c.Print(v));
    return Reply{};
  };
}

CommandSet<Log> MakeSet() {
  CommandSet<Log> set("exec mode");
  using S = Tokens<Show>;
  Command<Show> conn({S::Kw("show", "Show"), S::Kw("conn", "Connections"), S::Flag(&Show::all, "all", "All"),
                      S::Opt({S::Kw("count", "Count"), S::Int(&Show::count, 1, 100, "How many")}),
                      S::Opt({S::Kw("address", "By address"), S::Word(&Show::address, "Address", "A.B.C.D")})});
  conn.Privilege(1);
  set.Add(conn, Keep(conn));
  Command<Show> console({S::Kw("show"), S::Kw("console-output", "Console")});
  set.Add(console, Keep(console));
  Command<Show> running({S::Kw("show"), S::Kw("running-config", "Running")});
  set.Add(running, Keep(running));
  using H = Tokens<Shun>;
  Command<Shun> shun({H::Kw("shun", "Shun a host"), H::Arg(&Shun::who, "Who")});
  shun.No(1);
  set.Add(shun, Keep(shun));
  using R = Tokens<Rate>;
  Command<Rate> rate({R::Kw("rate", "Rate"),
                      R::Choice({{R::Is(&Rate::unit, Rate::Unit::kPackets, "packets", "Packets")},
                                 {R::Is(&Rate::unit, Rate::Unit::kBytes, "bytes", "Bytes")}}),
                      R::AnyOrder({{R::Kw("low", "Low"), R::Int(&Rate::low, 0, 9)}, {R::Kw("high", "High"), R::Int(&Rate::high, 0, 9)}}),
                      R::Opt({R::Kw("note", "Note"), R::Line(&Rate::note)})});
  set.Add(rate, Keep(rate));
  return set;
}

std::vector<std::string> Texts(const HelpResult& h) {
  std::vector<std::string> out;
  for (const Hint& x : h.hints) out.push_back(x.text);
  return out;
}

class CommandTest : public ::testing::Test {
 protected:
  RunResult Run(std::string_view line, int privilege = 15) {
    ParseOptions o;
    o.privilege = privilege;
    return set.Run(log, line, o);
  }
  CommandSet<Log> set = MakeSet();
  Log log;
};

TEST_F(CommandTest, RunsAndPrintsTheWholeLine) {
  EXPECT_EQ(Run("show conn all count 5 address 10.1.1.1").outcome, Outcome::kOk);
  EXPECT_EQ(Run("sh  run ").outcome, Outcome::kOk);
  EXPECT_EQ(Run("SHOW Conn").outcome, Outcome::kOk);
  EXPECT_THAT(log.lines, ElementsAre("show conn all count 5 address 10.1.1.1", "show running-config", "show conn"));
}

TEST_F(CommandTest, AbbreviationIsSettledByTheRestOfTheLine) {
  EXPECT_EQ(Run("sh run").outcome, Outcome::kOk);  // not shun
  EXPECT_EQ(Run("sh 10.1.1.1").outcome, Outcome::kOk);
  EXPECT_EQ(log.lines.back(), "shun 10.1.1.1");
}

TEST_F(CommandTest, AmbiguousWords) {
  RunResult r = Run("sh");
  EXPECT_EQ(r.outcome, Outcome::kAmbiguous);
  EXPECT_EQ(r.word, "sh");
  r = Run("show con");
  EXPECT_EQ(r.outcome, Outcome::kAmbiguous);
  EXPECT_EQ(r.word, "con");
  EXPECT_EQ(Run("show conn").outcome, Outcome::kOk);  // exact beats prefix
}

TEST_F(CommandTest, CaretStandsUnderTheFirstCharacterThatNothingMatches) {
  RunResult r = Run("show conduit");
  EXPECT_EQ(r.outcome, Outcome::kInvalid);
  EXPECT_EQ(r.column, 8u);  // con|duit
  r = Run("show running-config object");
  EXPECT_EQ(r.column, 20u);
  r = Run("shox conn");
  EXPECT_EQ(r.column, 3u);
  r = Run("  xyz");
  EXPECT_EQ(r.column, 2u);
  r = Run("show conn count 101");
  EXPECT_EQ(r.outcome, Outcome::kInvalid);
  EXPECT_EQ(r.column, 16u);
  r = Run("rate packets low 3 low 4");
  EXPECT_EQ(r.outcome, Outcome::kInvalid);
  EXPECT_EQ(r.column, 19u);
  EXPECT_TRUE(log.lines.empty());
}

TEST_F(CommandTest, Incomplete) {
  EXPECT_EQ(Run("show conn count").outcome, Outcome::kIncomplete);
  EXPECT_EQ(Run("show").outcome, Outcome::kIncomplete);
  EXPECT_EQ(Run("rate").outcome, Outcome::kIncomplete);
  EXPECT_EQ(Run("no").outcome, Outcome::kIncomplete);
  EXPECT_EQ(Run("").outcome, Outcome::kEmpty);
  EXPECT_EQ(Run(" ! a comment").outcome, Outcome::kEmpty);
}

TEST_F(CommandTest, NoForm) {
  EXPECT_EQ(Run("no shun").outcome, Outcome::kOk);
  EXPECT_EQ(Run("no shun 10.9.9.9").outcome, Outcome::kOk);
  EXPECT_EQ(Run("no show conn").outcome, Outcome::kInvalid);
  EXPECT_THAT(log.lines, ElementsAre("no shun", "no shun 10.9.9.9"));
}

TEST_F(CommandTest, AnyOrderPrintsInDeclaredOrder) {
  EXPECT_EQ(Run("rate bytes high 7 low 3 note  as typed,  blanks too").outcome, Outcome::kOk);
  EXPECT_EQ(log.lines.back(), "rate bytes low 3 high 7 note as typed,  blanks too");
}

TEST_F(CommandTest, PrivilegeHidesCommands) {
  EXPECT_EQ(Run("show conn", 1).outcome, Outcome::kOk);
  EXPECT_EQ(Run("show running-config", 1).outcome, Outcome::kInvalid);
  ParseOptions o;
  o.privilege = 1;
  EXPECT_THAT(Texts(set.Help("show ", o)), ElementsAre("conn"));
}

TEST_F(CommandTest, Help) {
  EXPECT_THAT(Texts(set.Help("", {})), ElementsAre("no", "rate", "show", "shun"));
  EXPECT_THAT(Texts(set.Help("show ", {})), ElementsAre("conn", "console-output", "running-config"));
  EXPECT_THAT(Texts(set.Help("show conn ", {})), ElementsAre("address", "all", "count", "<cr>"));
  EXPECT_THAT(Texts(set.Help("show conn count ", {})), ElementsAre("<1-100>"));
  EXPECT_THAT(Texts(set.Help("rate ", {})), ElementsAre("bytes", "packets"));
  EXPECT_THAT(Texts(set.Help("rate b high 3 ", {})), ElementsAre("low", "note", "<cr>"));
  EXPECT_THAT(Texts(set.Help("no ", {})), ElementsAre("shun"));
  const HelpResult word = set.Help("show con", {});
  EXPECT_TRUE(word.word_help);
  EXPECT_THAT(Texts(word), ElementsAre("conn", "console-output"));
  EXPECT_EQ(set.Help("show xyz ", {}).outcome, Outcome::kInvalid);
  EXPECT_EQ(set.Help("show xyz ", {}).column, 5u);
}

TEST_F(CommandTest, Completion) {
  EXPECT_THAT(set.Complete("show run", {}), ElementsAre("running-config"));
  EXPECT_THAT(set.Complete("sh", {}), ElementsAre("show", "shun"));
  EXPECT_THAT(set.Complete("show conn count 1", {}), ElementsAre());
}

}  // namespace
}  // namespace sallyport
