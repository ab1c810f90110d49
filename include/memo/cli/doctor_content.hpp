/// What entries say of a cache as a whole, whichever kind of store holds them.
#pragma once

#include <memo/cli/doctor_finding.hpp>
#include <memo/report/table.hpp>
#include <memo/store/entry_outline.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace memo::detail {

/// Sums over entries that were read.
struct content_sums {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t crowded = 0;  ///< entries with as many variants as are kept
  std::string crowded_step;
  std::map<std::pair<std::string, std::string>, std::uint64_t> steps;  ///< bytes by pipeline and step

  void add(entry_outline const& one, std::uint64_t record_bytes) {
    ++entries;
    std::uint64_t const size = one.info.bytes + record_bytes;
    bytes += size;
    // A program may give each entry a name of its own; then no step takes much.
    std::pair const name(one.info.pipeline, one.info.step);
    if (auto const known = steps.find(name); known != steps.end())
      known->second += size;
    else if (steps.size() < 10'000)
      steps.emplace(name, size);
    if (one.variants_by_dependencies < max_variants) return;
    ++crowded;
    crowded_step = one.info.step;
  }
};

/// What follows from the sums; `is_sample`: they are of some entries only.
inline void judge_content(doctor_notes& to, content_sums const& sums, bool is_sample) {
  if (sums.crowded != 0)
    to.note(counted(sums.crowded, "entry has", "entries have") + " " + std::to_string(max_variants) +
                " variants or more, as what the step `" + sums.crowded_step +
                "` reads while it runs differs each time",
            "see with `" + to.how().program + " show KEY` which of its files or variables change");
  constexpr std::uint64_t least = std::uint64_t{100} << 20;
  for (auto const& [name, bytes] : sums.steps)
    if (sums.bytes >= least && sums.steps.size() > 1 && bytes > sums.bytes / 5 * 4)
      to.note("the step `" + name.second + "` of `" + name.first + "` takes " + size_text(bytes) + " of " +
                  size_text(sums.bytes) + (is_sample ? " in the sample" : ""),
              "where it is cheap to compute again, declare .cache(memo::digest_only); or " +
                  to.command("clear " + name.second));
}

/// What records that are no good lead to.
inline void judge_damage(doctor_notes& to, std::uint64_t damaged, std::uint64_t checked, std::uint64_t lost) {
  if (damaged != 0)
    to.problem(counted(damaged, "record", "records") + " of " + std::to_string(checked) +
                   (damaged == 1 ? " is" : " are") + " damaged; what they held is computed again",
               to.command("verify") + "   (removes them; where it happens again, look at the disk: dmesg)");
  if (lost != 0)
    to.warn(counted(lost, "entry names", "entries name") +
                " values that are gone; their steps run again when they are "
                "needed",
            "nothing needs to be done; whoever removes files from the cache by hand should use gc");
}

}  // namespace memo::detail
