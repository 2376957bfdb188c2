#include "firewall/log_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "firewall/logger.h"

namespace sallyport {
namespace {

constexpr std::array<std::string_view, 8> kSeverities = {"emergencies", "alerts",        "critical",      "errors",
                                                         "warnings",    "notifications", "informational", "debugging"};

// The class of a message is decided by the first three digits of its number (ASA syslog guide, "message classes").
struct ClassRow {
  std::string_view name;
  std::array<short, 40> prefixes;  // 0 ends
};
constexpr ClassRow kClasses[] = {
    {"auth", {109, 113}},
    {"bridge", {110, 220}},
    {"ca", {717}},
    {"citrix", {723}},
    {"config", {111, 112, 208, 308}},
    {"csd", {724}},
    {"cts", {776}},
    {"dap", {734}},
    {"eap", {333, 334}},
    {"eigrp", {336}},
    {"email", {719}},
    {"ha", {101, 102, 103, 104, 105, 210, 311, 709}},
    {"idfw", {746}},
    {"ids", {400, 401, 733}},
    {"ip", {209, 215, 313, 317, 408}},
    {"ipaa", {735, 737}},
    {"nac", {731, 732}},
    {"np", {319}},
    {"ospf", {318, 409, 503, 613}},
    {"rip", {107, 312}},
    {"rm", {321}},
    {"session", {106, 108, 201, 202, 204, 302, 303, 304, 305, 314, 324, 325, 326, 335, 405, 406, 407, 410, 411,
                 412, 413, 416, 418, 419, 421, 424, 431, 450, 500, 502, 508, 607, 608, 609, 616, 620, 703, 710}},
    {"snmp", {212}},
    {"ssl", {725}},
    {"svc", {722}},
    {"sys", {199, 211, 214, 216, 306, 307, 315, 414, 604, 605, 606, 610, 612, 614, 615, 701, 711}},
    {"tre", {780}},
    {"vpn", {316, 320, 402, 404, 501, 602, 702, 713, 714, 715}},
    {"vpnc", {611}},
    {"vpnfo", {720}},
    {"vpnlb", {718}},
    {"webfo", {721}},
    {"webvpn", {716}},
};

void AppendFlags(std::int64_t flags, std::string& out) {
  // Each flag prints its own blank: "FIN PSH ACK ".
  static constexpr std::array<std::string_view, 8> kNames = {"FIN ", "SYN ", "RST ", "PSH ", "ACK ", "URG ", "ECE ", "CWR "};
  for (std::size_t bit = 0; bit < kNames.size(); bit++) {
    if ((flags >> bit & 1) != 0) out += kNames[bit];
  }
}

// Of SPIs an ASA prints capital digits, of access list elements small ones.
std::string Hex(std::uint32_t n, const char* format) {
  char text[16];
  std::snprintf(text, sizeof text, format, n);
  return text;
}

bool SameBeginning(std::string_view word, std::string_view name) {
  return word.size() <= name.size() && std::equal(word.begin(), word.end(), name.begin(), [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
         });
}

}  // namespace

std::string_view SeverityName(int severity) {
  return severity >= 0 && severity < 8 ? kSeverities[static_cast<std::size_t>(severity)] : std::string_view{};
}

std::optional<int> ParseSeverity(std::string_view word) {
  if (word.empty()) return {};
  if (word.size() == 1 && word[0] >= '0' && word[0] <= '7') return word[0] - '0';
  std::optional<int> found;
  for (int i = 0; i < 8; i++) {
    if (!SameBeginning(word, SeverityName(i))) continue;
    if (found) return {};  // "e" is emergencies or errors
    found = i;
  }
  return found;
}

std::string_view MessageClass(int number) {
  const int prefix = number / 1000;
  for (const ClassRow& row : kClasses) {
    for (const short p : row.prefixes) {
      if (p == 0) break;
      if (p == prefix) return row.name;
    }
  }
  return {};
}

bool IsMessageClass(std::string_view name) {
  return std::any_of(std::begin(kClasses), std::end(kClasses), [&](const ClassRow& row) { return row.name == name; });
}

std::string HourMinuteSecond(Duration d) {
  const std::int64_t s = std::max<std::int64_t>(d.seconds(), 0);
  char text[40];
  std::snprintf(text, sizeof text, "%lld:%02d:%02d", static_cast<long long>(s / 3600), static_cast<int>(s / 60 % 60),
                static_cast<int>(s % 60));
  return text;
}

void AppendLogArg(const LogArg& arg, std::string& out) {
  using Kind = LogArg::Kind;
  switch (arg.kind) {
    case Kind::kNone:
      break;
    case Kind::kNumber:
      out += std::to_string(arg.number);
      break;
    case Kind::kHex:
      out += Hex(static_cast<std::uint32_t>(arg.number), "0x%X");
      break;
    case Kind::kAddress:
      out += arg.address.ToString();
      break;
    case Kind::kPaddedAddress: {
      const std::string text = arg.address.ToString();
      out.append(text.size() < 14 ? 14 - text.size() : 0, ' ');
      out += text;
      break;
    }
    case Kind::kName:
      out += NameOf(static_cast<NameId>(arg.number));
      break;
    case Kind::kWord:
      if (arg.word != nullptr) out += arg.word;
      break;
    case Kind::kDuration:
      out += HourMinuteSecond({arg.number});
      break;
    case Kind::kTcpFlags:
      AppendFlags(arg.number, out);
      break;
    case Kind::kReason:
      if (arg.word != nullptr) out.append(" ").append(arg.word);
      break;
    case Kind::kFromName:
      if (arg.number != 0) out.append(" from ").append(NameOf(static_cast<NameId>(arg.number)));
      break;
    case Kind::kTypeCode:
      if (arg.number >= 0) {
        out += " type " + std::to_string(arg.number >> 8) + " code " + std::to_string(arg.number & 0xff);
      }
      break;
    case Kind::kTypeCodeParens:
      if (arg.number >= 0) {
        out += " (type " + std::to_string(arg.number >> 8) + ", code " + std::to_string(arg.number & 0xff) + ")";
      }
      break;
    case Kind::kInterval:
      out += std::to_string(arg.number) + "-second interval";
      break;
    case Kind::kHashPair:
      if (arg.number != -1) {
        const auto pair = static_cast<std::uint64_t>(arg.number);
        out += " [" + Hex(static_cast<std::uint32_t>(pair >> 32), "0x%x") + ", " + Hex(static_cast<std::uint32_t>(pair), "0x%x") + "]";
      }
      break;
    case Kind::kSlashPort:
      if (arg.number >= 0) out += "/" + std::to_string(arg.number);
      break;
    case Kind::kMac: {
      char text[16];
      std::snprintf(text, sizeof text, "%04x.%04x.%04x", static_cast<unsigned>(arg.number >> 32 & 0xffff),
                    static_cast<unsigned>(arg.number >> 16 & 0xffff), static_cast<unsigned>(arg.number & 0xffff));
      out += text;
      break;
    }
    case Kind::kText:  // Logger::Render's: it is not in the argument
      break;
    case Kind::kInterfaceEndpoint:
      out.append(NameOf(static_cast<NameId>(arg.number))).append(":").append(arg.address.ToString());
      break;
  }
}

void AppendTimestamp(std::int64_t wall_nanos, const LoggingSettings& settings, bool emblem, std::string& out) {
  char text[64];
  if (settings.rfc5424) {
    const CivilTime t = ToCivil(wall_nanos, 0);
    std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    out += text;
    return;
  }
  const CivilTime t = ToCivil(wall_nanos, settings.zone);
  const std::string month(MonthName(t.month));
  if (emblem) {
    std::snprintf(text, sizeof text, "%s %02d %02d:%02d:%02d ", month.c_str(), t.day, t.hour, t.minute, t.second);
    out.append(text).append(settings.zone.NameAt(wall_nanos));
  } else {
    std::snprintf(text, sizeof text, "%s %02d %04d %02d:%02d:%02d", month.c_str(), t.day, t.year, t.hour, t.minute,
                  t.second);
    out += text;
  }
}

}  // namespace sallyport
