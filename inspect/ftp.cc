#include "inspect/ftp.h"

#include <algorithm>
#include <deque>

#include "firewall/conn.h"
#include "inspect/ftp_line.h"

namespace sallyport {
namespace {

constexpr std::uint16_t kFtpPort = 21;
constexpr std::size_t kMaxLine = 1024;      // with the line end; what is longer passes unseen (strict: ends the connection)
constexpr std::size_t kMaxPending = 32;     // commands without their answer
constexpr std::size_t kMaxFtpName = 128;       // of a user or a file, for messages
constexpr std::size_t kMaxStrictPath = 256;  // of a line with RETR or STOR under strict inspection
constexpr std::size_t kMaxBehind = 8;        // characters behind a port's numbers under strict inspection
constexpr std::uint16_t kLowestPort = 1024;

// What strict inspection knows; those of RFC 959, 775, 1639, 2228, 2389, 2428, 2640, 3659, 4217 that are in use.
constexpr std::string_view kCommands[] = {
    "ABOR", "ACCT", "ALLO", "APPE", "CDUP", "CWD",  "DELE", "HELP", "LIST", "MDTM", "MKD",  "MODE", "NLST", "NOOP", "PASS", "PASV",
    "PORT", "PWD",  "QUIT", "REIN", "REST", "RETR", "RMD",  "RNFR", "RNTO", "SITE", "SIZE", "SMNT", "STAT", "STOR", "STOU", "STRU",
    "SYST", "TYPE", "USER", "XCUP", "XCWD", "XMKD", "XPWD", "XRMD", "EPRT", "EPSV", "FEAT", "OPTS", "AUTH", "PBSZ", "PROT", "MLSD",
    "MLST", "LANG", "CLNT"};
static_assert(std::size(kCommands) <= 64);

enum class Verb : std::uint8_t { kOther, kUser, kStore, kRetrieve, kPasv, kEpsv, kSyst };

struct FtpState final : InspectState {
  std::unique_ptr<InspectState> Clone() const override { return std::make_unique<FtpState>(*this); }
  // By direction of the sender: the line so far, and from where on its text was kept back (npos: none was).
  std::string line[2];
  std::size_t held[2] = {std::string::npos, std::string::npos};
  bool skipping[2] = {};  // to the end of a line that is too long
  std::deque<Verb> pending;
  std::string user, file;
  bool greeted = false;
  int in_reply = 0;  // code of a reply of several lines
};

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string CommandOf(std::string_view line) {
  std::string word;
  for (const char c : line) {
    if (c == ' ' || c == '\r' || c == '\n' || word.size() == 8) break;
    word += Upper(c);
  }
  return word;
}

std::string_view ArgumentOf(std::string_view line) {
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return {};
  line.remove_prefix(blank + 1);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  return line;
}

bool StartsWithNumber(std::string_view line) {
  return line.size() >= 4 && std::all_of(line.begin(), line.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
}

class Run {
 public:
  Run(InspectCall& call, const FtpMap& map, FtpState& state)
      : call_(call), map_(map), state_(state), me_(call.FromInitiator() ? 0 : 1), data_(call.text()) {}

  // False: the connection ends.
  bool Go();

 private:
  bool Whole(std::size_t at, std::size_t old);
  bool Part(std::size_t at, std::size_t old);
  bool Command(std::size_t at, std::size_t old);
  bool Reply(std::size_t at, std::size_t old);
  // The line says where its sender can be reached: opens the way, and puts the address in as the other end sees it.
  enum class Form : std::uint8_t { kNumbers, kExtended, kExtendedPassive };
  bool Announce(const std::optional<FtpTarget>& target, Form form, std::size_t at, std::size_t old);
  bool Put(std::size_t begin, std::size_t end, const std::string& by, std::size_t at, std::size_t old);
  bool Mask(std::size_t begin, std::size_t at, std::size_t old);
  bool EmitHeld(std::size_t at);
  bool Strict(const std::string& command, std::size_t at);
  // Of a command, or (`bit` < 0) of the server's greeting.
  bool Rules(const std::string& command, int bit);
  bool End() {
    call_.Close(true);
    return false;
  }
  std::string& line() { return state_.line[me_]; }
  std::size_t& held() { return state_.held[me_]; }
  void Expect(Verb v) {
    if (state_.pending.size() == kMaxPending) state_.pending.pop_front();
    state_.pending.push_back(v);
  }

  InspectCall& call_;
  const FtpMap& map_;
  FtpState& state_;
  const int me_;
  const std::string data_;  // a copy: replacing changes the packet
  bool emitted_ = false;
};

bool Run::Go() {
  std::size_t at = 0;
  while (at < data_.size()) {
    const std::size_t newline = data_.find('\n', at);
    const std::size_t end = newline == std::string::npos ? data_.size() : newline + 1;
    if (state_.skipping[me_]) {
      state_.skipping[me_] = newline == std::string::npos;
      at = end;
      continue;
    }
    const std::size_t old = line().size();
    if (old + (end - at) > kMaxLine) {
      if (map_.strict || held() != std::string::npos) return End();
      line().clear();
      state_.skipping[me_] = newline == std::string::npos;
      at = end;
      continue;
    }
    line().append(data_, at, end - at);
    if (newline == std::string::npos) return Part(at, old);
    emitted_ = false;
    if (!Whole(at, old)) return false;
    if (held() != std::string::npos && !emitted_ && !EmitHeld(at)) return End();
    line().clear();
    held() = std::string::npos;
    at = end;
  }
  return true;
}

// A line that goes on in the next packet. Of one that will have to be changed, what is to change is kept back.
bool Run::Part(std::size_t at, std::size_t old) {
  if (!call_.Translated()) return true;
  std::size_t from = 0;
  if (call_.FromInitiator()) {
    const std::string command = CommandOf(line());
    if ((command != "PORT" && command != "EPRT") || line().size() <= 5) return true;
    from = 5;
  } else {
    if (!StartsWithNumber(line()) || (line().compare(0, 3, "227") != 0 && line().compare(0, 3, "229") != 0)) return true;
    from = 4;
  }
  if (line().size() <= from) return true;
  const std::size_t keep = std::max(from, old);  // in the line; what came in earlier packets has been kept back already
  if (old > from && held() == std::string::npos) return true;
  if (!call_.Replace(at + (keep - old), line().size() - keep, std::string_view())) return End();
  if (held() == std::string::npos) held() = from;
  call_.AcknowledgeToSender();
  return true;
}

bool Run::EmitHeld(std::size_t at) {
  emitted_ = true;
  const std::string rest = line().substr(held());
  const std::size_t here = data_.find('\n', at) + 1 - at;
  return call_.Replace(at, here, rest);
}

// Replaces [begin, end) of the line. `at` is where its last part begins in this packet, `old` how much of it came before.
bool Run::Put(std::size_t begin, std::size_t end, const std::string& by, std::size_t at, std::size_t old) {
  if (held() != std::string::npos) {
    if (begin < held()) return false;
    const std::string rest = line().substr(held(), begin - held()) + by + line().substr(end);
    emitted_ = true;
    return call_.Replace(at, line().size() - old, rest);
  }
  if (begin < old) return false;  // it has gone out
  return call_.Replace(at + begin - old, end - begin, by);
}

bool Run::Mask(std::size_t begin, std::size_t at, std::size_t old) {
  std::size_t end = line().size();
  while (end > begin && (line()[end - 1] == '\n' || line()[end - 1] == '\r')) end--;
  begin = std::max(begin, old);
  return end <= begin || Put(begin, end, std::string(end - begin, 'X'), at, old);
}

bool Run::Whole(std::size_t at, std::size_t old) {
  if (map_.strict && (line().size() < 2 || line()[line().size() - 2] != '\r')) return End();
  return call_.FromInitiator() ? Command(at, old) : Reply(at, old);
}

bool Run::Announce(const std::optional<FtpTarget>& target, Form form, std::size_t at, std::size_t old) {
  if (!target || (map_.strict && target->behind > kMaxBehind)) return map_.strict ? End() : true;
  const bool forward = call_.FromInitiator();
  const IpAddress own = forward ? call_.conn.initiator_real : call_.conn.responder_real;
  Endpoint real = target->endpoint;
  if (real.address.IsNone()) real.address = own;
  if (real.address != own) {
    call_.log.Log(call_.now, Msg::k406002, LogArg::Address(own), LogArg::Address(real.address),
                  LogArg::Address(call_.packet.key.dst), LogArg::Name(call_.ingress_name));
    return End();
  }
  if (real.port < kLowestPort) {
    call_.log.Log(call_.now, Msg::k406001, LogArg::Address(real.address), LogArg::Number(real.port),
                  LogArg::Address(call_.packet.key.dst), LogArg::Name(call_.ingress_name));
    return End();
  }
  const auto seen = call_.ExpectConnection(6, real, 0);
  if (!seen) {
    call_.log.Log(call_.now, Msg::k201005, LogArg::Address(own), LogArg::Address(call_.packet.key.dst));
    return End();
  }
  if (*seen == real) return true;
  if (form == Form::kNumbers && !seen->address.IsV4()) return End();  // PORT and PASV have no words for IPv6
  const char mark = line()[target->begin];
  const std::string by = form == Form::kNumbers    ? FtpNumbers(*seen)
                         : form == Form::kExtended ? FtpExtended(*seen, mark)
                                                   : FtpExtendedPassive(seen->port, mark);
  return Put(target->begin, target->end, by, at, old) || End();
}

bool Run::Command(std::size_t at, std::size_t old) {
  const std::string command = CommandOf(line());
  if (map_.strict && !Strict(command, at)) return false;
  const std::string_view argument = ArgumentOf(line());
  if (command == "USER") state_.user = argument.substr(0, kMaxFtpName);
  if (command == "RETR" || command == "STOR" || command == "STOU" || command == "APPE") {
    state_.file = argument.substr(0, kMaxFtpName);
    Expect(command == "RETR" ? Verb::kRetrieve : Verb::kStore);
    return true;
  }
  Expect(command == "USER" ? Verb::kUser : command == "PASV" ? Verb::kPasv : command == "EPSV" ? Verb::kEpsv
         : command == "SYST" ? Verb::kSyst : Verb::kOther);
  if (command == "PORT") return Announce(ParseFtpNumbers(line(), 5, false), Form::kNumbers, at, old);
  if (command == "EPRT") return Announce(ParseFtpExtended(line(), 5), Form::kExtended, at, old);
  return true;
}

bool Run::Reply(std::size_t at, std::size_t old) {
  const bool numbered = StartsWithNumber(line());
  const int code = numbered ? (line()[0] - '0') * 100 + (line()[1] - '0') * 10 + (line()[2] - '0') : 0;
  if (map_.strict && !numbered && (CommandOf(line()) == "PORT" || CommandOf(line()) == "EPRT")) return End();
  const Verb verb = state_.pending.empty() ? Verb::kOther : state_.pending.front();
  if (map_.strict && !state_.greeted && numbered && !Rules({}, -1)) return false;
  if (map_.mask_banner && !state_.greeted && !Mask(numbered ? 4 : 0, at, old)) return End();
  if (map_.strict && map_.mask_syst_reply && verb == Verb::kSyst && (code == 215 || state_.in_reply == 215) &&
      !Mask(numbered ? 4 : 0, at, old)) {
    return End();
  }
  const bool last = numbered && line()[3] != '-' && (state_.in_reply == 0 || state_.in_reply == code);
  if (numbered && line()[3] == '-' && state_.in_reply == 0) state_.in_reply = code;
  if (!last) return true;
  state_.in_reply = 0;
  state_.greeted = true;
  if (code >= 100 && code < 200) {
    if (verb == Verb::kStore || verb == Verb::kRetrieve) {
      const Conn& c = call_.conn;
      call_.log.Log(call_.now, Msg::k303002, LogArg::At(call_.egress_name, c.initiator_real), LogArg::Number(c.initiator_real_port),
                    LogArg::At(call_.ingress_name, c.responder_real), LogArg::Number(c.responder_real_port),
                    std::string_view(state_.user.empty() ? "Unknown" : state_.user),
                    LogArg::Word(verb == Verb::kStore ? "Stored" : "Retrieved"), std::string_view(state_.file));
    }
    return true;  // preliminary: another one follows
  }
  if (!state_.pending.empty()) state_.pending.pop_front();
  // The answers that announce a port; from a server that was not asked they announce nothing.
  if (code == 227 && verb == Verb::kPasv) return Announce(ParseFtpNumbers(line(), 4, true), Form::kNumbers, at, old);
  if (code == 229 && verb == Verb::kEpsv) return Announce(ParseFtpExtendedPassive(line()), Form::kExtendedPassive, at, old);
  if (code == 221 && map_.strict) state_.pending.clear();
  return true;
}

// What strict inspection asks of a command. False: the connection ends.
bool Run::Strict(const std::string& command, std::size_t at) {
  if (StartsWithNumber(line())) return End();  // an answer from the client
  const int bit = FtpMap::CommandBit(command);
  if (bit < 0) {
    call_.log.Log(call_.now, Msg::k303004, std::string_view(command), call_.Source(), call_.SourcePort(), call_.Destination(),
                  call_.DestinationPort());
    return End();
  }
  // One command at a time, but for those that interrupt one; and none hidden behind another.
  const bool interrupts = command == "ABOR" || command == "STAT" || command == "QUIT";
  if (!interrupts && (!state_.pending.empty() || data_.find('\n', at) + 1 != data_.size())) return End();
  if ((command == "RETR" || command == "STOR") && line().size() > kMaxStrictPath) return End();
  return Rules(command, bit);
}

bool Run::Rules(const std::string& command, int bit) {
  const std::string_view argument = ArgumentOf(line());
  const bool names_file = command == "RETR" || command == "STOR" || command == "STOU" || command == "APPE" || command == "DELE" ||
                          command == "RNFR" || command == "RNTO";
  for (const InspectRule& r : map_.rules) {
    bool all = !r.criteria.empty(), one = false;
    for (const InspectCriterion& c : r.criteria) {
      bool hit = false;
      if ((c.what == FtpMap::kServer) != (bit < 0)) {
        all = false;
        continue;
      }
      switch (c.what) {
        case FtpMap::kServer: hit = c.regex != nullptr && c.regex->Search(line()); break;
        case FtpMap::kRequestCommand: hit = (c.bits >> bit & 1) != 0; break;
        case FtpMap::kFilename: hit = names_file && c.regex != nullptr && c.regex->Search(argument); break;
        case FtpMap::kFiletype: {
          const std::size_t dot = argument.rfind('.');
          hit = names_file && dot != std::string_view::npos && c.regex != nullptr && c.regex->Search(argument.substr(dot + 1));
          break;
        }
        case FtpMap::kUsername: hit = command == "USER" && c.regex != nullptr && c.regex->Search(argument); break;
        default: break;
      }
      hit = hit != c.negate;
      all = all && hit;
      one = one || hit;
    }
    if (!(r.any ? one : all)) continue;
    call_.CountRow(r.row);
    const bool reset = r.action.kind != InspectAction::Kind::kNone;
    if (r.action.log) {
      call_.log.Log(call_.now, Msg::k303005, std::string_view(r.name), std::string_view(map_.name),
                    LogArg::Word(reset ? "Reset connection" : "Allow connection"), call_.Source(), call_.SourcePort(),
                    call_.Destination(), call_.DestinationPort());
    }
    if (reset) return End();
  }
  return true;
}

}  // namespace

int FtpMap::CommandBit(std::string_view command) {
  for (std::size_t i = 0; i < std::size(kCommands); i++) {
    if (command.size() == kCommands[i].size() &&
        std::equal(command.begin(), command.end(), kCommands[i].begin(), [](char a, char b) { return Upper(a) == b; })) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

bool FtpInspector::Takes(std::uint8_t protocol, std::uint16_t port, const InspectMap*) const {
  return protocol == 6 && (port == 0 || port == kFtpPort);
}

FrameDrop FtpInspector::Inspect(InspectCall& call) {
  const FtpMap& map = call.map != nullptr ? static_cast<const FtpMap&>(*call.map) : defaults_;
  auto* state = static_cast<FtpState*>(call.state());
  if (state == nullptr) {
    auto made = std::make_unique<FtpState>();
    state = made.get();
    call.Keep(std::move(made));
  }
  Run(call, map, *state).Go();
  return FrameDrop::kNone;
}

}  // namespace sallyport
