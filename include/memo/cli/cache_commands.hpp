/// The commands that look after a cache and need no pipeline.
#pragma once

#include <memo/cli/command_clean.hpp>
#include <memo/cli/command_doctor.hpp>
#include <memo/cli/command_history.hpp>
#include <memo/cli/command_list.hpp>
#include <memo/cli/command_report.hpp>
#include <memo/cli/command_stats.hpp>

#include <array>

namespace memo::detail {

inline constexpr std::array<command, 9> cache_commands{{
    {"report", "shows what the last run did: as a table, or in files", &command_report},
    {"list", "lists the entries of the cache", &command_list},
    {"show", "shows an entry of the cache", &command_show},
    {"stats", "tells how much the cache holds, by step", &command_stats},
    {"history", "lists past runs", &command_history},
    {"verify", "compares every record of the cache with its checksum", &command_verify},
    {"clear", "removes the entries of a step, of a pipeline, or all", &command_clear},
    {"gc", "applies limits of size, age and number to the cache", &command_gc},
    {"doctor", "looks for what is wrong with the cache and its place", &command_doctor},
}};

}  // namespace memo::detail
