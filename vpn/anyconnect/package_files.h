// The files in a client's package (a .pkg is a zip archive): what a client that updates itself fetches below /CACHE/stc/N/. Members are
// found by their names in the archive's directory, and never become names of files. Stored ones are read where they lie, packed ones
// are unpacked into memory once, of which there is so much and no more. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "firewall/base/result.h"
#include "vpn/anyconnect/portal_host.h"

namespace sallyport {

struct PackageLimits {
  std::size_t directory = 1 << 20, members = 4096;  // octets, names
  std::uint32_t member = 64u << 20;                 // unpacked
  std::size_t kept = 128u << 20;                    // unpacked, of all packages
};

class PackageFiles {
 public:
  // Of a file, at most so many octets from there (PortalHost::ReadFile).
  using Read = std::function<Result<PortalHost::FilePart>(const std::string& name, std::uint64_t at, std::size_t most)>;
  explicit PackageFiles(const PackageLimits& limits = {}) : limits_(limits) {}

  // A part of a member ("binaries/setup.exe"), with the member's whole size. The error: there is no such member, or nobody may have it
  // (too large, encrypted, damaged).
  Result<PortalHost::FilePart> Part(const Read& read, const std::string& package, std::string_view member, std::uint64_t at, std::size_t most);

 private:
  struct Member {
    std::string name;
    std::uint16_t flags = 0, method = 0;
    std::uint32_t crc = 0, packed = 0, size = 0, header = 0;
    bool operator==(const Member&) const = default;
  };
  struct Kept {
    std::string package;
    Member member;
    std::shared_ptr<const std::vector<std::uint8_t>> bytes;
  };
  Result<Member> Find(const Read& read, const std::string& package, std::string_view name) const;
  // Where a member's octets begin.
  static Result<std::uint64_t> DataOf(const Read& read, const std::string& package, const Member& m);
  Result<std::shared_ptr<const std::vector<std::uint8_t>>> Unpacked(const Read& read, const std::string& package, const Member& m);
  void Keep(Kept kept);

  const PackageLimits limits_;
  std::mutex mutex_;      // of all that follows
  std::list<Kept> kept_;  // what was asked for last comes first
  std::size_t kept_octets_ = 0;
};

}  // namespace sallyport
