/// stats: how much a cache holds, and of what.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/export/json_writer.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// What a cache holds of one step.
struct step_share {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::int64_t cost_ns = 0;  ///< of the computations whose results it holds
};

/// By pipeline and step.
using step_shares = std::map<std::pair<std::string, std::string>, step_share>;

inline step_shares shares_of(any_store const& store) {
  step_shares all;
  step_share* last = nullptr;
  std::string pipeline, step;
  each_entry(store, [&](entry_info const& info) {
    // Entries of a step lie together more often than not, and a look-up in the map is what costs here.
    if (last == nullptr || info.step != step || info.pipeline != pipeline) {
      pipeline = info.pipeline;
      step = info.step;
      last = &all[{pipeline, step}];
    }
    ++last->entries;
    last->bytes += info.bytes;
    last->cost_ns += info.cost_ns;
  });
  return all;
}

inline int command_stats(command_context const& context, std::vector<std::string> const& typed) {
  std::optional<std::string> directory;
  bool as_json = false;
  arguments with(context.program + " stats", "Tells how much the cache holds, by step.");
  with.flag("--json", "as a line of JSON", as_json);
  take_directory(with, context, directory);
  with.parse(typed);
  any_store const store = cache_of(context, directory);
  step_shares const shares = shares_of(store);
  store_stats const whole = store.stats();
  std::int64_t cost_ns = 0;
  for (auto const& [names, share] : shares) cost_ns += share.cost_ns;

  if (as_json) {
    json_writer json;
    json.begin_object()
        .member("location", store.location())
        .member("entries", whole.entries)
        .member("objects", whole.objects)
        .member("bytes", whole.bytes)
        .member("cost_ns", cost_ns)
        .key("steps")
        .begin_array();
    for (auto const& [names, share] : shares)
      json.begin_object()
          .member("pipeline", names.first)
          .member("step", names.second)
          .member("entries", share.entries)
          .member("bytes", share.bytes)
          .member("cost_ns", share.cost_ns)
          .end_object();
    context.at.out << json.end_array().end_object().text() << '\n';
    return 0;
  }
  if (std::string const place = store.location(); !place.empty())
    context.at.out << "cache in " << visible(place) << '\n';
  context.at.out << count_text(whole.entries, "entry", "entries") << " and "
                 << count_text(whole.objects, "object", "objects") << " in " << size_text(whole.bytes)
                 << ", which cost " << duration_text(cost_ns) << " to compute\n";
  if (shares.empty()) return 0;
  std::vector<std::pair<std::pair<std::string, std::string>, step_share>> sorted(shares.begin(),
                                                                                 shares.end());
  std::sort(sorted.begin(), sorted.end(), [](auto const& a, auto const& b) {
    return a.second.bytes != b.second.bytes ? a.second.bytes > b.second.bytes : a.first < b.first;
  });
  std::vector<std::vector<std::string>> rows{{"step", "pipeline", "entries", "size", "cost"}};
  for (auto const& [names, share] : sorted)
    rows.push_back({visible(names.second), visible(names.first), std::to_string(share.entries),
                    size_text(share.bytes), duration_text(share.cost_ns)});
  context.at.out << '\n' << format_table(rows);
  return 0;
}

}  // namespace memo::detail
