/// What can be wrong around a cache: the environment of this process and its limits.
#pragma once

#include <memo/cli/doctor_finding.hpp>
#include <memo/run/options.hpp>

#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace memo::detail {

inline std::string_view text_of_variable(char const* name) {
  char const* const text = std::getenv(name);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

/// Whether the variables that memo reads have values that it can use.
inline void check_variables(doctor_notes& to) {
  try {
    effective({});
  } catch (usage_error const& error) {
    std::string const text = error.what();
    bool const is_mode = error.headline().find("MEMO_MODE") != std::string::npos;
    char const* const name = is_mode ? "MEMO_MODE" : "MEMO_JOBS";
    to.problem(std::string(name) + " is \"" + std::string(text_of_variable(name)) +
                   "\", with which every run ends in an error",
               "unset " + std::string(name) +
                   (is_mode ? "   (or one of read_write, read_only, write_only, verify, off)"
                            : "   (or a whole number from 1 to 99999)"));
  }
  if (auto const mode = text_of_variable("MEMO_MODE");
      mode == "off" || mode == "write_only" || mode == "read_only")
    to.note("MEMO_MODE is " + std::string(mode) + ": runs " +
                (mode == "read_only" ? "keep nothing in the cache" : "look nothing up in the cache"),
            "unset MEMO_MODE");
  if (auto const place = text_of_variable("MEMO_DIR"); !place.empty()) {
    std::string const there = os::canonical_path(place);
    if (place.front() != '/')
      to.warn("MEMO_DIR is \"" + std::string(place) +
                  "\", which is another directory wherever a program is started",
              "export MEMO_DIR=" + os::canonical_path(place));
    else if (there != to.path() && there + "/.memo" != to.path())
      to.note("MEMO_DIR is " + there + ", so that stores without a path are there and not here");
  }
  if (auto const work = text_of_variable("MEMO_WORKDIR"); !work.empty()) {
    std::string const path(work);
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      to.note("MEMO_WORKDIR is " + path + ", which does not exist yet", "mkdir -p '" + path + "'");
    } else if (!S_ISDIR(status.st_mode)) {
      to.problem("MEMO_WORKDIR is " + path + ", which is no directory", "unset MEMO_WORKDIR");
    } else if (::faccessat(AT_FDCWD, path.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
      to.problem("MEMO_WORKDIR is " + path + ", in which this user may not write", "unset MEMO_WORKDIR");
    }
  }
}

/// Whether the limits of this process are enough.
inline void check_limits(doctor_notes& to) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 256)
    to.warn("a program may open " + std::to_string(limit.rlim_cur) +
                " files only, which many steps at once can exceed",
            "ulimit -n 1024");
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
    to.warn("a program may write files of " + std::to_string(limit.rlim_cur) +
                " bytes only, so that larger results are not kept",
            "ulimit -f unlimited");
}

}  // namespace memo::detail
