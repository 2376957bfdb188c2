#include <openssl/pem.h>

#include <algorithm>
#include <cctype>
#include <ctime>

#include "vpn/crypto/certificates_impl.h"
#include "vpn/crypto/digests.h"
#include "vpn/crypto/library.h"

namespace sallyport {
namespace {

using Parts = std::vector<std::pair<std::string, std::string>>;

// How a configuration and the console call attributes, where OpenSSL calls them otherwise.
struct Attribute {
  const char* ours;
  const char* openssl;
};
constexpr Attribute kAttributes[] = {{"cn", "CN"}, {"ou", "OU"},          {"o", "O"},    {"c", "C"},   {"st", "ST"},
                                     {"l", "L"},   {"ea", "emailAddress"}, {"dc", "DC"},  {"t", "title"}, {"n", "name"},
                                     {"gn", "GN"}, {"sn", "SN"},           {"i", "initials"}, {"serial", "serialNumber"},
                                     {"hostname", "unstructuredName"}};

std::string OursOf(const ASN1_OBJECT* object) {
  const int nid = OBJ_obj2nid(object);
  const char* name = nid != NID_undef ? OBJ_nid2sn(nid) : nullptr;
  if (name == nullptr) {
    char number[128];
    OBJ_obj2txt(number, sizeof number, object, 1);
    return number;
  }
  for (const Attribute& a : kAttributes)
    if (std::string_view(a.openssl) == name) return a.ours;
  std::string out = name;
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

Parts PartsOf(const X509_NAME* name) {
  Parts out;
  const int count = X509_NAME_entry_count(name);
  for (int i = 0; i < count; ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    std::string value = size >= 0 ? std::string(reinterpret_cast<char*>(text), static_cast<std::size_t>(size)) : std::string();
    OPENSSL_free(text);
    out.emplace_back(OursOf(X509_NAME_ENTRY_get_object(entry)), std::move(value));
  }
  return out;
}

// A comma within a value must not look like the beginning of another attribute, nor a control byte like anything.
std::string Escaped(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == ',' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      constexpr char kHex[] = "0123456789ABCDEF";
      out += '\\';
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  return out;
}

std::string Joined(const Parts& parts) {
  std::string out;
  for (auto it = parts.rbegin(); it != parts.rend(); ++it) {
    if (!out.empty()) out += ',';
    out += it->first + '=' + Escaped(it->second);
  }
  return out;
}

// Encoded by one of OpenSSL's i2d functions.
template <typename T>
std::vector<std::uint8_t> Encoded(int (*encode)(const T*, unsigned char**), const T* value) {
  const int size = encode(value, nullptr);
  std::vector<std::uint8_t> out(size > 0 ? static_cast<std::size_t>(size) : 0);
  unsigned char* at = out.data();
  if (size > 0) encode(value, &at);
  return out;
}

std::int64_t SecondsOf(const ASN1_TIME* time) {
  std::tm tm{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &tm) != 1) return 0;
  return timegm(&tm);
}

template <typename Each>
void ForEachName(const X509* certificate, int type, Each each) {
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != type) continue;
    const ASN1_STRING* text = type == GEN_IPADD ? name->d.iPAddress : name->d.ia5;
    each(Bytes(ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))));
  }
  GENERAL_NAMES_free(names);
}

std::vector<std::string> TextNames(const X509* certificate, int type) {
  std::vector<std::string> out;
  ForEachName(certificate, type, [&](Bytes text) {
    // A name with a zero in it is a trick on those who read up to it.
    if (std::find(text.begin(), text.end(), 0) == text.end()) out.emplace_back(text.begin(), text.end());
  });
  return out;
}

}  // namespace

Status FillName(X509_NAME* name, const Parts& parts) {
  for (const auto& [ours, value] : parts) {
    std::string key;
    for (char c : ours) key += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto* known = std::find_if(std::begin(kAttributes), std::end(kAttributes), [&](const Attribute& a) { return key == a.ours; });
    const char* attribute = known != std::end(kAttributes) ? known->openssl : ours.c_str();
    if (X509_NAME_add_entry_by_txt(name, attribute, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(value.data()),
                                   static_cast<int>(value.size()), -1, 0) != 1)
      return Error{"the attribute " + ours + " of a name cannot be encoded: " + CryptoError()};
  }
  return {};
}

Result<Certificate> Certificate::Of(X509* taken) {
  if (taken == nullptr) return Error{"no certificate: " + CryptoError()};
  Certificate out;
  out.certificate_ = std::shared_ptr<X509>(taken, X509_free);
  // Fills the extension cache now, so that later calls only read.
  X509_check_purpose(taken, -1, 0);
  CryptoError();
  out.der_ = std::make_shared<const std::vector<std::uint8_t>>(Encoded<X509>(i2d_X509, taken));
  out.subject_ = std::make_shared<const std::vector<std::uint8_t>>(Encoded<X509_NAME>(i2d_X509_NAME, X509_get_subject_name(taken)));
  out.issuer_ = std::make_shared<const std::vector<std::uint8_t>>(Encoded<X509_NAME>(i2d_X509_NAME, X509_get_issuer_name(taken)));
  return out;
}

Result<Certificate> Certificate::FromDer(Bytes der) {
  X509* at = X509_new_ex(CryptoLibrary::Get().context(), nullptr);
  const unsigned char* data = der.data();
  // When it fails it has freed what it was given, or not: then it is still there.
  const bool read = at != nullptr && d2i_X509(&at, &data, static_cast<long>(der.size())) != nullptr;
  X509Ptr made(at);
  if (!read) return Error{"no certificate: " + CryptoError()};
  if (data != der.data() + der.size()) return Error{"no certificate: there is more behind it"};
  return Of(made.release());
}

Result<std::vector<Certificate>> Certificate::ChainFromPem(std::string_view text) {
  std::vector<Certificate> out;
  const BioPtr bio = BioOver(text);
  if (!bio) return Error{"out of memory"};
  char *name = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  while (PEM_read_bio(bio.get(), &name, &header, &data, &size) == 1) {
    const std::string_view kind = name;
    std::optional<Result<Certificate>> one;
    if (kind == PEM_STRING_X509 || kind == PEM_STRING_X509_OLD) one = FromDer({data, static_cast<std::size_t>(size)});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));  // it may have been a key
    if (!one) continue;
    if (!one->ok()) return Error{one->error()};
    out.push_back(**one);
  }
  CryptoError();
  if (out.empty()) return Error{"no certificate in the text"};
  return out;
}

Result<Certificate> Certificate::FromPem(std::string_view text) {
  Result<std::vector<Certificate>> all = ChainFromPem(text);
  if (!all) return Error{all.error()};
  return all->front();
}

std::string Certificate::ToPem() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || PEM_write_bio_X509(bio.get(), certificate_.get()) != 1) return {};
  return TextOf(bio.get());
}

Parts Certificate::subject() const { return PartsOf(X509_get_subject_name(certificate_.get())); }
Parts Certificate::issuer() const { return PartsOf(X509_get_issuer_name(certificate_.get())); }
std::string Certificate::subject_text() const { return Joined(subject()); }
std::string Certificate::issuer_text() const { return Joined(issuer()); }

std::string Certificate::serial() const {
  std::string out;
  const ASN1_INTEGER* n = X509_get0_serialNumber(certificate_.get());
  for (int i = 0; i < ASN1_STRING_length(n); ++i) {
    constexpr char kHex[] = "0123456789ABCDEF";
    const unsigned char b = ASN1_STRING_get0_data(n)[i];
    out += kHex[b >> 4];
    out += kHex[b & 15];
  }
  return out;
}

std::int64_t Certificate::not_before() const { return SecondsOf(X509_get0_notBefore(certificate_.get())); }
std::int64_t Certificate::not_after() const { return SecondsOf(X509_get0_notAfter(certificate_.get())); }
KeyType Certificate::key_type() const { return TypeOf(X509_get0_pubkey(certificate_.get())); }
int Certificate::key_bits() const {
  const EVP_PKEY* key = X509_get0_pubkey(certificate_.get());
  return key != nullptr ? EVP_PKEY_get_bits(key) : 0;
}
std::string Certificate::signature_algorithm() const {
  const int nid = X509_get_signature_nid(certificate_.get());
  const char* name = OBJ_nid2ln(nid);
  return name != nullptr ? name : "";
}
bool Certificate::is_ca() const { return X509_check_ca(certificate_.get()) == 1; }

std::vector<std::uint8_t> Certificate::fingerprint(VpnHash hash) const { return Hash(hash, {der()}); }

std::vector<std::uint8_t> Certificate::public_key_sha1() const {
  return Hash(VpnHash::kSha1, {Encoded<X509_PUBKEY>(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(certificate_.get()))});
}

std::vector<std::string> Certificate::dns_names() const { return TextNames(certificate_.get(), GEN_DNS); }
std::vector<std::string> Certificate::emails() const { return TextNames(certificate_.get(), GEN_EMAIL); }

std::vector<IpAddress> Certificate::addresses() const {
  std::vector<IpAddress> out;
  ForEachName(certificate_.get(), GEN_IPADD, [&](Bytes a) {
    if (a.size() == 4) out.push_back(IpAddress::FromV4Bytes(a.data()));
    if (a.size() == 16) out.push_back(IpAddress::FromV6Bytes(a.data()));
  });
  return out;
}

bool Certificate::Matches(const PrivateKey& key) const {
  const EVP_PKEY* own = X509_get0_pubkey(certificate_.get());
  return own != nullptr && key && EVP_PKEY_eq(own, key.handle()) == 1;
}

bool Certificate::operator==(const Certificate& other) const {
  return certificate_ == other.certificate_ || (certificate_ && other.certificate_ && *der_ == *other.der_);
}

std::optional<std::string> NameText(Bytes der) {
  const unsigned char* at = der.data();
  const NamePtr name(d2i_X509_NAME(nullptr, &at, static_cast<long>(der.size())));
  if (!name || at != der.data() + der.size()) {
    CryptoError();
    return {};
  }
  return Joined(PartsOf(name.get()));
}

Result<std::vector<std::uint8_t>> NameDer(const Parts& parts) {
  const NamePtr name(X509_NAME_new());
  if (!name) return Error{"out of memory"};
  if (Status s = FillName(name.get(), parts); !s) return Error{s.error()};
  return Encoded<X509_NAME>(i2d_X509_NAME, name.get());
}

}  // namespace sallyport
