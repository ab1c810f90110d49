/// JSON as a tree whose numbers keep the spelling that they have, so that who reads one decides how exactly.
#pragma once

#include <memo/cli/parse_problem.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// A value of JSON.
struct json_node {
  enum class kind : unsigned char { null, boolean, number, text, array, object };
  kind what = kind::null;
  bool truth = false;
  std::string text{};                ///< of a text; of a number its spelling
  std::vector<json_node> items{};    ///< elements, or the values of members
  std::vector<std::string> names{};  ///< of members, each once

  bool is(kind wanted) const { return what == wanted; }
};

/// "the text \"abc\"", "the number 5", "an object": what stands where something else should.
inline std::string found_text(json_node const& node) {
  switch (node.what) {
    case json_node::kind::null:
      return "null";
    case json_node::kind::boolean:
      return node.truth ? "true" : "false";
    case json_node::kind::number:
      return "the number " + (node.text.size() <= 60 ? node.text : node.text.substr(0, 60) + "...");
    case json_node::kind::text:
      return "the text " + quoted_text(node.text, 60);
    case json_node::kind::array:
      return "a list of " + std::to_string(node.items.size());
    case json_node::kind::object:
      break;
  }
  return "an object";
}

/// Builds the tree from what nlohmann's reader, which does not recurse, finds.
class json_node_builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  /// Values inside values inside values ... end here.
  static constexpr std::size_t deepest = 100;

  explicit json_node_builder(json_node& root) : root_(root) {}

  bool null() override { return put({}); }
  bool boolean(bool value) override { return put({.what = json_node::kind::boolean, .truth = value}); }
  // What is told here is negative: a zero is -0.
  bool number_integer(number_integer_t value) override {
    return put_number(value == 0 ? std::string("-0") : std::to_string(value));
  }
  bool number_unsigned(number_unsigned_t value) override { return put_number(std::to_string(value)); }
  bool number_float(number_float_t, string_t const& spelling) override { return put_number(spelling); }
  bool string(string_t& value) override {
    return put({.what = json_node::kind::text, .text = std::move(value)});
  }
  bool binary(binary_t&) override { return put({}); }
  bool start_object(std::size_t) override { return open(json_node::kind::object); }
  bool start_array(std::size_t) override { return open(json_node::kind::array); }
  bool key(string_t& name) override {
    open_.back()->names.push_back(std::move(name));
    return true;
  }
  bool end_object() override {
    json_node const& node = *open_.back();
    std::vector<std::string_view> names(node.names.begin(), node.names.end());
    std::sort(names.begin(), names.end());
    auto const twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end()) refuse("the member " + quoted_text(*twice, 60) + " is there twice");
    open_.pop_back();
    return true;
  }
  bool end_array() override {
    open_.pop_back();
    return true;
  }
  bool parse_error(std::size_t, std::string const& token,
                   nlohmann::detail::exception const& problem) override {
    std::string_view text = problem.what();
    if (problem.id == 406)  // of nlohmann's list: a number that overflows
      refuse("the number " + quoted_text(token, 60) + " is too large");
    std::size_t const line = text.find("line "), colon = text.find(": ", line),
                      dash = text.find(" - ", colon);
    if (line == text.npos || colon == text.npos || dash == text.npos)
      throw parse_problem{"it is no valid JSON", {}, {}};
    throw parse_problem{"it is no valid JSON at " + std::string(text.substr(line, colon - line)) + ": " +
                            visible(text.substr(dash + 3)),
                        {},
                        {}};
  }

 private:
  [[noreturn]] void refuse(std::string what) const { refuse(std::move(what), {}, 0); }
  // Joins the places of what is open, from the inside out.
  [[noreturn]] void refuse(std::string what, text_place place, std::size_t next) const {
    if (next == open_.size()) refuse_text(place, std::move(what));
    json_node const& node = *open_[next];
    bool const is_innermost = next + 1 == open_.size();
    if (node.is(json_node::kind::array))
      refuse(std::move(what), place.at(node.items.size() - (is_innermost ? 0 : 1)), next + 1);
    bool const waits_for_value = node.names.size() != node.items.size();
    if (is_innermost && !waits_for_value) refuse_text(place, std::move(what));
    refuse(std::move(what), place.in(node.names.back()), next + 1);
  }

  bool put_number(std::string spelling) {
    return put({.what = json_node::kind::number, .text = std::move(spelling)});
  }
  bool put(json_node made) {
    place_for(std::move(made));
    return true;
  }
  bool open(json_node::kind what) {
    if (open_.size() == deepest)
      throw parse_problem{
          "it has values inside each other more than " + std::to_string(deepest) + " deep", {}, {}};
    open_.push_back(&place_for({.what = what}));
    return true;
  }
  // What is open does not move: only the innermost grows.
  json_node& place_for(json_node made) {
    if (open_.empty()) return root_ = std::move(made);
    open_.back()->items.push_back(std::move(made));
    return open_.back()->items.back();
  }

  json_node& root_;
  std::vector<json_node*> open_;
};

/// Reads a document of JSON (RFC 8259). Throws parse_problem where it is none, has a member twice, or is nested more than
/// 100 deep.
inline json_node read_json_text(std::string_view text) {
  json_node root;
  json_node_builder builder(root);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder))
    throw parse_problem{"it is no valid JSON", {}, {}};
  return root;
}

}  // namespace memo::detail
