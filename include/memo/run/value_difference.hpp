/// How two values of a type differ, in words.
#pragma once

#include <memo/key/field_at.hpp>
#include <memo/key/value_type.hpp>

#include <cstdint>
#include <string>

namespace memo::detail {

/// What stands for a value in a sentence: itself where it is small, else its digest.
inline std::string value_text(value_type const& type, fingerprint const& value) {
  return value.is_small ? small_value_text(type.schema(), value.small_bytes())
                        : "digest " + to_hex(value.value);
}

/// "stored 200, now 300", or digests and the first field that differs; empty where the values are equal or cannot be
/// hashed. Throws what hashing or encoding them throws.
inline std::string value_difference(value_type const& type, void const* stored, void const* now,
                                    std::uint64_t seed) {
  if (!type.is_hashable()) return {};
  fingerprint const before = type.fingerprint_of(stored, seed);
  fingerprint const after = type.fingerprint_of(now, seed);
  if (before == after) return {};
  std::string const shown = value_text(type, before);
  std::string text = "stored " + shown + ", now " + value_text(type, after);
  bool const says_all = before.is_small && after.is_small && !shown.starts_with("bytes ");
  if (says_all || !type.is_storable()) return text;
  std::string const first = first_difference(type.schema(), type.elements != nullptr,
                                             type.stored_form(stored).view, type.stored_form(now).view);
  return first.empty() ? text : text + ", " + first;
}

}  // namespace memo::detail
