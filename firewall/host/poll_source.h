// Something else than the queue that brings packets to the data thread: TLS connections of AnyConnect clients. Data thread only.
#pragma once

#include "firewall/base/time.h"

namespace sallyport {

class PollSource {
 public:
  virtual ~PollSource() = default;
  // A descriptor (of an epoll set, say) that is readable when Drain has something to do. It stays the same.
  virtual int fd() const = 0;
  // Takes what is there and gives it to the engine, within bounds. True: there may be more. `ready`: the descriptor was readable when the
  // thread was waked; without that something may be there all the same (what the queue has just let pass), but a source that has been
  // silent for a while need not look.
  virtual bool Drain(TimePoint now, bool ready) = 0;
  // What the engine has left with it since is to be sent; called before packets of the engine's own are.
  virtual void Flush() = 0;
};

}  // namespace sallyport
