/// verify, clear and gc: whether a cache is whole, and what leaves it.
#pragma once

#include <memo/cli/command_context.hpp>
#include <memo/cli/units.hpp>
#include <memo/key/explain.hpp>
#include <memo/report/table.hpp>
#include <memo/report/visible_text.hpp>
#include <memo/store/record.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace memo::detail {

inline int command_verify(command_context const& context, std::vector<std::string> const& typed) {
  std::optional<std::string> directory;
  arguments with(
      context.program + " verify",
      "Reads every record of the cache and compares it with its checksum. What is damaged is removed.");
  take_directory(with, context, directory);
  with.footer("exit status: 0 all records are whole, 3 some were damaged\n");
  with.parse(typed);
  verify_result const result = cache_of(context, directory).verify();
  context.at.out << count_text(result.checked, "record", "records") << " read, " << result.damaged
                 << " damaged\n";
  if (result.damaged == 0) return static_cast<int>(exit_code::done);
  context.at.err << "what was damaged is removed, and computed again when it is needed\n";
  return static_cast<int>(exit_code::differences);
}

/// What lies in a cache, or in a part of it.
struct amount {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

template <class Meant>
amount amount_of(any_store const& store, Meant is_meant) {
  amount sum;
  each_entry(store, [&](entry_info const& info) {
    if (!is_meant(info)) return;
    ++sum.entries;
    sum.bytes += info.bytes;
  });
  return sum;
}

inline std::string amount_text(amount const& of) {
  return count_text(of.entries, "entry", "entries") + " (" + size_text(of.bytes) + ")";
}

/// The pipeline whose step is meant: the program's declaration says so, or else what lies in the cache, if it is one.
inline std::string pipeline_of_step(command_context const& context, any_store const& store,
                                    std::string const& step) {
  if (context.pipeline != nullptr)
    if (step_description const* const known = context.pipeline->find_step(step)) return known->pipeline;
  std::set<std::string> pipelines;
  std::set<std::string> steps;
  each_entry(store, [&](entry_info const& info) {
    if (steps.size() < 1000) steps.insert(info.step);
    if (names_step(info.step, step)) pipelines.insert(info.pipeline);
  });
  if (pipelines.size() == 1) return *pipelines.begin();
  if (pipelines.empty()) {
    std::vector<std::string> names(steps.begin(), steps.end());
    if (context.pipeline != nullptr) names = context.pipeline->step_names();
    throw usage_error(
        "there is no step `" + visible(step) + "`, neither in the cache nor in the program", {},
        meant(step, names, "`" + context.program + " stats` lists the steps that the cache has"));
  }
  throw usage_error("several pipelines have a step `" + visible(step) + "`",
                    {{"pipelines", joined(std::vector<std::string>(pipelines.begin(), pipelines.end()))}},
                    "say which one with --pipeline NAME");
}

/// Asks a person; anything but yes is no.
inline bool confirms(terminal& at, std::string const& question) {
  at.err << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(at.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

inline int command_clear(command_context const& context, std::vector<std::string> const& typed) {
  std::optional<std::string> directory, pipeline;
  std::vector<std::string> words;
  bool is_sure = false;
  arguments with(context.program + " clear",
                 "Removes the entries of a step, of a pipeline, or all of the cache.");
  with.words("STEP", "the step, by any of its outputs; without it, all steps", words, 0, 1);
  with.text("--pipeline", "NAME", "only entries of this pipeline", pipeline);
  with.flag("-y,--yes", "does not ask before all of the cache is removed", is_sure);
  take_directory(with, context, directory);
  with.parse(typed);
  // As of a variable of a shell that is not set: it must not stand for all.
  if ((!words.empty() && words[0].empty()) || (pipeline && pipeline->empty()))
    throw usage_error(
        pipeline && pipeline->empty() ? "the name of the pipeline is empty" : "the name of the step is empty",
        {}, "name it; leave it out where all are meant");
  any_store const store = cache_of(context, directory);

  if (words.empty() && !pipeline) {
    amount const all = amount_of(store, [](entry_info const&) { return true; });
    if (!is_sure) {
      if (!context.at.asks)
        throw usage_error("all of the cache would be removed, which needs --yes where nobody can be asked",
                          {{"cache", store.location()}, {"holds", amount_text(all)}},
                          "`" + context.program + " clear STEP` removes the entries of one step");
      std::string const place = store.location();
      if (!confirms(context.at, "Remove all " + amount_text(all) +
                                    (place.empty() ? "" : " in " + visible(place)) + "?")) {
        context.at.err << "nothing was removed\n";
        return static_cast<int>(exit_code::failed);
      }
    }
    store.clear();
    if (amount const left = amount_of(store, [](entry_info const&) { return true; }); left.entries != 0)
      throw error(count_text(left.entries, "entry", "entries") + " could not be removed",
                  {{"cache", store.location()}}, "`" + context.program + " doctor` looks for the reason");
    context.at.out << "removed " << amount_text(all) << '\n';
    return 0;
  }
  std::string const step = words.empty() ? std::string() : words[0];
  std::string const of = pipeline ? *pipeline : pipeline_of_step(context, store, step);
  auto const is_meant = [&](entry_info const& info) {
    return info.pipeline == of && names_step(info.step, step);
  };
  amount const before = amount_of(store, is_meant);
  store.clear_step(of, step);
  amount const left = amount_of(store, is_meant);
  context.at.out << "removed "
                 << amount_text({before.entries - std::min(before.entries, left.entries),
                                 before.bytes - std::min(before.bytes, left.bytes)})
                 << (step.empty() ? "" : " of the step `" + visible(step) + "`") << " of the pipeline `"
                 << visible(of) << "`\n";
  if (left.entries == 0) return 0;
  throw error(count_text(left.entries, "entry", "entries") + " could not be removed",
              {{"cache", store.location()}}, "`" + context.program + " doctor` looks for the reason");
}

inline int command_gc(command_context const& context, std::vector<std::string> const& typed) {
  std::optional<std::string> directory, bytes, age, entries_text;
  arguments with(
      context.program + " gc",
      "Removes what is left over, and applies limits: what is old and cheap to compute again leaves first.");
  with.text("--max-bytes", "SIZE", "at most this size on disk, as 10GB or 500MiB", bytes);
  with.text("--max-age", "DURATION", "nothing older than this, as 30d or 12h", age);
  with.text("--max-entries", "N", "at most N entries", entries_text);
  take_directory(with, context, directory);
  with.footer(
      "Without a limit only what is left over goes: half-written files, and objects that no entry names.\n");
  with.parse(typed);
  store_limits limits;
  if (bytes) {
    auto const size = parse_size(*bytes);
    if (!size || *size == 0)  // which would be no limit
      throw usage_error("the option --max-bytes has a value that it cannot have",
                        {{"value", detail::quoted(*bytes)}}, "give a size, such as 10GB, 500MiB or 1e9");
    limits.max_bytes = *size;
  }
  if (age) {
    auto const longest = parse_duration(*age);
    if (!longest || longest->count() < 0)
      throw usage_error("the option --max-age has a value that it cannot have",
                        {{"value", detail::quoted(*age)}}, "give a duration, such as 30d, 12h or 1h30m");
    limits.max_age_ms = std::max<std::int64_t>(longest->count() / 1'000'000, 1);
  }
  if (entries_text) limits.max_entries = whole_number("--max-entries", *entries_text, 1);

  any_store const store = cache_of(context, directory);
  collect_result const result = store.collect(limits);
  store_stats const left = store.stats();
  context.at.out << "removed " << count_text(result.removed_entries, "entry", "entries") << " ("
                 << size_text(result.removed_bytes) << "); " << count_text(left.entries, "entry", "entries")
                 << " in " << size_text(left.bytes) << " are left\n";
  return 0;
}

}  // namespace memo::detail
