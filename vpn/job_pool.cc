#include "vpn/job_pool.h"

#include <algorithm>
#include <utility>

namespace sallyport {

JobPool::JobPool(unsigned threads, std::function<void(std::function<void()>)> post) : post_(std::move(post)) {
  for (unsigned i = 0; i < std::max(threads, 1u); i++) threads_.emplace_back([this] { Serve(); });
}

unsigned JobPool::Threads() { return std::max(std::thread::hardware_concurrency(), 2u) - 1; }

JobPool::~JobPool() {
  *alive_ = false;  // read by closures on this thread only
  {
    const std::lock_guard<std::mutex> held(lock_);
    stopping_ = true;
    jobs_.clear();
  }
  more_.notify_all();
  for (std::thread& t : threads_) t.join();
}

void JobPool::Run(std::function<void()> work, std::function<void()> done) {
  {
    const std::lock_guard<std::mutex> held(lock_);
    jobs_.push_back({std::move(work), std::move(done)});
  }
  more_.notify_one();
}

void JobPool::Serve() {
  std::unique_lock<std::mutex> held(lock_);
  for (;;) {
    more_.wait(held, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    held.unlock();
    job.work();
    job.work = nullptr;  // what it owned goes here, on this thread
    post_([alive = alive_, done = std::move(job.done)] {
      if (*alive) done();
    });
    held.lock();
  }
}

}  // namespace sallyport
