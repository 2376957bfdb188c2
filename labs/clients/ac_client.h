// The AnyConnect client of the labs without sockets or clock: login by aggregate authentication, CONNECT, frames in TLS and DTLS, and what
// a client does when its network goes, comes, changes or sleeps. Written from public facts (README.md), not from Cisco's program.
//
// Its life: kIdle -> kLogin -> kConnecting -> kUp <-> kReconnecting, kSuspended -> kIdle. A reconnect is a new TLS connection (a "link")
// with the session's token; until it is accepted the old one, if it lives, carries on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firewall/base/time.h"
#include "labs/clients/ac_auth.h"
#include "vpn/anyconnect/cstp.h"
#include "vpn/anyconnect/deflate.h"
#include "vpn/anyconnect/dtls_channel.h"
#include "vpn/anyconnect/tls_channel.h"
#include "vpn/crypto/entropy.h"

namespace sallyport {

// What the client needs of the world. A link is a TCP connection to the head-end, named by a number.
class AcPorts {
 public:
  virtual ~AcPorts() = default;
  virtual void OpenLink(std::uint32_t link, const std::string& host, std::uint16_t port) = 0;  // answered by LinkUp or LinkDown
  virtual void SendLink(std::uint32_t link, Bytes wire) = 0;
  virtual void CloseLink(std::uint32_t link) = 0;  // what was sent still goes out
  virtual void OpenUdp(std::uint16_t port) = 0;    // a new socket; an earlier one is closed
  virtual void SendUdp(Bytes datagram) = 0;
  virtual void CloseUdp() = 0;
  virtual void AdapterUp(const AcTunnel& tunnel, int mtu) = 0;
  virtual void AdapterDown() = 0;
  virtual void Deliver(Bytes packet) = 0;          // to the adapter
  // What AnyConnect's windows show ("Connected to asa."), and what its event log has.
  virtual void Message(const std::string& text) = 0;
  virtual void Event(const char* type, const char* source, const std::string& description) = 0;
};

struct AcSettings {
  std::string host;  // as the user types it; ":port" may follow
  std::vector<std::string> backups;  // asked in turn when `host` does not answer
  std::string user, password, second_user, second_password, answer, new_password, group;
  std::string token;  // of a web launch: no login
  std::string version = "4.10.06079", device = "win", hostname = "PC";
  std::string agent = "AnyConnect Windows", tunnel_agent = "Cisco AnyConnect VPN Agent for Windows";  // the version follows
  bool dtls = true;
  std::string dtls_suites, dtls12_suites;  // what is offered; both "": the usual
  std::string compression;                 // X-CSTP-Accept-Encoding; "": none
  int base_mtu = 1500;
  TlsSettings tls;
  Certificate certificate;
  PrivateKey key;
  bool resume_reconnects = false;  // AutoReconnectBehavior ReconnectAfterResume, until a profile says otherwise
  std::function<void(const std::string&)> key_log;
};

struct AcCounters {
  std::uint64_t tls_out = 0, tls_in = 0, dtls_out = 0, dtls_in = 0;  // packets of the user
  std::uint32_t connects = 0, reconnects = 0, dtls_handshakes = 0, dropped = 0;
};

class AcClient {
 public:
  enum class State : std::uint8_t { kIdle, kLogin, kConnecting, kUp, kReconnecting, kSuspended };
  AcClient(AcPorts& ports, Entropy& entropy);
  ~AcClient();

  void Connect(AcSettings settings, TimePoint now);
  void Disconnect(TimePoint now);           // the user's wish
  void Suspend(TimePoint now);
  void Resume(TimePoint now);
  void Reconnect(TimePoint now);            // as after a change of network

  void LinkUp(std::uint32_t link, TimePoint now);
  void LinkDown(std::uint32_t link, TimePoint now);
  void FromLink(std::uint32_t link, Bytes wire, TimePoint now);
  void FromUdp(Bytes datagram, TimePoint now);
  void Packet(Bytes packet, TimePoint now);  // of the adapter
  void Tick(TimePoint now);                  // some 20 times a second

  State state() const { return state_; }
  bool dtls_up() const { return dtls_ != nullptr; }
  int adapter_mtu() const { return adapter_mtu_; }
  const AcTunnel& tunnel() const { return tunnel_; }
  const AcCounters& counters() const { return counters_; }
  const std::string& why() const { return why_; }  // it is kIdle again
  const std::string& token() const { return token_; }
  std::string Status() const;  // lines

 private:
  // When the other end of a tunnel was last heard, and what is done about it.
  struct Alive {
    TimePoint heard, said, next_probe;
    int probes = 0;
  };
  struct Link {
    std::uint32_t number = 0;
    std::unique_ptr<TlsChannel> tls;  // once TCP is up
    std::string text;                 // what has come of an answer
    bool tunnel = false;              // CONNECT was accepted
    TimePoint begun;
    Alive alive;
  };
  enum class Wait : std::uint8_t { kNone, kAuth, kProfile, kTunnel };

  // ac_client.cc: links, reconnecting, the end
  void OpenNext(TimePoint now);
  void DropLink(std::unique_ptr<Link>& link, bool politely);
  void Lost(const std::string& why, TimePoint now);
  void BeginReconnect(TimePoint now);
  void TryNextHost(TimePoint now);
  void UseHost(const std::string& host);
  void Show(const std::string& text);
  void OnOpen(Link& link, TimePoint now);
  void OnText(std::unique_ptr<Link>& link, TimePoint now);
  void End(const std::string& why);
  void Established(TimePoint now);
  // ac_login.cc: what is said before the tunnel
  void OnDocument(const AcHttpAnswer& answer, TimePoint now);
  void OnLoginAnswer(const AcHttpAnswer& answer, TimePoint now);
  void OnForm(const AcDocument& d, TimePoint now);
  void OnGranted(const AcDocument& d, TimePoint now);
  void OnTunnel(const AcHttpAnswer& answer, TimePoint now);
  void Post(const std::string& path, const std::string& xml, TimePoint now);
  void Request(std::string text, Wait wait, TimePoint now);
  std::string ConnectText();
  std::string CommonHead(std::string_view agent = {}) const;
  AcWho Who() const;
  void OpenTunnel(TimePoint now);
  // ac_tunnel.cc: frames and time
  void Flush(Link& link);
  void SendFrame(Link& link, CstpType type, Bytes payload, TimePoint now);
  void OnRecord(Link& link, Bytes record, TimePoint now);
  void OnFrame(Link* link, std::uint8_t type, Bytes payload, TimePoint now);
  void BeginDtls(TimePoint now);
  void EndDtls(TimePoint now, const char* why);
  void DrainDtls(TimePoint now);
  void SendDtls(CstpType type, Bytes payload, TimePoint now);
  void ToAdapter(Bytes packet);
  void OnExpanded(bool dtls, Bytes payload);
  void NewMtu(TimePoint now);
  bool TickAlive(Alive& alive, std::uint32_t dpd_s, std::uint32_t keepalive_s, bool tls, TimePoint now);

  AcPorts& ports_;
  Entropy& entropy_;
  AcSettings settings_;
  State state_ = State::kIdle;
  std::string why_, token_, host_, path_ = "/", opaque_;
  std::uint16_t port_ = 443;
  std::size_t backup_ = 0;
  bool no_certificate_ = false;
  int logins_ = 0;                    // forms that were filled in
  std::uint32_t last_link_ = 0;
  std::unique_ptr<Link> link_, next_;  // what carries the tunnel; what is being made
  Wait wait_ = Wait::kNone;
  std::string pending_;               // the request that waits for a connection
  Secret master_, psk_;
  AcTunnel tunnel_;
  int adapter_mtu_ = 0;               // 0: the adapter is down
  AcCounters counters_;
  TimePoint next_try_, lost_at_, rekey_at_, connected_at_;
  bool shown_waiting_ = false, shown_session_ = false;  // of this reconnect
  bool mtu_change_ = false;           // the reconnect that is going on is for a new MTU
  // DTLS
  std::unique_ptr<DtlsHandshake> shake_;
  std::unique_ptr<DtlsChannel> dtls_;
  Alive dtls_alive_;
  TimePoint shake_at_, without_dtls_since_;
  std::unique_ptr<CstpDeflate> deflate_;
  std::vector<std::uint8_t> room_, packed_;
};

}  // namespace sallyport
