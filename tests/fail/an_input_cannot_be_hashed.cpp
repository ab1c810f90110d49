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

int number(connection const& c) { return c.fd(); }
constexpr auto p =
    memo::pipeline<"p">(memo::input<"peer", connection>, memo::step<"fd">(number).from<"peer">());

int main() { return static_cast<int>(p.levels()); }
