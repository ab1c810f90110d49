// The program of ../shared_by_users.sh: runs a step in a store (directory or mapped) at a path, for the user alone or for a
// group, and says what became of it, or why the store refused.
#include <memo/memo.hpp>
#include <memo/store/mmap_store.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

using namespace memo::literals;

static std::vector<double> values(int n) { return std::vector<double>(50'000, n); }

static constexpr auto shared =
    memo::pipeline<"shared">(memo::input<"n", int>, memo::step<"values">(values).from<"n">().version<1>());

static int run(memo::any_store store, int n) {
  memo::runner runner{store};
  auto run = runner.run(shared, "n"_in = n);
  auto const view = run.view<"values">();
  if (view.size() != 50'000 || view.back() != n) return 1;
  std::printf("%s\n", std::string(to_text(run.report().steps[0].outcome)).c_str());
  for (auto const& note : run.report().notes) std::printf("note: %s\n", note.c_str());
  for (auto const& warning : run.report().warnings) std::printf("warning: %s\n", warning.c_str());
  return store.verify().damaged == 0 ? 0 : 1;
}

int main(int count, char** arguments) {
  if (count != 5) return 2;
  auto const share = arguments[3] == std::string_view("group") ? memo::group : memo::sharing::user;
  int const n = std::atoi(arguments[4]);
  try {
    if (arguments[1] == std::string_view("mapped"))
      return run(memo::mmap_store{arguments[2], {.share = share}}, n);
    return run(memo::directory_store{arguments[2], {.share = share}}, n);
  } catch (memo::store_error const& error) {
    std::printf("refused: %s\n", error.what());
  }
}
