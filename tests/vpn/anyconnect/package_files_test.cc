#include "vpn/anyconnect/package_files.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/vpn/anyconnect/portal_fixture.h"

namespace sallyport {
namespace {

void PutLe(std::string& to, std::uint64_t n, int octets) {
  for (int i = 0; i < octets; ++i) to.push_back(static_cast<char>(n >> (8 * i) & 0xff));
}

std::string Deflated(const std::string& text) {
  std::string out(compressBound(text.size()) + 64, '\0');
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

// An archive as `zip` makes it, or one that lies.
struct ZipMaker {
  struct Lie {
    std::uint32_t size = 0;  // it says; 0: the truth
    std::uint16_t flags = 0, method = 8;
    bool bad_crc = false;
  };
  std::string body, directory;
  int members = 0;
  void Add(const std::string& name, const std::string& text, const Lie& lie) {
    const std::string packed = lie.method == 8 ? Deflated(text) : text;
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())) + (lie.bad_crc ? 1 : 0);
    const std::uint32_t size = lie.size != 0 ? lie.size : static_cast<std::uint32_t>(text.size());
    std::string common;
    PutLe(common, 20, 2);
    PutLe(common, lie.flags, 2);
    PutLe(common, lie.method, 2);
    PutLe(common, 0, 4);
    PutLe(common, crc, 4);
    PutLe(common, packed.size(), 4);
    PutLe(common, size, 4);
    PutLe(common, name.size(), 2);
    const std::size_t at = body.size();
    PutLe(body, 0x04034b50, 4);
    body += common;
    PutLe(body, 4, 2);  // of more
    body += name + "more" + packed;
    PutLe(directory, 0x02014b50, 4);
    PutLe(directory, 20, 2);
    directory += common;
    PutLe(directory, 0, 2);
    PutLe(directory, 3, 2);  // of a comment
    PutLe(directory, 0, 2 + 2 + 4);
    PutLe(directory, at, 4);
    directory += name + "a b";
    ++members;
  }
  void Add(const std::string& name, const std::string& text) { Add(name, text, Lie{}); }
  std::string Whole(const std::string& comment = {}) const {
    std::string out = body + directory;
    PutLe(out, 0x06054b50, 4);
    PutLe(out, 0, 4);
    PutLe(out, static_cast<std::uint64_t>(members), 2);
    PutLe(out, static_cast<std::uint64_t>(members), 2);
    PutLe(out, directory.size(), 4);
    PutLe(out, body.size(), 4);
    PutLe(out, comment.size(), 2);
    return out + comment;
  }
};

class PackageFilesTest : public ::testing::Test {
 protected:
  PackageFiles::Read Reader() {
    return [this](const std::string& name, std::uint64_t at, std::size_t most) -> Result<PortalHost::FilePart> {
      if (name != "x.pkg") return Error{"no such file"};
      ++reads;
      PortalHost::FilePart p;
      p.size = file.size();
      if (at < file.size()) {
        const std::string part = file.substr(at, most);
        p.bytes.assign(part.begin(), part.end());
      }
      return p;
    };
  }
  // All of a member, by parts; "!" and the error.
  std::string Member(const std::string& name, std::size_t step = 1000) {
    std::string out;
    for (;;) {
      const auto part = files.Part(Reader(), "x.pkg", name, out.size(), step);
      if (!part) return "!" + part.error();
      out.append(part->bytes.begin(), part->bytes.end());
      if (part->bytes.empty() || out.size() >= part->size) return out;
    }
  }
  std::string file;
  PackageFiles files{PackageLimits{1 << 16, 10, 100'000, 150'000}};
  int reads = 0;
};

TEST_F(PackageFilesTest, MembersWholeAndByParts) {
  std::string large;
  for (unsigned i = 0; i < 90'000; ++i) large.push_back(static_cast<char>(i * i / 7));
  ZipMaker zip;
  zip.Add("VPNManifest.xml", "<vpn rev=\"1.0\"/>");
  zip.Add("binaries/setup.exe", large);
  zip.Add("binaries/stored.bin", large, {0, 0, 0});
  zip.Add("binaries/empty", "");
  file = zip.Whole("a comment");
  EXPECT_EQ(Member("VPNManifest.xml"), "<vpn rev=\"1.0\"/>");
  EXPECT_EQ(Member("binaries/setup.exe"), large);
  EXPECT_EQ(Member("binaries/stored.bin", 70'000), large);
  EXPECT_EQ(Member("binaries/empty"), "");
  EXPECT_EQ(Member("nothing").substr(0, 1), "!");
  EXPECT_EQ(Member("").substr(0, 1), "!");
  // Unpacked once: to begin anew takes the directory only.
  reads = 0;
  Member("binaries/setup.exe", 50'000);
  EXPECT_EQ(reads, 3);
  // Another package of that name.
  ZipMaker other;
  other.Add("binaries/setup.exe", "other");
  file = other.Whole();
  EXPECT_EQ(Member("binaries/setup.exe"), "other");
}

TEST_F(PackageFilesTest, WhatIsTooLargeOrLies) {
  ZipMaker zip;
  zip.Add("bomb", std::string(5'000'000, '\0'));  // packs to 5 KB
  zip.Add("says little", std::string(5'000'000, '\0'), {100, 0, 8});
  zip.Add("says much", "abc", {90'000, 0, 8});
  zip.Add("encrypted", "abc", {0, 1, 8});
  zip.Add("damaged", "abc", {0, 0, 8, true});
  zip.Add("bzip2", "abc", {0, 0, 12});
  zip.Add("stored, longer", "abc", {1000, 0, 0});
  zip.Add("../../etc/passwd", "abc");
  zip.Add("binaries/", "");
  file = zip.Whole();
  for (const char* name : {"bomb", "says little", "says much", "encrypted", "damaged", "bzip2", "stored, longer", "binaries/", "etc/passwd"}) {
    EXPECT_EQ(Member(name).substr(0, 1), "!") << name;
  }
  // Cut anywhere, changed anywhere: an error or the truth, and never more than there is.
  ZipMaker good;
  good.Add("a", std::string(500, 'a'));
  const std::string whole = good.Whole();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    file = whole.substr(0, n);
    EXPECT_EQ(Member("a").substr(0, 1), "!") << n;
    file = whole;
    file[n] = static_cast<char>(file[n] ^ 0xff);
    const std::string got = Member("a");
    EXPECT_TRUE(got[0] == '!' || got == std::string(500, 'a')) << n;
  }
  file = "no archive";
  EXPECT_EQ(Member("a").substr(0, 1), "!");
}

TEST_F(PackageFilesTest, NoMoreIsKeptThanIsAllowed) {
  ZipMaker zip;
  for (int i = 0; i < 4; ++i) zip.Add(std::to_string(i), std::string(70'000, static_cast<char>('a' + i)));
  file = zip.Whole();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(Member(std::to_string(i), 30'000), std::string(70'000, static_cast<char>('a' + i)));
  }
  reads = 0;
  EXPECT_TRUE(files.Part(Reader(), "x.pkg", "3", 10, 10));
  EXPECT_EQ(reads, 0) << "the last one is there";
  EXPECT_TRUE(files.Part(Reader(), "x.pkg", "0", 10, 10));
  EXPECT_GT(reads, 0) << "the first one made room";
}

// By the portal: what stands in the package comes before what the portal says of it.
TEST_F(PackageFilesTest, AtThePortal) {
  PortalHarness p;
  ZipMaker zip;
  zip.Add("VPNManifest.xml", "<vpn rev=\"1.0\"><!-- the package's --></vpn>");
  zip.Add("binaries/setup.exe", "MZ");
  zip.Add("binaries/../../secret", "root");
  const std::string package = "anyconnect-win-4.10.06079-webdeploy-k9.pkg";
  p.host.files[package] = zip.Whole();
  p.host.files["secret"] = "root";
  const HttpAnswer manifest = p.Get("/CACHE/stc/1/VPNManifest.xml");
  EXPECT_EQ(manifest.body, "<vpn rev=\"1.0\"><!-- the package's --></vpn>");
  EXPECT_EQ(manifest.type, "text/xml; charset=utf-8");
  const HttpAnswer setup = p.Get("/CACHE/stc/1/binaries/setup.exe");
  EXPECT_EQ(setup.body, "MZ");
  EXPECT_EQ(setup.type, "application/octet-stream");
  EXPECT_EQ(p.Get("/CACHE/stc/1/binaries/update.txt").body, "4,10,06079\n") << "it has none";
  EXPECT_EQ(p.Get("/CACHE/stc/1/binaries/" + package).body, zip.Whole()) << "whole as before";
  EXPECT_EQ(p.Get("/CACHE/stc/2/binaries/setup.exe").status, 404) << "that is another package";
  for (const char* bad : {"binaries/../../secret", "binaries/%2e%2e/%2e%2e/secret", "secret", "binaries/", "", "binaries"}) {
    EXPECT_EQ(p.Get(std::string("/CACHE/stc/1/") + bad).status, 404) << bad;
  }
}

}  // namespace
}  // namespace sallyport
