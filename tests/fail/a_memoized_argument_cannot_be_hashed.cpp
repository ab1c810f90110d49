// expect: can be neither hashed nor serialized
// expect: peer
#include <memo/memo.hpp>

class connection {
 public:
  explicit connection(int fd) : fd_(fd) {}
  int fd() const { return fd_; }

 private:
  int fd_;
};
int peer(connection const& c) { return c.fd(); }

int main() { memo::memoize<"peer">(peer, memo::memory_store{}); }
