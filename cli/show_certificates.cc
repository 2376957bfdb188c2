#include "cli/show_certificates.h"

#include <cctype>

#include "cli/show_text.h"

namespace sallyport {
namespace {

std::string Lower(std::string s) {
  for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

std::string KeyText(const Certificate& c) {
  switch (c.key_type()) {
    case KeyType::kRsa:
      return fmt::format("RSA ({} bits)", c.key_bits());
    case KeyType::kEcP256:
    case KeyType::kEcP384:
    case KeyType::kEcP521:
      return fmt::format("ECDSA ({} bits)", c.key_bits());
    case KeyType::kOther:
      break;
  }
  return fmt::format("Unknown ({} bits)", c.key_bits());
}

// "sha256WithRSAEncryption" -> "SHA256 with RSA Encryption"
std::string SignatureText(std::string name) {
  if (const std::size_t with = name.find("WithRSAEncryption"); with != std::string::npos) {
    std::string hash = name.substr(0, with);
    for (char& c : hash) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return hash + " with RSA Encryption";
  }
  if (name.starts_with("ecdsa-with-")) return name.substr(11) + " with ECDSA";
  return name;
}

// Most specific first.
void NameLines(std::string& out, const char* what, const std::vector<std::pair<std::string, std::string>>& parts) {
  Append(out, "  {}:\n", what);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) Append(out, "    {}={}\n", part->first, part->second);
}

std::string ValidityText(std::int64_t seconds, const TimeZone& zone) {
  const std::int64_t wall = seconds * 1'000'000'000;
  const CivilTime t = ToCivil(wall, zone);
  return fmt::format("{:02}:{:02}:{:02} {} {} {} {}", t.hour, t.minute, t.second, zone.NameAt(wall), MonthName(t.month), t.day, t.year);
}

bool IsNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-'; }

}  // namespace

std::string ShowCertificates(const std::vector<CertificateView>& all, const TimeZone& zone) {
  std::string out;
  for (const CertificateView& v : all) {
    const Certificate& c = v.certificate;
    out += v.ca ? "CA Certificate\n" : "Certificate\n";
    out += "  Status: Available\n";
    Append(out, "  Certificate Serial Number: {}\n", Lower(c.serial()));
    Append(out, "  Certificate Usage: {}\n", v.ca ? "Signature" : "General Purpose");
    Append(out, "  Public Key Type: {}\n  Signature Algorithm: {}\n", KeyText(c), SignatureText(c.signature_algorithm()));
    NameLines(out, "Issuer Name", c.issuer());
    NameLines(out, "Subject Name", c.subject());
    Append(out, "  Validity Date:\n    start date: {}\n    end   date: {}\n", ValidityText(c.not_before(), zone), ValidityText(c.not_after(), zone));
    out += "  Associated Trustpoints:";
    for (const std::string& t : v.trustpoints) out += " " + t;
    out += "\n\n";
  }
  return out;
}

std::string ShowCrls(const std::vector<CrlView>& all, const TimeZone& zone) {
  std::string out;
  for (const CrlView& v : all) {
    Append(out, "CRL Issuer Name:\n    {}\n", v.issuer);
    Append(out, "    LastUpdate: {}\n", ValidityText(v.last_update, zone));
    if (v.next_update != 0) Append(out, "    NextUpdate: {}\n", ValidityText(v.next_update, zone));
    Append(out, "    Cached Until: {}\n", ValidityText(v.cached_until, zone));
    Append(out, "    Retrieved from CRL Distribution Point:\n      {}\n", v.url);
    Append(out, "    Size (bytes): {}\n    Associated Trustpoints: {}\n\n", v.bytes, v.trustpoint);
  }
  return out;
}

std::string FingerprintText(const Certificate& certificate) {
  std::string out;
  const std::vector<std::uint8_t> md5 = certificate.fingerprint(VpnHash::kMd5);
  for (std::size_t i = 0; i < md5.size(); i++) {
    if (i != 0 && i % 4 == 0) out += ' ';
    Append(out, "{:02x}", md5[i]);
  }
  return out;
}

std::vector<std::string> CertificateLines(Bytes der) {
  std::vector<std::string> out;
  constexpr std::size_t kLine = 32, kWord = 4;
  for (std::size_t i = 0; i < der.size(); i++) {
    if (i % kLine == 0) out.emplace_back();
    else if (i % kWord == 0) out.back() += ' ';
    Append(out.back(), "{:02x}", der[i]);
  }
  return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>> ParseSubjectName(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  std::size_t at = 0;
  const auto blanks = [&] {
    while (at < text.size() && text[at] == ' ') at++;
  };
  while (blanks(), at < text.size()) {
    std::pair<std::string, std::string> part;
    while (at < text.size() && IsNameChar(text[at])) part.first += static_cast<char>(std::tolower(static_cast<unsigned char>(text[at++])));
    blanks();
    if (part.first.empty() || at == text.size() || text[at++] != '=') return std::nullopt;
    blanks();
    const bool quoted = at < text.size() && text[at] == '"';
    if (quoted) at++;
    while (at < text.size() && (quoted ? text[at] != '"' : text[at] != ',')) {
      if (text[at] == '\\' && at + 1 < text.size()) at++;
      part.second += text[at++];
    }
    if (quoted && at++ == text.size()) return std::nullopt;
    while (!quoted && part.second.ends_with(' ')) part.second.pop_back();
    if (part.second.empty()) return std::nullopt;
    out.push_back(std::move(part));
    blanks();
    if (at < text.size() && text[at++] != ',') return std::nullopt;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

}  // namespace sallyport
