// The appliance's DNS client: keeps the addresses of fqdn objects (`fqdn www.example.com`) up to date, and finds addresses for the
// console (`ping NAME`).
//
// Control thread, asynchronous: questions go out through a DnsTransport, answers come back by Received, Tick does what time
// brings. Two clocks: TTLs run on the appliance's, waiting for servers on real time, since no answer comes earlier because an
// operator moves the clock. An address whose TTL has run out is asked for again, and stays for `expire-entry-timer` after it.
// Answers are believed from a socket connected to the server only, with the question's random number and its name; its port is
// random, too (RFC 5452). Source: RFC 1035; ASA command reference, `dns server-group` and what is in it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conf/dns_plan.h"
#include "firewall/base/bytes.h"
#include "firewall/base/random.h"
#include "firewall/base/time.h"
#include "firewall/logger.h"

namespace sallyport {

class DnsTransport {
 public:
  virtual ~DnsTransport() = default;
  // Sends a question from a port of its own; what comes back goes to DnsClient::Received with the same `question`. False: it could
  // not be sent.
  virtual bool Send(std::uint32_t question, const DnsPlan::Server& server, Bytes message) = 0;
  virtual void Close(std::uint32_t question) = 0;  // nothing is expected any more
};

// What `show dns` and `show dns-hosts` print.
struct DnsHostView {
  struct Address {
    IpAddress address;
    Duration ttl;  // what is left; not below zero
  };
  std::string name;
  std::string alias;  // the name behind it (CNAME), "": none
  std::vector<Address> addresses;  // in the order in which the server gave them
  bool wanted = false;   // an fqdn object's
  bool expired = false;  // a TTL has run out
  Duration age;          // since the latest answer
};

class DnsClient {
 public:
  DnsClient(DnsTransport& transport, Logger& logger, Random random) : transport_(transport), logger_(logger), random_(random) {}
  // By which interface a server is reached ("" : none that has `dns domain-lookup`).
  using Way = std::function<std::string(const DnsPlan::Server&)>;

  // What is known of names that stay is kept. True: what fqdn objects stand for is another one.
  bool SetPlan(const DnsPlan& plan, TimePoint now);
  // Asks what is due and gives up what is overdue. `way` is asked before a server is. True as above.
  bool Tick(TimePoint now, TimePoint real, const Way& way);
  bool Received(std::uint32_t question, Bytes message, TimePoint now, TimePoint real, const Way& way);

  // Finds an address for the console; `found` gets them, IPv4 first, or none. A name that is known is answered at once, within the call.
  using Found = std::function<void(const std::vector<IpAddress>&)>;
  void Lookup(const std::string& name, TimePoint now, TimePoint real, const Way& way, Found found);
  bool CanAsk() const { return !plan_.servers.empty() && !plan_.interfaces.empty(); }

  // What fqdn objects stand for.
  const ResolvedNames& Resolved() const { return resolved_; }
  std::vector<DnsHostView> Hosts(TimePoint now) const;  // by name
  // `clear dns host NAME`, or all names: forgotten, and asked for again if wanted. False: no such name. `changed` as above.
  bool Clear(const std::string& name, TimePoint now, bool& changed);
  void ClearCache();  // what only the console has asked for

 private:
  static constexpr int kFamilies = 2;  // IPv4, IPv6
  struct Known {
    IpAddress address;
    TimePoint expires;
  };
  struct Question {
    bool open = false;
    std::uint32_t number = 0;  // of the transport
    std::uint16_t id = 0;
    std::size_t server = 0;
    int round = 0;             // of the list
    TimePoint deadline;        // real
  };
  struct Host {
    bool wanted = false;
    bool family[kFamilies] = {};
    std::vector<Known> known;
    std::string alias;
    Question questions[kFamilies];
    bool failed = false, timed_out = false;  // of the questions that are going on
    bool answered = false;
    TimePoint next;      // when it is asked for; appliance time
    TimePoint asked, answered_at;
    std::vector<Found> waiting;
    bool Busy() const { return questions[0].open || questions[1].open; }
  };

  void Ask(const std::string& name, Host& host, TimePoint now, TimePoint real, const Way& way);
  // The next server that can be asked, from the one in `q` on. False: there is none any more.
  bool SendOne(const std::string& name, int family, Question& q, TimePoint real, const Way& way);
  void Close(Question& q);
  bool Take(const std::string& name, Host& host, int family, Bytes message, TimePoint now, bool& next_server);
  void Finish(const std::string& name, Host& host, TimePoint now);
  void DropExpired(const std::string& name, Host& host, TimePoint now);
  bool Changed();

  DnsTransport& transport_;
  Logger& logger_;
  Random random_;
  DnsPlan plan_;
  std::map<std::string, Host> hosts_;
  ResolvedNames resolved_;
  std::uint32_t next_question_ = 1;
};

}  // namespace sallyport
