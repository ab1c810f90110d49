#include "../support/campaign.hpp"

#include <map>
#include <string>

// The small log of a mapped store, its index and the file that names it are cut at every offset, and every bit of them is
// turned over: look-ups give the right value or none, and what is put then is found again. The short form leaves bits out;
// MEMO_TEST_LONG=1 tries them all. The same for the few files of a directory store.

namespace fs = std::filesystem;

namespace {

constexpr int numbers = 3;

samples::sample small_sample(int number) {
  samples::sample made(number, 40 + static_cast<std::size_t>(number) * 60);
  if (number == 0) made.go_inline();
  return made;
}
template <class Store>
samples::got look(Store store, int number) {
  return samples::look_up(store, number, small_sample(number).bytes.size());
}

using files = std::map<std::string, std::string>;

template <class Store>
class small_store {
 public:
  /// With an index, where the store has one and `collects`.
  explicit small_store(bool collects) {
    auto const store = open();
    for (int number = 0; number < numbers; ++number) REQUIRE(small_sample(number).put_into(store).stored);
    if (collects) {
      samples::sample extra(numbers, 40);
      extra.go_inline();
      REQUIRE(extra.put_into(store).stored);
      store.erase(samples::key_of(numbers));
      store.collect();
    }
    for (auto const& item : fs::recursive_directory_iterator(folder()))
      if (item.is_regular_file()) {
        auto const bytes = content_of(item.path());
        if (!bytes.empty()) whole_[fs::relative(item.path(), folder()).string()] = bytes;
      }
  }

  files const& whole() const { return whole_; }

  /// Looks up, puts what is missing, and looks up again, with one file as `bytes`.
  void try_with(std::string const& name, std::string const& bytes, std::string const& what) {
    restore();
    write_content(folder() / name, bytes);
    // A repair that begins another log may leave out what was found before it; not so the second one.
    bool const is_repaired = repair(name + ": " + what) || repair(name + ": " + what);
    if (!is_repaired) FAIL(name << ": " << what << ": something is not found by the next handle");
    ++tried_;
  }

  std::size_t tried() const { return tried_; }

 private:
  Store open() const { return test::open_store<Store>(scratch_ / "cache"); }
  fs::path folder() const { return scratch_ / "cache" / "v1"; }

  /// True where a handle that knows nothing finds it all afterwards.
  bool repair(std::string const& what) const {
    try {
      auto const store = open();
      for (int number = 0; number < numbers; ++number) {
        auto const before = look(store, number);
        if (before == samples::got::wrong) FAIL(what << ": a wrong value");
        if (before == samples::got::right) continue;
        auto const put = small_sample(number).put_into(store);
        if (!put.stored) FAIL(what << ": not stored: " << put.warning);
        if (look(store, number) != samples::got::right)
          FAIL(what << ": number " << number << " is not found again");
      }
    } catch (memo::store_error const& e) {
      FAIL(what << ": " << e.what());
    }
    auto const store = open();
    int right = 0;
    for (int number = 0; number < numbers; ++number)
      right += look(store, number) == samples::got::right ? 1 : 0;
    return right == numbers;
  }

  /// The files as they were, also those that a repair changed or removed.
  void restore() {
    for (auto const& item : fs::recursive_directory_iterator(folder()))
      if (item.is_regular_file() && whole_.count(fs::relative(item.path(), folder()).string()) == 0)
        fs::remove(item.path());
    for (auto const& [name, bytes] : whole_) {
      if (content_of(folder() / name) == bytes) continue;
      fs::remove(folder() / name);
      write_content(folder() / name, bytes);
    }
  }

  test::memory_folder scratch_;
  files whole_;
  std::size_t tried_ = 0;
};

template <class Store>
void survive_cuts(bool collects) {
  small_store<Store> cache(collects);
  for (auto const& [name, bytes] : cache.whole())
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      // Most of a log's first page is zeros that nobody reads.
      if (!test::is_long() && size > 640 && size < 4096 && size % 61 != 0) continue;
      cache.try_with(name, bytes.substr(0, size), "cut to " + std::to_string(size));
    }
  CHECK(cache.tried() > 200);
}

template <class Store>
void survive_flips(bool collects) {
  small_store<Store> cache(collects);
  for (auto const& [name, bytes] : cache.whole())
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
      if (!test::is_long() && test::mixed(bit) % (bit / 8 > 640 && bit / 8 < 4096 ? 400 : 5) != 0) continue;
      std::string changed = bytes;
      changed[bit / 8] = static_cast<char>(static_cast<unsigned char>(changed[bit / 8]) ^ (1u << bit % 8));
      cache.try_with(name, changed, "bit " + std::to_string(bit) + " turned over");
    }
  CHECK(cache.tried() > 200);
}

}  // namespace

TEST_CASE("the small log of the damage tests has an index and a file that names it") {
  std::string kinds;
  small_store<memo::mmap_store> const cache(true);
  for (auto const& [name, bytes] : cache.whole()) kinds += name.substr(0, name.find('.')) + " ";
  INFO(kinds);
  for (char const* const kind : {"m/current ", "m/index ", "m/log "})
    CHECK(kinds.find(kind) != std::string::npos);
}

TEMPLATE_TEST_CASE("a small store that is cut at any offset is right or asks again", "",
                   memo::directory_store, memo::mmap_store) {
  survive_cuts<TestType>(false);
  survive_cuts<TestType>(true);
}

TEMPLATE_TEST_CASE("a small store with any bit turned over is right or asks again", "", memo::directory_store,
                   memo::mmap_store) {
  survive_flips<TestType>(false);
  survive_flips<TestType>(true);
}
