// The data path of AnyConnect: which packets go to which client, what is put around them (CSTP in TLS, DTLS) and taken off, and what a
// client's frames say besides. The engine asks it about packets (TunnelGate), the session service tells it of clients (SslControl).
//
// DTLS comes and goes in packets of the queue, as ESP does; TLS by sockets, which are somebody else's (SslWires: cli/ssl_streams.h).
// What leaves goes by DTLS while there is one, else by TLS. It answers DPD; its only timer gives memory back. Lives on the data thread, with the engine;
// tells the control thread by an SslEventQueue. Its clock is the packet's. The files: ssl_plane.cc sessions and tunnels;
// ssl_plane_open.cc from a client; ssl_plane_seal.cc to a client.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "firewall/engine.h"
#include "firewall/log_event.h"
#include "firewall/tunnel.h"
#include "firewall/undo_log.h"
#include "vpn/anyconnect/deflate.h"
#include "vpn/anyconnect/ssl_control.h"
#include "vpn/anyconnect/ssl_event.h"
#include "vpn/policy.h"

namespace sallyport {

// Sockets of TLS connections. A socket is its own name.
class SslWires {
 public:
  virtual ~SslWires() = default;
  // It is read from now on, and what comes goes to SslPlane::Receive.
  virtual void Watch(int socket) = 0;
  // The plane is done with it: `last` is still to be sent, then it ends.
  virtual void Finish(int socket, Bytes last) = 0;
};

class SslPlane final : public TunnelGate, public SslControl {
 public:
  // All of them outlive it, but for the engine, which may not be used after it. TunnelSwitch tells the engine of it.
  SslPlane(Engine& engine, LogSink& log, SslEventQueue& events);
  ~SslPlane() override;
  SslPlane(const SslPlane&) = delete;
  SslPlane& operator=(const SslPlane&) = delete;
  // Before the first AddTls.
  void UseWires(SslWires* wires) { wires_ = wires; }

  // --- TunnelGate
  void UsePolicy(const Policy& policy, TimePoint now) override;
  bool Terminates(const Packet& outer) const override;
  bool Answers(IfId at, std::uint8_t protocol, std::uint16_t port) const override;
  Inner Open(Packet& outer, TimePoint now) override;
  void Reassembled(const Packet&) override {}
  void OpenMany(Packet& outer, TimePoint now, const std::function<void(MutableBytes, const Inner&)>& inner) override;
  bool IcmpError(const Packet& error, Bytes quoted, TimePoint now) override;
  TunnelChoice Choose(const TunnelFlow& f, TimePoint now) override;
  std::optional<IfId> RouteTo(IpAddress inner) const override;
  void Negotiate(std::uint32_t, const TunnelFlow&, TimePoint) override {}
  bool Revive(TunnelId, const TunnelFlow&, TimePoint) override { return false; }  // it is for the client to come back
  bool Covers(TunnelId t, const TunnelFlow& f) const override;
  TunnelFilter Filter(TunnelId t) const override;
  std::optional<TunnelLink> Link(TunnelId t) const override;
  bool TooBig(TunnelId t, const Packet& p, TimePoint now) override;
  void Spoofed(TunnelId) override {}
  TunnelGate::Drop ReasonOf(TunnelId t, Why why) const override;
  Sealed Seal(TunnelId t, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out) override;
  void Sent() override;
  void AddFlow(TunnelId t) override;
  void DropFlow(TunnelId t) override;
  void UseUndo(UndoLog* undo) override { undo_ = undo; }
  TimePoint NextDeadline() const override { return trim_at_; }
  void AdvanceTo(TimePoint now) override;

  // --- SslControl
  TunnelId Open(const SslClient& client, TimePoint now) override;
  void Update(TunnelId t, const SslClient& client, TimePoint now) override;
  bool AddTls(TunnelId t, std::uint32_t number, TlsChannel channel, int socket, std::shared_ptr<SslActivity> activity, TimePoint now) override;
  bool AddDtls(TunnelId t, std::uint32_t number, std::unique_ptr<DtlsChannel> channel, const Endpoint& local, const Endpoint& peer,
               std::shared_ptr<SslActivity> activity, TimePoint now) override;
  void ReceiveDtls(TunnelId t, std::uint32_t number, Bytes datagram, TimePoint now) override;
  void Send(TunnelId t, SslWay way, CstpType type, Bytes payload, TimePoint now) override;
  void Drop(TunnelId t, SslWay way, const std::optional<SslLastFrame>& last, TimePoint now) override;
  void Close(TunnelId t, TimePoint now) override;
  void SetMtu(TunnelId t, int tls, int dtls, TimePoint now) override;
  void AllowRekey(TunnelId t, TimePoint now) override;

  // --- what the sockets bring, and take
  void Receive(int socket, Bytes wire, TimePoint now);
  void Broken(int socket, TimePoint now);  // FIN or an error
  // Sockets that have something to send since this was asked last, each once.
  std::vector<int> TakeDirty();
  Bytes ToWire(int socket) const;
  void SentWire(int socket, std::size_t octets);

  std::size_t sessions() const { return by_address_.size(); }

 private:
  // Where a DTLS connection runs.
  struct Path {
    IpAddress local, peer;
    std::uint16_t local_port = 0, peer_port = 0;
    bool operator==(const Path&) const = default;
  };
  struct PathHash {
    std::size_t operator()(const Path& p) const;
  };
  struct Tunnel {  // what the two kinds have in common
    std::uint32_t number = 0;
    bool heard = false;  // data has come by it
    std::uint8_t byes = 0;  // DISCONNECTs that have been told of
    std::shared_ptr<SslActivity> use;
  };
  struct Tls : Tunnel {
    explicit Tls(TlsChannel c) : channel(std::move(c)) {}
    TlsChannel channel;
    int socket = -1;
    int handshakes = 1;
    bool dirty = false;
    bool no_deflate = false;  // a packet that has gone into the stream could not be sent: the other end has lost it
    std::unique_ptr<CstpDeflate> deflate_out, deflate_in;  // made when they are needed
  };
  struct Dtls : Tunnel {
    std::unique_ptr<DtlsChannel> channel;
    Path path;
    IfId at{};
  };
  // A TCP flow whose sender has been told that its segments are too large.
  struct Lowered {
    IpAddress src, dst;
    std::uint16_t sport = 0, dport = 0;
    std::uint32_t seq = 0;  // of the segment that was refused
    bool proved = false;    // it has been sent again, smaller
  };
  struct Client {
    TunnelId id{};
    std::uint16_t generation = 1;
    bool used = false, ended = false;
    SslClient is;
    std::unique_ptr<Tls> tls;
    std::unique_ptr<Dtls> dtls;
    bool by_dtls = false;         // what leaves goes by it
    std::uint32_t flows = 0;      // references of connections
    std::uint64_t sent_in = 0;    // the batch in which something left behind the verdicts
    std::vector<Lowered> lowered;
    std::optional<TimePoint> told_sent, told_received, told_bad, told_keys;
    int Mtu() const { return by_dtls ? is.dtls_mtu : is.tls_mtu; }
    Tunnel* Out() const { return by_dtls ? static_cast<Tunnel*>(dtls.get()) : tls.get(); }
  };

  // --- ssl_plane.cc
  Client* Find(TunnelId t) {
    const auto id = static_cast<std::uint32_t>(t);
    const auto slot = id & 0x7fff;
    if ((id & 0x8000) == 0 || slot >= clients_.size()) return nullptr;
    Client& c = *clients_[slot];
    return c.used && c.id == t ? &c : nullptr;
  }
  const Client* Find(TunnelId t) const { return const_cast<SslPlane*>(this)->Find(t); }
  Client* OfSocket(int socket) const {
    return socket >= 0 && static_cast<std::size_t>(socket) < by_socket_.size() ? by_socket_[static_cast<std::size_t>(socket)] : nullptr;
  }
  Client* Make();
  void FreeIfUnused(Client& c);
  // Takes the tunnel away, with its last frame; by FIN or an alert of the client's: an event tells of it.
  void EndTls(Client& c, const std::optional<SslLastFrame>& last);
  void EndDtls(Client& c, const std::optional<SslLastFrame>& last);
  void CountEnd(FlowDrop why, TimePoint now);  // of a connection that is none of a packet's
  void TlsGone(Client& c, const char* why = "");  // why: if it is we who end it
  void DtlsGone(Client& c);
  void Note(SslEvent event) { (void)events_.Push(std::move(event)); }
  SslEvent EventOf(const Client& c, SslWay way, SslEvent::What what) const;

  // --- ssl_plane_open.cc
  // What the next records of `channel` hold is done; the engine gets packets. False: the connection has ended, and is gone.
  bool ReadTls(Client& c, TimePoint now);
  bool BadRecord(Client& c, CstpError error, Bytes record, TimePoint now);
  // A frame. True: it is a packet, and `inner` is what becomes of it.
  bool TakeFrame(Client& c, SslWay way, std::uint8_t type, MutableBytes payload, MutableBytes& packet, Inner& inner, TimePoint now);
  bool Expand(Client& c, SslWay way, MutableBytes& payload);
  void CheckInner(Client& c, SslWay way, MutableBytes& packet, Inner& inner, TimePoint now);
  void TakeBye(Client& c, SslWay way, Bytes payload);
  // The first record of `datagram`: as TakeFrame. `last`: there was none behind it.
  bool OpenRecord(Client& c, Bytes datagram, MutableBytes room, MutableBytes& packet, Inner& inner, bool& more, TimePoint now);
  void OpenRest(Client& c, TimePoint now);
  void OpenLate(Client& c, Bytes datagram, TimePoint now);
  // What DTLS has to say by itself.
  void Answer(Client& c);
  bool MayTell(std::optional<TimePoint>& last, Duration pause, TimePoint now) const;

  // --- ssl_plane_seal.cc
  static bool MayCut(const Client& c, const Packet& p);
  bool HasLowered(Client& c, const Packet& p) const;
  void NoteRepeated(Client& c, const Packet& p) const;
  void RememberRefused(Client& c, const Packet& p) const;
  // One packet that fits, in its frame. `plain` begins with room for the frame's header: kCstpHeader octets, or one.
  Sealed SealTls(Client& c, MutableBytes packet, TimePoint now);
  bool SealDtls(Client& c, MutableBytes packet, std::vector<OriginatedPacket>& out, TimePoint now);
  bool SealDtlsInPlace(Client& c, Packet& inner, TimePoint now);
  Sealed SealPieces(Client& c, Packet& inner, TimePoint now, std::vector<OriginatedPacket>& out);
  bool SendTls(Client& c, CstpType type, Bytes payload);
  bool SendDtls(Client& c, CstpType type, Bytes payload);
  // A record of `plain` as a packet of its own.
  bool Record(Dtls& d, Bytes plain, std::vector<std::uint8_t>& packet);
  std::size_t PutOuter(const Path& path, MutableBytes packet);
  static std::size_t OuterSize(const Path& path) { return path.local.IsV4() ? 28 : 48; }
  static void Count(Tunnel& t, std::size_t size, TimePoint now);
  void MakeDirty(Tls& t);
  // Something has been sent or received: its buffers are looked at some time later.
  void NoteBusy(TimePoint now) {
    if (trim_at_ == TimePoint::Max()) trim_at_ = now + Duration::Seconds(10);
  }

  Engine& engine_;
  LogSink& log_;
  SslEventQueue& events_;
  SslWires* wires_ = nullptr;
  std::shared_ptr<const VpnPolicy> policy_;
  std::uint16_t dtls_port_ = 0;  // 0: nobody is served
  std::vector<std::unique_ptr<Client>> clients_;  // by slot, without its bit 15
  std::vector<std::uint16_t> free_;
  std::unordered_map<IpAddress, Client*> by_address_;
  std::unordered_map<Path, Client*, PathHash> by_path_;
  std::vector<Client*> by_socket_;
  std::vector<int> dirty_;
  struct Later {
    std::vector<std::uint8_t> packet;
    Inner inner;
    TimePoint now;
  };
  std::vector<Later> later_;  // out of records behind the first of a datagram
  UndoLog* undo_ = nullptr;
  TimePoint trim_at_ = TimePoint::Max();
  std::uint64_t batch_ = 1;
  std::uint16_t ip_id_ = 1;
  std::vector<std::uint8_t> in_, expanded_, out_, packed_;  // of one record each, kept
};

}  // namespace sallyport
