#include <memo/cli/last_run.hpp>

#include "../laws/scratch.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

using namespace memo::detail;

namespace {

memo::report report_of(std::string const& pipeline, std::int64_t started_ms = 1) {
  memo::report made;
  made.pipeline = pipeline;
  made.started_ms = started_ms;
  memo::step_report& step = made.steps.emplace_back();
  step.name = "sum";
  step.names = {"sum"};
  step.reason = "first time";
  return made;
}

std::string problem(std::string const& place, std::optional<std::string> const& pipeline) {
  try {
    read_last_run(place, pipeline);
  } catch (memo::error const& problem) {
    return problem.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("the report of the last run of each pipeline is kept beside the cache") {
  scratch_folder scratch;
  std::string const place = scratch.path().string();
  CHECK(problem(place, std::nullopt).find("no run is kept") != std::string::npos);
  REQUIRE(write_last_run(place, report_of("first")).empty());
  REQUIRE(write_last_run(place, report_of("second", 5)).empty());
  REQUIRE(write_last_run(place, report_of("second", 7)).empty());
  CHECK(read_last_run(place, "first").pipeline == "first");
  CHECK(read_last_run(place, "second").started_ms == 7);
  CHECK(problem(place, "third").find("no run of the pipeline `third` is kept") != std::string::npos);
  // Nothing is left of writing aside.
  std::size_t files = 0;
  for ([[maybe_unused]] auto const& file : std::filesystem::directory_iterator(last_run_folder(place)))
    ++files;
  CHECK(files == 2);
}

TEST_CASE("without a name the youngest report is the last run") {
  scratch_folder scratch;
  std::string const place = scratch.path().string();
  REQUIRE(write_last_run(place, report_of("first")).empty());
  REQUIRE(write_last_run(place, report_of("second")).empty());
  timespec const later[2] = {{2'000'000'000, 0}, {2'000'000'000, 0}};
  std::string const first = last_run_folder(place) + '/' + last_run_name("first");
  REQUIRE(::utimensat(AT_FDCWD, first.c_str(), later, 0) == 0);
  CHECK(read_last_run(place, std::nullopt).pipeline == "first");
}

TEST_CASE("a report is kept for those who may read the cache") {
  scratch_folder scratch;
  for (auto const& [mode, folder_mode, file_mode] :
       {std::tuple(0700u, 0700u, 0600u), std::tuple(0770u, 0770u, 0660u)}) {
    std::string const place = (scratch / std::to_string(mode)).string();
    REQUIRE(::mkdir(place.c_str(), 0700) == 0);
    REQUIRE(::chmod(place.c_str(), mode) == 0);
    REQUIRE(write_last_run(place, report_of("first")).empty());
    struct stat status{};
    REQUIRE(::stat(last_run_folder(place).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777u) == folder_mode);
    REQUIRE(::stat((last_run_folder(place) + '/' + last_run_name("first")).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777u) == file_mode);
  }
}

TEST_CASE("no report is kept where there is no cache, and what cannot be written is said") {
  scratch_folder scratch;
  CHECK(write_last_run((scratch / "none").string(), report_of("first")).empty());
  CHECK_FALSE(std::filesystem::exists(scratch / "none"));
  write_content(scratch / "last_run", "a file in the way");
  CHECK(write_last_run(scratch.path().string(), report_of("first")).find("is not kept: ") !=
        std::string::npos);
}

TEST_CASE("a report that cannot be read is told with its file") {
  scratch_folder scratch;
  std::string const place = scratch.path().string();
  REQUIRE(write_last_run(place, report_of("first")).empty());
  write_content(last_run_folder(place) + '/' + last_run_name("first"), "{\"half\": ");
  std::string const text = problem(place, "first");
  CHECK(text.find("cannot be read") != std::string::npos);
  CHECK(text.find(last_run_name("first")) != std::string::npos);
}
