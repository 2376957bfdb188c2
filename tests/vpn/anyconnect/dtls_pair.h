// Two ends of DTLS in memory, and a wire between them that a test may mistreat.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <vector>

#include "vpn/anyconnect/dtls_channel.h"
#include "vpn/crypto/entropy.h"

namespace sallyport {

using Datagram = std::vector<std::uint8_t>;

inline DtlsSecret SecretOf(const DtlsSuite& suite, std::uint64_t seed = 7) {
  SeededEntropy entropy{seed};
  DtlsSecret s;
  s.suite = &suite;
  entropy.Fill(s.id);
  s.key = Secret(suite.method == DtlsMethod::kPsk ? kDtlsPskKey : kDtlsMasterSecret);
  entropy.Fill(s.key.bytes());
  return s;
}

inline Datagram SealOne(DtlsChannel& c, const Datagram& plain) {
  Datagram out(plain.size() + static_cast<std::size_t>(c.overhead()));
  out.resize(c.Seal(plain, out));
  return out;
}
// What the datagram's records hold, one after another.
inline std::vector<Datagram> OpenAll(DtlsChannel& c, const Datagram& d) {
  std::vector<Datagram> out;
  Datagram room(17000);
  std::size_t size = 0;
  Bytes next = d;
  while (c.Open(next, room, size) == DtlsChannel::Got::kRecord) {
    out.emplace_back(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(size));
    next = {};
  }
  return out;
}
inline Datagram TakeOne(DtlsChannel& c) {
  Datagram d(2000);
  d.resize(c.TakeDatagram(d));
  return d;
}

// Two handshakes and what becomes of them: an end's channel takes over as soon as there is one, as in an appliance.
struct DtlsPair {
  std::unique_ptr<DtlsHandshake> server, client;
  std::unique_ptr<DtlsChannel> s, c;          // once the end is done
  std::vector<Datagram> from_client, from_server;  // everything that was sent
  std::function<bool(bool to_server, std::size_t number)> lost;  // counted from 1; empty: none is
  static inline const std::uint8_t kCookieKey[16] = {1, 2, 3};

  DtlsPair(const DtlsSecret& of_server, const DtlsSecret& of_client, DtlsSetup setup = {}, int retransmit_ms = 5) {
    setup.retransmit_ms = retransmit_ms;
    client = DtlsHandshake::Begin(of_client, DtlsRole::kClient, setup);
    setup.cookie_key = kCookieKey;
    setup.peer = {IpAddress::V4(0xc6336401), 40000};
    server = DtlsHandshake::Begin(of_server, DtlsRole::kServer, setup);
  }
  // Carries what there is; returns whether there was something.
  bool Carry() {
    const std::vector<Datagram> up = Says(*client, c);
    for (const Datagram& d : up) {
      from_client.push_back(d);
      if (!lost || !lost(true, from_client.size())) Hears(*server, s, d);
    }
    const std::vector<Datagram> down = Says(*server, s);
    for (const Datagram& d : down) {
      from_server.push_back(d);
      if (!lost || !lost(false, from_server.size())) Hears(*client, c, d);
    }
    return !up.empty() || !down.empty();
  }
  bool Failed() const { return server->state() == DtlsHandshake::State::kFailed || client->state() == DtlsHandshake::State::kFailed; }
  // Until both ends have a channel (true) or one has failed, repeating what got lost; for a while.
  bool Shake(std::chrono::milliseconds at_most = std::chrono::seconds(5)) {
    const auto end = std::chrono::steady_clock::now() + at_most;
    while ((!s || !c) && !Failed() && std::chrono::steady_clock::now() < end) {
      if (Carry()) continue;
      client->Tick();
      server->Tick();
    }
    while (Carry()) {
    }
    return s && c;
  }

 private:
  static std::vector<Datagram> Says(DtlsHandshake& h, std::unique_ptr<DtlsChannel>& channel) {
    std::vector<Datagram> out = h.ToWire();
    if (h.state() == DtlsHandshake::State::kDone && !channel) channel = h.Take();
    if (channel) {
      for (Datagram d = TakeOne(*channel); !d.empty(); d = TakeOne(*channel)) out.push_back(d);
    }
    return out;
  }
  static void Hears(DtlsHandshake& h, const std::unique_ptr<DtlsChannel>& channel, const Datagram& d) {
    if (channel) {
      OpenAll(*channel, d);
    } else {
      h.Feed(d);
    }
  }
};

}  // namespace sallyport
