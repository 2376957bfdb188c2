// How much the library was asked to do since start: `show crypto accelerator statistics`. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

namespace sallyport {

struct CryptoOperations {
  std::atomic<std::uint64_t> dh_keys = 0, dh_secrets = 0;
  std::atomic<std::uint64_t> rsa_keys = 0, rsa_signatures = 0, rsa_verifications = 0;
  std::atomic<std::uint64_t> ecdsa_signatures = 0, ecdsa_verifications = 0;
  std::atomic<std::uint64_t> random = 0;

  static void Count(std::atomic<std::uint64_t>& what) { what.fetch_add(1, std::memory_order_relaxed); }
};

// Of this process, as the library is.
inline CryptoOperations& Operations() {
  static CryptoOperations all;
  return all;
}

}  // namespace sallyport
