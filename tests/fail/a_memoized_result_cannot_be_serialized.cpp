// expect: can be neither hashed nor serialized
// expect: connect
#include <memo/memo.hpp>

class connection {
 public:
  explicit connection(int fd) : fd_(fd) {}
  int fd() const { return fd_; }

 private:
  int fd_;
};
connection connect(int n) { return connection(n); }

int main() { memo::memoize<"connect">(connect, memo::memory_store{}); }
