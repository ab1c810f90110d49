/// The parts of a step's key as text that may be passed on.
///
/// A report leaves the machine as a page or a document, so the values of environment variables, which may be secret, are
/// not in it: neither as text nor among the bytes. `explain(byte_view)` of a live report does tell them.
#pragma once

#include <memo/key/explain.hpp>
#include <memo/report/report.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {
namespace detail {

/// Calls `on(line)` for each part of a key as text, without the values of environment variables.
template <class On>
void for_each_key_line(std::string_view parts, On&& on) {
  byte_view const all = as_byte_view(parts);
  part_reader reader(all);
  part_view p;
  while (reader.next(p)) {
    if (p.tag == part::environment)
      on("environment " + std::string(p.name) + (p.bytes.empty() ? " is not set" : " is set"));
    else
      on(part_text(all, p));
  }
}

inline std::vector<std::string> key_lines(std::string_view parts) {
  std::vector<std::string> lines;
  for_each_key_line(parts, [&](std::string line) { lines.push_back(std::move(line)); });
  return lines;
}

/// The parts themselves without the values of environment variables: of these, the first byte says that there is one. What
/// does not read as parts is left out.
inline std::string parts_to_share(std::string_view parts) {
  std::string made;
  made.reserve(parts.size());
  byte_view rest = as_byte_view(parts);
  part_reader reader(rest);
  part_view p;
  while (reader.next(p)) {
    std::size_t const size = 9 + p.name.size() + p.bytes.size();
    if (p.tag != part::environment || p.bytes.size() < 2) {
      made += as_text(rest.first(size));
    } else {
      std::byte length[4];
      store_little(length, std::uint32_t{1});
      made += as_text(rest.first(5 + p.name.size()));
      made += as_text(length);
      made += as_text(p.bytes.first(1));
    }
    rest = rest.subspan(size);
  }
  return made;
}

}  // namespace detail

/// What the result of a step depends on: the parts of its key, one line each; empty where it has no key. A small value is
/// printed, a large one by its digest, and of an environment variable only whether it is set.
inline std::string key_text(step_report const& step) {
  std::string text;
  detail::for_each_key_line(step.parts, [&](std::string const& line) { (text += line) += '\n'; });
  return text;
}

}  // namespace memo
