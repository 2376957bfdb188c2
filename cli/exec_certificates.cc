// Certificates of trustpoints: `crypto ca authenticate`, `enroll`, `import`, by terminal, and `show crypto ca certificates`. What is
// pasted ends with "quit" on a line by itself. Certificates go into the configuration, keys into the state folder (cli/key_store.h).
#include "cli/appliance.h"
#include "cli/exec.h"
#include "cli/key_store.h"
#include "cli/session.h"
#include "cli/show_certificates.h"
#include "conf/compile_vpn.h"
#include "conf/lines.h"
#include "vpn/policy.h"

namespace sallyport {
namespace {

constexpr const char* kCrypto = "Cryptography";
constexpr const char* kCa = "Certification authority";
constexpr std::size_t kLongest = 256 * 1024;  // of what is pasted
constexpr std::int64_t kSelfSignedYears = 10;
constexpr int kDefaultBits = 2048;

struct TrustpointWords {
  std::string name, passphrase;
  bool quiet = false;  // nointeractive, noconfirm
};

using Pasted = std::function<void(const ExecContext&, const std::string&)>;

void Paste(const ExecContext& c, std::string so_far, Pasted done) {
  c.session.Ask("", DaemonFrame::Mode::kQuestion, [c, so_far = std::move(so_far), done = std::move(done)](const std::optional<std::string>& line) {
    if (!line) return;
    if (SameWord(*line, "quit")) return done(c, so_far);
    if (so_far.size() + line->size() > kLongest) return c.session.Refuse("ERROR: That is too long\n");
    Paste(c, so_far + *line + "\n", done);
  });
}

void AskYesNo(const ExecContext& c, const std::string& question, std::function<void(const ExecContext&, bool)> then) {
  c.session.Ask(question, DaemonFrame::Mode::kQuestion, [c, question, then = std::move(then)](const std::optional<std::string>& answer) {
    if (!answer) return;
    if (!answer->empty() && IsPrefixOf(*answer, "yes")) return then(c, true);
    if (!answer->empty() && IsPrefixOf(*answer, "no")) return then(c, false);
    c.session.Write("% Please answer 'yes' or 'no'.\n");
    AskYesNo(c, question, then);
  });
}

std::map<std::string, Trustpoint> TrustpointsOf(Appliance& appliance) {
  static const NameTable kNoNames;
  VpnPolicy policy;
  CompileTrustpoints({appliance.configuration().tree(), kNoNames, *appliance.policy(), appliance.personality().release}, policy);
  return policy.trustpoints;
}

std::optional<Trustpoint> TrustpointOf(Appliance& appliance, const std::string& name) {
  if (appliance.configuration().tree().Find(Section::kCrypto, "crypto ca trustpoint " + name) == nullptr) return std::nullopt;
  return TrustpointsOf(appliance).at(name);
}
Reply NoTrustpoint(const std::string& name) { return Reply::Refuse("ERROR: Trustpoint " + name + " does not exist\n"); }

bool EnrollsItself(Appliance& appliance, const std::string& name) {
  const Line* l = appliance.configuration().tree().Find(Section::kCrypto, "crypto ca trustpoint " + name);
  return l != nullptr && l->Find("enrollment self") != nullptr;
}

// Puts lines into the configuration, and the whole in force. The error, or "".
std::string Configure(const ExecContext& c, const std::vector<std::string>& lines) {
  ConfigMode mode;
  for (const std::string& line : lines) {
    const ApplyResult r = c.appliance.configuration().Apply(mode, line);
    if (!r.ok()) return r.text.empty() ? "ERROR: cannot configure: " + line + "\n" : r.text;
  }
  c.session.Write(c.appliance.ConfigEdited(c.session, lines.front()));
  return {};
}

// The certificate takes the place of the one of its kind.
std::string Store(const ExecContext& c, const std::string& trustpoint, const Certificate& certificate, bool ca) {
  std::vector<std::string> lines = {"crypto ca certificate chain " + trustpoint};
  if (const Line* chain = c.appliance.configuration().tree().Find(Section::kCrypto, lines.front())) {
    for (const auto& l : chain->lines) {
      if (l->text.starts_with("certificate ") && l->text.starts_with("certificate ca ") == ca) lines.push_back("no " + l->text);
    }
  }
  std::string serial = certificate.serial();
  for (char& d : serial) d = static_cast<char>(std::tolower(static_cast<unsigned char>(d)));
  lines.push_back(std::string("certificate ") + (ca ? "ca " : "") + serial);
  for (std::string& hex : CertificateLines(certificate.der())) lines.push_back(std::move(hex));
  lines.emplace_back("quit");
  return Configure(c, lines);
}

std::int64_t Today(Appliance& appliance) { return appliance.WallNow() / 1'000'000'000; }

// PEM, or the base64 within it.
Result<Certificate> Read(const std::string& text) {
  if (text.find("-----BEGIN") != std::string::npos) return Certificate::FromPem(text);
  return Certificate::FromPem("-----BEGIN CERTIFICATE-----\n" + text + "-----END CERTIFICATE-----\n");
}

// --- crypto ca authenticate

Reply Authenticate(ExecContext& c, const TrustpointWords& w, Form) {
  if (!TrustpointOf(c.appliance, w.name)) return NoTrustpoint(w.name);
  c.session.Write("Enter the base 64 encoded CA certificate.\nEnd with the word \"quit\" on a line by itself\n\n");
  Paste(c, "", [w](const ExecContext& x, const std::string& text) {
    const auto ca = Read(text);
    if (!ca) return x.session.Refuse("\nERROR: Failed to parse or verify imported certificate\n");
    const auto accept = [w, ca = *ca](const ExecContext& y, bool yes) {
      if (!yes) return y.session.Write("\n% Trustpoint CA certificate was not accepted.\n");
      const std::string wrong = Store(y, w.name, ca, true);
      if (!wrong.empty()) return y.session.Refuse(wrong);
      y.session.Write("\nTrustpoint CA certificate accepted.\n\n% Certificate successfully imported\n");
    };
    x.session.Write("\nINFO: Certificate has the following attributes:\nFingerprint:     " + FingerprintText(*ca) + "\n");
    if (w.quiet) return accept(x, true);
    AskYesNo(x, "Do you accept this certificate? [yes/no]: ", accept);
  });
  return {};
}

// --- crypto ca enroll

std::string FqdnOf(Appliance& appliance, const Trustpoint& t) {
  if (!t.fqdn.empty()) return t.fqdn == "none" ? "" : t.fqdn;
  const ConfigSettings s = appliance.configuration().settings();
  return s.domain.empty() ? s.hostname : s.hostname + "." + s.domain;
}

// The key of a trustpoint without `keypair` is its own, by its name, and is made when there is none.
const PrivateKey* KeyOf(const ExecContext& c, const Trustpoint& t) {
  KeyStore& keys = c.appliance.keys();
  if (const PrivateKey* key = keys.Find(t.key_name)) return key;
  if (t.key_name != t.name) return nullptr;
  const auto made = PrivateKey::NewRsa(kDefaultBits);
  if (!made || !keys.Keep(t.name, *made)) return nullptr;
  return keys.Find(t.name);
}

using Names = std::vector<std::pair<std::string, std::string>>;

void ShowRequest(const ExecContext& c, const std::string& request) {
  c.session.Write("Certificate Request follows:\n" + request + "\n---End - This line not part of the certificate request---\n\n");
  AskYesNo(c, "Redisplay enrollment request? [yes/no]: ", [request](const ExecContext& x, bool yes) {
    if (yes) ShowRequest(x, request);
  });
}

void SignItself(const ExecContext& c, const Trustpoint& t, const PrivateKey& key, const Names& subject, const std::vector<std::string>& dns) {
  const std::int64_t now = Today(c.appliance);
  std::uint8_t serial[4];
  StoreBe32(serial, static_cast<std::uint32_t>(now) & 0x7fffffff);
  const auto made = Certificate::SelfSigned(key, subject, dns, now, now + kSelfSignedYears * 365 * 86400, Bytes(serial, sizeof serial));
  if (!made) return c.session.Refuse("ERROR: " + made.error() + "\n");
  if (const std::string wrong = Store(c, t.name, *made, false); !wrong.empty()) c.session.Refuse(wrong);
}

Reply Enroll(ExecContext& c, const TrustpointWords& w, Form) {
  const auto t = TrustpointOf(c.appliance, w.name);
  if (!t) return NoTrustpoint(w.name);
  const PrivateKey* key = KeyOf(c, *t);
  if (key == nullptr) return Reply::Refuse("ERROR: Keypair " + t->key_name + " does not exist\n");
  const std::string fqdn = FqdnOf(c.appliance, *t);
  Names subject;
  if (!t->subject_name.empty()) {
    const auto parsed = ParseSubjectName(t->subject_name);
    if (!parsed) return Reply::Refuse("ERROR: Invalid subject name " + t->subject_name + "\n");
    subject = *parsed;
  } else if (!fqdn.empty()) {
    subject = {{"cn", fqdn}};
  }
  const std::vector<std::string> dns = fqdn.empty() ? std::vector<std::string>() : std::vector<std::string>{fqdn};
  const bool self = EnrollsItself(c.appliance, w.name);
  std::string request;
  if (!self) {
    const auto made = CertificateRequest(*key, subject, dns);
    if (!made) return Reply::Refuse("ERROR: " + made.error() + "\n");
    request = *made;
    c.session.Write("% Start certificate enrollment .. \n");
    if (!t->subject_name.empty()) c.session.Write("% The subject name in the certificate will be: " + t->subject_name + "\n\n");
  }
  if (!fqdn.empty()) c.session.Write("% The fully-qualified domain name in the certificate will be: " + fqdn + "\n\n");
  const auto finish = [t = *t, key = *key, subject, dns, self, request](const ExecContext& x, bool yes) {
    if (!yes) return;
    if (self) return SignItself(x, t, key, subject, dns);
    ShowRequest(x, request);
  };
  if (w.quiet) finish(c, true);
  else AskYesNo(c, self ? "Generate Self-Signed Certificate? [yes/no]: " : "Display Certificate Request to terminal? [yes/no]: ", finish);
  return {};
}

// --- crypto ca import

Reply ImportCertificate(ExecContext& c, const TrustpointWords& w, Form) {
  const auto t = TrustpointOf(c.appliance, w.name);
  if (!t) return NoTrustpoint(w.name);
  const std::string fqdn = FqdnOf(c.appliance, *t);
  if (!fqdn.empty()) c.session.Write("\n% The fully-qualified domain name in the certificate will be: " + fqdn + "\n\n\n");
  c.session.Write("Enter the base 64 encoded certificate.\nEnd with the word \"quit\" on a line by itself\n\n");
  Paste(c, "", [t = *t](const ExecContext& x, const std::string& text) {
    const auto certificate = Read(text);
    if (!certificate) return x.session.Refuse("ERROR: Failed to parse or verify imported certificate\n");
    const PrivateKey* key = KeyOf(x, t);
    if (key == nullptr || !certificate->Matches(*key)) {
      return x.session.Refuse("ERROR: The public key of the imported certificate does not match the keypair of the trustpoint\n");
    }
    if (!t.ca_pem.empty()) {
      TrustStore store;
      if (auto ca = Certificate::FromPem(t.ca_pem)) store.AddAnchor(std::move(*ca));
      if (const Status valid = store.Validate(*certificate, {}, Today(x.appliance)); !valid) {
        return x.session.Refuse("ERROR: Failed to parse or verify imported certificate (" + valid.error() + ")\n");
      }
    }
    const std::string wrong = Store(x, t.name, *certificate, false);
    if (!wrong.empty()) return x.session.Refuse(wrong);
    x.session.Write("INFO: Certificate successfully imported\n");
  });
  return {};
}

Reply ImportPkcs12(ExecContext& c, const TrustpointWords& w, Form) {
  c.session.Write("\nEnter the base 64 encoded pkcs12.\nEnd with the word \"quit\" on a line by itself:\n");
  Paste(c, "", [w](const ExecContext& x, const std::string& text) {
    const auto all = ReadPkcs12(Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), w.passphrase);
    if (!all) return x.session.Refuse("ERROR: Import PKCS12 operation failed\n");
    if (const Status kept = x.appliance.keys().Keep(w.name, all->key); !kept) return x.session.Refuse("ERROR: " + kept.error() + "\n");
    std::string wrong = Configure(x, {"crypto ca trustpoint " + w.name, "keypair " + w.name});
    if (wrong.empty()) wrong = Store(x, w.name, all->certificate, false);
    // The issuer, if it came along; others would be trusted in other trustpoints.
    for (const Certificate& ca : all->chain) {
      const Bytes issuer = all->certificate.issuer_der(), subject = ca.subject_der();
      if (!wrong.empty() || !std::equal(issuer.begin(), issuer.end(), subject.begin(), subject.end())) continue;
      wrong = Store(x, w.name, ca, true);
      break;
    }
    if (!wrong.empty()) return x.session.Refuse(wrong);
    x.session.Write("INFO: Import PKCS12 operation completed successfully\n");
  });
  return {};
}

Reply ExportCertificate(ExecContext& c, const TrustpointWords& w, Form) {
  const auto t = TrustpointOf(c.appliance, w.name);
  if (!t) return NoTrustpoint(w.name);
  const auto certificate = Certificate::FromPem(t->identity_pem);
  if (!certificate) return Reply::Refuse("ERROR: Trustpoint " + w.name + " is not enrolled.\n");
  return Reply::Say("The PEM encoded identity certificate follows:\n" + certificate->ToPem());
}

// --- show

Reply Show(ExecContext& c, const TrustpointWords& w, Form) {
  std::vector<CertificateView> all;
  const auto add = [&](const std::string& pem, bool ca, const std::string& trustpoint) {
    const auto certificate = Certificate::FromPem(pem);
    if (!certificate) return;
    for (CertificateView& v : all) {
      if (v.ca == ca && v.certificate == *certificate) return v.trustpoints.push_back(trustpoint);
    }
    all.push_back({*certificate, ca, {trustpoint}});
  };
  for (const auto& [name, t] : TrustpointsOf(c.appliance)) {
    if (!w.name.empty() && w.name != name) continue;
    if (!t.identity_pem.empty()) add(t.identity_pem, false, name);
    if (!t.ca_pem.empty()) add(t.ca_pem, true, name);
  }
  return Reply::Say(ShowCertificates(all, c.appliance.ClockNow().zone));
}

}  // namespace

void AddCertificateCommands(ExecSet& set) {
  using S = Tokens<TrustpointWords>;
  using W = TrustpointWords;
  const auto crypto = S::Kw("crypto", kCrypto), ca = S::Kw("ca", kCa);
  const auto name = S::Word(&W::name, "Trustpoint name");
  set.Add(Command<W>({crypto, ca, S::Kw("authenticate", "Take the certificate of an authority"), name, S::Flag(&W::quiet, "nointeractive", "Do not ask")}),
          Authenticate);
  set.Add(Command<W>({crypto, ca, S::Kw("enroll", "Request a certificate"), name, S::Flag(&W::quiet, "noconfirm", "Do not ask")}), Enroll);
  set.Add(Command<W>({crypto, ca, S::Kw("import", "Take a certificate or a PKCS12 file"), name, S::Kw("certificate", "A certificate of ours"),
                      S::Flag(&W::quiet, "nointeractive", "Do not ask")}),
          ImportCertificate);
  set.Add(Command<W>({crypto, ca, S::Kw("import", "Take a certificate or a PKCS12 file"), name, S::Kw("pkcs12", "A key and its certificates"),
                      S::Word(&W::passphrase, "Passphrase"), S::Flag(&W::quiet, "nointeractive", "Do not ask")}),
          ImportPkcs12);
  set.Add(Command<W>({crypto, ca, S::Kw("export", "Show what can be taken elsewhere"), name,
                      S::Kw("identity-certificate", "The certificate of ours, without its key")}),
          ExportCertificate);
  set.Add(Command<W>({S::Kw("show", "Show running system information"), crypto, ca, S::Kw("certificates", "Certificates"),
                      S::Opt({S::Word(&W::name, "Trustpoint name")})}),
          Show);
}

}  // namespace sallyport
