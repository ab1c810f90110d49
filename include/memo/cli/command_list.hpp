/// list and show: the entries of a cache.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/cli/time_text.hpp>
#include <memo/core/clock.hpp>
#include <memo/export/json_writer.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>
#include <memo/store/record.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

enum class list_order : std::uint8_t { age, size, cost, step };

inline list_order list_order_of(std::string const& text) {
  static std::vector<std::string> const names{"age", "size", "cost", "step"};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<list_order>(i);
  throw usage_error("entries cannot be sorted by `" + text + "`", {{"allowed", joined(names)}},
                    meant(text, names, "give one of them"));
}

/// Newest, largest, costliest first; names by the alphabet. Keys decide among equals, so that the order is one.
struct listed_before {
  list_order by = list_order::age;

  bool operator()(entry_info const& a, entry_info const& b) const {
    auto const tie = [&](auto const& left, auto const& right) {
      return left != right ? left < right : a.key < b.key;
    };
    switch (by) {
      case list_order::age:
        return tie(b.created_ms, a.created_ms);
      case list_order::size:
        return tie(b.bytes, a.bytes);
      case list_order::cost:
        return tie(b.cost_ns, a.cost_ns);
      case list_order::step:
        return tie(std::pair(std::string_view(a.step), b.created_ms),
                   std::pair(std::string_view(b.step), a.created_ms));
    }
    return false;
  }
};

inline std::string json_line(entry_info const& info) {
  json_writer line;
  line.begin_object()
      .member("key", to_hex(info.key))
      .member("project", info.project)
      .member("pipeline", info.pipeline)
      .member("step", info.step)
      .member("created_ms", info.created_ms)
      .member("cost_ns", info.cost_ns)
      .member("bytes", info.bytes)
      .end_object();
  return std::move(line).text() + '\n';
}

/// How many digits of a key a list shows.
inline constexpr std::size_t short_key = 12;

inline int command_list(command_context const& context, std::vector<std::string> const& typed) {
  std::optional<std::string> directory, step, sort, limit_text;
  bool as_json = false;
  arguments with(context.program + " list", "Lists the entries of the cache.");
  with.text("--step", "STEP", "only entries of this step", step);
  with.text("--sort", "ORDER", "age (newest first), size, cost or step", sort);
  with.text("--limit", "N", "at most N entries, 20 without this; 0: all", limit_text);
  with.flag("--json", "a line of JSON for each entry; all of them, unless --limit says otherwise", as_json);
  take_directory(with, context, directory);
  with.parse(typed);
  list_order const order = list_order_of(sort.value_or("age"));
  std::size_t const limit = limit_text ? whole_number("--limit", *limit_text) : as_json ? 0 : 20;
  any_store const store = cache_of(context, directory);

  std::uint64_t count = 0;
  auto const is_meant = [&](entry_info const& info) { return !step || names_step(info.step, *step); };
  if (as_json && limit == 0 && !sort) {
    each_entry(store, [&](entry_info const& info) {
      if (is_meant(info)) context.at.out << json_line(info);
    });
    return 0;
  }
  // The entry that comes last is on top, and leaves for a better one: memory for what is shown, whatever there is.
  std::priority_queue<entry_info, std::vector<entry_info>, listed_before> best(listed_before{order});
  each_entry(store, [&](entry_info const& info) {
    if (!is_meant(info)) return;
    ++count;
    if (limit == 0 || best.size() < limit) {
      best.push(info);
    } else if (listed_before{order}(info, best.top())) {
      best.pop();
      best.push(info);
    }
  });
  std::vector<entry_info> shown;
  for (; !best.empty(); best.pop()) shown.push_back(best.top());
  std::reverse(shown.begin(), shown.end());

  if (as_json) {
    for (entry_info const& info : shown) context.at.out << json_line(info);
    return 0;
  }
  if (count == 0) {
    context.at.err << (step ? "the cache has no entry of the step `" + visible(*step) + "`\n"
                            : "the cache is empty\n");
    return 0;
  }
  std::int64_t const now = clock::system().wall_ms();
  std::vector<std::vector<std::string>> rows{{"key", "step", "pipeline", "age", "cost", "size"}};
  for (entry_info const& info : shown)
    rows.push_back({to_hex(info.key).substr(0, short_key), visible(info.step), visible(info.pipeline),
                    age_text(now - info.created_ms), duration_text(info.cost_ns), size_text(info.bytes)});
  context.at.out << format_table(rows);
  if (count > shown.size())
    context.at.out << "... and " << count - shown.size() << " more (--limit 0 lists all)\n";
  return 0;
}

inline std::string_view kind_text(dependency::kind what) {
  switch (what) {
    case dependency::kind::file:
      return "file";
    case dependency::kind::absent:
      return "absent";
    case dependency::kind::listing:
      return "list of";
    case dependency::kind::variable:
      return "variable";
    case dependency::kind::present:
      return "present";
  }
  return "?";
}

/// The facts of one variant of an entry, a line each.
inline std::string entry_text(entry const& shown, std::int64_t now_ms) {
  std::vector<std::vector<std::string>> rows{
      {"  step", visible(shown.step)},
      {"  pipeline", visible(shown.pipeline)},
      {"  created", when_text(shown.created_ms) + " (" + age_text(now_ms - shown.created_ms) + ")"},
      {"  cost", duration_text(shown.cost_ns)}};
  if (!shown.project.empty()) rows.push_back({"  project", visible(shown.project)});
  if (!shown.checks.empty())
    rows.push_back({"  checks", count_text(shown.checks.size(), "check passed", "checks passed")});
  std::string text = format_table(rows);

  std::vector<std::vector<std::string>> outputs;
  std::string_view names = shown.step;
  for (stored_output const& output : shown.outputs) {
    std::size_t const end = std::min(names.find(','), names.size());
    outputs.push_back({"  output " + visible(names.substr(0, end)), to_hex(output.value.value),
                       output.has_value() ? size_text(output.size) : "only its digest",
                       output.is_inline ? "in the entry"
                       : output.object  ? "object " + to_hex(output.object)
                                        : ""});
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  text += format_table(outputs);
  std::vector<std::vector<std::string>> dependencies;
  for (dependency const& one : shown.dependencies)
    dependencies.push_back({"  read " + std::string(kind_text(one.what)), visible(one.name),
                            one.content ? to_hex(one.content) : ""});
  return text + format_table(dependencies);
}

/// The entries whose keys begin with `prefix`: at most `most` of them, and how many there are.
struct key_search {
  std::vector<entry_info> found;
  std::uint64_t count = 0;
};
inline key_search search_keys(any_store const& store, std::string_view prefix, std::size_t most) {
  key_search result;
  each_entry(store, [&](entry_info const& info) {
    if (!to_hex(info.key).starts_with(prefix)) return;
    if (++result.count <= most) result.found.push_back(info);
  });
  return result;
}

inline int command_show(command_context const& context, std::vector<std::string> const& typed) {
  std::optional<std::string> directory;
  std::vector<std::string> words;
  arguments with(context.program + " show", "Shows an entry of the cache.");
  with.words("KEY", "the key, or as many of its first digits as tell it from all others", words, 1, 1);
  take_directory(with, context, directory);
  with.parse(typed);
  std::string prefix = words[0];
  std::transform(prefix.begin(), prefix.end(), prefix.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (prefix.empty() || prefix.size() > 32 || prefix.find_first_not_of("0123456789abcdef") != prefix.npos)
    throw usage_error(
        "`" + visible(words[0]) + "` is no key", {},
        "a key has up to 32 hexadecimal digits; `" + context.program + " list` shows their beginnings");
  any_store const store = cache_of(context, directory);

  auto key = digest_from_hex(prefix);
  if (!key) {
    key_search const matches = search_keys(store, prefix, 10);
    if (matches.count > 1) {
      std::vector<fact> candidates;
      std::vector<std::string> const keys = [&] {
        std::vector<std::string> made;
        for (entry_info const& info : matches.found) made.push_back(to_hex(info.key));
        return made;
      }();
      for (std::size_t i = 0; i < keys.size(); ++i)
        candidates.push_back({keys[i], visible(matches.found[i].step)});
      if (matches.count > keys.size())
        candidates.push_back({"...", std::to_string(matches.count - keys.size()) + " more"});
      throw usage_error(
          "the key `" + prefix + "` is the beginning of " + std::to_string(matches.count) + " keys",
          candidates, "give more digits");
    }
    if (matches.count == 1) key = matches.found[0].key;
  }
  entries const variants = key ? store.show(*key) : entries{};
  if (variants.empty())
    throw error("the cache has no entry with the key `" + prefix + "`", {},
                "`" + context.program + " list` shows those that it has");
  std::int64_t const now = clock::system().wall_ms();
  context.at.out << "key " << to_hex(*key) << '\n';
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (variants.size() > 1) context.at.out << "variant " << i + 1 << " of " << variants.size() << '\n';
    context.at.out << entry_text(variants[i], now);
  }
  return 0;
}

}  // namespace memo::detail
