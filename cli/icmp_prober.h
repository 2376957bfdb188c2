// Echo requests of SLA monitors on a raw socket, and their answers. Control thread; needs CAP_NET_RAW.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cli/sla_monitor.h"
#include "firewall/base/result.h"

namespace sallyport {

class IcmpProber final : public Prober {
 public:
  // `link_of`: the Linux link of a nameif, "" when it has none.
  static Result<std::unique_ptr<IcmpProber>> Open(std::function<std::string(const std::string& nameif)> link_of);
  ~IcmpProber() override;

  bool Send(const SlaEntry& entry, std::uint16_t sequence) override;
  int fd() const { return fd_; }
  // Reads what has come: `answered` for each reply to a probe of ours.
  void Receive(const std::function<void(int entry, std::uint16_t sequence)>& answered);

 private:
  IcmpProber(int fd, std::function<std::string(const std::string&)> link_of) : fd_(fd), link_of_(std::move(link_of)) {}
  int fd_;
  std::function<std::string(const std::string&)> link_of_;
  std::map<std::uint16_t, int> entry_of_;  // by ICMP identifier
};

}  // namespace sallyport
