// expect: can be neither hashed nor serialized
#include <memo/memo.hpp>

class connection {
 public:
  explicit connection(int fd) : fd_(fd) {}
  int fd() const { return fd_; }

 private:
  int fd_;
};

int main() { memo::digest_of(connection(1)); }
