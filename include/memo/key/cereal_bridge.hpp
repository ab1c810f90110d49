/// Calls the `serialize`, `save` and `load` functions that users write for cereal, with archives of ours.
///
/// cereal's own archives are not used: their support for containers depends on what headers a program
/// includes, keeps the order of unordered ones, and follows sizes that it reads without a bound.
#pragma once

#include <memo/key/codec.hpp>

// Not cereal.hpp: the archives and its own types would cost each program 15 MB of compiler memory.
#include <cereal/types/base_class.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

CEREAL_SETUP_ARCHIVE_TRAITS(memo::reader, memo::writer)

namespace memo::detail {

namespace cereal_traits = ::cereal::traits;

// A class that inherits one form and defines another says with cereal::specialize which one counts.
template <class T, class Archive, bool Chosen>
inline constexpr bool counts = Chosen || !cereal_traits::is_specialized<T, Archive>::value;

enum class cereal_form : unsigned char {
  none,
  member,
  free,
  member_split,
  free_split,
  member_minimal,
  free_minimal
};

struct cereal_way {
  cereal_form form = cereal_form::none;
  bool versioned = false;
};

// One line for each of cereal's twelve forms: a type has at most one of them, of all that it offers to the
// archive.
template <class T, class Archive>
consteval cereal_way output_way() {
  using namespace cereal_traits;
  if constexpr (has_member_serialize<T, Archive>::value &&
                counts<T, Archive, is_specialized_member_serialize<T, Archive>::value>)
    return {cereal_form::member, false};
  else if constexpr (has_non_member_serialize<T, Archive>::value &&
                     counts<T, Archive, is_specialized_non_member_serialize<T, Archive>::value>)
    return {cereal_form::free, false};
  else if constexpr (has_member_save<T, Archive>::value &&
                     counts<T, Archive, is_specialized_member_save<T, Archive>::value>)
    return {cereal_form::member_split, false};
  else if constexpr (has_non_member_save<T, Archive>::value &&
                     counts<T, Archive, is_specialized_non_member_save<T, Archive>::value>)
    return {cereal_form::free_split, false};
  else if constexpr (has_member_save_minimal<T, Archive>::value &&
                     counts<T, Archive, is_specialized_member_save_minimal<T, Archive>::value>)
    return {cereal_form::member_minimal, false};
  else if constexpr (has_non_member_save_minimal<T, Archive>::value &&
                     counts<T, Archive, is_specialized_non_member_save_minimal<T, Archive>::value>)
    return {cereal_form::free_minimal, false};
  else if constexpr (has_member_versioned_serialize<T, Archive>::value &&
                     counts<T, Archive, is_specialized_member_serialize<T, Archive>::value>)
    return {cereal_form::member, true};
  else if constexpr (has_non_member_versioned_serialize<T, Archive>::value &&
                     counts<T, Archive, is_specialized_non_member_serialize<T, Archive>::value>)
    return {cereal_form::free, true};
  else if constexpr (has_member_versioned_save<T, Archive>::value &&
                     counts<T, Archive, is_specialized_member_save<T, Archive>::value>)
    return {cereal_form::member_split, true};
  else if constexpr (has_non_member_versioned_save<T, Archive>::value &&
                     counts<T, Archive, is_specialized_non_member_save<T, Archive>::value>)
    return {cereal_form::free_split, true};
  else if constexpr (has_member_versioned_save_minimal<T, Archive>::value &&
                     counts<T, Archive, is_specialized_member_save_minimal<T, Archive>::value>)
    return {cereal_form::member_minimal, true};
  else if constexpr (has_non_member_versioned_save_minimal<T, Archive>::value &&
                     counts<T, Archive, is_specialized_non_member_save_minimal<T, Archive>::value>)
    return {cereal_form::free_minimal, true};
  else
    return {};
}

template <class T>
inline constexpr cereal_way way_out = output_way<T, writer>();

template <class T>
inline constexpr bool is_cereal = way_out<T>.form != cereal_form::none;

// The form with which a type loads is the one with which it saves: cereal forbids to mix them.
template <class T>
consteval bool cereal_loads() {
  using namespace cereal_traits;
  constexpr cereal_way way = way_out<T>;
  if constexpr (way.form == cereal_form::member)
    return way.versioned ? bool(has_member_versioned_serialize<T, reader>::value)
                         : bool(has_member_serialize<T, reader>::value);
  else if constexpr (way.form == cereal_form::free)
    return way.versioned ? bool(has_non_member_versioned_serialize<T, reader>::value)
                         : bool(has_non_member_serialize<T, reader>::value);
  else if constexpr (way.form == cereal_form::member_split)
    return way.versioned ? bool(has_member_versioned_load<T, reader>::value)
                         : bool(has_member_load<T, reader>::value);
  else if constexpr (way.form == cereal_form::free_split)
    return way.versioned ? bool(has_non_member_versioned_load<T, reader>::value)
                         : bool(has_non_member_load<T, reader>::value);
  else if constexpr (way.form == cereal_form::member_minimal)
    return way.versioned ? bool(has_member_versioned_load_minimal<T, reader>::value)
                         : bool(has_member_load_minimal<T, reader>::value);
  else if constexpr (way.form == cereal_form::free_minimal)
    return way.versioned ? bool(has_non_member_versioned_load_minimal<T, reader>::value)
                         : bool(has_non_member_load_minimal<T, reader>::value);
  else
    return false;
}

template <class T>
std::uint32_t class_version() {
  return ::cereal::detail::Version<T>::version;
}

/// Shows `value` to `archive`, which only looks at it, through the function that its author wrote.
template <class Archive, class T>
void cereal_save(Archive& archive, T const& value) {
  constexpr cereal_way way = way_out<T>;
  // cereal calls serialize on a non-const object for saving too.
  auto& object = const_cast<T&>(value);
  if constexpr (way.versioned) {
    std::uint32_t const version = class_version<T>();
    archive.class_version(version);
    if constexpr (way.form == cereal_form::member)
      ::cereal::access::member_serialize(archive, object, version);
    else if constexpr (way.form == cereal_form::free)
      CEREAL_SERIALIZE_FUNCTION_NAME(archive, object, version);
    else if constexpr (way.form == cereal_form::member_split)
      ::cereal::access::member_save(archive, value, version);
    else if constexpr (way.form == cereal_form::free_split)
      CEREAL_SAVE_FUNCTION_NAME(archive, value, version);
    else if constexpr (way.form == cereal_form::member_minimal)
      archive(::cereal::access::member_save_minimal(archive, value, version));
    else
      archive(CEREAL_SAVE_MINIMAL_FUNCTION_NAME(archive, value, version));
  } else {
    if constexpr (way.form == cereal_form::member)
      ::cereal::access::member_serialize(archive, object);
    else if constexpr (way.form == cereal_form::free)
      CEREAL_SERIALIZE_FUNCTION_NAME(archive, object);
    else if constexpr (way.form == cereal_form::member_split)
      ::cereal::access::member_save(archive, value);
    else if constexpr (way.form == cereal_form::free_split)
      CEREAL_SAVE_FUNCTION_NAME(archive, value);
    else if constexpr (way.form == cereal_form::member_minimal)
      archive(::cereal::access::member_save_minimal(archive, value));
    else
      archive(CEREAL_SAVE_MINIMAL_FUNCTION_NAME(archive, value));
  }
}

/// Lets the function that the type's author wrote read into `object`.
template <class Archive, class T>
void cereal_load(Archive& archive, T& object) {
  constexpr cereal_way way = way_out<T>;
  using namespace cereal_traits;
  if constexpr (way.versioned) {
    std::uint32_t const version = archive.class_version();
    if constexpr (way.form == cereal_form::member) {
      ::cereal::access::member_serialize(archive, object, version);
    } else if constexpr (way.form == cereal_form::free) {
      CEREAL_SERIALIZE_FUNCTION_NAME(archive, object, version);
    } else if constexpr (way.form == cereal_form::member_split) {
      ::cereal::access::member_load(archive, object, version);
    } else if constexpr (way.form == cereal_form::free_split) {
      CEREAL_LOAD_FUNCTION_NAME(archive, object, version);
    } else if constexpr (way.form == cereal_form::member_minimal) {
      typename has_member_versioned_save_minimal<T, writer>::type small{};
      archive(small);
      ::cereal::access::member_load_minimal(archive, object, small, version);
    } else {
      typename has_non_member_versioned_save_minimal<T, writer>::type small{};
      archive(small);
      CEREAL_LOAD_MINIMAL_FUNCTION_NAME(archive, object, small, version);
    }
  } else {
    if constexpr (way.form == cereal_form::member) {
      ::cereal::access::member_serialize(archive, object);
    } else if constexpr (way.form == cereal_form::free) {
      CEREAL_SERIALIZE_FUNCTION_NAME(archive, object);
    } else if constexpr (way.form == cereal_form::member_split) {
      ::cereal::access::member_load(archive, object);
    } else if constexpr (way.form == cereal_form::free_split) {
      CEREAL_LOAD_FUNCTION_NAME(archive, object);
    } else if constexpr (way.form == cereal_form::member_minimal) {
      typename has_member_save_minimal<T, writer>::type small{};
      archive(small);
      ::cereal::access::member_load_minimal(archive, object, small);
    } else {
      typename has_non_member_save_minimal<T, writer>::type small{};
      archive(small);
      CEREAL_LOAD_MINIMAL_FUNCTION_NAME(archive, object, small);
    }
  }
}

}  // namespace memo::detail
