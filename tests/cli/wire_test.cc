// The console protocol survives any cut of the byte stream and any nonsense in it.
#include "cli/wire.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Wire, ClientFramesRoundTrip) {
  ClientFrame f;
  f.kind = ClientFrame::Kind::kLine;
  f.text = "show conn \"x\" \xc3\xa4";
  f.end = true;
  FrameReader reader;
  for (const char c : Encode(f)) reader.Feed({&c, 1});
  const auto next = reader.Next();
  ASSERT_TRUE(next.ok() && next->has_value());
  const auto back = DecodeClientFrame(**next);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->kind, f.kind);
  EXPECT_EQ(back->text, f.text);
  EXPECT_TRUE(back->end);
}

TEST(Wire, DaemonFramesRoundTrip) {
  DaemonFrame f;
  f.kind = DaemonFrame::Kind::kPrompt;
  f.mode = DaemonFrame::Mode::kPassword;
  f.text = "Password: ";
  f.failed = true;
  FrameReader reader;
  reader.Feed(Encode(f) + Encode(f));
  for (int i = 0; i < 2; i++) {
    const auto next = reader.Next();
    ASSERT_TRUE(next.ok() && next->has_value());
    const auto back = DecodeDaemonFrame(**next);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->mode, f.mode);
    EXPECT_EQ(back->text, f.text);
    EXPECT_TRUE(back->failed);
  }
  EXPECT_FALSE(reader.Next()->has_value());
}

TEST(Wire, BytesThatAreNoUtf8AreReplaced) {
  DaemonFrame f;
  f.text = "a\xff";
  FrameReader reader;
  reader.Feed(Encode(f));
  const auto back = DecodeDaemonFrame(**reader.Next());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->text, "a\xef\xbf\xbd");
}

TEST(Wire, NonsenseIsRefused) {
  EXPECT_FALSE(DecodeClientFrame("").ok());
  EXPECT_FALSE(DecodeClientFrame("[]").ok());
  EXPECT_FALSE(DecodeClientFrame("{\"type\":\"fly\"}").ok());
  EXPECT_FALSE(DecodeClientFrame("{\"type\":3}").ok());
  EXPECT_TRUE(DecodeClientFrame("{\"type\":\"line\",\"text\":7}").ok());  // a wrong member is as good as none
  FrameReader reader;
  reader.Feed("\xff\xff\xff\xff");
  EXPECT_FALSE(reader.Next().ok());
}

}  // namespace
}  // namespace sallyport
