// expect: can be neither hashed nor serialized
// expect: open
// expect: memo::in_memory
#include <memo/memo.hpp>

class connection {
 public:
  explicit connection(int fd) : fd_(fd) {}
  int fd() const { return fd_; }

 private:
  int fd_;
};

connection open(int fd) { return connection(fd); }
constexpr auto p = memo::pipeline<"p">(memo::input<"fd", int>, memo::step<"open">(open).from<"fd">());

int main() { return static_cast<int>(p.levels()); }
