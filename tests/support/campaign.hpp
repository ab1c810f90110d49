/// For campaigns against stores on disk of any kind: what is found is right, or it is missing.
#pragma once

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"
#include "processes.hpp"

#include <memo/store/directory_store.hpp>
#include <memo/store/mmap_store.hpp>

#include <catch2/catch.hpp>

#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace test {

/// A number that follows from another one and looks like chance.
inline std::uint64_t mixed(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/// From MEMO_TEST_SEED, where a failure named one.
inline std::uint64_t seed_or(std::uint64_t usual) {
  char const* const wanted = std::getenv("MEMO_TEST_SEED");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : usual;
}

/// A folder in memory where the system has such a place, for tests that write thousands of small files; else like any other.
class memory_folder {
 public:
  memory_folder() {
    std::string name = "/dev/shm/memo-test-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) made_ = name;
  }
  memory_folder(memory_folder const&) = delete;
  memory_folder& operator=(memory_folder const&) = delete;
  ~memory_folder() {
    std::error_code ignored;
    if (!made_.empty()) std::filesystem::remove_all(made_, ignored);
  }
  std::filesystem::path operator/(std::string const& name) const {
    return made_.empty() ? usual_ / name : made_ / name;
  }

 private:
  scratch_folder usual_;
  std::filesystem::path made_;
};

/// A store with a limit of bytes on disk; 0 for none.
template <class Store>
Store open_store(std::filesystem::path const& folder, std::uint64_t max_bytes = 0) {
  if constexpr (std::same_as<Store, memo::directory_store>)
    return Store{folder, memo::directory_options{.max_bytes = max_bytes}};
  else
    return Store{folder, memo::mmap_options{.max_bytes = max_bytes}};
}

/// How long value number `number` is: most are short, some take several pages, few are longer than what stays in memory.
inline std::size_t size_of(int number) {
  std::uint64_t const chance = mixed(static_cast<std::uint64_t>(number));
  if (number % 17 == 3) return static_cast<std::size_t>(66'000 + chance % 100'000);
  return static_cast<std::size_t>(1 + chance % (number % 5 == 1 ? 12'000 : 900));
}

/// What is put for a number: every third short value sits in its entry.
inline samples::sample sample_of(int number) {
  samples::sample made(number, size_of(number));
  if (number % 3 == 0 && made.bytes.size() <= 4096) made.go_inline();
  return made;
}

template <class Store>
bool put(Store store, int number, memo::put_policy policy = memo::put_policy::keep) {
  return sample_of(number).put_into(store, policy).stored;
}

/// What a store gives for a number; with `mapped` its object is viewed, not read.
template <class Store>
samples::got look_up(Store store, int number, bool mapped = false) {
  using samples::got;
  auto const how = memo::access::normal;
  if (!mapped) return samples::look_up(store, number, size_of(number), how);
  auto const found = store.find(samples::key_of(number), how);
  if (found.status != memo::lookup::hit) return got::nothing;
  auto const& output = found.variants->front().outputs.at(0);
  std::string const right = samples::value_of(number, size_of(number));
  if (output.is_inline) return memo::as_text(output.bytes.view) == right ? got::right : got::wrong;
  auto const object = store.view(output.object, nullptr, how);
  if (object.status != memo::lookup::hit) return got::nothing;
  return memo::as_text(object.bytes.view) == right ? got::right : got::wrong;
}

/// How many of the first `count` numbers are found; fails where one is wrong.
template <class Store>
int found_among(Store store, int count, bool mapped = false) {
  int hits = 0;
  for (int number = 0; number < count; ++number) {
    samples::got const got = look_up(store, number, mapped);
    if (got == samples::got::wrong) FAIL("a wrong value for number " << number);
    if (got == samples::got::right) ++hits;
  }
  return hits;
}

}  // namespace test
