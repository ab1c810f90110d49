// The ten scenarios of fastn-cache's test plan: documents that import others, packages, a configuration, projects.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <memo/key/directory.hpp>
#include <memo/key/git_project.hpp>

#include <sstream>
#include <thread>

using namespace memo::literals;
using test::all_hit;
using test::all_ran;
using test::contains;
using test::names;
namespace fs = std::filesystem;

namespace {

/// A document with what it imports in place of "import NAME".
std::string expand(memo::context& ctx, fs::path const& path) {
  std::string page;
  std::istringstream text(ctx.read(path));
  for (std::string line; std::getline(text, line);)
    page += line.starts_with("import ") ? expand(ctx, path.parent_path() / line.substr(7)) : line + " ";
  return page;
}

std::string compile(memo::context& ctx, memo::file const& document, memo::file const& config,
                    memo::directory const& packages) {
  return content_of(config.path()) + ": " + expand(ctx, document.path()) +
         content_of(packages.path() / "banner.ftd");
}

constexpr auto serve = memo::pipeline<"serve">(
    memo::input<"document", memo::file>, memo::input<"config", memo::file>,
    memo::input<"packages", memo::directory>,
    memo::step<"page">(compile).from<"document", "config", "packages">().version<1>());
constexpr auto build = memo::pipeline<"build">(
    memo::input<"documents", std::vector<memo::file>>, memo::input<"config", memo::file>,
    memo::input<"packages", memo::directory>,
    memo::step<"pages">(compile).over<"documents">().from<"config", "packages">().version<1>());

/// A site of index -> hero -> common -> base, and a page of its own.
struct site {
  explicit site(fs::path const& folder, std::string const& greeting = "hello") : at(folder) {
    fs::create_directories(at / "packages");
    write_content(at / "FASTN.ftd", "site");
    write_content(at / "packages" / "banner.ftd", "banner");
    write_content(at / "index.ftd", "index\nimport hero.ftd\n");
    write_content(at / "hero.ftd", "hero\nimport common.ftd\n");
    write_content(at / "common.ftd", "common\nimport base.ftd\n");
    write_content(at / "base.ftd", greeting + "\n");
    write_content(at / "alone.ftd", "alone\n");
  }
  auto page(memo::any_store store, std::string const& name = "index.ftd", memo::options options = {}) const {
    return memo::runner{std::move(store), options}.run(
        serve, "document"_in = at / name, "config"_in = at / "FASTN.ftd", "packages"_in = at / "packages");
  }
  fs::path at;
};

struct fixture {
  scratch_folder folder;
  site const here{folder / "site"};
  memo::any_store store{memo::directory_store{folder / "cache"}};
};

}  // namespace

TEST_CASE_METHOD(fixture, "fastn 1: a file that changes invalidates what imports it") {
  auto const first = here.page(store);
  CHECK(first.get<"page">() == "site: index hero common hello banner");
  CHECK(all_ran(first.report()));
  CHECK(all_hit(here.page(store).report()));
  write_content(here.at / "hero.ftd", "HERO\nimport common.ftd\n");
  auto const changed = here.page(store);
  CHECK(changed.get<"page">() == "site: index HERO common hello banner");
  CHECK(all_ran(changed.report()));
  CHECK(contains(changed.report()["page"].reason, "hero.ftd` changed"));
  auto const again = here.page(store);
  CHECK(again.get<"page">() == "site: index HERO common hello banner");
  CHECK(all_hit(again.report()));
}

TEST_CASE_METHOD(fixture, "fastn 2: a change at the end of a chain of imports comes through") {
  here.page(store);
  write_content(here.at / "base.ftd", "HELLO\n");
  auto const changed = here.page(store);
  CHECK(changed.get<"page">() == "site: index hero common HELLO banner");
  CHECK(all_ran(changed.report()));
  CHECK(contains(changed.report()["page"].reason, "base.ftd` changed"));
}

TEST_CASE_METHOD(fixture, "fastn 3: projects with the same names do not meet") {
  site const other{folder / "other", "goodbye"};
  CHECK(here.page(store).get<"page">() == "site: index hero common hello banner");
  auto const there = other.page(store);
  CHECK(there.get<"page">() == "site: index hero common goodbye banner");
  CHECK(all_ran(there.report()));
  write_content(here.at / "base.ftd", "HELLO\n");
  auto const kept = other.page(store);
  CHECK(kept.get<"page">() == "site: index hero common goodbye banner");
  CHECK(all_hit(kept.report()));
  auto const named = other.page(store, "index.ftd", {.project = "other"});
  CHECK(named.get<"page">() == "site: index hero common goodbye banner");
  CHECK(all_ran(named.report()));
}

TEST_CASE_METHOD(fixture,
                 "fastn 4: packages that are updated count, and those that are only touched do not") {
  here.page(store);
  fs::last_write_time(here.at / "packages" / "banner.ftd", fs::file_time_type::clock::now());
  auto const touched = here.page(store);
  CHECK(touched.get<"page">() == "site: index hero common hello banner");
  CHECK(all_hit(touched.report()));
  write_content(here.at / "packages" / "banner.ftd", "BANNER");
  auto const updated = here.page(store);
  CHECK(updated.get<"page">() == "site: index hero common hello BANNER");
  CHECK(all_ran(updated.report()));
  CHECK(contains(updated.report()["page"].reason, "input `packages` changed"));
  write_content(here.at / "packages" / "new.ftd", "");
  CHECK(all_ran(here.page(store).report()));
}

TEST_CASE_METHOD(fixture, "fastn 5: a changed configuration is noticed") {
  here.page(store);
  write_content(here.at / "FASTN.ftd", "blog");
  auto const changed = here.page(store);
  CHECK(changed.get<"page">() == "blog: index hero common hello banner");
  CHECK(all_ran(changed.report()));
  CHECK(changed.report()["page"].reason == "input `config` changed: FASTN.ftd");
}

TEST_CASE_METHOD(fixture, "fastn 6: a build runs only what is affected, and gives what a full build gives") {
  std::vector<memo::file> documents{here.at / "index.ftd", here.at / "hero.ftd", here.at / "alone.ftd"};
  for (int i = 0; i < 9; ++i) {
    auto const page = here.at / ("page" + std::to_string(i) + ".ftd");
    write_content(page, "page " + std::to_string(i) + (i == 4 ? "\nimport common.ftd\n" : "\n"));
    documents.emplace_back(page);
  }
  auto const go = [&](memo::any_store const& in) {
    return memo::runner{in}.run(build, "documents"_in = documents, "config"_in = here.at / "FASTN.ftd",
                                "packages"_in = here.at / "packages");
  };
  CHECK(go(store).report()["pages"].elements_ran == 12);
  CHECK(all_hit(go(store).report()));
  write_content(here.at / "page7.ftd", "page SEVEN\n");
  auto const own = go(store);
  CHECK(own.get<"pages">()[10] == "site: page SEVEN banner");
  CHECK(own.report()["pages"].elements_ran == 1);
  write_content(here.at / "common.ftd", "COMMON\n");
  auto const imported = go(store);
  CHECK(imported.report()["pages"].elements_ran == 3);  // index, hero and page4
  CHECK(imported.get<"pages">() == go(memo::memory_store{}).get<"pages">());
  CHECK(all_hit(go(store).report()));
}

TEST_CASE_METHOD(fixture, "fastn 7: the cache survives a restart") {
  CHECK(all_ran(here.page(memo::directory_store{folder / "kept"}).report()));
  auto const later = here.page(memo::directory_store{folder / "kept"});
  CHECK(later.get<"page">() == "site: index hero common hello banner");
  CHECK(all_hit(later.report()));
}

TEST_CASE_METHOD(fixture, "fastn 8: servers that use one cache at the same time all answer right") {
  std::vector<std::string> pages(4);
  std::vector<std::thread> servers;
  for (std::size_t i = 0; i < pages.size(); ++i)
    servers.emplace_back([&, i] {
      for (int request = 0; request < 5; ++request)
        pages[i] = here.page(memo::directory_store{folder / "cache"}).get<"page">();
    });
  for (auto& server : servers) server.join();
  for (auto const& page : pages) CHECK(page == "site: index hero common hello banner");
  CHECK(all_hit(here.page(store).report()));
  CHECK(store.verify().damaged == 0);
}

TEST_CASE_METHOD(fixture,
                 "fastn 9: two clones of a repository share results, and two projects in it do not") {
  auto const clone = [&](std::string const& name) {
    site const made{folder / name};
    fs::create_directories(made.at / ".git");
    write_content(made.at / ".git" / "HEAD", "ref: refs/heads/main\n");
    write_content(made.at / ".git" / "config",
                  "[remote \"origin\"]\n\turl = https://example.com/me/site.git\n");
    return made;
  };
  auto const one = clone("one"), two = clone("two");
  std::string const project = memo::git_project(one.at);
  CHECK(project == memo::git_project(two.at));
  CHECK(project != memo::git_project(one.at / "packages"));
  CHECK(project != memo::git_project(here.at));
  constexpr auto parse = memo::pipeline<"parse">(
      memo::input<"document", memo::file>,
      memo::step<"parsed">([](memo::file const& f) { return content_of(f.path()).size(); })
          .from<"document">()
          .version<1>());
  auto const size = [&](fs::path const& document, std::string const& of) {
    return memo::runner{store, {.project = of}}.run(parse, "document"_in = document);
  };
  CHECK(all_ran(size(one.at / "base.ftd", project).report()));
  auto const shared = size(two.at / "base.ftd", memo::git_project(two.at));
  CHECK(shared.get<"parsed">() == 6);
  CHECK(all_hit(shared.report()));
  CHECK(all_ran(size(two.at / "base.ftd", memo::git_project(two.at / "packages")).report()));
}

TEST_CASE_METHOD(fixture,
                 "fastn 10: from a damaged cache every page is compiled again, and the cache is good again") {
  here.page(store);
  std::size_t damaged = 0;
  for (auto const& one : fs::recursive_directory_iterator(folder / "cache" / "v1"))
    if (one.is_regular_file() && one.file_size() > 40) {
      std::string bytes = content_of(one.path());
      bytes.resize(bytes.size() / 2);
      write_content(one.path(), bytes);
      ++damaged;
    }
  REQUIRE(damaged != 0);
  memo::directory_store const reopened{folder / "cache"};
  auto const recovered = here.page(reopened);
  CHECK(recovered.get<"page">() == "site: index hero common hello banner");
  CHECK(all_ran(recovered.report()));
  auto const again = here.page(reopened);
  CHECK(again.get<"page">() == "site: index hero common hello banner");
  CHECK(all_hit(again.report()));
}
