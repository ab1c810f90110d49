/// The key of a step: its prefix, its environment and the fingerprints of what it reads.
#pragma once

#include <memo/graph/row.hpp>
#include <memo/key/build_id.hpp>
#include <memo/key/key.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

extern "C" char** environ;

namespace memo::detail {

inline std::string joined_names(std::span<std::string_view const> names) {
  std::string all;
  for (std::string_view const n : names) (all.empty() ? all : all += ',') += n;
  return all;
}

inline std::string_view schema_or_unhashable(value_type const& type) {
  return type.schema != nullptr ? type.schema() : std::string_view("unhashable");
}

/// True for what stands for files that lie somewhere, and for what may hold such.
inline bool has_place(value_type const& type) { return type.location != nullptr || type.may_hold_file(); }

/// Where that is: a path, or a digest of where all the files in a value lie, in hexadecimal. Throws what a user's functions
/// throw.
inline std::string place_of(value_type const& type, void const* value, std::uint64_t seed) {
  if (type.location != nullptr) return type.location(value);
  place_scope const places;
  return to_hex(type.fingerprint_of(value, seed).value);
}

inline std::string_view arithmetic_text(float_flags flags) {
  if (flags.fast_math) return flags.fused ? "fast-math fma" : "fast-math";
  return flags.fused ? "fma" : "plain";
}

/// Whether input values are left out of the key because they equal what they were added with; one flag for each read.
using omitted_reads = std::vector<char>;

/// What stands for the code: the version, the source or the build, and the compiler's floating-point flags.
inline void add_code(key_parts& parts, step_options const& options, float_flags flags) {
  switch (options.code) {
    case code_identity::version:
      parts.add(part::version, {}, static_cast<std::uint64_t>(options.version));
      break;
    case code_identity::source:
      parts.add(part::source, {}, options.source);
      break;
    case code_identity::build:
      parts.add(part::build, {}, build_digest());
      break;
  }
  parts.add(part::arithmetic, {}, arithmetic_text(flags));
}

/// The parts that are the same for every call of the step. `omitted` is empty or has one flag for each read.
inline void add_prefix(key_parts& parts, graph const& g, step_row const& row, std::string_view project,
                       omitted_reads const& omitted, std::uint64_t seed) {
  parts.add(part::format, {}, std::uint64_t{key_format_version});
  parts.add(part::project, {}, project);
  parts.add(part::pipeline, {}, row.pipeline);
  for (std::size_t i = 0; i < row.names.size(); ++i) {
    parts.add(part::step, row.names[i], std::string_view());
    parts.add(part::result, row.names[i], schema_or_unhashable(*g.slots[row.first_output + i].type));
  }
  for (std::size_t i = 0; i < row.reads.size(); ++i) {
    slot_row const& slot = g.slots[row.reads[i]];
    if (omitted.empty() || !omitted[i]) parts.add(part::read, slot.name, schema_or_unhashable(*slot.type));
  }
  if (row.map != nullptr) parts.add(part::over, g.slots[row.reads.front()].name, std::string_view());
  if (row.policy == cache_policy::inputs_only)
    parts.add(part::arithmetic, {}, arithmetic_text(row.flags));
  else
    add_code(parts, row.options, row.flags);
  if (row.state != nullptr) parts.add(part::state, row.state_schema(), row.state(row.function, seed));
  if (row.identity != nullptr) parts.add(part::identity, row.identity_schema(), std::string_view());
}

inline void add_variable(key_parts& parts, std::string_view name, char const* value) {
  if (value == nullptr) {
    parts.add(part::environment, name, std::string_view());
  } else {
    std::string with_mark(1, '\1');
    with_mark += value;
    parts.add(part::environment, name, with_mark);
  }
}

/// The variables that `wanted` names: as they are, or all that begin like a pattern that ends in `*`, sorted.
inline void add_environment(key_parts& parts, std::vector<std::string_view> wanted) {
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  for (std::string_view const name : wanted) {
    if (!name.ends_with('*')) {
      add_variable(parts, name, std::getenv(std::string(name).c_str()));
      continue;
    }
    std::string_view const beginning = name.substr(0, name.size() - 1);
    std::vector<std::string_view> found;
    for (char** line = environ; line != nullptr && *line != nullptr; ++line)
      if (std::string_view(*line).starts_with(beginning)) found.emplace_back(*line);
    std::sort(found.begin(), found.end());
    for (std::string_view const line : found) {
      std::size_t const equals = line.find('=');
      if (equals == std::string_view::npos) continue;
      add_variable(parts, line.substr(0, equals), line.data() + equals + 1);
    }
  }
}

}  // namespace memo::detail
