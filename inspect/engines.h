// All inspection engines together: what an appliance, a replay and tests put under their engine.
#pragma once

#include "firewall/inspector.h"
#include "inspect/dns.h"
#include "inspect/ftp.h"
#include "inspect/http.h"
#include "inspect/icmp.h"
#include "inspect/tftp.h"

namespace sallyport {

class InspectionEngines {
 public:
  // Valid as long as this object.
  Inspectors Table() {
    Inspectors t;
    const auto put = [&t](InspectId id, Inspector& engine) { t.engine[static_cast<std::size_t>(id)] = &engine; };
    put(InspectId::kIcmp, icmp_);
    put(InspectId::kDns, dns_);
    put(InspectId::kFtp, ftp_);
    put(InspectId::kTftp, tftp_);
    put(InspectId::kHttp, http_);
    return t;
  }

 private:
  IcmpInspector icmp_;
  DnsInspector dns_;
  FtpInspector ftp_;
  TftpInspector tftp_;
  HttpInspector http_;
};

}  // namespace sallyport
