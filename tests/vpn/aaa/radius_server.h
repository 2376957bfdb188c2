// A RADIUS server in memory: answers what it is sent as a test tells it. And the wire to several of them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "vpn/aaa/aaa_client.h"
#include "vpn/crypto/digests.h"

namespace sallyport {

// An answer as a server makes it: attributes, then signed and digested with the request's authenticator.
class RadiusReply {
 public:
  explicit RadiusReply(std::uint8_t code) { bytes_ = {code, 0, 0, 0}, bytes_.resize(20); }
  RadiusReply& Add(std::uint8_t type, Bytes value) {
    bytes_.push_back(type);
    bytes_.push_back(static_cast<std::uint8_t>(value.size() + 2));
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  RadiusReply& Text(std::uint8_t type, std::string_view t) { return Add(type, {reinterpret_cast<const std::uint8_t*>(t.data()), t.size()}); }
  RadiusReply& Vendor(std::uint32_t vendor, std::uint8_t type, Bytes value) {
    std::vector<std::uint8_t> b(4);
    StoreBe32(b.data(), vendor);
    b.push_back(type);
    b.push_back(static_cast<std::uint8_t>(value.size() + 2));
    b.insert(b.end(), value.begin(), value.end());
    return Add(radius::kVendorSpecific, b);
  }
  // RFC 2548 2.4.2.
  RadiusReply& Mppe(std::uint8_t type, Bytes key, Bytes request, Bytes secret, std::uint16_t salt) {
    std::vector<std::uint8_t> plain{static_cast<std::uint8_t>(key.size())}, out(2);
    plain.insert(plain.end(), key.begin(), key.end());
    plain.resize((plain.size() + 15) / 16 * 16);
    StoreBe16(out.data(), salt);
    std::vector<std::uint8_t> mask = Hash(VpnHash::kMd5, {secret, request.subspan(4, 16), out});
    for (std::size_t at = 0; at < plain.size(); at += 16) {
      if (at != 0) mask = Hash(VpnHash::kMd5, {secret, Bytes(out).last(16)});
      for (std::size_t i = 0; i < 16; i++) out.push_back(static_cast<std::uint8_t>(plain[at + i] ^ mask[i]));
    }
    return Vendor(radius::kMicrosoft, type, out);
  }
  std::vector<std::uint8_t> To(Bytes request, Bytes secret, bool sign = true) {
    std::vector<std::uint8_t> out = bytes_;
    std::size_t signature = 0;
    if (sign) {
      signature = out.size() + 2;
      out.push_back(radius::kMessageAuthenticator);
      out.push_back(18);
      out.resize(out.size() + 16);
    }
    out[1] = request[1];
    StoreBe16(out.data() + 2, static_cast<std::uint16_t>(out.size()));
    std::copy_n(request.begin() + 4, 16, out.begin() + 4);
    if (sign) {
      std::uint8_t mac[16];
      Hmac(VpnHash::kMd5, secret, {out}, mac);
      std::copy_n(mac, 16, out.begin() + static_cast<std::ptrdiff_t>(signature));
    }
    const auto digest = Hash(VpnHash::kMd5, {out, secret});
    std::copy_n(digest.begin(), 16, out.begin() + 4);
    return out;
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

class RadiusWire final : public RadiusTransport {
 public:
  struct Sent {
    std::uint32_t request;
    std::string interface;
    Endpoint to;
    std::vector<std::uint8_t> message;
  };
  bool Send(std::uint32_t request, const std::string& interface, const Endpoint& to, Bytes message) override {
    sent.push_back({request, interface, to, {message.begin(), message.end()}});
    return true;
  }
  void Close(std::uint32_t request) override { closed.push_back(request); }
  // What was sent and not looked at is answered by `server`; nothing: it keeps silent.
  void Serve(AaaClient& client, const std::function<std::vector<std::uint8_t>(const Sent&)>& server) {
    while (served < sent.size()) {
      const Sent one = sent[served++];
      const auto answer = server(one);
      if (!answer.empty()) client.Receive(one.request, answer);
    }
  }
  std::vector<Sent> sent;
  std::vector<std::uint32_t> closed;
  std::size_t served = 0;
};

}  // namespace sallyport
