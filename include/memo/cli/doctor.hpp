/// Looks for what is wrong with a cache and its place, and says what to do. Changes nothing, not a byte.
#pragma once

#include <memo/cli/doctor_directory.hpp>
#include <memo/cli/doctor_environment.hpp>
#include <memo/cli/doctor_log.hpp>
#include <memo/cli/doctor_place.hpp>
#include <memo/cli/history_reader.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo {

namespace detail {

inline void check_history(doctor_notes& to) {
  std::string const file = to.path() + "/history.jsonl";
  std::size_t unreadable = 0;
  std::size_t count = 0;
  try {
    count = read_history(file, whole_history, &unreadable).size();
  } catch (error const& failed) {
    to.warn("the history of runs cannot be read: " + failed.headline(),
            "ls -la " + to.quoted("/history.jsonl"));
    return;
  }
  if (unreadable != 0)
    to.note(counted(unreadable, "line", "lines") +
                " of the history of runs cannot be read: of a newer version, or half-written",
            "nothing needs to be done; or rm " + to.quoted("/history.jsonl"));
  if (count != 0) to.ok("history of " + counted(count, "run", "runs"));
}

/// In the order in which they were found, but for that.
inline void put_worst_first(std::vector<finding>& all) {
  std::vector<finding> sorted;
  for (severity const what : {severity::problem, severity::warning, severity::note, severity::ok})
    for (auto& one : all)
      if (one.what == what) sorted.push_back(std::move(one));
  all = std::move(sorted);
}

/// Why a cache cannot be examined, in a finding.
inline void note_refusal(doctor_notes& to, error const& failed) {
  std::string const text = failed.what();
  std::string sentence = failed.headline();
  std::string hint;
  for (std::size_t at = text.find('\n'); at != std::string::npos;) {
    std::size_t const end = text.find('\n', at + 1);
    std::string_view const line =
        std::string_view(text).substr(at + 1, end == std::string::npos ? end : end - at - 1);
    if (line.starts_with("hint: "))
      hint = line.substr(6);
    else if (line.starts_with("  because"))
      sentence += ": " + std::string(line.substr(line.find_first_not_of(' ', 9)));
    at = end;
  }
  std::string const root = root_for(to.path());
  bool const is_open = text.find("may write to it") != std::string::npos;
  to.problem(std::move(sentence), is_open ? "chmod go-w '" + root + "'" : hint);
}

}  // namespace detail

/// Examines the cache at `path`: what is found, the worst first, and then the facts that were looked at. Where nothing is
/// wrong, the first one says so. Never throws for what a cache is; std::bad_alloc.
inline std::vector<finding> doctor(std::string_view path, doctor_options const& how = {}) {
  cache_place place;
  std::vector<finding> all;
  detail::doctor_notes outside(detail::os::canonical_path(path), how);
  try {
    place = find_cache(path);
    detail::doctor_notes to(place.path, how);
    auto const root = detail::os::open_folder(detail::os::here, place.path.c_str());
    to.ok("cache: " + place.path);
    if (root) detail::check_place(to, root.value.get());
    auto const layout = detail::layout_of(root.value.get());
    if (place.has_both_kinds) {
      bool const is_log = place.kind == cache_kind::mapped;
      to.warn("two kinds of store lie in one directory, and see nothing of each other; the " +
                  std::string(name_of(place.kind)) + " was written to later",
              is_log ? "where no program uses the other any more: rm -r " + to.quoted("/v1/e") + ' ' +
                           to.quoted("/v1/o")
                     : "where no program uses the other any more: rm -r " + to.quoted("/v1/m"));
    }
    if (layout.has_entries) detail::directory_examination(to, place.share).run();
    if (layout.has_log) detail::log_examination(to, place.share).run();
    detail::check_history(to);
    detail::check_variables(to);
    detail::check_limits(to);
    all = to.take();
  } catch (error const& failed) {
    detail::note_refusal(outside, failed);
    detail::check_variables(outside);
    detail::check_limits(outside);
    all = outside.take();
  }
  detail::put_worst_first(all);
  bool const is_well = all.empty() || all.front().what < severity::warning;
  if (is_well) all.insert(all.begin(), {severity::ok, "no problem found", {}});
  return all;
}

}  // namespace memo
