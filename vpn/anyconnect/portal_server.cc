#include "vpn/anyconnect/portal_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "vpn/anyconnect/http_connection.h"
#include "vpn/anyconnect/login.h"
#include "vpn/anyconnect/pages.h"
#include "vpn/anyconnect/portal.h"
#include "vpn/anyconnect/tls_channel.h"

namespace sallyport {
namespace {

// What may come while a request waits for its answer, and how much of a file is asked for at once.
constexpr std::size_t kMostUnsent = 64 * 1024;
constexpr std::size_t kMostAhead = 128 * 1024, kFilePart = 64 * 1024;
// How long an answer may take: AAA with all its servers and retries, the throttle.
constexpr Duration kSlowestAnswer = Duration::Seconds(300);
constexpr char kPskLabel[] = "EXPORTER-openconnect-psk";

Bytes BytesOf(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

const char* TlsName(VpnEncapsulation e) {
  switch (e) {
    case VpnEncapsulation::kTls10:
      return "TLSv1";
    case VpnEncapsulation::kTls11:
      return "TLSv1.1";
    case VpnEncapsulation::kTls12:
      return "TLSv1.2";
    case VpnEncapsulation::kTls13:
      return "TLSv1.3";
    default:
      return "TLS";
  }
}

}  // namespace

struct PortalServer::Impl {
  struct Connection {
    explicit Connection(const TlsContext& context) : channel(std::make_unique<TlsChannel>(context)) {}
    PortalPeer peer;
    std::unique_ptr<TlsChannel> channel;
    HttpReader reader;
    enum class Phase : std::uint8_t {
      kHandshake,
      kIdle,  // waits for the first byte of a request
      kHead,
      kBody,
      kAsked,   // a request waits for its answer
      kFile,    // a file is being sent
      kLeaving  // a tunnel, when what was said has gone
    } phase = Phase::kHandshake;
    TimePoint since{};               // of the phase (real); of kFile: of its last part
    std::vector<std::uint8_t> rest;  // plaintext that was not looked at yet: behind a request
    std::size_t ahead = 0;           // octets that came while a request waited
    std::uint64_t serial = 0;        // of the request that waits
    std::uint32_t requests = 0;
    int failures = 0;
    bool head_only = false, close_after = false;
    std::size_t octets_in = 0;  // of this request
    std::string file, member;
    std::uint64_t file_at = 0, file_size = 0;
    bool reading = false;  // the disk is asked
    // What the client took of it: in all when the last period ended, and octets a second in that period (before: fast).
    std::uint64_t file_taken = 0, file_rate = UINT64_MAX;
    TimePoint file_looked{};
    int slow_periods = 0;
    TunnelMade tunnel;
    ~Connection() { Cleanse(rest); }
    bool MayGo() const {
      return phase == Phase::kHandshake || phase == Phase::kIdle || phase == Phase::kHead || phase == Phase::kBody;
    }
  };
  using Phase = Connection::Phase;

  explicit Impl(Ports p) : ports(std::move(p)), portal(ports.host, ports.real, ports.limits, counters) {}
  ~Impl() { *alive = false; }

  Connection* Find(ConnId id) {
    const auto c = connections.find(id);
    return c == connections.end() ? nullptr : c->second.get();
  }

  // --- what is said

  std::string Ends(const PortalPeer& p) const {
    std::string out = fmt::format("{}:{}/{}", ports.host.NameOf(p.at), p.peer.address.ToString(), p.peer.port);
    if (release >= 900) out += fmt::format(" to {}/{}", p.local.address.ToString(), p.local.port);
    return out;
  }
  void SayStarting(const PortalPeer& p) {
    ports.host.Say(725001, 6,
                   fmt::format("Starting SSL handshake with client {} for {}", Ends(p),
                               release >= 900 ? "TLS session" : "TLSv1 session."));
  }
  void SayCompleted(const PortalPeer& p) {
    ports.host.Say(725012, 7, fmt::format("Device chooses cipher {} for the SSL session with client {}", p.tls_cipher, Ends(p)));
    std::string text = "Device completed SSL handshake with client " + Ends(p);
    if (release >= 900) text += fmt::format(" for {} session", TlsName(p.encapsulation));
    ports.host.Say(725002, 6, text);
  }
  void SayFailed(const PortalPeer& p) { ports.host.Say(725006, 6, "Device failed SSL handshake with client " + Ends(p)); }
  void SayTerminated(const PortalPeer& p) {
    ports.host.Say(725007, 6, fmt::format("SSL session with client {} terminated{}", Ends(p), release >= 900 ? "" : "."));
  }

  // --- connections

  void Count(const PortalPeer& p, int by) {
    auto& n = of_address[CountedAs(p.peer.address)];
    n += by;
    if (n <= 0) of_address.erase(CountedAs(p.peer.address));
  }
  void CountFile(const PortalPeer& p, int by) {
    files += static_cast<std::size_t>(by);  // a modulus
    auto& n = files_of_address[CountedAs(p.peer.address)];
    n += by;
    if (n <= 0) files_of_address.erase(CountedAs(p.peer.address));
  }
  void Enter(Connection& c, Phase phase) {
    if (c.phase == Phase::kHandshake && phase != Phase::kHandshake) --handshaking;
    if (c.phase == Phase::kFile) CountFile(c.peer, -1);
    if (phase == Phase::kFile) CountFile(c.peer, 1);
    c.phase = phase;
    c.since = ports.real();
  }
  std::unique_ptr<Connection> Forget(ConnId id) {
    const auto found = connections.find(id);
    if (found == connections.end()) return nullptr;
    auto c = std::move(found->second);
    connections.erase(found);
    if (c->phase == Phase::kHandshake) --handshaking;
    if (c->phase == Phase::kFile) CountFile(c->peer, -1);
    Count(c->peer, -1);
    return c;
  }
  void Flush(ConnId id, Connection& c) {
    const Bytes wire = c.channel->ToWire();
    if (wire.empty()) return;
    ports.sink.Send(id, wire);
    c.channel->Sent(wire.size());
  }
  // We end it.
  void Close(ConnId id) {
    const auto c = Forget(id);
    if (c == nullptr) return;
    if (c->phase != Phase::kHandshake) {
      c->channel->Close();
      SayTerminated(c->peer);
    }
    Flush(id, *c);
    ports.sink.Close(id);
    if (c->phase == Phase::kLeaving) ports.host.TunnelLost(c->tunnel);
  }
  // The oldest that is nobody's loss makes room; false: there is none. `from` none: of any address.
  bool MakeRoom(IpAddress from, bool handshakes_only) {
    ConnId oldest = ConnId::kNone;
    TimePoint since = TimePoint::Max();
    for (const auto& [id, c] : connections) {
      if (!c->MayGo() || (handshakes_only && c->phase != Phase::kHandshake)) continue;
      if (!from.IsNone() && CountedAs(c->peer.peer.address) != from) continue;
      if (c->since < since) {
        since = c->since;
        oldest = id;
      }
    }
    if (oldest == ConnId::kNone) return !handshakes_only && EndSlowestFile(from, {});
    Close(oldest);
    return true;
  }
  // The slowest file makes room, if there is one, and it is slower than that; its client may ask again. `from` as above.
  bool EndSlowestFile(IpAddress from, std::optional<std::uint64_t> slower_than) {
    ConnId slowest = ConnId::kNone;
    std::uint64_t least = UINT64_MAX;
    TimePoint since = TimePoint::Max();
    for (const auto& [id, c] : connections) {
      if (c->phase != Phase::kFile || (!from.IsNone() && CountedAs(c->peer.peer.address) != from)) continue;
      if (c->file_rate > least || (c->file_rate == least && c->since >= since)) continue;
      least = c->file_rate;
      since = c->since;
      slowest = id;
    }
    if (slowest == ConnId::kNone || (slower_than && least >= *slower_than)) return false;
    ++counters.file_made_room;
    Close(slowest);
    return true;
  }

  bool Accept(ConnId id, IfId at, const Endpoint& local, const Endpoint& peer) {
    const TlsContext* context = ports.context(at);
    if (context == nullptr || connections.contains(id)) return false;
    const PortalLimits& l = ports.limits;
    const IpAddress from = CountedAs(peer.address);
    const auto counted = of_address.find(from);
    if (counted != of_address.end() && static_cast<std::size_t>(counted->second) >= l.connections_of_address) {
      ++counters.too_many_of_address;
      if (!MakeRoom(from, false)) return false;
    }
    if (connections.size() >= l.connections) {
      ++counters.too_many;
      if (!MakeRoom({}, false)) return false;
    }
    if (handshaking >= l.handshakes) {
      ++counters.too_many_handshakes;
      if (!MakeRoom({}, true)) return false;
    }
    ++counters.accepted;
    auto c = std::make_unique<Connection>(*context);
    c->peer.connection = id;
    c->peer.at = at;
    c->peer.local = local;
    c->peer.peer = peer;
    c->since = ports.real();
    ++handshaking;
    Count(c->peer, 1);
    SayStarting(c->peer);
    connections.emplace(id, std::move(c));
    return true;
  }

  void Received(ConnId id, Bytes wire) {
    Connection* c = Find(id);
    if (c == nullptr) return;
    counters.octets_in += wire.size();
    if (c->phase == Phase::kAsked || c->phase == Phase::kFile || c->phase == Phase::kLeaving) {
      c->ahead += wire.size();
      if (c->ahead > kMostAhead) return Close(id);
    }
    const TlsChannel::State state = c->channel->Feed(wire);
    Flush(id, *c);
    if (state == TlsChannel::State::kFailed) {
      if (c->phase == Phase::kHandshake) {
        ++counters.handshake_failed;
        SayFailed(c->peer);
      }
      return Close(id);
    }
    if (c->phase == Phase::kHandshake) {
      if (state == TlsChannel::State::kHandshake) return;
      if (state == TlsChannel::State::kClosed) return Close(id);
      ++counters.handshakes;
      Enter(*c, Phase::kIdle);
      c->peer.encapsulation = c->channel->version();
      c->peer.tls_cipher = c->channel->cipher();
      if (auto shown = c->channel->peer()) {
        c->peer.certificate = std::move(*shown);
        c->peer.certificate_chain = c->channel->peer_chain();
      }
      SayCompleted(c->peer);
    }
    Pump(id);
  }

  void Closed(ConnId id) {
    const auto c = Forget(id);
    if (c == nullptr) return;
    if (c->phase != Phase::kHandshake) SayTerminated(c->peer);
    if (c->phase == Phase::kLeaving) ports.host.TunnelLost(c->tunnel);
  }

  // --- requests

  // Reads on, as long as no request waits for its answer.
  void Pump(ConnId id) {
    if (pumping == id) return;  // the loop below goes on by itself
    const ConnId outer = std::exchange(pumping, id);
    std::vector<std::uint8_t> record;
    for (Connection* c = Find(id); c != nullptr && c->MayGo() && c->phase != Phase::kHandshake; c = Find(id)) {
      // Whoever does not read what he has asked for is not heard further.
      if (ports.sink.Unsent(id) > kMostUnsent) break;
      if (c->rest.empty()) {
        record.resize(kTlsRecord);
        const auto size = c->channel->Read(record);
        if (!size) {
          Close(id);
          break;
        }
        if (*size == 0) break;
        c->rest.assign(record.begin(), record.begin() + static_cast<std::ptrdiff_t>(*size));
        Cleanse(record);
      }
      std::size_t used = 0;
      const HttpReader::State state = c->reader.Feed(c->rest, used);
      Cleanse(MutableBytes(c->rest).first(used));
      c->rest.erase(c->rest.begin(), c->rest.begin() + static_cast<std::ptrdiff_t>(used));
      switch (state) {
        case HttpReader::State::kHead:
          if (c->phase == Phase::kIdle && !c->reader.idle()) Enter(*c, Phase::kHead);
          break;
        case HttpReader::State::kBody:
          if (c->phase != Phase::kBody) Enter(*c, Phase::kBody);
          break;
        case HttpReader::State::kRequest:
          Dispatch(id, *c);
          break;
        case HttpReader::State::kHeadTooLarge:
          ++counters.head_large;
          Refuse(id, *c, 431);
          break;
        case HttpReader::State::kBodyTooLarge:
          ++counters.body_large;
          Refuse(id, *c, 413);
          break;
        case HttpReader::State::kBad:
          ++counters.bad_requests;
          Refuse(id, *c, 400);
          break;
      }
    }
    pumping = outer;
  }

  void Refuse(ConnId id, Connection& c, int status) {
    HttpAnswer a;
    a.status = status;
    a.close = true;
    Write(id, c, WriteAnswer(a));
    Close(id);
  }

  void Dispatch(ConnId id, Connection& c) {
    HttpRequest request = c.reader.Take();
    Enter(c, Phase::kAsked);
    c.ahead = 0;
    c.octets_in = request.head_bytes + request.body.size();
    c.head_only = request.method == HttpRequest::Method::kHead;
    c.close_after = !request.keep_alive;
    if (++c.requests >= ports.limits.requests_of_connection) {
      ++counters.too_many_requests;
      c.close_after = true;
    }
    // A tunnel begins where its answer ends.
    if (request.method == HttpRequest::Method::kConnect && !c.rest.empty()) {
      ++counters.bad_requests;
      request.Wipe();
      return Refuse(id, c, 400);
    }
    c.serial = ++last_serial;
    const auto psk = [this, id, serial = c.serial, here = alive] {
      Secret key(32);
      const Connection* again = *here ? Find(id) : nullptr;
      return again != nullptr && again->serial == serial && again->channel->Export(kPskLabel, key.bytes()) ? std::move(key)
                                                                                                           : Secret();
    };
    portal.Request(c.peer, std::move(request), psk, [this, id, serial = c.serial, here = alive](Portal::Reply reply) {
      if (*here) Reply(id, serial, std::move(reply));
    });
  }

  void Reply(ConnId id, std::uint64_t serial, Portal::Reply reply) {
    Connection* c = Find(id);
    if (c == nullptr || c->serial != serial || c->phase != Phase::kAsked) {
      if (reply.tunnel && reply.tunnel->accepted) ports.host.TunnelLost(*reply.tunnel);
      return;
    }
    ++counters.answers;
    if (reply.tunnel) return ReplyTunnel(id, *c, std::move(*reply.tunnel));
    if (reply.failed && ++c->failures >= ports.limits.failures_of_connection) c->close_after = true;
    c->close_after |= reply.http.close;
    reply.http.close = c->close_after;
    const bool file = !reply.http.file.empty() && !c->head_only;
    if (file && !RoomForFile(CountedAs(c->peer.peer.address))) {
      ++counters.too_many_files;
      c->close_after = true;
      reply.http = HttpAnswer();
      reply.http.status = 503;
      reply.http.fields = {{"Retry-After", "30"}, {"Cache-Control", "no-store"}, {"Content-Security-Policy", kPagePolicy}};
      reply.http.type = "text/html; charset=utf-8";
      reply.http.body = ErrorPage(503);
      reply.http.close = true;
    }
    const std::string text = WriteAnswer(reply.http, c->head_only);
    if (reply.session != 0) ports.host.Count(reply.session, c->octets_in, text.size());
    if (!reply.http.file.empty() && !c->head_only) {
      c->file = std::move(reply.http.file);
      c->member = std::move(reply.http.member);
      c->file_at = 0;
      c->file_size = reply.http.file_size;
      c->file_taken = 0;
      c->file_rate = UINT64_MAX;
      c->file_looked = ports.real();
      c->slow_periods = 0;
      Enter(*c, Phase::kFile);
    }
    if (!Write(id, *c, text)) return Close(id);
    if (c->phase == Phase::kFile) return SendPart(id, *c);
    Answered(id, *c);
  }

  void Answered(ConnId id, Connection& c) {
    if (c.close_after) return Close(id);
    Enter(c, Phase::kIdle);
    c.ahead = 0;
    if (c.rest.empty()) c.channel->Trim();
    Pump(id);
  }

  void ReplyTunnel(ConnId id, Connection& c, TunnelMade made) {
    if (!made.accepted) {
      Write(id, c, WriteConnectRefusal(made.refusal));
      return Close(id);
    }
    const std::string text = WriteConnectAnswer(made.answer);
    ports.host.Count(made.session, c.octets_in, text.size());
    c.tunnel = std::move(made);
    Enter(c, Phase::kLeaving);
    if (!Write(id, c, text)) return Close(id);
    if (ports.sink.Unsent(id) == 0) HandOver(id);
  }

  void HandOver(ConnId id) {
    auto c = Forget(id);
    ports.sink.HandOver(id, std::move(c->channel), c->tunnel);
  }

  bool Write(ConnId id, Connection& c, std::string_view text) {
    counters.octets_out += text.size();
    while (!text.empty()) {
      const std::string_view one = text.substr(0, kTlsRecord);
      if (!c.channel->Write(BytesOf(one))) return false;
      text.remove_prefix(one.size());
    }
    Flush(id, c);
    return true;
  }

  // --- files

  bool RoomForFile(IpAddress from) {
    const auto counted = files_of_address.find(from);
    if (counted != files_of_address.end() && static_cast<std::size_t>(counted->second) >= ports.limits.files_of_address)
      return EndSlowestFile(from, ports.limits.file_fair);
    return files < ports.limits.files || EndSlowestFile({}, ports.limits.file_fair);
  }

  // How fast a client takes its file. True: so slowly that it is left.
  bool TooSlow(ConnId id, Connection& c, TimePoint now) {
    const std::int64_t seconds = (now - c.file_looked).seconds();
    if (now - c.file_looked < ports.limits.file_period || seconds == 0) return false;
    const std::uint64_t taken = c.file_at - std::min<std::uint64_t>(c.file_at, ports.sink.Unsent(id));
    c.file_rate = (std::max(taken, c.file_taken) - c.file_taken) / static_cast<std::uint64_t>(seconds);
    c.file_taken = taken;
    c.file_looked = now;
    // While the disk is asked the client can take nothing.
    c.slow_periods = c.file_rate < ports.limits.file_least && !c.reading ? c.slow_periods + 1 : 0;
    return c.slow_periods >= 3;
  }

  void SendPart(ConnId id, Connection& c) {
    if (c.reading || ports.sink.Unsent(id) > 0) return;  // Drained goes on
    if (c.file_at >= c.file_size) {
      c.file.clear();
      return Answered(id, c);
    }
    c.reading = true;
    c.since = ports.real();
    const std::size_t most = static_cast<std::size_t>(std::min<std::uint64_t>(kFilePart, c.file_size - c.file_at));
    const auto got = [this, id, serial = c.serial, here = alive](const Result<PortalHost::FilePart>& part) {
      Connection* again = *here ? Find(id) : nullptr;
      if (again == nullptr || again->serial != serial || again->phase != Phase::kFile) return;
      again->reading = false;
      // The head has promised a size: a file that became shorter ends the connection.
      if (!part || part->bytes.empty() || part->bytes.size() > again->file_size - again->file_at)
        return Close(id);
      again->file_at += part->bytes.size();
      if (!Write(id, *again, {reinterpret_cast<const char*>(part->bytes.data()), part->bytes.size()}))
        return Close(id);
      if (in_part) {
        more_parts.push_back(id);
      } else {
        in_part = true;
        SendPart(id, *again);
        // A disk that answers at once makes no stack of calls.
        while (!more_parts.empty()) {
          const ConnId next = more_parts.back();
          more_parts.pop_back();
          Connection* conn = Find(next);
          if (conn != nullptr && conn->phase == Phase::kFile) SendPart(next, *conn);
        }
        in_part = false;
      }
    };
    if (c.member.empty()) {
      ports.host.ReadFile(c.file, c.file_at, most, got);
    } else {
      ports.host.ReadMember(c.file, c.member, c.file_at, most, got);
    }
  }

  void Drained(ConnId id) {
    Connection* c = Find(id);
    if (c == nullptr) return;
    if (c->phase == Phase::kLeaving) return HandOver(id);
    if (c->phase == Phase::kFile) return SendPart(id, *c);
    Pump(id);
  }

  // --- time

  void Tick() {
    portal.Tick();
    const TimePoint now = ports.real();
    const PortalLimits& l = ports.limits;
    std::vector<std::pair<ConnId, Phase>> late;
    for (const auto& [id, c] : connections) {
      if (c->phase == Phase::kFile && TooSlow(id, *c, now)) {
        late.emplace_back(id, Phase::kFile);
        continue;
      }
      const Duration allowed = c->phase == Phase::kHandshake ? l.handshake
                               : c->phase == Phase::kIdle    ? l.idle
                               : c->phase == Phase::kHead    ? l.head
                               : c->phase == Phase::kBody    ? l.body
                               : c->phase == Phase::kAsked   ? kSlowestAnswer
                                                             : l.send;
      if (now - c->since >= allowed) late.emplace_back(id, c->phase);
    }
    for (const auto& [id, phase] : late) {
      switch (phase) {
        case Phase::kHandshake:
          ++counters.handshake_slow;
          if (const Connection* c = Find(id)) SayFailed(c->peer);
          break;
        case Phase::kIdle:
          ++counters.idle_closed;
          break;
        case Phase::kHead:
          ++counters.head_slow;
          break;
        case Phase::kBody:
          ++counters.body_slow;
          break;
        case Phase::kFile:
          ++counters.file_slow;
          break;
        default:
          break;
      }
      Connection* c = Find(id);
      if (c != nullptr && (phase == Phase::kHead || phase == Phase::kBody)) {
        Refuse(id, *c, 408);
      } else {
        Close(id);
      }
    }
  }

  void UsePolicy(std::shared_ptr<const VpnPolicy> policy, int new_release) {
    release = new_release;
    portal.UsePolicy(policy, new_release);
    std::vector<ConnId> gone;
    for (const auto& [id, c] : connections) {
      const IfId at = c->peer.at;
      const bool on = policy != nullptr && std::any_of(policy->ssl.enabled.begin(), policy->ssl.enabled.end(),
                                                       [at](const SslPolicy::On& o) { return o.at == at; });
      if (!on) gone.push_back(id);
    }
    for (const ConnId id : gone) Close(id);
  }

  Ports ports;
  PortalCounters counters;
  Portal portal;
  int release = 916;
  std::unordered_map<ConnId, std::unique_ptr<Connection>> connections;
  std::map<IpAddress, int> of_address;
  std::map<IpAddress, int> files_of_address;
  std::size_t handshaking = 0, files = 0;
  std::uint64_t last_serial = 0;
  ConnId pumping = ConnId::kNone;
  bool in_part = false;
  std::vector<ConnId> more_parts;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

PortalServer::PortalServer(Ports ports) : impl_(std::make_unique<Impl>(std::move(ports))) {}
PortalServer::~PortalServer() = default;
void PortalServer::UsePolicy(std::shared_ptr<const VpnPolicy> policy, int release) {
  impl_->UsePolicy(std::move(policy), release);
}
bool PortalServer::Accepted(ConnId id, IfId at, const Endpoint& local, const Endpoint& peer) {
  return impl_->Accept(id, at, local, peer);
}
void PortalServer::Received(ConnId id, Bytes wire) { impl_->Received(id, wire); }
void PortalServer::Closed(ConnId id) { impl_->Closed(id); }
void PortalServer::Drained(ConnId id) { impl_->Drained(id); }
void PortalServer::Tick() { impl_->Tick(); }
const PortalCounters& PortalServer::counters() const { return impl_->counters; }
void PortalServer::ClearCounters() { impl_->counters = {}; }
std::size_t PortalServer::connections() const { return impl_->connections.size(); }
std::size_t PortalServer::logins() const { return impl_->portal.logins(); }

}  // namespace sallyport
