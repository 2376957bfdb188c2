// Lists of revoked certificates: `crypto ca crl request`, `show` and `clear crypto ca crls`.
#include <memory>

#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/session.h"
#include "cli/show_certificates.h"
#include "conf/lines.h"
#include "vpn/vpn_control.h"

namespace sallyport {
namespace {

struct CrlWords {
  std::string trustpoint;
};

struct Asked {
  bool answered = false;
  Status answer;
  Session* waiting = nullptr;
};

std::string FailureText(const Status& s) { return "ERROR: Unable to retrieve or verify CRL (" + s.error() + ")\n"; }

// The session waits until the list has come, or has not.
class CrlJob final : public Job {
 public:
  CrlJob(std::shared_ptr<Asked> asked, Session& session) : asked_(std::move(asked)) { asked_->waiting = &session; }
  ~CrlJob() override { asked_->waiting = nullptr; }
  void Interrupt() override {}

 private:
  std::shared_ptr<Asked> asked_;
};

Reply Request(ExecContext& c, const CrlWords& w, Form) {
  if (c.appliance.configuration().tree().Find(Section::kCrypto, "crypto ca trustpoint " + w.trustpoint) == nullptr) {
    return Reply::Refuse("ERROR: Trustpoint " + w.trustpoint + " does not exist\n");
  }
  VpnControl* vpn = c.appliance.vpn_control();
  if (vpn == nullptr) return Reply::Refuse(FailureText(Error{"there is no VPN engine"}));
  const auto asked = std::make_shared<Asked>();
  vpn->RequestCrl(w.trustpoint, [asked](const Status& s) {
    asked->answered = true;
    asked->answer = s;
    Session* session = asked->waiting;
    if (session == nullptr) return;
    if (!s) session->Refuse(FailureText(s));
    session->JobDone();
  });
  if (!asked->answered) c.session.Run(std::make_unique<CrlJob>(asked, c.session));
  else if (!asked->answer) return Reply::Refuse(FailureText(asked->answer));
  return {};
}

Reply ShowCrlsOf(ExecContext& c, const CrlWords& w, Form) {
  VpnControl* vpn = c.appliance.vpn_control();
  std::vector<CrlView> all = vpn == nullptr ? std::vector<CrlView>() : vpn->Crls();
  std::erase_if(all, [&](const CrlView& v) { return !w.trustpoint.empty() && v.trustpoint != w.trustpoint; });
  return Reply::Say(ShowCrls(all, c.appliance.ClockNow().zone));
}

Reply Clear(ExecContext& c, const CrlWords& w, Form) {
  if (VpnControl* vpn = c.appliance.vpn_control()) vpn->ClearCrls(w.trustpoint);
  return {};
}

}  // namespace

void AddCrlCommands(ExecSet& set) {
  using S = Tokens<CrlWords>;
  const auto crypto = S::Kw("crypto", "Cryptography"), ca = S::Kw("ca", "Certification authority"), crls = S::Kw("crls", "Lists of revoked certificates");
  const auto name = S::Word(&CrlWords::trustpoint, "Trustpoint name");
  const auto some = S::Opt({S::Opt({S::Kw("trustpoint", "Of one trustpoint")}), name});
  set.Add(Command<CrlWords>({crypto, ca, S::Kw("crl", "A list of revoked certificates"), S::Kw("request", "Fetch it"), name}), Request);
  set.Add(Command<CrlWords>({S::Kw("show", "Show running system information"), crypto, ca, crls, some}), ShowCrlsOf);
  set.Add(Command<CrlWords>({S::Kw("clear", "Reset functions"), crypto, ca, crls, some}), Clear);
}

}  // namespace sallyport
