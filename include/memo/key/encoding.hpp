/// Digests, fingerprints, and stored forms of whole values.
#pragma once

#include <memo/key/collect.hpp>
#include <memo/key/reader.hpp>
#include <memo/key/schema.hpp>
#include <memo/key/writer.hpp>

#include <cstdint>
#include <exception>
#include <new>
#include <span>

namespace memo {
namespace detail {

// What a user's constructor or load function throws at bytes that are none of its own says the same as ours.
[[noreturn]] inline void rethrow_as_decode_error() {
  try {
    throw;
  } catch (decode_error const&) {
    throw;
  } catch (std::bad_alloc const&) {
    throw;
  } catch (std::exception const& e) {
    throw decode_error("stored bytes are not a value of the type that is asked for", {{"found", e.what()}},
                       "");
  } catch (...) {
    throw decode_error("stored bytes are not a value of the type that is asked for", {}, "");
  }
}

}  // namespace detail

/// The digest of the canonical form of `value`; equal values have equal digests, with every compiler.
template <class T>
digest digest_of(T const& value, std::uint64_t seed = 0) {
  // Here and not in a function of its own: each level costs the reader of the error a line.
  static_assert(
      hashable<T>,
      "memo: this type can be neither hashed nor serialized: it is not a plain aggregate of such types (no "
      "base class, bit-field, reference, union or anonymous member, at most 64 fields); give it a cereal "
      "serialize, or specialize memo::codec or memo::hash_of");
  if constexpr (is_contiguous_v<T>) {
    return hash_bytes(std::as_bytes(std::span(value.data(), value.size())), seed);
  } else {
    detail::hash_sink sink(seed);
    writer out(sink, sink.first(), detail::purpose::hashing, seed);
    out.put_alone(value);
    return sink.finish(out.used());
  }
}

/// What stands for `value` in keys.
template <class T>
fingerprint fingerprint_of(T const& value, std::uint64_t seed = 0) {
  // Here and not in a function of its own: each level costs the reader of the error a line.
  static_assert(
      hashable<T>,
      "memo: this type can be neither hashed nor serialized: it is not a plain aggregate of such types (no "
      "base class, bit-field, reference, union or anonymous member, at most 64 fields); give it a cereal "
      "serialize, or specialize memo::codec or memo::hash_of");
  if constexpr (is_contiguous_v<T>) {
    return fingerprint::of_bytes(std::as_bytes(std::span(value.data(), value.size())), seed);
  } else {
    detail::hash_sink sink(seed);
    writer out(sink, sink.first(), detail::purpose::hashing, seed);
    out.put_alone(value);
    return sink.finish_fingerprint(out.used());
  }
}

/// The stored form of `value`, hashed while it is made. `value` must outlive the result.
template <class T>
encoding encode(T const& value, std::uint64_t seed = 0) {
  static_assert(
      storable<T>,
      "memo: this type can be hashed at most, and not serialized; give it a cereal serialize and a default "
      "constructor, or specialize memo::codec");
  detail::collect_sink sink(seed);
  writer out(sink, sink.first(), detail::purpose::storing, seed);
  out.put_alone(value);
  encoding made = sink.finish(out.used());
  if constexpr (hashable<T>)
    if (out.hashes_differently()) made.set_value(fingerprint_of(value, seed));
  return made;
}

/// The value whose stored form is `bytes`; throws decode_error where it is none. A length in damaged bytes
/// cannot make it allocate more than a small multiple of their size.
template <class T>
T decode(byte_view bytes) {
  static_assert(
      storable<T>,
      "memo: this type can be hashed at most, and not serialized; give it a cereal serialize and a default "
      "constructor, or specialize memo::codec");
  reader in(bytes);
  try {
    return in.get_alone<T>();
  } catch (...) {
    detail::rethrow_as_decode_error();
  }
}

}  // namespace memo
