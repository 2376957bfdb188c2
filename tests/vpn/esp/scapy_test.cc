// Scapy reads what we seal and we read what it seals: every transform that it has, raw and within UDP 4500, sizes around every
// block's border. Skipped where there is no Scapy.
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "firewall/base/checksum.h"
#include "firewall/base/random.h"
#include "tests/vpn/esp/transforms.h"
#include "vpn/esp/outer_header.h"

namespace sallyport {
namespace {

const char* CipherName(VpnCipher c) {
  switch (c) {
    case VpnCipher::kNone: return "NULL";
    case VpnCipher::kDes: return "DES";
    case VpnCipher::k3Des: return "3DES";
    case VpnCipher::kAes128:
    case VpnCipher::kAes192:
    case VpnCipher::kAes256: return "AES-CBC";
    case VpnCipher::kAesGcm128:
    case VpnCipher::kAesGcm192:
    case VpnCipher::kAesGcm256: return "AES-GCM";
    default: return nullptr;  // its GMAC encrypts nothing and authenticates less than RFC 4543 asks
  }
}

const char* HashName(VpnHash h) {
  switch (h) {
    case VpnHash::kNone: return "NULL";
    case VpnHash::kMd5: return "HMAC-MD5-96";
    case VpnHash::kSha1: return "HMAC-SHA1-96";
    case VpnHash::kSha256: return "SHA2-256-128";
    case VpnHash::kSha384: return "SHA2-384-192";
    case VpnHash::kSha512: return "SHA2-512-256";
  }
  return nullptr;
}

// An IPv4 packet of UDP with `size` bytes of payload.
std::vector<std::uint8_t> InnerPacket(std::size_t size, Random& random) {
  std::vector<std::uint8_t> p = FromHex("450000000001000040110000 0a000001 0a000102 1f9006a500000000");
  for (std::size_t i = 0; i < size; ++i) p.push_back(static_cast<std::uint8_t>(random.U32()));
  StoreBe16(p.data() + 2, static_cast<std::uint16_t>(p.size()));
  StoreBe16(p.data() + 24, static_cast<std::uint16_t>(8 + size));
  StoreBe16(p.data() + 10, ChecksumFinish(ChecksumAdd(Bytes(p).first(20))));
  return p;
}

// The strings of the array behind "name" in a line that scapy_esp.py wrote.
std::vector<std::string> Strings(const std::string& line, const std::string& name) {
  std::vector<std::string> out;
  std::size_t at = line.find('[', line.find('"' + name + '"'));
  const std::size_t end = line.find(']', at);
  while (at != std::string::npos && (at = line.find('"', at + 1)) < end) {
    const std::size_t close = line.find('"', at + 1);
    out.push_back(line.substr(at + 1, close - at - 1));
    at = close;
  }
  return out;
}

std::string Quoted(const std::vector<std::vector<std::uint8_t>>& packets) {
  std::string out;
  for (const auto& p : packets) out += (out.empty() ? "\"" : ", \"") + ToHex(p) + "\"";
  return "[" + out + "]";
}

TEST(Scapy, ReadsOursAndWritesWhatWeRead) {
  SeededEntropy entropy(12);
  Random random(12);
  std::ostringstream jobs;
  std::vector<std::vector<std::vector<std::uint8_t>>> inner;
  std::vector<std::pair<EspTransform, bool>> cases;
  for (EspTransform t : AllTransforms()) {
    if (CipherName(t.cipher) == nullptr) continue;
    for (bool udp : {false, true}) {
      Result<EspSealer> sealer = EspSealer::Make(KeysFor(t), 0xcafe0001, entropy);
      ASSERT_TRUE(sealer);
      const OuterPath path{*IpAddress::Parse("192.0.2.1"), *IpAddress::Parse("198.51.100.2"), udp};
      std::vector<std::vector<std::uint8_t>> packets, sealed;
      for (std::size_t size : {0u, 1u, 2u, 3u, 4u, 13u, 14u, 15u, 16u, 17u, 1372u}) {
        packets.push_back(InnerPacket(size, random));
        std::vector<std::uint8_t> buffer(64);
        buffer.insert(buffer.end(), packets.back().begin(), packets.back().end());
        buffer.resize(buffer.size() + 128);
        MutableBytes esp;
        ASSERT_TRUE(sealer->Seal(4, buffer, 64, packets.back().size(), esp));
        const MutableBytes outer = WriteOuter(path, MarksOf(packets.back()), 1, esp);
        sealed.emplace_back(outer.begin(), outer.end());
      }
      const EspKeys keys = KeysFor(t);
      jobs << R"({"cipher": ")" << CipherName(t.cipher) << R"(", "cipher_key": ")" << ToHex(keys.encryption.bytes()) << R"(", "hash": ")"
           << HashName(t.hash) << R"(", "hash_key": ")" << ToHex(keys.integrity.bytes()) << R"(", "spi": )" << 0xcafe0001u
           << R"(, "udp": )" << (udp ? "true" : "false") << R"(, "open": )" << Quoted(sealed) << R"(, "seal": )" << Quoted(packets) << "}\n";
      inner.push_back(packets);
      cases.emplace_back(t, udp);
    }
  }
  char folder[] = "/tmp/sallyport-scapy-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  const std::string in = std::string(folder) + "/in", out = std::string(folder) + "/out";
  std::ofstream(in) << jobs.str();
  const std::string command = "python3 " SALLYPORT_TEST_DIR "/interop/scapy_esp.py <" + in + " >" + out + " 2>&1";
  // The system's Python, where Debian's packages are.
  const int status = std::system(("PATH=/usr/bin:/bin " + command).c_str());
  std::ostringstream answer;
  answer << std::ifstream(out).rdbuf();
  std::remove(in.c_str());
  std::remove(out.c_str());
  rmdir(folder);
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127)) GTEST_SKIP() << "no Scapy";
  ASSERT_EQ(status, 0) << answer.str();

  std::istringstream lines(answer.str());
  std::string line;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(testing::Message() << CipherName(cases[i].first.cipher) << " " << HashName(cases[i].first.hash) << " " << cases[i].second);
    ASSERT_TRUE(std::getline(lines, line));
    const std::vector<std::string> opened = Strings(line, "opened"), sealed = Strings(line, "sealed");
    ASSERT_EQ(opened.size(), inner[i].size());
    ASSERT_EQ(sealed.size(), inner[i].size());
    Result<EspOpener> opener = EspOpener::Make(KeysFor(cases[i].first), 0xcafe0001, 64);
    ASSERT_TRUE(opener);
    for (std::size_t k = 0; k < opened.size(); ++k) {
      EXPECT_EQ(opened[k], ToHex(inner[i][k]));
      std::vector<std::uint8_t> packet = FromHex(sealed[k]);
      const OuterPacket outer = ReadOuter(packet);
      ASSERT_EQ(outer.what, OuterPacket::What::kEsp);
      EXPECT_EQ(outer.sport, cases[i].second ? 4500 : 0);
      std::uint8_t next = 0;
      MutableBytes payload;
      ASSERT_EQ(opener->Open(outer.content, next, payload), EspOpener::Why::kOk);
      EXPECT_EQ(next, 4);
      EXPECT_EQ(ToHex(payload), ToHex(inner[i][k]));
    }
  }
}

}  // namespace
}  // namespace sallyport
