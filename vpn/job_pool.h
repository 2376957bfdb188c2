// A few threads for slow arithmetic (Diffie-Hellman, signatures), so that the control thread goes on with everything else.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sallyport {

class JobPool {
 public:
  // `post` runs a closure on the thread that calls Run; it may be called from any thread.
  JobPool(unsigned threads, std::function<void(std::function<void()>)> post);
  // One for each processor but the control thread's.
  static unsigned Threads();
  // Waits for the jobs that have begun; what has not begun is forgotten, and nothing more is done.
  ~JobPool();
  JobPool(const JobPool&) = delete;
  JobPool& operator=(const JobPool&) = delete;

  // `work` on one of the threads, then `done` by `post`.
  void Run(std::function<void()> work, std::function<void()> done);

 private:
  struct Job {
    std::function<void()> work, done;
  };
  void Serve();

  std::function<void(std::function<void()>)> post_;
  // What a posted closure asks whether the pool is still there.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::mutex lock_;
  std::condition_variable more_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sallyport
