// Which types are hashable, storable, packed and contiguous. If this compiles, it passed.
#include <memo/key/contiguous.hpp>
#include <memo/key/encoding.hpp>
#include <memo/key/file.hpp>
#include <memo/key/hashable.hpp>
#include <memo/key/packed.hpp>

#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <queue>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

using memo::hashable;
using memo::is_contiguous_v;
using memo::packed;
using memo::storable;

struct point {
  float x, y, z;
};
struct padded {
  char a;
  double b;
};
struct with_bool {
  bool a;
};
struct nested {
  point a[2];
  std::array<std::complex<double>, 3> b;
};
struct tree {
  int value;
  std::vector<tree> children;
  std::unique_ptr<tree> next;
  std::map<int, tree> more;
};
struct bad_tree {
  std::vector<bad_tree> children;
  int* pointer;
};
struct with_pointer {
  char const* text;
};
struct with_view {
  std::string_view text;
};
struct with_file {
  memo::file input;
};
struct bits {
  int a : 3, b : 4;
};
class closed {
 public:
  explicit closed(int fd) : fd_(fd) {}
  int fd() const { return fd_; }

 private:
  int fd_;
};
struct derives : std::vector<int> {};
struct by_pointer {
  bool (*less)(int, int);
  bool operator()(int a, int b) const { return less(a, b); }
};
enum class color { red };
enum flag : bool {};

template <class T>
constexpr bool both = hashable<T> && storable<T>;
template <class T>
constexpr bool neither = !hashable<T> && !storable<T>;
template <class T>
constexpr bool hashed_only = hashable<T> && !storable<T>;

static_assert(both<int> && both<bool> && both<char> && both<long double> && both<color> && both<std::byte>);
static_assert(both<int const>, "const at the top does not count");
static_assert(both<std::string> && both<std::vector<std::string>> && both<std::map<int, std::set<double>>>);
static_assert(both<std::deque<int>> && both<std::list<bool>> && both<std::filesystem::path>);
static_assert(both<std::optional<std::variant<int, std::pair<int, char>>>> && both<std::monostate>);
static_assert(both<std::chrono::seconds> && both<std::chrono::system_clock::time_point> &&
              both<std::complex<float>>);
static_assert(both<point> && both<padded> && both<nested> && both<tree>);
static_assert(both<std::unordered_map<std::string, tree>>);

static_assert(hashed_only<std::string_view> && hashed_only<std::span<int const>> && hashed_only<with_view>);
static_assert(hashed_only<memo::file> && hashed_only<with_file> &&
              hashed_only<std::vector<std::string_view>>);

static_assert(neither<int*> && neither<char const*> && neither<std::nullptr_t> && neither<int&> &&
              neither<void>);
static_assert(neither<int (*)()> && neither<int()>);
static_assert(neither<std::shared_ptr<int>> && neither<std::weak_ptr<int>> &&
              neither<std::unique_ptr<int[]>>);
static_assert(neither<std::function<void()>> && neither<std::mutex> && neither<std::thread> &&
              neither<std::atomic<int>>);
static_assert(neither<std::reference_wrapper<int>> && neither<std::ostream> && neither<std::queue<int>>);
static_assert(neither<std::span<int*>> && neither<std::vector<closed>> && neither<std::optional<int*>>);
static_assert(neither<closed> && neither<with_pointer> && neither<bad_tree> && neither<bits> &&
              neither<derives>);
static_assert(neither<std::set<int, by_pointer>> && neither<std::set<int, bool (*)(int, int)>>);
static_assert(neither<std::tuple<int&>>);

static_assert(packed<int> && packed<double> && packed<char> && packed<color> && packed<std::complex<float>>);
static_assert(packed<point> && packed<nested> && packed<std::array<point, 2>> &&
              packed<std::chrono::seconds>);
static_assert(!packed<bool> && !packed<flag> && !packed<long double> && !packed<std::complex<long double>>);
static_assert(!packed<padded> && !packed<with_bool> && !packed<std::string> && !packed<with_pointer>);

static_assert(is_contiguous_v<std::vector<double>> && is_contiguous_v<std::array<point, 2>>);
static_assert(is_contiguous_v<std::string> && is_contiguous_v<std::span<int const>>);
static_assert(!is_contiguous_v<std::vector<bool>> && !is_contiguous_v<std::vector<padded>>);
static_assert(!is_contiguous_v<std::deque<int>> && !is_contiguous_v<point>);
static_assert(std::is_same_v<memo::contiguous_element_t<std::vector<point>>, point>);
static_assert(std::is_same_v<memo::contiguous_element_t<std::span<int const>>, int>);

}  // namespace
