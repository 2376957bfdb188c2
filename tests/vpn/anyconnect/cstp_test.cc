#include "vpn/anyconnect/cstp.h"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport {
namespace {

std::vector<std::uint8_t> FrameOf(CstpType type, std::vector<std::uint8_t> payload) {
  std::vector<std::uint8_t> out(kCstpHeader);
  PutCstpHeader(out, type, payload.size());
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

TEST(Cstp, RoundTrip) {
  const auto record = FrameOf(CstpType::kDpdRequest, {1, 2, 3});
  CstpFrame f;
  ASSERT_EQ(ReadCstp(record, f), CstpError::kNone);
  EXPECT_EQ(f.type, 3);
  EXPECT_EQ(std::vector<std::uint8_t>(f.payload.begin(), f.payload.end()), (std::vector<std::uint8_t>{1, 2, 3}));
}

TEST(Cstp, WhatIsWrongIsNamed) {
  const auto good = FrameOf(CstpType::kData, {1, 2});
  CstpFrame f;
  EXPECT_EQ(ReadCstp(Bytes(good).first(7), f), CstpError::kShort);
  auto bad = good;
  bad[1] = 'X';
  EXPECT_EQ(ReadCstp(bad, f), CstpError::kMagic);
  bad = good;
  bad[3] = 2;
  EXPECT_EQ(ReadCstp(bad, f), CstpError::kVersion);
  bad = good;
  bad.push_back(0);
  EXPECT_EQ(ReadCstp(bad, f), CstpError::kLength);
  EXPECT_EQ(ReadCstp(Bytes(good).first(9), f), CstpError::kLength);
}

}  // namespace
}  // namespace sallyport
