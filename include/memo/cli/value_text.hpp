/// Values as text: in full, so that the same value is read back, and short, for people.
#pragma once

#include <memo/cli/value_words.hpp>
#include <memo/report/visible_text.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace memo {
namespace detail {

/// The shortest digits that are read back as the same number; a NaN has no sign and no payload.
template <class Number>
std::string number_text(Number value) {
  if constexpr (std::is_floating_point_v<Number>)
    if (std::isnan(value)) return "nan";
  char digits[64];
  auto const end = std::to_chars(digits, digits + sizeof digits, value);
  return {digits, end.ptr};
}

template <class Duration>
std::string typed_duration_text(Duration value) {
  if constexpr (std::is_floating_point_v<typename Duration::rep>) {
    return number_text(value.count()) + std::string(unit_of_period<typename Duration::period>());
  } else {
    auto const count = value.count();
    auto const magnitude = static_cast<wide_whole>(
        count < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(count) : static_cast<std::uint64_t>(count));
    return picoseconds_to_text(count < 0, magnitude * picoseconds_in<typename Duration::period>());
  }
}

template <class Number>
std::string complex_text(Number real, Number imaginary) {
  std::string const second = number_text(imaginary);
  return number_text(real) + (second.starts_with('-') ? "" : "+") + second + "i";
}

inline std::string enumerator_text(enumeration const& known, std::uint64_t number) {
  if (enumerator const* const found = known.find(number)) return std::string(found->name);
  return known.is_signed ? std::to_string(static_cast<std::int64_t>(number)) : std::to_string(number);
}

template <class T>
std::string streamed_text(T const& value) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(std::numeric_limits<double>::max_digits10);
  out << value;
  return std::move(out).str();
}

/// A value that needs no brackets, as it is typed.
template <class T>
std::string scalar_text(T const& value) {
  constexpr text_kind k = text_kind_of<T>;
  if constexpr (k == text_kind::own)
    return memo::text_of<T>::print(value);
  else if constexpr (k == text_kind::stream)
    return streamed_text(value);
  else if constexpr (k == text_kind::boolean)
    return value ? "true" : "false";
  else if constexpr (k == text_kind::character)
    return std::string(1, value);
  else if constexpr (k == text_kind::integer || k == text_kind::floating)
    return number_text(value);
  else if constexpr (k == text_kind::enumeration)
    return enumerator_text(enumeration_of<T>(), modulo_64(static_cast<std::underlying_type_t<T>>(value)));
  else if constexpr (k == text_kind::text)
    return std::string(std::string_view(value));
  else if constexpr (k == text_kind::path)
    return value.string();
  else if constexpr (k == text_kind::location && std::is_same_v<T, glob>)
    return value.pattern();
  else if constexpr (k == text_kind::location)
    return value.path().string();
  else if constexpr (k == text_kind::duration)
    return typed_duration_text(value);
  else
    return complex_text(value.real(), value.imag());
}

/// Writes values as JSON; stops soon after `limit` bytes.
class value_writer {
 public:
  explicit value_writer(std::size_t limit) : limit_(limit) {}

  template <class T>
  void put(T const& value) {
    constexpr text_kind k = text_kind_of<T>;
    if constexpr (k == text_kind::boolean) {
      to_.boolean(value);
    } else if constexpr (k == text_kind::character) {
      // Alone it is no character of UTF-8.
      if (static_cast<unsigned char>(value) < 0x80)
        to_.string(std::string_view(&value, 1));
      else
        to_.raw(std::to_string(static_cast<int>(value)));
    } else if constexpr (k == text_kind::integer) {
      to_.raw(number_text(value));
    } else if constexpr (k == text_kind::floating) {
      // Readers of JSON keep doubles: what is larger stands as a text.
      bool const is_double = std::abs(value) <= std::numeric_limits<double>::max();
      is_double ? to_.raw(number_text(value)) : to_.string(number_text(value));
    } else if constexpr (k == text_kind::optional) {
      value.has_value() ? put<element_of<T>>(*value) : put_null();
    } else if constexpr (k == text_kind::pointer) {
      value != nullptr ? put<element_of<T>>(*value) : put_null();
    } else if constexpr (k == text_kind::list || k == text_kind::array) {
      put_elements(value);
    } else if constexpr (k == text_kind::map) {
      put_map(value);
    } else if constexpr (k == text_kind::product) {
      to_.begin_array();
      std::apply([&](auto const&... part) { (put<std::remove_cvref_t<decltype(part)>>(part), ...); }, value);
      to_.end_array();
    } else if constexpr (k == text_kind::object) {
      put_object(value);
    } else if constexpr (k == text_kind::variant) {
      put_variant(value);
    } else if constexpr (k == text_kind::unit) {
      put_null();
    } else if constexpr (k == text_kind::output) {
      to_.string(value.name());
    } else {
      to_.string(scalar_text(value));
    }
  }

  bool is_full() const { return to_.text().size() > limit_; }
  std::string const& text() const { return to_.text(); }

 private:
  void put_null() { to_.null(); }

  template <class T>
  void put_elements(T const& value) {
    using element = element_of<T>;
    if constexpr (form_of<T> == form::unordered_set) {
      put_list(
          sorted_texts(value, [](value_writer& to, element const& one) { to.template put<element>(one); }));
    } else {
      to_.begin_array();
      for (auto const& one : value) {
        if (is_full()) break;
        put<element>(one);
      }
      to_.end_array();
    }
  }

  // Whatever order a hash table has: the same values are the same text.
  template <class T, class Put>
  std::vector<std::string> sorted_texts(T const& value, Put put_one) {
    std::vector<std::string> texts;
    std::size_t size = 0;
    for (auto const& one : value) {
      value_writer element(limit_);
      put_one(element, one);
      texts.push_back(element.text());
      if ((size += texts.back().size()) > limit_) break;
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  void put_list(std::vector<std::string> const& texts) {
    to_.begin_array();
    for (std::string const& one : texts) to_.raw(one);
    to_.end_array();
  }

  template <class T>
  void put_pair(typename T::value_type const& pair) {
    to_.begin_array();
    put<key_of<T>>(pair.first);
    put<std::remove_cv_t<typename T::mapped_type>>(pair.second);
    to_.end_array();
  }
  template <class T>
  void put_named(typename T::value_type const& pair) {
    to_.key(scalar_text<key_of<T>>(pair.first));
    put<std::remove_cv_t<typename T::mapped_type>>(pair.second);
  }

  // Names and whole numbers stand as members; what may be there twice, or has another key, is a list of pairs.
  template <class T>
  void put_map(T const& value) {
    using pair = typename T::value_type;
    if constexpr (is_map_of_names<T>() && form_of<T> == form::unordered_map) {
      std::vector<std::string> const members =
          sorted_texts(value, [](value_writer& to, pair const& one) { to.template put_named<T>(one); });
      std::string text = "{";
      for (std::string const& one : members) text += (text.size() == 1 ? "" : ",") + one;
      to_.raw(text + "}");
    } else if constexpr (is_map_of_names<T>()) {
      to_.begin_object();
      for (auto const& one : value) {
        if (is_full()) break;
        put_named<T>(one);
      }
      to_.end_object();
    } else if constexpr (form_of<T> == form::unordered_map) {
      put_list(sorted_texts(value, [](value_writer& to, pair const& one) { to.template put_pair<T>(one); }));
    } else {
      to_.begin_array();
      for (auto const& one : value) {
        if (is_full()) break;
        put_pair<T>(one);
      }
      to_.end_array();
    }
  }

  template <class T>
  void put_object(T const& value) {
    std::string_view const* name = field_names_of<T>().data();
    to_.begin_object();
    with_object_fields(value, [&](auto const&... field) {
      (put_member<std::remove_cvref_t<decltype(field)>>(*name++, field), ...);
    });
    to_.end_object();
  }
  template <class T>
  void put_member(std::string_view name, T const& value) {
    if (is_full()) return;
    to_.key(name);
    put<T>(value);
  }

  // The number of the alternative comes first: its text could be that of another one.
  template <class T>
  void put_variant(T const& value) {
    if (value.valueless_by_exception()) return put_null();
    to_.begin_object().member("alternative", value.index()).key("value");
    std::visit([&](auto const& one) { put<std::remove_cvref_t<decltype(one)>>(one); }, value);
    to_.end_object();
  }

  json_writer to_;
  std::size_t limit_;
};

/// What an optional text must not be taken for.
inline bool means_no_plain_text(std::string_view text) {
  std::string_view const word = trimmed(text);
  return word == "none" || word == "null" || word.starts_with('"');
}

inline constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

template <class T>
std::string full_text(T const& value, std::size_t limit = no_limit) {
  constexpr text_kind k = text_kind_of<T>;
  if constexpr (k == text_kind::optional) {
    if (!value.has_value()) return "none";
    if constexpr (is_text_scalar<element_of<T>>()) {
      std::string text = scalar_text<element_of<T>>(*value);
      if (!means_no_plain_text(text)) return text;
    } else {
      return full_text<element_of<T>>(*value, limit);
    }
  }
  if constexpr (k == text_kind::pointer) {
    return value == nullptr ? "none" : full_text<element_of<T>>(*value, limit);
  } else if constexpr (k == text_kind::output) {
    return value.name();
  } else if constexpr (k == text_kind::unit) {
    return "none";
  } else if constexpr (is_text_scalar<T>() && k != text_kind::optional) {
    return scalar_text(value);
  } else {
    value_writer to(limit);
    to.put(value);
    return to.text();
  }
}

inline constexpr std::size_t longest_short_text = 100;

/// The first line of a text, and not too much of it.
inline std::string shortened_value(std::string_view text, bool is_quoted) {
  if (is_quoted) return quoted_text(text, longest_short_text);
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  std::size_t const line = text.find('\n');
  std::string shown = visible(text.substr(0, line));
  bool const is_cut = line != text.npos || columns_in(shown) > longest_short_text;
  return is_cut ? cut_to_columns(shown, longest_short_text - 4) + " ..." : shown;
}

template <class T>
std::string short_list_text(T const& value) {
  using element = element_of<T>;
  std::string text = requires { typename T::key_type; } ? "set of " : "list of ";
  text += std::to_string(std::size(value)) + " " + words_for<element>(deepest_words).many;
  if constexpr (is_text_scalar<element>() && form_of<T> != form::unordered_set) {
    char const* before = ": ";
    std::size_t shown = 0;
    for (auto const& one : value) {
      if (shown++ == 3) break;
      text += before;
      text += cut_to_columns(visible(full_text<element>(one)), 24);
      before = ", ";
    }
    text += ", ...";
  }
  return text;
}

template <class T>
std::string short_text(T const& value) {
  constexpr text_kind k = text_kind_of<T>;
  if constexpr (k == text_kind::unit) {
    return {};
  } else if constexpr (k == text_kind::text) {
    return shortened_value(value, true);
  } else if constexpr (is_text_scalar<T>() && k != text_kind::optional) {
    return shortened_value(scalar_text(value), false);
  } else {
    std::string const text = full_text(value, longest_short_text);
    if (text.size() <= longest_short_text) return shortened_value(text, false);
    if constexpr (k == text_kind::list || k == text_kind::array)
      return short_list_text(value);
    else if constexpr (k == text_kind::map)
      return words_for<T>(deepest_words).one + " of " + std::to_string(value.size()) + " entries";
    else
      return shortened_value(text, false);
  }
}

}  // namespace detail

/// The text that `parse_text<T>` reads back as the same value: "0.1", "[1,2,3]", "{\"lr\":0.1}". What is no UTF-8 in a text inside
/// JSON becomes U+FFFD, a NaN loses its payload, and what a type's own operators leave out is lost.
template <text_showable T>
std::string value_to_text(T const& value) {
  return detail::full_text(value);
}

/// A line for people, of some hundred columns at most: "list of 1000 numbers: 0.1, 0.2, 0.3, ..."; empty where there is
/// nothing to show.
template <text_showable T>
std::string short_value_text(T const& value) {
  return detail::short_text(value);
}

}  // namespace memo
