// Random values of every type that can be read from text.
#pragma once

#include <memo/cli/enum_names.hpp>
#include <memo/cli/value_words.hpp>

#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace test {

class random_values {
 public:
  explicit random_values(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }

  template <class T>
  T make(unsigned depth = 0) {
    using namespace memo::detail;
    constexpr text_kind k = text_kind_of<T>;
    if constexpr (k == text_kind::own) {
      return T(static_cast<double>(below(720)) / 2);
    } else if constexpr (k == text_kind::boolean) {
      return below(2) == 1;
    } else if constexpr (k == text_kind::character) {
      return static_cast<char>(random_());
    } else if constexpr (k == text_kind::integer) {
      constexpr T ends[] = {0, 1, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
      return below(4) == 0 ? ends[below(4)] : static_cast<T>(random_() >> below(64));
    } else if constexpr (k == text_kind::floating) {
      return floating<T>();
    } else if constexpr (k == text_kind::enumeration) {
      enumeration const& known = enumeration_of<T>();
      std::uint64_t number = random_() >> below(64);
      while (!known.holds(number)) number >>= 1;
      if (!known.names.empty() && below(2) == 0) number = known.names[below(known.names.size())].number;
      return static_cast<T>(static_cast<std::underlying_type_t<T>>(number));
    } else if constexpr (k == text_kind::text || k == text_kind::path || k == text_kind::location) {
      return T(text());
    } else if constexpr (k == text_kind::duration) {
      if constexpr (std::is_floating_point_v<typename T::rep>)
        return T(floating<typename T::rep>());
      else
        return T(make<typename T::rep>());
    } else if constexpr (k == text_kind::complex) {
      return T(floating<element_of<T>>(), floating<element_of<T>>());
    } else if constexpr (k == text_kind::optional) {
      return below(3) == 0 ? T() : T(make<element_of<T>>(depth + 1));
    } else if constexpr (k == text_kind::list) {
      T made;
      for (std::size_t i = depth > 3 ? 0 : below(4); i > 0; --i)
        made.insert(made.end(), make<element_of<T>>(depth + 1));
      return made;
    } else if constexpr (k == text_kind::map) {
      T made;
      for (std::size_t i = depth > 3 ? 0 : below(4); i > 0; --i)
        made.emplace(make<key_of<T>>(depth + 1), make<typename T::mapped_type>(depth + 1));
      return made;
    } else if constexpr (k == text_kind::product) {
      return product<T>(depth, std::make_index_sequence<std::tuple_size_v<T>>());
    } else if constexpr (k == text_kind::variant) {
      return variant<T>(depth, std::make_index_sequence<std::variant_size_v<T>>());
    } else {
      T made{};
      fill(made, depth);
      return made;
    }
  }

  /// UTF-8 with all that JSON escapes.
  std::string text() {
    constexpr char const* pieces[] = {"a",    "none", " ",    "\"",         "\\",   "\n", "\t",
                                      "\x01", "é",    "日本", "\U0001f600", "</",   ",",  "@",
                                      "[",    "{",    "'",    "0",          "null", "-",  "="};
    std::string made;
    for (std::size_t i = below(6); i > 0; --i) made += pieces[below(std::size(pieces))];
    return made;
  }

 private:
  template <class T>
  void fill(T& into, unsigned depth) {
    using namespace memo::detail;
    if constexpr (text_kind_of<T> == text_kind::array) {
      for (auto& element : into) fill(element, depth + 1);
    } else if constexpr (text_kind_of<T> == text_kind::object) {
      with_object_fields(into, [&](auto&... field) { (fill(field, depth + 1), ...); });
    } else if constexpr (text_kind_of<T> != text_kind::unit) {
      into = make<T>(depth + 1);
    }
  }

  template <class T>
  T floating() {
    using limits = std::numeric_limits<T>;
    T const ends[] = {T(0),          -T(0),         limits::infinity(),   -limits::infinity(),
                      limits::max(), limits::min(), limits::denorm_min(), limits::quiet_NaN()};
    if (below(4) == 0) return ends[below(8)];
    if constexpr (sizeof(T) <= 8) {
      std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t> const bits =
          static_cast<decltype(bits)>(random_());
      T made;
      std::memcpy(&made, &bits, sizeof made);
      return made == made ? made : limits::quiet_NaN();
    } else {
      return static_cast<T>(random_()) / static_cast<T>(random_() | 1);
    }
  }

  template <class T, std::size_t... I>
  T product(unsigned depth, std::index_sequence<I...>) {
    return T{make<std::tuple_element_t<I, T>>(depth + 1)...};
  }
  template <class T, std::size_t... I>
  T variant(unsigned depth, std::index_sequence<I...>) {
    T made;
    std::size_t const chosen = below(sizeof...(I));
    (void)((I == chosen &&
            (made.template emplace<I>(make<std::variant_alternative_t<I, T>>(depth + 1)), true)) ||
           ...);
    return made;
  }

  std::mt19937_64 random_;
};

}  // namespace test
