// expect: .key() cannot be called
// expect: scaled
#include <memo/memo.hpp>

class connection {
 public:
  explicit connection(int fd) : fd_(fd) {}
  int fd() const { return fd_; }

 private:
  int fd_;
};

int f(int x) { return x; }
constexpr auto p = memo::pipeline<"p">(
    memo::input<"x", int>, memo::step<"scaled">(f).from<"x">().key([](int x) { return connection(x); }));

int main() { return static_cast<int>(p.levels()); }
