// What a file may hold besides a configuration's lines, and what is none: each damage has its report, and nothing is half applied.
#include <gtest/gtest.h>

#include <string>

#include "conf/configuration.h"

namespace sallyport::load_test {
namespace {

using std::string_literals::operator""s;

constexpr char kWhole[] =
    ": Saved\n:\nASA Version 9.16(4) \n!\nhostname edge\nnames\n!\ninterface GigabitEthernet0/0\n nameif outside\n security-level 0\n"
    " ip address 198.51.100.2 255.255.255.0 \n!\nmtu outside 1500\nCryptochecksum:0\n: end\n";

std::string Reports(const LoadReport& r) {
  std::string s;
  for (const LineReport& l : r.reports) s += std::to_string(l.number) + ": " + l.text;
  return s;
}
std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) text.replace(at, from.size(), to);
  return text;
}
// The text loads without a word and means what kWhole does.
void ExpectWhole(const std::string& text) {
  Configuration c, plain;
  plain.Load(kWhole);
  const LoadReport r = c.Load(text);
  EXPECT_EQ(Reports(r), "");
  EXPECT_EQ(r.refused, 0);
  EXPECT_EQ(c.Body(), plain.Body());
}

TEST(Load, WhatIsNoTextChangesNothing) {
  std::string utf16 = "\xff\xfe";
  for (const char c : std::string(kWhole)) (utf16 += c) += '\0';
  std::string swapped;
  for (const char c : std::string(kWhole)) (swapped += '\0') += c;
  std::string rubbish;
  std::uint32_t state = 1;
  for (int i = 0; i < 5000; i++) rubbish += static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  const std::string wide = "1: ERROR: the text is UTF-16; save it as UTF-8 or plain text\n";
  struct {
    std::string text, report;
  } cases[] = {{utf16, wide}, {utf16.substr(2), wide}, {swapped, wide}, {std::string(kWhole) + rubbish, "1: ERROR: this is not text: "}};
  for (const auto& [text, report] : cases) {
    Configuration c;
    c.Load(kWhole);
    const std::string before = c.Print();
    LoadOptions options;
    options.empty_first = true;
    const LoadReport r = c.Load(text, options);
    EXPECT_TRUE(r.unreadable);
    EXPECT_EQ(r.refused, 1);
    EXPECT_EQ(Reports(r).substr(0, report.size()), report);
    EXPECT_EQ(c.Print(), before);
  }
}

TEST(Load, LineEndsAndMarks) {
  ExpectWhole(kWhole);
  ExpectWhole("\xef\xbb\xbf"s + kWhole);
  ExpectWhole(Replaced(kWhole, "\n", "\r\n"));
  ExpectWhole(Replaced(kWhole, "\n", "\r"));
  ExpectWhole(Replaced(kWhole, "\n", "\r\r\n"));
  ExpectWhole(Replaced(kWhole, "\n ", "\n\t"));
  ExpectWhole(Replaced(kWhole, "\n ", "\n\xc2\xa0"));
}

TEST(Load, WhatATerminalLeaves) {
  const std::string wiped = "\r" + std::string(14, ' ') + "\r";
  ExpectWhole(Replaced(kWhole, " security-level", "<--- More --->" + wiped + " security-level"));
  ExpectWhole(Replaced(kWhole, " security-level", "<--- More --->" + std::string(14, ' ') + " security-level"));
  const std::string back = "<--- More --->" + std::string(14, '\b') + std::string(14, ' ') + std::string(14, '\b');
  ExpectWhole(Replaced(kWhole, " security-level", back + " security-level"));
  ExpectWhole(Replaced(kWhole, "hostname edge", "hostnamf\be edge"));
  ExpectWhole(Replaced(kWhole, "hostname edge", "\x1b[1mhostname\x1b[0m edge\x1b[K"));
  ExpectWhole("edge# terminal pager 0\nedge# show running-config\n"s + kWhole + "\nedge# exit\n");
  ExpectWhole(Replaced(kWhole, "mtu outside", "edge(config)# mtu outside"));
}

TEST(Load, ADocumentAroundIt) {
  ExpectWhole("# Our firewall\n\nThis is what it had last week:\n\n```text\n"s + kWhole + "```\n\nhostname nonsense said in prose\n");
  ExpectWhole("Words before.\n~~~\n"s + kWhole + "~~~\nWords.\n\n```\nhostname another\n```\n");
  Configuration c;
  const LoadReport r = c.Load("Type this:\n```\nhostname one\n```\nand then\n```\ndomain-name example.net\n```\n");
  EXPECT_EQ(Reports(r), "");
  EXPECT_EQ(c.settings().hostname, "one");
  EXPECT_EQ(c.settings().domain, "example.net");
  // Without fences, prose is refused line by line and the rest stands.
  const LoadReport prose = c.Load("Our firewall is called\nhostname two\n");
  EXPECT_EQ(prose.refused, 1);
  EXPECT_EQ(prose.reports.at(0).number, 1);
  EXPECT_EQ(c.settings().hostname, "two");
}

TEST(Load, CutOff) {
  const std::string whole(kWhole);
  const auto load = [](Configuration& c, const std::string& text) { return Reports(c.Load(text)); };
  {  // between two lines of a sub-mode
    Configuration c;
    EXPECT_EQ(load(c, whole.substr(0, whole.find(" ip address"))), "10: WARNING: the configuration has no end (`: end`): it may be cut off\n");
    EXPECT_EQ(c.settings().hostname, "edge");
  }
  {  // in a line
    Configuration c;
    EXPECT_EQ(load(c, whole.substr(0, whole.find("-level 0"))),
              "10:  security\nERROR: % Incomplete command\n"
              "10: WARNING: the configuration has no end (`: end`), nor has its last line: it may be cut off\n");
  }
  {  // in a banner
    Configuration c;
    EXPECT_EQ(load(c, ": Saved\n:\nASA Version 9.16(4) \nbanner motd Welcome\nbanner mo"),
              "5: WARNING: the configuration has no end (`: end`), nor has its last line: it may be cut off\n");
    EXPECT_EQ(c.settings().banner_motd, "Welcome\n\n") << "an abbreviation, and an empty line of the banner";
  }
  {  // in a certificate: it is not kept in part
    Configuration c;
    const std::string text =
        ": Saved\n:\nASA Version 9.16(4) \ncrypto ca certificate chain CA\n certificate ca 01\n    30820122 30820122\n    3082";
    EXPECT_EQ(load(c, text),
              "7: certificate ca 01\nERROR: the certificate has no end (`quit`)\n"
              "7: WARNING: the configuration has no end (`: end`), nor has its last line: it may be cut off\n");
    EXPECT_EQ(c.Body().find("30820122"), std::string::npos);
    EXPECT_EQ(load(c, text + "\n  quit\n: end\n"), "");
    EXPECT_NE(c.Body().find("30820122"), std::string::npos);
  }
}

TEST(Load, LongAndMany) {
  Configuration c;
  const LoadReport r = c.Load("ASA Version 9.16(4)\nhostname " + std::string(1'000'000, 'x') + "\ndomain-name example.net\n");
  EXPECT_EQ(r.refused, 1);
  EXPECT_EQ(Reports(r), "2: hostname " + std::string(51, 'x') + "...\nERROR: line is too long\n");
  EXPECT_EQ(c.settings().domain, "example.net");
  std::string deep = "ASA Version 9.16(4)\n";
  for (int i = 0; i < 2000; i++) deep += std::string(static_cast<std::size_t>(i), ' ') + "policy-map p" + std::to_string(i) + "\n";
  EXPECT_EQ(c.Load(deep).refused, 0);
  std::string many = "ASA Version 9.16(4)\n";
  for (int i = 0; i < 20'000; i++) many += "nonsense\n";
  EXPECT_EQ(c.Load(many).refused, 20'000);
}

TEST(Load, TwiceInOneFile) {
  Configuration c;
  const std::string first = ": Saved\n:\nASA Version 9.16(4) \nhostname one\n";
  EXPECT_EQ(Reports(c.Load(first + "ASA Version 9.16(4) \nhostname two\n: end\n")), "5: WARNING: another configuration begins here; it is not read\n");
  EXPECT_EQ(c.settings().hostname, "one");
  // A part that stands twice is one part.
  EXPECT_EQ(Reports(c.Load("ASA Version 9.16(4)\ninterface GigabitEthernet0/0\n nameif outside\n!\ninterface GigabitEthernet0/0\n shutdown\n")),
            "");
  const std::string body = c.Body();
  EXPECT_EQ(body.find("interface GigabitEthernet0/0"), body.rfind("interface GigabitEthernet0/0"));
}

TEST(Load, WebPages) {
  Configuration c;
  const LoadReport r = c.Load("ASA Version 9.16(4)\nhostname one\nbanner motd Keep out &lt;now&gt;\nbanner motd a &amp; b\n");
  EXPECT_EQ(Reports(r), "3: WARNING: the text has characters as a web page writes them (&amp; &lt; &gt;); they are taken as they stand\n");
  EXPECT_EQ(r.refused, 0);
}

TEST(Load, MergingKeepsWhatIsThere) {
  Configuration c;
  c.Load(kWhole);
  LoadOptions options;
  options.merge = true;
  EXPECT_EQ(Reports(c.Load("ASA Version 8.2(5)\nhostname other\n", options)), "");
  EXPECT_EQ(c.settings().hostname, "other");
  EXPECT_EQ(c.personality().version, "9.16(4)");
  EXPECT_NE(c.Body().find("nameif outside"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::load_test
