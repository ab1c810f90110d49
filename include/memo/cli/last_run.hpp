/// The full report of the last run of each pipeline, kept beside the cache: last_run/<digest of the pipeline's name>.json,
/// as `to_json` writes it (docs/report.schema.json).
#pragma once

#include <memo/cli/report_reader.hpp>
#include <memo/core/digest.hpp>
#include <memo/core/error.hpp>
#include <memo/core/file.hpp>
#include <memo/core/folder.hpp>
#include <memo/export/json.hpp>
#include <memo/report/report.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

inline std::string last_run_folder(std::string const& place) { return place + "/last_run"; }
inline std::string last_run_name(std::string_view pipeline) {
  return to_hex(hash_bytes(as_byte_view(pipeline))) + ".json";
}

/// Keeps a report, where the cache's directory exists: written aside and renamed, for those who may read the cache.
/// Gives "" or what went wrong.
inline std::string write_last_run(std::string const& place, memo::report const& of) {
  auto const root = os::status_at(os::here, place.c_str(), true);
  if (!root.value.is_folder) return {};
  bool const is_shared = (root.value.mode & 0070) != 0;
  gid_t const group = is_shared ? static_cast<gid_t>(root.value.group) : os::own_group;
  auto const failed = [](int error) {
    return "the report of this run is not kept: " + os::error_text(error);
  };
  std::string const path = last_run_folder(place);
  if (int const error = os::make_folder(os::here, path.c_str(), is_shared ? 0770 : 0700, group))
    return failed(error);
  auto const folder = os::open_folder(os::here, path.c_str());
  if (!folder) return failed(folder.error);
  std::string const name = last_run_name(of.pipeline);
  std::string const aside = name + '.' + to_hex(os::random_digest()).substr(0, 12) + ".tmp";
  auto const file = os::create_new(folder.value.get(), aside.c_str(), is_shared ? 0660 : 0600, group);
  if (!file) return failed(file.error);
  std::string const text = to_json(of);
  byte_view const bytes = as_byte_view(text);
  int error = os::write_all(file.value.get(), {&bytes, 1});
  if (error == 0)
    error = os::rename_file(folder.value.get(), aside.c_str(), folder.value.get(), name.c_str());
  if (error == 0) return {};
  os::remove_file(folder.value.get(), aside.c_str());
  return failed(error);
}

inline std::optional<std::string> file_text(std::string const& path) {
  if (!os::status_at(os::here, path.c_str(), true).value.is_file) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) return std::nullopt;
  return text;
}

/// The report of the last run of a pipeline, or, without a name, of the youngest one. Throws error where there is none.
inline memo::report read_last_run(std::string const& place, std::optional<std::string> const& pipeline) {
  std::string const folder = last_run_folder(place);
  std::string name;
  if (pipeline) {
    name = last_run_name(*pipeline);
  } else if (auto const open = os::open_folder(os::here, folder.c_str())) {
    std::int64_t youngest = 0;
    for (std::string const& one : os::names_in(open.value.get()).value) {
      auto const status = os::status_at(open.value.get(), one.c_str());
      if (!one.ends_with(".json") || !status.value.is_file) continue;
      // The name decides among equal times, so that the answer is one.
      if (std::pair(status.value.modified_ns, one) > std::pair(youngest, name)) {
        youngest = status.value.modified_ns;
        name = one;
      }
    }
  }
  auto const text = name.empty() ? std::nullopt : file_text(folder + '/' + name);
  if (!text)
    throw error(
        pipeline ? "no run of the pipeline `" + *pipeline + "` is kept in this cache"
                 : "no run is kept in this cache",
        {{"cache", place}},
        "a run through a program's command line keeps its report, where its mode writes: `PROGRAM run`");
  try {
    return report_from_json(*text);
  } catch (usage_error const& problem) {
    throw error("the report of the last run cannot be read",
                {{"file", folder + '/' + name}, {"reason", problem.headline()}},
                "the next run writes it anew");
  }
}

}  // namespace memo::detail
