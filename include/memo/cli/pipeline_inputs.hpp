/// The inputs and outputs of a pipeline as texts: a plain row for each, made by thin templates over the nodes.
#pragma once

#include <memo/cli/parse_value.hpp>
#include <memo/graph/lower.hpp>

#include <boost/hana/unpack.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {
namespace detail {

/// Reads the text of one input. Null where its type cannot be read.
class input_parser {
 public:
  input_parser() = default;
  input_parser(std::string_view name, text_type const& type, std::shared_ptr<void const> default_value)
      : name_(name), type_(&type), default_(std::move(default_value)) {}

  bool operator==(std::nullptr_t) const { return type_ == nullptr || type_->read == nullptr; }
  explicit operator bool() const { return *this != nullptr; }

  /// The value, of the type of the input. What the text leaves out is taken from `kept`, or, where that is null, from the
  /// default of the input. Throws usage_error whose facts are the input, its type and the text.
  std::shared_ptr<void const> operator()(std::string_view text, void const* kept = nullptr) const {
    if (*this == nullptr) refuse_type(text);
    return read_input(name_, *type_, text, kept == nullptr ? default_.get() : kept);
  }

 private:
  [[noreturn]] void refuse_type(std::string_view text) const {
    throw usage_error(
        "the input `" + std::string(name_) + "` cannot be given as text: its type cannot be read",
        {{"input", std::string(name_)},
         {"type", type_ == nullptr ? std::string("unknown") : type_->words()},
         {"text", quoted_text(text)}},
        "numbers, true and false, texts, paths, enumerations, durations, complex numbers, and lists, "
        "maps, optionals and plain structs of these can be read; for a type of your own specialize "
        "memo::text_of, or write its operator>>");
  }

  std::string_view name_;
  text_type const* type_ = nullptr;
  std::shared_ptr<void const> default_;
};

}  // namespace detail

/// An input of a pipeline as it is typed.
struct input_text_row {
  std::string_view name;
  std::string type;  ///< for people: "whole number", "list of numbers"
  bool has_default = false;
  std::string default_text;  ///< in short where it is long; empty where there is none to show
  std::shared_ptr<void const> default_value;  ///< null where there is none, or where it cannot be made now
  detail::input_parser parse;                 ///< null where the type cannot be read
  std::string example;                        ///< a text that can be read; empty where none is known
};

/// A value of a pipeline, of an input or of a step, as it is shown.
struct output_text_row {
  std::string_view name;
  std::string (*text)(void const* value) = nullptr;  ///< a short line; null where the type has none
};

namespace detail {

inline void add_input_text_row(std::vector<input_text_row>& rows, std::string_view name,
                               text_type const& type, bool has_default,
                               std::shared_ptr<void const> default_value) {
  input_text_row row;
  row.name = name;
  row.type = type.words();
  row.has_default = has_default;
  if (default_value != nullptr && type.print != nullptr) {
    row.default_text = type.print(default_value.get(), longest_short_text);
    bool const is_handy = !row.default_text.empty() && row.default_text.size() <= longest_short_text;
    if (!is_handy) row.default_text = type.shorten(default_value.get());
  }
  row.default_value = std::move(default_value);
  row.parse = input_parser(name, type, row.default_value);
  if (type.example != nullptr) row.example = type.example();
  rows.push_back(std::move(row));
}

// A default may be a function that fails; the run tells of that if the default is needed.
template <class T, class Default>
std::shared_ptr<void const> default_of_input(Default const& written, std::string_view name) {
  try {
    return std::make_shared<T>(value_from<T>(written, name));
  } catch (...) {
    return nullptr;
  }
}

template <name_id Id, class T, class Default, class Added>
void add_input_row(std::vector<input_text_row>& rows, input_node<Id, T, Default, Added> const& node) {
  std::shared_ptr<void const> default_value;
  constexpr bool has_default = input_node<Id, T, Default, Added>::has_default;
  if constexpr (has_default) default_value = default_of_input<T>(node.default_value, node.name);
  add_input_text_row(rows, node.name, text_type_of<T>, has_default, std::move(default_value));
}
inline void add_input_row(std::vector<input_text_row>&, step_base const&) {}

template <class... T>
void add_output_texts(std::vector<output_text_row>& rows, std::span<std::string_view const> names,
                      types<T...>) {
  std::size_t i = 0;
  (rows.push_back({names[i++], text_type_of<T>.shorten}), ...);
}

template <class, name_id Id, class T, class Default, class Added>
void add_output_row(std::vector<output_text_row>& rows, input_node<Id, T, Default, Added> const& node) {
  rows.push_back({node.name, text_type_of<T>.shorten});
}
template <class Functions>
void add_output_row(std::vector<output_text_row>& rows, step_base const& node) {
  add_output_texts(rows, node.names, typename Functions::outputs{});
}

}  // namespace detail

/// A row for each input, in the order of their declaration. Names point into the program's constants.
template <class... Nodes>
std::vector<input_text_row> input_rows(detail::pipeline_type<Nodes...> const& declared) {
  std::vector<input_text_row> rows;
  boost::hana::unpack(declared.nodes,
                      [&](Nodes const&... node) { (detail::add_input_row(rows, node), ...); });
  return rows;
}

/// A row for each slot: inputs and outputs of steps, in the order of their declaration.
template <class... Nodes>
std::vector<output_text_row> output_rows(detail::pipeline_type<Nodes...> const& declared) {
  using list = detail::types<Nodes...>;
  std::vector<output_text_row> rows;
  boost::hana::unpack(declared.nodes, [&](Nodes const&... node) {
    (detail::add_output_row<detail::functions_for<list, Nodes>>(rows, node), ...);
  });
  return rows;
}

/// Splits "name=value" at the first `=`. Throws usage_error where there is none, or no name before it.
inline std::pair<std::string_view, std::string_view> parse_assignment(std::string_view text) {
  std::size_t const equals = text.find('=');
  std::string_view const name = detail::trimmed(text.substr(0, equals));
  if (equals == text.npos || name.empty())
    throw usage_error(equals == text.npos
                          ? "a value for an input is given as name=value, and there is no ="
                          : "a value for an input is given as name=value, and there is no name",
                      {{"text", detail::quoted_text(text)}}, "for example --set n=10");
  return {name, text.substr(equals + 1)};
}

}  // namespace memo
