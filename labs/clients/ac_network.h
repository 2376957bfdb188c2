// What the AnyConnect client of the labs needs of Linux: TCP and UDP sockets to the head-end, a TUN device as its adapter, routes; and its
// two files: the event log and the history of messages. What it changes goes with it.
#pragma once

#include <poll.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "labs/clients/ac_client.h"

namespace sallyport {

// Runs a program and waits; what it writes, or an error when it says no.
Result<std::string> RunAcProgram(const std::vector<std::string>& words);

struct AcFiles {
  std::string log, messages;  // "": none
};

class AcNetwork final : public AcPorts {
 public:
  AcNetwork(std::string device, AcFiles files);
  ~AcNetwork() override;
  AcNetwork(const AcNetwork&) = delete;
  AcNetwork& operator=(const AcNetwork&) = delete;

  // --- the loop
  void Watch(std::vector<pollfd>& fds) const;
  void Read(const pollfd& ready, AcClient& client, TimePoint now);
  // Connections that could not even be begun.
  void TellFailures(AcClient& client, TimePoint now);
  // Another address of the link by which the head-end is reached; the default route goes by `gateway` (empty: as before).
  Status MoveTo(const std::string& address, const std::string& gateway);

  // --- AcPorts
  void OpenLink(std::uint32_t link, const std::string& host, std::uint16_t port) override;
  void SendLink(std::uint32_t link, Bytes wire) override;
  void CloseLink(std::uint32_t link) override;
  void OpenUdp(std::uint16_t port) override;
  void SendUdp(Bytes datagram) override;
  void CloseUdp() override;
  void AdapterUp(const AcTunnel& tunnel, int mtu) override;
  void AdapterDown() override;
  void Deliver(Bytes packet) override;
  void Message(const std::string& text) override;
  void Event(const char* type, const char* source, const std::string& description) override;

 private:
  struct Tcp {
    int fd = -1;
    bool up = false, closing = false;
    std::vector<std::uint8_t> out;
  };
  bool Push(Tcp& tcp);
  void PinServer();

  const std::string device_;
  std::map<std::uint32_t, Tcp> links_;
  std::vector<std::uint32_t> failed_;
  int udp_ = -1, tun_ = -1;
  std::string server_;  // its address
  bool everything_ = false;  // all traffic goes into the tunnel
  bool pinned_ = false;
  std::FILE *log_ = nullptr, *messages_ = nullptr;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace sallyport
