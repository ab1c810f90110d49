/// What the elements of a map are known by: keys of their own, whatever their position.
///
///     group   := the key of a step, of prefix and parts, but for the range: its name and its elements' schema stand there
///     element := XXH3-128(group value)            value := 0 canonical_bytes | 1 digest, as in key.hpp
///              | XXH3-128(group element path)     parts, for a file whose neighbours the function may read
#pragma once

#include <memo/core/error.hpp>
#include <memo/graph/map_row.hpp>
#include <memo/run/key_places.hpp>
#include <memo/run/step_key.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace memo::detail {

/// The number of the derivation above; part of every group.
///
/// 1: the first.
inline constexpr std::uint64_t map_key_version = 1;

/// What a group is made of beside the step itself.
struct group_parts {
  omitted_reads const& omitted;
  std::span<fingerprint const> seen;    ///< of what the step reads, the range first
  std::span<argument const> arguments;  ///< the same values
  std::string_view project;
  std::span<std::string const> environment;  ///< variables that count for all steps
};

/// The digest of everything that an element's key holds but the element. Throws what a user's functions throw.
inline digest group_of(graph const& g, step_row const& row, group_parts const& from, std::uint64_t seed) {
  map_row const& map = *row.map;
  key_parts prefix, parts;
  auto const counts = [&](std::size_t read) { return from.omitted.empty() || !from.omitted[read]; };
  prefix.add(part::format, {}, std::uint64_t{key_format_version});
  prefix.add(part::format, "map", map_key_version);
  prefix.add(part::project, {}, from.project);
  prefix.add(part::pipeline, {}, row.pipeline);
  for (std::string_view const name : row.names) {
    prefix.add(part::step, name, std::string_view());
    prefix.add(part::result, name, schema_or_unhashable(*map.result));
  }
  prefix.add(part::over, g.slots[row.reads.front()].name, std::string_view());
  prefix.add(part::element, schema_or_unhashable(*map.element), std::string_view());
  for (std::size_t i = 1; i < row.reads.size(); ++i) {
    slot_row const& slot = g.slots[row.reads[i]];
    if (counts(i)) prefix.add(part::read, slot.name, schema_or_unhashable(*slot.type));
  }
  if (row.policy == cache_policy::inputs_only)
    prefix.add(part::arithmetic, {}, arithmetic_text(row.flags));
  else
    add_code(prefix, row.options, row.flags);
  if (row.state != nullptr) prefix.add(part::state, row.state_schema(), row.state(row.function, seed));
  if (map.key != nullptr) prefix.add(part::user_key, row.key_schema(), std::string_view());

  for (std::size_t i = 1; i < row.reads.size(); ++i) {
    slot_row const& slot = g.slots[row.reads[i]];
    if (!counts(i)) continue;
    if (map.key == nullptr) parts.add(part::input, slot.name, from.seen[i]);
    if (row.takes_context && has_place(*slot.type) && from.arguments[i].object != nullptr)
      parts.add(part::path, slot.name, place_of(*slot.type, from.arguments[i].object, seed));
  }
  std::vector<std::string_view> variables = row.options.environment.all();
  variables.insert(variables.end(), from.environment.begin(), from.environment.end());
  if (!variables.empty()) add_environment(parts, std::move(variables));
  return parts.key(prefix.prefix(seed), seed);
}

/// The key of an element. `path` is where the file lies, or those in it, whose neighbours the function may read, else empty.
inline digest element_key(digest const& group, fingerprint const& value, std::string_view path,
                          std::uint64_t seed) {
  if (!path.empty()) {
    key_parts parts;
    parts.add(part::element, {}, value);
    parts.add(part::path, {}, path);
    return parts.key(group, seed);
  }
  std::array<std::byte, 17 + fingerprint::small_limit> bytes;
  store_little(bytes.data(), group.high);
  store_little(bytes.data() + 8, group.low);
  std::size_t size = 17;
  if (value.is_small) {
    bytes[16] = std::byte{0};
    std::memcpy(bytes.data() + size, value.small.data(), value.small_size);
    size += value.small_size;
  } else {
    bytes[16] = std::byte{1};
    store_little(bytes.data() + 17, value.value.high);
    store_little(bytes.data() + 25, value.value.low);
    size += 16;
  }
  return hash_bytes({bytes.data(), size}, seed);
}

/// What the seeds of a map's elements are drawn from: no version, so that new code draws the same numbers.
inline digest seed_base(graph const& g, step_row const& row, group_parts const& from,
                        std::span<fingerprint const> seen) {
  key_parts parts;
  parts.add(part::project, {}, from.project);
  parts.add(part::pipeline, {}, row.pipeline);
  for (std::string_view const name : row.names) parts.add(part::step, name, std::string_view());
  for (std::size_t i = 1; i < row.reads.size() && i < seen.size(); ++i)
    if (from.omitted.empty() || !from.omitted[i]) parts.add(part::input, g.slots[row.reads[i]].name, seen[i]);
  return parts.prefix(0);
}

/// The seed of one element's context.
inline std::uint64_t element_seed(digest const& base, digest const& element) {
  std::array<std::byte, 32> bytes;
  store_little(bytes.data(), base.high);
  store_little(bytes.data() + 8, base.low);
  store_little(bytes.data() + 16, element.high);
  store_little(bytes.data() + 24, element.low);
  return hash_bytes(bytes).low;
}

}  // namespace memo::detail
