/// The operations that the engine needs on a value, without its type.
#pragma once

#include <memo/core/fingerprint.hpp>
#include <memo/key/codec.hpp>
#include <memo/key/contiguous.hpp>
#include <memo/key/encoding.hpp>
#include <memo/key/file.hpp>
#include <memo/key/settle.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

namespace memo {

/// Operations on the values of one type. A null function means that the type cannot do it.
struct value_type {
  void const* tag = nullptr;    ///< its address stands for the exact type
  std::size_t object_size = 0;  ///< sizeof
  std::string_view (*schema)() = nullptr;
  memo::fingerprint (*fingerprint_of)(void const* value, std::uint64_t seed) = nullptr;
  encoding (*encode)(void const* value, std::uint64_t seed) = nullptr;
  shared_bytes (*stored_form)(void const* value) = nullptr;    ///< all encoded bytes in one piece
  std::shared_ptr<void> (*decode)(byte_view bytes) = nullptr;  ///< throws decode_error
  byte_view (*elements)(void const* value) = nullptr;          ///< contiguous values: the elements' bytes
  std::string (*location)(void const* value) =
      nullptr;  ///< of a file or directory: its absolute, normal path

  /// Of what may hold a memo::output_file: takes the content of its files. `going`: a folder that is removed afterwards.
  void (*settle)(void const* value, std::string_view going) = nullptr;

  bool is_hashable() const { return fingerprint_of != nullptr; }
  bool is_storable() const { return encode != nullptr; }
  /// What stands for other bytes than its own, as a memo::file does, can be hashed and not stored; so can what holds one.
  bool may_hold_file() const { return is_hashable() && !is_storable(); }
};

namespace detail {

template <class T>
inline constexpr char type_tag{};

template <class T>
struct value_functions {
  static fingerprint fingerprint_of(void const* v, std::uint64_t seed) {
    return memo::fingerprint_of(*static_cast<T const*>(v), seed);
  }
  static encoding encode(void const* v, std::uint64_t seed) {
    return memo::encode(*static_cast<T const*>(v), seed);
  }
  static shared_bytes stored_form(void const* v) { return memo::encode(*static_cast<T const*>(v)).join(); }
  static std::shared_ptr<void> decode(byte_view bytes) { return std::make_shared<T>(memo::decode<T>(bytes)); }
  static byte_view elements(void const* v) {
    T const& value = *static_cast<T const*>(v);
    return std::as_bytes(std::span(std::data(value), std::size(value)));
  }
  static std::string location(void const* v) { return static_cast<T const*>(v)->location(); }
};

template <class T>
consteval value_type make_value_type() {
  value_type made;
  made.tag = &type_tag<T>;
  made.object_size = sizeof(T);
  if constexpr (hashable<T>) {
    made.schema = &schema_of<T>;
    made.fingerprint_of = &value_functions<T>::fingerprint_of;
  }
  if constexpr (storable<T>) {
    made.encode = &value_functions<T>::encode;
    made.stored_form = &value_functions<T>::stored_form;
    made.decode = &value_functions<T>::decode;
  }
  if constexpr (is_contiguous_v<T>) made.elements = &value_functions<T>::elements;
  if constexpr (is_located<T>) made.location = &value_functions<T>::location;
  if constexpr (storable<T> && holds_output_file<T>()) made.settle = &detail::settle<T>;
  return made;
}

}  // namespace detail

/// The operations on `T`.
template <class T>
inline constexpr value_type value_type_of = detail::make_value_type<T>();

}  // namespace memo
