/// Names of nodes: short 64-bit ids in types, and their text where a message or a report needs it.
///
/// A node's type holds the id and not the text, which keeps symbols short (FNV-1a 64; two names of one program with
/// one id do not compile). `define_name` also defines a friend function that gives the text for the id alone.
#pragma once

#include <memo/core/fixed_string.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace memo {

/// The id of a name, or of a list of names, in the type of a node.
using name_id = std::uint64_t;

namespace detail {

constexpr name_id hash_name(std::string_view text) {
  name_id h = 0xcbf29ce484222325U;
  for (char const c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return h;
}

#if defined(__GNUC__) && !defined(__clang__)
#  pragma GCC diagnostic push
#  pragma GCC diagnostic ignored "-Wnon-template-friend"
#endif
template <name_id Id>
struct name_key {
  friend constexpr auto name_of(name_key);
};
#if defined(__GNUC__) && !defined(__clang__)
#  pragma GCC diagnostic pop
#endif

template <fixed_string Name>
struct define_name {
  static constexpr name_id id = hash_name(Name.view());
  static constexpr fixed_string text = Name;
  friend constexpr auto name_of(name_key<id>) { return Name; }
};

template <fixed_string... Names>
struct name_list {
  static constexpr std::array<std::string_view, sizeof...(Names)> views{define_name<Names>::text.view()...};
};

template <name_id... Ids>
struct ids {
  static constexpr std::size_t size = sizeof...(Ids);
};
template <name_id... A, name_id... B>
ids<A..., B...> joined(ids<A...>, ids<B...>);

}  // namespace detail

/// The id of `Name`; from here on its text can be had from the id.
template <fixed_string Name>
inline constexpr name_id id_of = detail::define_name<Name>::id;

// What a failed check of a pipeline shows: readable names in place of ids.
template <fixed_string Name>
struct step_named;
template <fixed_string Name>
struct input_named;
template <fixed_string Name>
struct named;

namespace detail {

template <name_id Id>
using step_witness = step_named<name_of(name_key<Id>{})>;
template <name_id Id>
using input_witness = input_named<name_of(name_key<Id>{})>;
template <name_id Id>
using name_witness = named<name_of(name_key<Id>{})>;

}  // namespace detail
}  // namespace memo
