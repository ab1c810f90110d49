/// How a user says what stands for a type in keys and in stores, where the compiler cannot see it.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {

class writer;
class reader;

/// Specialise it to store a type (and, unless `hash_of` is specialised too, to hash it) in a form of your
/// own:
///
///     template <> struct memo::codec<matrix> {
///       static constexpr std::string_view schema = "matrix:1";   // change it whenever the form changes
///       static void save(memo::writer& out, matrix const& m) { out(m.rows(), m.cols(), m.values()); }
///       static matrix load(memo::reader& in);    // in.get<std::size_t>() and so on, in the same order
///     };
///
/// Equal values must be saved as equal bytes. `save` and `load` may run on any thread, for several values
/// at a time.
template <class T>
struct codec;

/// Specialise it to say what of a value counts in keys: `static auto of(T const&)` returns anything hashable;
/// `of(T const&, std::uint64_t seed)` is told the seed of the hash. A member `schema` stands for T in schemas, in place
/// of `as<S,T>`. It does not make a type storable.
template <class T>
struct hash_of;

namespace detail {

template <class T>
inline constexpr bool has_codec = requires { sizeof(codec<T>); };

template <class T>
inline constexpr bool has_hash_of = requires { sizeof(hash_of<T>); };

template <class T>
auto stand_in_of(T const& value, std::uint64_t seed) {
  if constexpr (requires { hash_of<T>::of(value, seed); })
    return hash_of<T>::of(value, seed);
  else
    return hash_of<T>::of(value);
}

template <class T>
using hash_stand_in = std::remove_cv_t<decltype(stand_in_of(std::declval<T const&>(), 0))>;

}  // namespace detail
}  // namespace memo
