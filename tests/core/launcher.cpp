#include <memo/core/launcher.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr char const* known[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",      "MV2_COMM_WORLD_SIZE",
                                 "JSM_NAMESPACE_SIZE",   "FLUX_JOB_SIZE", "SLURM_STEP_NUM_TASKS",
                                 "SLURM_PROCID",         "PMIX_RANK"};

/// What is said with these variables and no other.
std::string with(std::vector<std::pair<char const*, char const*>> const& set) {
  for (char const* const name : known) ::unsetenv(name);
  for (auto const& [name, value] : set) ::setenv(name, value, 1);
  std::string found = memo::detail::mpi_launcher();
  for (char const* const name : known) ::unsetenv(name);
  return found;
}

}  // namespace

TEST_CASE("an MPI launcher shows by the number of ranks") {
  CHECK(with({}) == "");
  CHECK(with({{"OMPI_COMM_WORLD_SIZE", "4"}}) == "OMPI_COMM_WORLD_SIZE");
  CHECK(with({{"OMPI_COMM_WORLD_SIZE", "1"}}) == "");
  CHECK(with({{"OMPI_COMM_WORLD_SIZE", ""}}) == "");
  CHECK(with({{"OMPI_COMM_WORLD_SIZE", "many"}}) == "");
  CHECK(with({{"PMI_SIZE", "2"}}) == "PMI_SIZE");
  CHECK(with({{"MV2_COMM_WORLD_SIZE", "512"}}) == "MV2_COMM_WORLD_SIZE");
  CHECK(with({{"SLURM_STEP_NUM_TASKS", "4"}}) == "");
  CHECK(with({{"SLURM_STEP_NUM_TASKS", "4"}, {"SLURM_PROCID", "0"}}) == "SLURM_STEP_NUM_TASKS");
  CHECK(with({{"SLURM_STEP_NUM_TASKS", "1"}, {"SLURM_PROCID", "0"}}) == "");
  CHECK(with({{"PMIX_RANK", "0"}}) == "PMIX_RANK");
  CHECK(with({{"PMIX_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "1"}}) == "");
  CHECK(with({{"PMIX_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "2"}}) == "OMPI_COMM_WORLD_SIZE");
}
