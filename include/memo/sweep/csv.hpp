/// Tables of comma-separated values: the points of a sweep beside its results.
///
///     memo::write_csv("curve.csv", points, memo::column<"magnetisation">(run.get<"magnetisation">()));
///
///     file   ::= line*              the first holds the names of the columns
///     line   ::= cell ("," cell)* "\n"
///     cell   ::= number | text | '"' text '"'    quoted where RFC 4180 asks for it, quotes inside twice
///
/// A struct takes a column for each field, a struct inside it `outer.inner`; arrays, pairs and tuples one for each
/// element, complex numbers `.real` and `.imag`. An optional without value is an empty cell, and an empty text `""`.
/// Numbers are the shortest that are read back exactly, whatever the locale; NaN is `nan`; a bool is `true` or `false`.
#pragma once

#include <memo/core/error.hpp>
#include <memo/graph/name.hpp>
#include <memo/graph/range.hpp>
#include <memo/key/form.hpp>
#include <memo/key/names.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace memo {
namespace rule {

template <class Type>
struct not_a_table_column {
  static_assert(sizeof(Type*) == 0,
                "memo: a column of a table is a range of numbers, texts or enumerations, or of structs, "
                "arrays, pairs, tuples and optionals of these");
};

}  // namespace rule

namespace detail {

/// A table in the making.
class csv_text {
 public:
  void text(std::string_view cell) {
    next();
    if (!cell.empty() && cell.find_first_of(",\"\r\n") == std::string_view::npos) {
      text_ += cell;
      return;
    }
    text_ += '"';
    for (char const c : cell) {
      if (c == '"') text_ += '"';
      text_ += c;
    }
    text_ += '"';
  }

  template <class Number>
  void number(Number value) {
    if constexpr (std::is_floating_point_v<Number>)
      if (std::isnan(value)) return text("nan");  // a sign or payload would be written otherwise
    std::array<char, 64> digits;
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    next();
    text_.append(digits.data(), end);
  }

  void missing() { next(); }

  // A line that is empty would be skipped by most readers.
  void end_line() {
    if (text_.size() == line_start_) text_ += "\"\"";
    text_ += '\n';
    line_start_ = text_.size();
    is_first_ = true;
  }

  std::string take() { return std::move(text_); }

 private:
  void next() {
    if (!is_first_) text_ += ',';
    is_first_ = false;
  }

  std::string text_;
  std::size_t line_start_ = 0;
  bool is_first_ = true;
};

template <class T>
consteval bool fits_table();
template <class... Ts>
consteval bool all_fit_table(type_list<Ts...>) {
  return (true && ... && fits_table<std::remove_cv_t<Ts>>());
}
template <class T>
consteval bool fits_table() {
  constexpr form f = form_of<T>;
  if constexpr (f == form::product || f == form::aggregate)
    return all_fit_table(parts_of<T>());
  else if constexpr (f == form::optional || f == form::array || f == form::complex)
    return fits_table<element_of<T>>();
  else
    return f == form::boolean || f == form::number || f == form::wide_float || f == form::enumeration ||
           f == form::text || f == form::text_view || f == form::path;
}

inline std::string dotted(std::string const& outer, std::string_view inner) {
  std::string name = outer;
  if (!name.empty()) name += '.';
  name += inner;
  return name;
}

/// The name of the I-th part of a struct, pair or tuple.
template <class T, std::size_t I>
std::string column_part() {
  if constexpr (form_of<T> == form::aggregate)
    return std::string(field_name<T, I>());
  else if constexpr (is_pair<T>)
    return I == 0 ? "first" : "second";
  else
    return std::to_string(I);
}

/// Writes the names of the columns that a T takes.
template <class T>
void add_names(csv_text& out, std::string const& name) {
  constexpr form f = form_of<T>;
  if constexpr (f == form::product || f == form::aggregate) {
    [&]<class... Ts, std::size_t... I>(type_list<Ts...>, std::index_sequence<I...>) {
      (add_names<std::remove_cv_t<Ts>>(out, dotted(name, column_part<T, I>())), ...);
    }(parts_of<T>(), std::make_index_sequence<decltype(parts_of<T>())::size>{});
  } else if constexpr (f == form::array) {
    for (std::size_t i = 0; i < array_size<T>; ++i)
      add_names<element_of<T>>(out, dotted(name, std::to_string(i)));
  } else if constexpr (f == form::complex) {
    out.text(dotted(name, "real"));
    out.text(dotted(name, "imag"));
  } else if constexpr (f == form::optional) {
    add_names<element_of<T>>(out, name);
  } else {
    out.text(name);
  }
}

/// Writes the cells of a value; empty ones where it is null.
template <class T>
void add_cells(csv_text& out, T const* value) {
  constexpr form f = form_of<T>;
  if constexpr (f == form::aggregate) {
    if (value != nullptr)
      with_fields(*value, [&](auto const&... fields) { (add_cells(out, &fields), ...); });
    else
      []<class... Ts>(csv_text& to, type_list<Ts...>) {
        (add_cells<std::remove_cv_t<Ts>>(to, nullptr), ...);
      }(out, parts_of<T>());
  } else if constexpr (f == form::product) {
    [&]<class... Ts, std::size_t... I>(type_list<Ts...>, std::index_sequence<I...>) {
      (add_cells<std::remove_cv_t<Ts>>(out, value != nullptr ? &std::get<I>(*value) : nullptr), ...);
    }(parts_of<T>(), std::make_index_sequence<decltype(parts_of<T>())::size>{});
  } else if constexpr (f == form::array) {
    for (std::size_t i = 0; i < array_size<T>; ++i)
      add_cells<element_of<T>>(out, value != nullptr ? &(*value)[i] : nullptr);
  } else if constexpr (f == form::optional) {
    add_cells<element_of<T>>(out, value != nullptr && value->has_value() ? &**value : nullptr);
  } else if (value == nullptr) {
    out.missing();
    if constexpr (f == form::complex) out.missing();
  } else if constexpr (f == form::complex) {
    out.number(value->real());
    out.number(value->imag());
  } else if constexpr (f == form::boolean) {
    out.text(*value ? "true" : "false");
  } else if constexpr (f == form::enumeration) {
    out.number(+static_cast<std::underlying_type_t<T>>(*value));
  } else if constexpr (f == form::path) {
    out.text(value->string());
  } else if constexpr (f == form::text || f == form::text_view) {
    out.text(*value);
  } else if constexpr (std::is_same_v<T, char>) {
    out.text({value, 1});
  } else if constexpr (requires { std::to_chars(nullptr, nullptr, *value); }) {
    out.number(*value);
  } else {
    out.number(static_cast<std::uint32_t>(*value));  // wide characters
  }
}

/// Values and the name of their column, or the first part of the names of their columns.
template <class Values>
struct named_column {
  std::string_view name;
  Values values;  ///< a reference where they were given as an lvalue
};

/// A column as it is written; the name may be empty where a struct gives its own.
template <class Range>
struct table_column {
  Range const& values;
  std::string name;
};
template <class Range>
table_column<Range> as_column(Range const& values) {
  return {values, {}};
}
template <class Values>
table_column<std::remove_cvref_t<Values>> as_column(named_column<Values> const& given) {
  return {given.values, std::string(given.name)};
}

template <class Column>
struct column_range {
  using type = Column;
};
template <class Values>
struct column_range<named_column<Values>> {
  using type = std::remove_cvref_t<Values>;
};

template <class Range>
consteval bool is_column() {
  if constexpr (mapped_range<Range>)
    return fits_table<range_element<Range>>();
  else
    return false;
}
template <class First, class... Rest>
consteval auto check_columns() {
  if constexpr (!is_column<First>())
    return sizeof(rule::not_a_table_column<First>) != 0;
  else if constexpr (sizeof...(Rest) > 0)
    return check_columns<Rest...>();
  else
    return true;
}

// Values that are no structs and were given no name are called `value`, `value2` and so on.
template <class Range>
void name_column(table_column<Range>& column, unsigned& unnamed) {
  constexpr form f = form_of<range_element<Range>>;
  if (f == form::aggregate || f == form::product || !column.name.empty()) return;
  column.name = ++unnamed == 1 ? "value" : "value" + std::to_string(unnamed);
}

inline void check_lengths(std::size_t const* lengths, std::string const* names, std::size_t count) {
  for (std::size_t i = 1; i < count; ++i)
    if (lengths[i] != lengths[0])
      throw usage_error("the columns of a table have different lengths",
                        {{names[0], std::to_string(lengths[0]) + " rows"},
                         {names[i], std::to_string(lengths[i]) + " rows"}},
                        "give as many results as points");
}

template <class... Ranges>
std::string make_csv(table_column<Ranges>... columns) {
  unsigned unnamed = 0;
  (name_column(columns, unnamed), ...);
  std::array const lengths{count_of(columns.values)...};
  std::size_t number = 0;
  auto const described = [&](std::string const& name) {
    ++number;
    return name.empty() ? "column " + std::to_string(number) : name;
  };
  std::array const names{described(columns.name)...};
  check_lengths(lengths.data(), names.data(), lengths.size());

  csv_text out;
  (add_names<range_element<Ranges>>(out, columns.name), ...);
  out.end_line();
  std::tuple places(range_access::first_of(columns.values)...);
  auto const add_cell = [&]<class Range>(table_column<Range> const&, auto& place) {
    range_element<Range> const& value = *place;
    add_cells(out, std::addressof(value));
    ++place;
  };
  for (std::size_t row = 0; row < lengths[0]; ++row) {
    std::apply([&](auto&... place) { (add_cell(columns, place), ...); }, places);
    out.end_line();
  }
  return out.take();
}

}  // namespace detail

/// Names the column of a table that holds these values; where they are structs, the name goes before those of their
/// fields: `memo::column<"energy">(energies)`. Refers to an lvalue, and takes a temporary in.
template <fixed_string Name, class Values>
detail::named_column<Values> column(Values&& values) {
  return {detail::define_name<Name>::text.view(), std::forward<Values>(values)};
}

/// A table with the fields of the points and what came out for them: each argument is a range of numbers, texts or
/// structs, named by `column` or, for structs, by their fields. Throws usage_error where their lengths differ.
template <class... Columns>
  requires(sizeof...(Columns) > 0)
std::string csv(Columns const&... columns) {
  static_assert(detail::check_columns<typename detail::column_range<Columns>::type...>());
  return detail::make_csv(detail::as_column(columns)...);
}

/// Writes the table to a stream, whose state tells whether that worked.
template <class... Columns>
  requires(sizeof...(Columns) > 0)
void write_csv(std::ostream& out, Columns const&... columns) {
  static_assert(detail::check_columns<typename detail::column_range<Columns>::type...>());
  std::string const text = csv(columns...);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

/// Writes the table to a file, in the place of one that was there. Throws memo::error where that does not work.
template <class... Columns>
  requires(sizeof...(Columns) > 0)
void write_csv(std::filesystem::path const& file, Columns const&... columns) {
  static_assert(detail::check_columns<typename detail::column_range<Columns>::type...>());
  std::string const text = csv(columns...);
  std::ofstream out(file, std::ios::binary);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out)
    throw error("a table could not be written", {{"file", file.string()}},
                "see that its folder is there and has room, and that you may write to it");
}

}  // namespace memo
