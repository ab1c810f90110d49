// Types and helpers that several tests of this folder share.
#pragma once

#include <memo/key/encoding.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace test {

inline std::vector<unsigned> bytes_of(memo::byte_view view) {
  std::vector<unsigned> made;
  for (std::byte const b : view) made.push_back(std::to_integer<unsigned>(b));
  return made;
}

// The stored form of a value.
template <class T>
std::vector<unsigned> form_of(T const& value) {
  return bytes_of(memo::encode(value).join().view);
}

// Encodes and decodes; checks on the way what holds for every value whose hashed form is the stored one.
template <class T>
T there_and_back(T const& value) {
  auto const plain = memo::encode(value);
  auto const seeded = memo::encode(value, 7);
  auto const bytes = plain.join();
  CHECK(bytes.view.size() == plain.size());
  CHECK(memo::hash_bytes(bytes.view) == plain.object());
  CHECK(plain.checksum() == plain.object());
  CHECK(seeded.object() == memo::hash_bytes(bytes.view, 7));
  CHECK(seeded.checksum() == plain.checksum());
  CHECK(bytes_of(seeded.join().view) == bytes_of(bytes.view));
  CHECK(memo::digest_of(value) == plain.object());
  CHECK(memo::digest_of(value, 7) == seeded.object());
  CHECK(memo::fingerprint_of(value) == plain.value());
  CHECK(memo::fingerprint_of(value, 7) == seeded.value());
  CHECK(plain.value().is_small == (plain.size() <= memo::fingerprint::small_limit));
  T back = memo::decode<T>(bytes.view);
  CHECK(memo::digest_of(back) == plain.object());
  return back;
}

template <class T>
void check_round_trip(T const& value) {
  INFO(memo::schema_of<T>());
  CHECK(there_and_back(value) == value);
}

}  // namespace test
