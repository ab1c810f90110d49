/// What commands on a whole store need of each entry, read from its record without making its values.
#pragma once

#include <memo/store/record_reader.hpp>
#include <memo/store/worth.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace memo::detail {

/// Of one entry at a time; its room is used again for the next one.
struct entry_outline {
  entry_info info{};              ///< but for the key, which is not in the payload
  std::int64_t newest_ms = 0;     ///< when the youngest variant was made
  std::int64_t recompute_ns = 0;  ///< as `recompute_cost` says
  std::size_t variants = 0;
  std::size_t variants_by_dependencies = 0;  ///< those that read something while they ran
  std::vector<digest> objects{};  ///< that its outputs name; one that several name comes several times
};

/// Reads an output, and adds what it says.
inline void outline_output(byte_reader& from, entry_outline& to) {
  auto const flags = from.number<std::uint8_t>();
  if (flags > 3) from.bytes(from.left() + 1);
  from.id();
  if ((flags & 2) != 0) {
    auto const size = from.number<std::uint8_t>();
    from.bytes(size > fingerprint::small_limit ? from.left() + 1 : size);
  }
  digest const object = from.id();
  from.id();
  auto const size = from.number<std::uint64_t>();
  to.info.bytes += size;
  if (object) to.objects.push_back(object);
  if ((flags & 1) == 0) return;
  from.padding(payload_alignment);
  from.bytes(size);
}

/// Reads the payload of an entry record. False where `decode_entries` would give nothing; `to` is of no use then.
inline bool read_outline(byte_view payload, entry_outline& to) {
  byte_reader from(payload);
  to.objects.clear();
  to.info.bytes = 0;
  to.newest_ms = to.recompute_ns = 0;
  to.variants_by_dependencies = 0;
  to.variants = from.count(1);
  if (to.variants == 0 || to.variants > max_listed_variants) return false;
  for (std::size_t i = 0; i < to.variants && from.good(); ++i) {
    std::string_view const project = from.text();
    std::string_view const pipeline = from.text();
    std::string_view const step = from.text();
    auto const variant = from.id();
    auto const created_ms = from.number<std::int64_t>();
    auto const cost_ns = from.number<std::int64_t>();
    if (i == 0) {
      to.info.project = project;
      to.info.pipeline = pipeline;
      to.info.step = step;
      to.info.created_ms = created_ms;
      to.info.cost_ns = cost_ns;
    }
    std::size_t const dependencies = from.count(21);
    for (std::size_t k = 0; k < dependencies && from.good(); ++k) {
      auto const what = from.number<std::uint8_t>();
      if (what < 1 || what > 5) from.bytes(from.left() + 1);
      from.text();
      from.id();
    }
    from.bytes(std::uint64_t{16} * from.count(16));
    std::size_t const outputs = from.count(57);
    for (std::size_t k = 0; k < outputs && from.good(); ++k) outline_output(from, to);
    if (dependencies != 0) ++to.variants_by_dependencies;
    to.newest_ms = std::max(to.newest_ms, created_ms);
    to.recompute_ns = with_cost(to.recompute_ns, cost_ns, variant && dependencies == 0);
  }
  return from.at_end();
}

}  // namespace memo::detail
