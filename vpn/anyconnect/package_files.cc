#include "vpn/anyconnect/package_files.h"

#include <zlib.h>

#include <algorithm>

#include "firewall/base/bytes.h"

namespace sallyport {
namespace {

// PKWARE's APPNOTE 4.3. Numbers are little-endian.
constexpr std::uint32_t kZipEnd = 0x06054b50, kZipEntry = 0x02014b50, kZipLocal = 0x04034b50;
constexpr std::size_t kZipEndSize = 22, kZipEntrySize = 46, kZipLocalSize = 30, kZipLongestComment = 65535;
constexpr std::uint16_t kZipEncrypted = 0x0001, kZipStored = 0, kZipDeflated = 8;
constexpr std::size_t kPackedAtOnce = 64 * 1024;

// Whoever calls has seen that there are so many octets.
std::uint16_t Zip16(Bytes b, std::size_t at) { return static_cast<std::uint16_t>(b[at] | b[at + 1] << 8); }
std::uint32_t Zip32(Bytes b, std::size_t at) { return Zip16(b, at) | static_cast<std::uint32_t>(Zip16(b, at + 2)) << 16; }

struct Inflater {
  z_stream z{};
  bool ready = inflateInit2(&z, -MAX_WBITS) == Z_OK;
  ~Inflater() { inflateEnd(&z); }
};

}  // namespace

Result<PackageFiles::Member> PackageFiles::Find(const Read& read, const std::string& package, std::string_view name) const {
  const auto first = read(package, 0, 1);
  if (!first) return Error{first.error()};
  const std::uint64_t size = first->size;
  if (size < kZipEndSize) return Error{"it is no archive"};
  const std::size_t tail = static_cast<std::size_t>(std::min<std::uint64_t>(size, kZipEndSize + kZipLongestComment));
  const auto last = read(package, size - tail, tail);
  if (!last || last->bytes.size() != tail) return Error{"its end cannot be read"};
  const Bytes end(last->bytes);
  // The end's record is the last one whose comment reaches to the end of the file.
  std::size_t at = tail - kZipEndSize;
  while (Zip32(end, at) != kZipEnd || Zip16(end, at + 20) != tail - at - kZipEndSize) {
    if (at == 0) return Error{"it is no archive"};
    --at;
  }
  const std::size_t members = Zip16(end, at + 10);
  const std::uint32_t length = Zip32(end, at + 12), begins = Zip32(end, at + 16);
  if (members > limits_.members || length > limits_.directory || static_cast<std::uint64_t>(begins) + length > size)
    return Error{"its directory is too large"};
  const auto directory = read(package, begins, length);
  if (!directory || directory->bytes.size() != length) return Error{"its directory cannot be read"};
  Bytes rest(directory->bytes);
  for (std::size_t i = 0; i < members && rest.size() >= kZipEntrySize && Zip32(rest, 0) == kZipEntry; ++i) {
    const std::size_t named = Zip16(rest, 28), whole = kZipEntrySize + named + Zip16(rest, 30) + Zip16(rest, 32);
    if (whole > rest.size()) break;
    const Bytes text = rest.subspan(kZipEntrySize, named);
    if (std::equal(text.begin(), text.end(), name.begin(), name.end())) {
      Member m;
      m.name = std::string(name);
      m.flags = Zip16(rest, 8);
      m.method = Zip16(rest, 10);
      m.crc = Zip32(rest, 16);
      m.packed = Zip32(rest, 20);
      m.size = Zip32(rest, 24);
      m.header = Zip32(rest, 42);
      return m;
    }
    rest = rest.subspan(whole);
  }
  return Error{"it has no such member"};
}

Result<std::uint64_t> PackageFiles::DataOf(const Read& read, const std::string& package, const Member& m) {
  const auto head = read(package, m.header, kZipLocalSize);
  if (!head || head->bytes.size() != kZipLocalSize || Zip32(Bytes(head->bytes), 0) != kZipLocal) return Error{"its member is not there"};
  const Bytes h(head->bytes);
  return static_cast<std::uint64_t>(m.header) + kZipLocalSize + Zip16(h, 26) + Zip16(h, 28);
}

Result<PortalHost::FilePart> PackageFiles::Part(const Read& read, const std::string& package, std::string_view member, std::uint64_t at, std::size_t most) {
  if (member.empty() || member.ends_with('/')) return Error{"it is no file"};
  const std::lock_guard lock(mutex_);
  PortalHost::FilePart part;
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& k) { return k.package == package && k.member.name == member; });
  std::shared_ptr<const std::vector<std::uint8_t>> bytes;
  // Where a file begins it is seen whether the package is still the same; a client that has begun goes on with what it has.
  if (at != 0 && found != kept_.end()) {
    bytes = found->bytes;
    kept_.splice(kept_.begin(), kept_, found);
  } else {
    const auto m = Find(read, package, member);
    if (!m) return Error{m.error()};
    if ((m->flags & kZipEncrypted) != 0 || m->size > limits_.member || (m->method != kZipStored && m->method != kZipDeflated) ||
        (m->method == kZipStored && m->packed != m->size))
      return Error{"its member is too large, or packed as nobody reads it"};
    if (m->method == kZipStored) {
      const auto begins = DataOf(read, package, *m);
      if (!begins) return Error{begins.error()};
      part.size = m->size;
      if (at >= part.size) return part;
      const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(most, part.size - at));
      auto got = read(package, *begins + at, length);
      if (!got || got->bytes.size() != length) return Error{"its member is cut short"};
      part.bytes = std::move(got->bytes);
      return part;
    }
    const auto unpacked = Unpacked(read, package, *m);
    if (!unpacked) return Error{unpacked.error()};
    bytes = *unpacked;
  }
  part.size = bytes->size();
  if (at >= part.size) return part;
  const auto from = bytes->begin() + static_cast<std::ptrdiff_t>(at);
  part.bytes.assign(from, from + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(most, part.size - at)));
  return part;
}

Result<std::shared_ptr<const std::vector<std::uint8_t>>> PackageFiles::Unpacked(const Read& read, const std::string& package, const Member& m) {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& k) { return k.package == package && k.member.name == m.name; });
  if (found != kept_.end()) {
    if (found->member == m) {
      kept_.splice(kept_.begin(), kept_, found);
      return found->bytes;
    }
    kept_octets_ -= found->bytes->size();  // another package of that name
    kept_.erase(found);
  }
  const auto begins = DataOf(read, package, m);
  if (!begins) return Error{begins.error()};
  Inflater in;
  if (!in.ready) return Error{"no memory"};
  // One octet more: what is longer than it says is seen.
  auto out = std::make_shared<std::vector<std::uint8_t>>(static_cast<std::size_t>(m.size) + 1);
  in.z.next_out = out->data();
  in.z.avail_out = static_cast<uInt>(out->size());
  int state = Z_OK;
  for (std::uint32_t at = 0; at < m.packed && state == Z_OK && in.z.avail_out > 0;) {
    auto piece = read(package, *begins + at, std::min<std::size_t>(kPackedAtOnce, m.packed - at));
    if (!piece || piece->bytes.empty()) return Error{"its member is cut short"};
    at += static_cast<std::uint32_t>(piece->bytes.size());
    in.z.next_in = piece->bytes.data();
    in.z.avail_in = static_cast<uInt>(piece->bytes.size());
    state = inflate(&in.z, Z_NO_FLUSH);
  }
  out->resize(out->size() - in.z.avail_out);
  if (state != Z_STREAM_END || out->size() != m.size || crc32(0, out->data(), static_cast<uInt>(out->size())) != m.crc) return Error{"its member is damaged"};
  Keep({package, m, out});
  return std::shared_ptr<const std::vector<std::uint8_t>>(std::move(out));
}

void PackageFiles::Keep(Kept kept) {
  kept_octets_ += kept.bytes->size();
  kept_.push_front(std::move(kept));
  while (kept_octets_ > limits_.kept && kept_.size() > 1) {
    kept_octets_ -= kept_.back().bytes->size();
    kept_.pop_back();
  }
}

}  // namespace sallyport
