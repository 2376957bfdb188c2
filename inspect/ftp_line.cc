#include "inspect/ftp_line.h"

namespace sallyport {
namespace {

bool Digit(char c) { return c >= '0' && c <= '9'; }

// Up to `digits` digits; moves behind them.
std::optional<std::uint32_t> Number(std::string_view line, std::size_t& at, std::uint32_t most, std::size_t digits) {
  std::uint32_t n = 0;
  const std::size_t from = at;
  for (; at < line.size() && Digit(line[at]); at++) {
    if (at - from == digits) return {};
    n = n * 10 + static_cast<std::uint32_t>(line[at] - '0');
  }
  if (at == from || n > most) return {};
  return n;
}

std::size_t Rest(std::string_view line, std::size_t end) {
  std::size_t last = line.size();
  while (last > end && (line[last - 1] == '\n' || line[last - 1] == '\r')) last--;
  return last - end;
}

std::optional<FtpTarget> NumbersAt(std::string_view line, std::size_t at) {
  FtpTarget t;
  t.begin = at;
  std::uint32_t n[6] = {};
  for (int i = 0; i < 6; i++) {
    if (i != 0 && (at >= line.size() || line[at++] != ',')) return {};
    const auto v = Number(line, at, 255, 3);
    if (!v) return {};
    n[i] = *v;
  }
  if (at < line.size() && line[at] == ',') return {};  // exactly five commas
  t.end = at;
  t.behind = Rest(line, at);
  t.endpoint = {IpAddress::V4(n[0] << 24 | n[1] << 16 | n[2] << 8 | n[3]), static_cast<std::uint16_t>(n[4] << 8 | n[5])};
  return t;
}

}  // namespace

std::optional<FtpTarget> ParseFtpNumbers(std::string_view line, std::size_t from, bool search) {
  while (from < line.size() && line[from] == ' ') from++;
  if (!search) return NumbersAt(line, from);
  for (std::size_t at = from; at < line.size(); at++) {
    if (!Digit(line[at]) || (at != 0 && Digit(line[at - 1]))) continue;
    if (const auto t = NumbersAt(line, at)) return t;
  }
  return {};
}

std::optional<FtpTarget> ParseFtpExtended(std::string_view line, std::size_t from) {
  while (from < line.size() && line[from] == ' ') from++;
  FtpTarget t;
  t.begin = from;
  if (from >= line.size()) return {};
  const char mark = line[from];
  if (mark < 33 || mark > 126 || Digit(mark)) return {};
  std::size_t at = from + 1;
  const auto family = Number(line, at, 2, 1);
  if (!family || at >= line.size() || line[at++] != mark) return {};
  const std::size_t address_end = line.find(mark, at);
  if (address_end == std::string_view::npos || address_end - at > 45) return {};
  const auto address = IpAddress::Parse(line.substr(at, address_end - at));
  if (!address || address->IsV4() != (*family == 1)) return {};
  at = address_end + 1;
  const auto port = Number(line, at, 65535, 5);
  if (!port || at >= line.size() || line[at++] != mark) return {};
  t.end = at;
  t.behind = Rest(line, at);
  t.endpoint = {*address, static_cast<std::uint16_t>(*port)};
  return t;
}

std::optional<FtpTarget> ParseFtpExtendedPassive(std::string_view line) {
  const std::size_t open = line.find('(');
  if (open == std::string_view::npos || open + 5 >= line.size()) return {};
  const char mark = line[open + 1];
  if (mark < 33 || mark > 126 || Digit(mark) || line[open + 2] != mark || line[open + 3] != mark) return {};
  std::size_t at = open + 4;
  const auto port = Number(line, at, 65535, 5);
  if (!port || at >= line.size() || line[at] != mark) return {};
  FtpTarget t;
  t.begin = open + 1;
  t.end = at + 1;
  t.behind = Rest(line, t.end);
  t.endpoint.port = static_cast<std::uint16_t>(*port);
  return t;
}

std::string FtpNumbers(const Endpoint& e) {
  std::string s = e.address.ToString();
  for (char& c : s) {
    if (c == '.') c = ',';
  }
  return s + "," + std::to_string(e.port >> 8) + "," + std::to_string(e.port & 255);
}

std::string FtpExtended(const Endpoint& e, char mark) {
  const std::string m(1, mark);
  return m + (e.address.IsV4() ? "1" : "2") + m + e.address.ToString() + m + std::to_string(e.port) + m;
}

std::string FtpExtendedPassive(std::uint16_t port, char mark) { return std::string(3, mark) + std::to_string(port) + mark; }

}  // namespace sallyport
