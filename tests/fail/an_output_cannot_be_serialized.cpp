// expect: can be neither hashed nor serialized
// expect: opened
#include <memo/memo.hpp>

class connection {
 public:
  explicit connection(int fd) : fd_(fd) {}
  int fd() const { return fd_; }

 private:
  int fd_;
};

connection attach(int fd) { return connection(fd); }
constexpr auto p = memo::pipeline<"p">(memo::input<"fd", int>, memo::step<"opened">(attach).from<"fd">());

int main() { return static_cast<int>(p.levels()); }
