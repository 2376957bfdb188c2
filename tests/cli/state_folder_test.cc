// An atomic write leaves the old file or the new one, whole, whenever the writer is killed; one daemon to a folder; names that
// do not leave disk0:.
#include "cli/state_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sallyport {
namespace {

class StateFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sallyport-test-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    path_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(path_); }
  std::string path_;
};

const std::string kOld(100'000, 'o');
const std::string kNew(300'000, 'n');

TEST_F(StateFolderTest, KilledAfterEachStep) {
  const std::string file = path_ + "/startup-config";
  for (const WriteStep last :
       {WriteStep::kCreated, WriteStep::kWritten, WriteStep::kSynced, WriteStep::kRenamed, WriteStep::kFolderSynced}) {
    ASSERT_TRUE(WriteFileAtomically(file, kOld).ok());
    const pid_t child = fork();
    if (child == 0) {
      (void)WriteFileAtomically(file, kNew, [last](WriteStep step) {
        if (step == last) kill(getpid(), SIGKILL);
      });
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the step was never reached";
    const auto now = ReadWholeFile(file);
    ASSERT_TRUE(now.ok());
    EXPECT_EQ(*now == kOld, last < WriteStep::kRenamed);
    EXPECT_EQ(*now == kNew, last >= WriteStep::kRenamed);
    // What the dead writer left behind does not stand in the way.
    ASSERT_TRUE(WriteFileAtomically(file, kNew).ok());
    EXPECT_EQ(*ReadWholeFile(file), kNew);
  }
}

TEST_F(StateFolderTest, KilledAtAnyInstant) {
  const std::string file = path_ + "/startup-config";
  ASSERT_TRUE(WriteFileAtomically(file, kOld).ok());
  for (int round = 0; round < 40; round++) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      for (bool first = true;; first = false) {
        (void)WriteFileAtomically(file, kNew);
        if (first && write(ready[1], "x", 1) != 1) _exit(1);
        (void)WriteFileAtomically(file, kOld);
      }
    }
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    // A different instant each round: some work of our own, not a timer.
    std::string work;
    for (int i = 0; i < round * 2'000; i++) work += std::to_string(i);
    ASSERT_EQ(work.empty(), round == 0);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
    const auto now = ReadWholeFile(file);
    ASSERT_TRUE(now.ok());
    EXPECT_TRUE(*now == kOld || *now == kNew) << now->size();
  }
}

TEST_F(StateFolderTest, AFailedWriteKeepsTheOldFile) {
  const std::string file = path_ + "/startup-config";
  ASSERT_TRUE(WriteFileAtomically(file, kOld).ok());
  // A folder where the temporary file should be: cannot be created.
  std::filesystem::create_directory(file + ".new");
  EXPECT_FALSE(WriteFileAtomically(file, kNew).ok());
  EXPECT_EQ(*ReadWholeFile(file), kOld);
}

TEST_F(StateFolderTest, OneDaemonToAFolder) {
  auto first = StateFolder::Open(path_);
  ASSERT_TRUE(first.ok());
  const auto second = StateFolder::Open(path_);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error(), "another sallyportd is running on the state folder " + path_);
  { const StateFolder gone = std::move(*first); }
  EXPECT_TRUE(StateFolder::Open(path_).ok());
}

TEST_F(StateFolderTest, DiskNamesStayInside) {
  auto state = StateFolder::Open(path_);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->DiskPath("disk0:/a.txt"), path_ + "/disk0/a.txt");
  EXPECT_EQ(state->DiskPath("flash:a.txt"), path_ + "/disk0/a.txt");
  for (const char* bad : {"", "disk0:", "disk0:/", "..", "disk0:/..", "disk0:/../startup-config", "a/b", "tftp:x"}) {
    EXPECT_FALSE(state->DiskPath(bad).has_value()) << bad;
  }
  std::ofstream(path_ + "/disk0/b") << "12345";
  ASSERT_EQ(state->Files().size(), 1u);
  EXPECT_EQ(state->Files()[0].bytes, 5u);
}

}  // namespace
}  // namespace sallyport
