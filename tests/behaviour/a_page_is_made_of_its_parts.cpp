#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <filesystem>
#include <fstream>
#include <string>

// The example of README.md: a step that finds its files while it runs, and one that gives a file.

namespace {

std::string assemble(memo::context& context, memo::directory const& site) {
  std::string page;
  for (auto const& part : context.list(site.path() / "parts/*.md")) page += context.read(part);
  if (context.exists(site.path() / "draft")) page += "a draft\n";
  return page;
}

memo::output_file print(memo::context& context, std::string const& page) {
  auto const path = context.workdir() / "page.txt";
  std::ofstream(path) << page;
  return memo::output_file{path};
}

constexpr auto pages = memo::pipeline<"pages">(memo::input<"site", memo::directory>,
                                               memo::step<"page">(assemble).from<"site">().version<1>(),
                                               memo::step<"printed">(print).from<"page">().version<1>());

void write(std::filesystem::path const& path, std::string const& text) { std::ofstream(path) << text; }

}  // namespace

TEST_CASE("a page is made again when one of its parts changes, comes or goes, and printed when it differs") {
  using namespace memo::literals;
  using test::names;
  scratch_folder const folder;
  auto const site = folder / "site";
  auto const elsewhere = folder / "elsewhere";
  std::filesystem::create_directories(site / "parts");
  std::filesystem::create_directories(elsewhere);
  write(site / "parts/1.md", "first\n");
  write(site / "parts/2.md", "second\n");

  memo::runner runner{memo::directory_store{folder / "cache"}};
  auto const text_of = [](auto& run) {
    auto const bytes = run.template get<"printed">().bytes();
    return std::string(memo::as_text(bytes.view));
  };
  auto first = runner.run(pages, "site"_in = site.string());
  CHECK(test::all_ran(first.report()));
  CHECK(text_of(first) == "first\nsecond\n");

  auto again = runner.run(pages, "site"_in = site.string());
  CHECK(test::all_hit(again.report()));
  CHECK(text_of(again) == "first\nsecond\n");

  write(site / "draft", "");
  auto draft = runner.run(pages, "site"_in = site.string());
  CHECK(test::all_ran(draft.report()));
  CHECK(text_of(draft) == "first\nsecond\na draft\n");

  write(site / "notes", "of no page");
  auto other = runner.run(pages, "site"_in = site.string());
  CHECK(test::ran(other.report()) == names{"page"});
  CHECK(test::hits(other.report()) == names{"printed"});
  CHECK(text_of(other) == "first\nsecond\na draft\n");
}
