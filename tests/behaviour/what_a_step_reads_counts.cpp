// Files, folders and variables that steps look at while they run are inputs, absent ones included.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"
#include "../support/processes.hpp"

#include <deque>
#include <filesystem>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

using namespace memo::literals;
namespace fs = std::filesystem;

namespace {

int expanded = 0;
std::string trace;              // what the last call of `expand_into` saw
void (*meanwhile)() = nullptr;  // called in the middle of `expand`

/// A line is text, or "include NAME", "list PATTERN" or "env NAME".
void expand_into(memo::context& ctx, fs::path const& path, std::string& out, int depth = 0) {
  trace += path.string() + '?';
  if (!ctx.exists(path)) {
    trace += "none;";
    out += "(no " + path.filename().string() + ")";
    return;
  }
  std::istringstream in(ctx.read(path));
  trace += in.str() + ';';
  std::string line;
  while (depth < 5 && std::getline(in, line)) {
    std::string const argument = line.substr(line.find(' ') + 1);
    if (line.starts_with("include ")) {
      expand_into(ctx, path.parent_path() / argument, out, depth + 1);
    } else if (line.starts_with("list ")) {
      for (auto const& found : ctx.list((path.parent_path() / argument).string())) {
        out += fs::path(found).filename().string() + ' ';
        trace += found + ',';
      }
    } else if (line.starts_with("env ")) {
      std::string const value = ctx.env(argument).value_or("(unset)");
      out += value;
      trace += value + ';';
    } else {
      out += line;
    }
  }
}

std::string expand(memo::context& ctx, std::string const& path) {
  ++expanded;
  trace.clear();
  std::string out;
  expand_into(ctx, path, out);
  if (meanwhile != nullptr) meanwhile();
  return out;
}

std::size_t length(std::string const& text) { return text.size(); }

constexpr auto book = memo::pipeline<"book">(memo::input<"main", std::string>,
                                             memo::step<"text">(expand).from<"main">().version<1>(),
                                             memo::step<"length">(length).from<"text">().version<1>());

constexpr auto books = memo::pipeline<"books">(memo::input<"mains", std::vector<std::string>>,
                                               memo::step<"texts">(expand).over<"mains">().version<1>());

/// A folder with a main file, "a" and "b" and others to come, and a pipeline that reads it.
class shelf {
 public:
  /// On one thread, as the functions count.
  explicit shelf(memo::any_store store, memo::options chosen = {.jobs = 1})
      : runner(std::move(store), std::move(chosen)) {
    write("main", "include a\ninclude b\ninclude c\n");
    write("a", "alpha ");
    write("b", "beta ");
  }
  ~shelf() { meanwhile = nullptr; }

  void write(std::string const& name, std::string const& text) const { write_content(folder / name, text); }
  std::string at(std::string const& name) const { return (folder / name).string(); }

  /// The text, after a run in which the step ran or not.
  std::string text(bool runs) {
    int const before = expanded;
    auto const run = runner.run(book, "main"_in = at("main"));
    CHECK((run.report()["text"].outcome == memo::outcome::ran) == runs);
    CHECK(expanded == before + (runs ? 1 : 0));
    why = run.report()["text"].reason;
    return run.get<"text">();
  }
  std::string ran() { return text(true); }
  std::string hit() { return text(false); }

  scratch_folder folder;
  memo::runner runner;
  std::string why;  ///< of the last run
};

std::string file_name(std::string const& path) { return "file `" + path + "`"; }

}  // namespace

TEST_CASE("a file that a step reads counts, and so does one that it does not find") {
  shelf s{memo::memory_store{}};
  CHECK(s.ran() == "alpha beta (no c)");
  CHECK(s.hit() == "alpha beta (no c)");
  s.write("b", "BETA ");
  CHECK(s.ran() == "alpha BETA (no c)");
  CHECK(s.why == file_name(s.at("b")) + " changed");
  s.write("c", "gamma");
  CHECK(s.ran() == "alpha BETA gamma");
  CHECK(s.why == "`" + s.at("c") + "` is there now");
  fs::remove(s.at("a"));
  CHECK(s.ran() == "(no a)BETA gamma");
  CHECK(s.why == "`" + s.at("a") + "` is gone");
  s.write("d", "nobody reads it");
  fs::last_write_time(s.at("b"), fs::file_time_type::clock::now());
  CHECK(s.hit() == "(no a)BETA gamma");
}

TEST_CASE("which files match a pattern counts, not what is in them") {
  shelf s{memo::memory_store{}};
  s.write("main", "list *.csv\n");
  s.write("1.csv", "1");
  CHECK(s.ran() == "1.csv ");
  s.write("1.csv", "2");
  s.write("2.txt", "2");
  CHECK(s.hit() == "1.csv ");
  s.write("2.csv", "2");
  CHECK(s.ran() == "1.csv 2.csv ");
  CHECK(s.why == "the files matching `" + s.at("*.csv") + "` changed");
  fs::remove(s.at("2.csv"));
  CHECK(s.hit() == "1.csv ");
}

TEST_CASE("a variable that a step asks for counts, unset or empty") {
  shelf s{memo::memory_store{}};
  s.write("main", "env MEMO_TEST_BOOK\n");
  test::variable const unset("MEMO_TEST_BOOK", nullptr);
  CHECK(s.ran() == "(unset)");
  test::variable const empty("MEMO_TEST_BOOK", "");
  CHECK(s.ran() == "");
  CHECK(s.why == "environment variable MEMO_TEST_BOOK is set now");
  test::variable const set("MEMO_TEST_BOOK", "x");
  CHECK(s.ran() == "x");
  CHECK(s.why == "environment variable MEMO_TEST_BOOK changed");
  ::unsetenv("MEMO_TEST_BOOK");
  CHECK(s.hit() == "(unset)");
}

TEST_CASE("what was read before is found again when it is as before, in every store") {
  scratch_folder const folder;
  auto const store = GENERATE(0, 1, 2, 3);
  auto const open = [&]() -> memo::any_store {
    switch (store) {
      case 0:
        return memo::memory_store{};
      case 1:
        return memo::directory_store{folder / "cache"};
      case 2:
        return memo::mmap_store{folder / "cache"};
      default:
        return memo::tiered_store{memo::memory_store{}, memo::directory_store{folder / "cache"}};
    }
  };
  shelf s{open()};
  std::string const long_text(100'000, 'x');  // an object of its own
  CHECK(s.ran() == "alpha beta (no c)");
  s.write("b", long_text);
  CHECK(s.ran() == "alpha " + long_text + "(no c)");
  s.write("b", "beta ");
  CHECK(s.hit() == "alpha beta (no c)");
  s.write("b", long_text);
  CHECK(s.hit() == "alpha " + long_text + "(no c)");
  for (int i = 0; i < 15; ++i) {
    s.write("b", std::to_string(i));
    s.ran();
  }
  for (int i = 14; i >= 0; --i) {
    s.write("b", std::to_string(i));
    CHECK(s.hit() == "alpha " + std::to_string(i) + "(no c)");
  }
  s.write("b", "beta ");
  s.ran();  // of so many variants the oldest is gone
}

TEST_CASE("folders with equal main files and other neighbours never exchange results") {
  memo::memory_store const store;
  auto const of = [](memo::context& ctx, memo::file const& main) {
    return content_of(main.path()) + ctx.read(main.path().parent_path() / "b");
  };
  auto const p =
      memo::pipeline<"near">(memo::input<"main", memo::file>, memo::step<"text">(of).from<"main">());
  shelf one{store}, other{store};
  other.write("b", "other");
  auto const run = [&](shelf& s) {
    auto const made = s.runner.run(p, "main"_in = fs::path(s.at("main")));
    return std::pair(made.get<"text">(), test::all_hit(made.report()));
  };
  std::string const main = content_of(one.at("main"));
  for (bool const is_known : {false, true}) {
    CHECK(run(one) == std::pair(main + "beta ", is_known));
    CHECK(run(other) == std::pair(main + "other", is_known));
    CHECK((is_known ? one.hit() : one.ran()) == "alpha beta (no c)");
    CHECK((is_known ? other.hit() : other.ran()) == "alpha other(no c)");
  }
}

TEST_CASE("what changes while a step runs keeps its result out of the cache") {
  static shelf* here;
  shelf s{memo::memory_store{}};
  here = &s;
  meanwhile = [] { here->write("b", "changed "); };
  CHECK(s.ran() == "alpha beta (no c)");
  CHECK(s.why == "first time; not cached: " + file_name(s.at("b")) + " changed while it ran");
  meanwhile = [] { here->write("c", "came"); };
  CHECK(s.ran() == "alpha changed (no c)");
  CHECK(test::contains(s.why, "not cached: `" + s.at("c") + "` came while it ran"));
  meanwhile = nullptr;
  CHECK(s.ran() == "alpha changed came");
  CHECK(s.hit() == "alpha changed came");
}

TEST_CASE("a step that was tried again depends on what its failed attempts read") {
  shelf s{memo::memory_store{}};
  static int tries;
  tries = 0;
  auto const p = memo::pipeline<"tried">(memo::input<"main", std::string>,
                                         memo::step<"x">([](memo::context& ctx, std::string const& folder) {
                                           std::string const text =
                                               ctx.read(folder + (tries == 0 ? "/a" : "/b"));
                                           if (tries++ == 0) throw std::runtime_error("not yet");
                                           return text;
                                         })
                                             .from<"main">()
                                             .version<1>()
                                             .retry(1));
  auto const run = [&] { return s.runner.run(p, "main"_in = s.folder.path().string()); };
  CHECK(run().get<"x">() == "beta ");
  CHECK(test::all_hit(run().report()));
  s.write("a", "other");
  CHECK(test::all_ran(run().report()));
}

TEST_CASE("a mode that writes nothing finds what fits, and a plan says the same beforehand") {
  memo::memory_store const store;
  shelf s{store};
  s.ran();
  memo::runner const reader{store, {.mode = memo::mode::read_only, .jobs = 1}};
  auto const text = [&] { return reader.run(book, "main"_in = s.at("main")).report()["text"].outcome; };
  auto const planned = [&] { return reader.plan(book, "main"_in = s.at("main"))["text"]; };
  CHECK(text() == memo::outcome::hit);
  CHECK(planned().forecast == memo::forecast::hit);
  s.write("b", "other ");
  CHECK(planned().forecast == memo::forecast::run);
  CHECK(planned().reason == file_name(s.at("b")) + " changed");
  CHECK(text() == memo::outcome::ran);
  CHECK(text() == memo::outcome::ran);
  CHECK(store.stats().entries == 2);
  s.ran();
  CHECK(text() == memo::outcome::hit);
}

TEST_CASE(
    "verify finds no difference where what was read is the same, and finds one where it is not the reason") {
  memo::memory_store const store;
  shelf s{store, {.mode = memo::mode::verify, .jobs = 1, .verify = 1}};
  auto const run = [&] { return s.runner.run(book, "main"_in = s.at("main")).report()["text"]; };
  run();
  CHECK(run().outcome == memo::outcome::hit);
  CHECK_FALSE(run().differs);
  static int number;
  number = 0;
  auto const p = memo::pipeline<"odd">(memo::input<"main", std::string>,
                                       memo::step<"x">([](memo::context& ctx, std::string const& path) {
                                         (void)ctx.read(path);
                                         return ++number;
                                       })
                                           .from<"main">()
                                           .version<1>());
  auto const odd = [&] { return s.runner.run(p, "main"_in = s.at("b")).report()["x"]; };
  CHECK(odd().outcome == memo::outcome::ran);
  CHECK(odd().differs);
}

TEST_CASE("a forced step and an expired result replace what fits, and leave what does not") {
  memo::memory_store const store;
  shelf s{store};
  s.ran();
  s.write("b", "other ");
  s.ran();
  memo::runner const forced{store, {.jobs = 1, .force = {"text"}}};
  auto const made = forced.run(book, "main"_in = s.at("main"));
  CHECK(test::ran(made.report()) == test::names{"text"});
  s.hit();
  s.write("b", "beta ");
  s.hit();
}

TEST_CASE("values that stay in memory, digests alone and steps that are never kept") {
  memo::memory_store const store;
  shelf s{store};
  struct opaque {
    std::string text;
  };
  static int made, measured;
  made = measured = 0;
  auto const p = memo::pipeline<"kept">(
      memo::input<"path", std::string>,
      memo::step<"live">([](memo::context& ctx, std::string const& path) {
        ++made;
        return opaque{ctx.read(path)};
      })
          .from<"path">()
          .version<1>()
          .cache(memo::in_memory),
      memo::step<"size">([](opaque const& o) {
        ++measured;
        return o.text;
      })
          .from<"live">()
          .version<1>(),
      memo::step<"digest">([](memo::context& ctx, std::string const& path) { return ctx.read(path); })
          .from<"path">()
          .version<1>()
          .cache(memo::digest_only),
      memo::step<"never">([](memo::context& ctx, std::string const& path) { return ctx.read(path); })
          .from<"path">()
          .version<1>()
          .cache(memo::never));
  auto const run = [&] { return s.runner.run(p, "path"_in = s.at("b")); };
  CHECK(run().get<"size">() == "beta ");
  auto const again = run();
  CHECK(test::ran(again.report()) == test::names{"never"});
  CHECK(made == 1);
  CHECK(measured == 1);
  s.write("b", "other");
  auto const changed = run();
  CHECK(changed.get<"size">() == "other");
  CHECK(changed.get<"digest">() == "other");
  CHECK(test::all_ran(changed.report()));
  s.write("b", "beta ");
  auto const back = run();
  CHECK(back.get<"size">() == "beta ");
  CHECK(test::ran(back.report()) == test::names{"never"});
  CHECK(made == 2);
  CHECK(measured == 2);
}

TEST_CASE("with a secret the digests of what was read are others") {
  memo::memory_store const store;
  shelf s{store};
  s.ran();
  memo::runner const secret{store, {.jobs = 1, .secret = "s"}};
  for (bool const is_known : {false, true}) {
    auto const run = secret.run(book, "main"_in = s.at("main"));
    CHECK(test::all_hit(run.report()) == is_known);
  }
  std::vector<memo::digest> contents;
  for (auto const& info : store.list())
    for (auto const& one : store.show(info.key))
      for (auto const& read : one.dependencies)
        if (read.name == s.at("b") && read.content) contents.push_back(read.content);
  REQUIRE(contents.size() == 2);
  CHECK(contents[0] != contents[1]);
  s.write("b", "other ");
  CHECK(test::ran(secret.run(book, "main"_in = s.at("main")).report()) == test::names{"text", "length"});
}

TEST_CASE("what another process read counts here") {
  scratch_folder const folder;
  memo::directory_store const store{folder / "cache"};
  shelf s{store};
  auto const elsewhere = [&] {
    return test::in_child([&] {
      memo::runner const runner{memo::directory_store{folder / "cache"}, {.jobs = 1}};
      auto const run = runner.run(book, "main"_in = s.at("main"));
      return run.report()["text"].outcome == memo::outcome::hit ? 1 : 0;
    });
  };
  CHECK(elsewhere() == 0);
  CHECK(s.hit() == "alpha beta (no c)");
  s.write("b", "other ");
  CHECK(s.ran() == "alpha other (no c)");
  CHECK(elsewhere() == 1);
  s.write("b", "beta ");
  CHECK(elsewhere() == 1);
}

TEST_CASE("of a map's elements those run that would read something else") {
  scratch_folder const folder;
  auto const is_directory = GENERATE(false, true);
  memo::any_store const store = is_directory ? memo::any_store{memo::directory_store{folder / "cache"}}
                                             : memo::any_store{memo::memory_store{}};
  shelf s{store};
  std::vector<std::string> mains;
  for (int i = 0; i < 20; ++i) {
    mains.push_back(s.at("m" + std::to_string(i)));
    write_content(mains.back(), "include a\nm" + std::to_string(i) + (i < 2 ? "\ninclude b\n" : "\n"));
  }
  auto const run = [&](std::uint64_t ran) {
    int const before = expanded;
    auto const made = s.runner.run(books, "mains"_in = mains);
    CHECK(made.report()["texts"].elements_ran == ran);
    CHECK(expanded == before + static_cast<int>(ran));
    s.why = made.report()["texts"].reason;
    return made.get<"texts">();
  };
  auto const first = run(20);
  CHECK(first[0] == "alpha m0beta ");
  CHECK(run(0) == first);
  s.write("b", "other ");
  auto const planned = s.runner.plan(books, "mains"_in = mains);
  CHECK(planned["texts"].forecast == memo::forecast::run);
  auto const changed = run(2);
  CHECK(changed[1] == "alpha m1other ");
  CHECK(changed[2] == "alpha m2");
  CHECK(test::contains(s.why, file_name(s.at("b")) + " changed"));
  s.write("b", "beta ");
  CHECK(run(0) == first);
  mains.push_back(s.at("none"));
  CHECK(run(1).back() == "(no none)");
  mains.pop_back();
  CHECK(run(0) == first);
  s.write("a", "ALPHA ");
  run(20);
}

TEST_CASE("a random tree of includes never gives a stale result, and nothing runs that has seen the same") {
  std::mt19937 random(11);
  auto const below = [&](std::size_t n) { return static_cast<int>(random() % n); };
  shelf s{memo::memory_store{}};
  shelf elements{memo::memory_store{}};
  std::vector<std::string> const names{"main", "a", "b", "c", "d.x", "e.x"};
  std::deque<std::string> known, known_maps;
  std::vector<std::deque<std::string>> known_elements(names.size());
  auto const note = [](std::deque<std::string>& all, std::string const& one) {
    bool const is_new = std::find(all.begin(), all.end(), one) == all.end();
    if (is_new) all.push_front(one);
    if (all.size() > 16) all.pop_back();
    return is_new;
  };
  std::vector<std::string> mains;
  for (auto const& name : names) mains.push_back(s.at(name));
  std::optional<test::variable> variable;
  int hits = 0;
  for (int trial = 0; trial < (test::is_long() ? 20'000 : 400); ++trial) {
    std::string const& name = names[static_cast<std::size_t>(below(names.size()))];
    switch (below(8)) {
      case 0:
        fs::remove(s.at(name));
        break;
      case 1:
        variable.reset();
        variable.emplace("MEMO_TEST_BOOK", below(2) ? std::to_string(below(3)).c_str() : nullptr);
        break;
      case 2:
        break;
      default:
        // Each file includes later ones only.
        std::string text = std::to_string(below(3));
        for (std::size_t i = 1; i < names.size(); ++i)
          if (names[i] > name || name == "main")
            if (below(3) == 0) text += "\ninclude " + names[i];
        if (below(4) == 0) text += "\nlist *.x";
        if (below(4) == 0) text += "\nenv MEMO_TEST_BOOK";
        s.write(name, text + '\n');
    }
    memo::runner const uncached{memo::memory_store{}, {.mode = memo::mode::off, .jobs = 1}};
    auto const right = uncached.run(book, "main"_in = s.at("main")).get<"text">();
    bool const is_new = note(known, trace);
    hits += is_new ? 0 : 1;
    REQUIRE(s.text(is_new) == right);

    std::vector<std::string> right_texts, traces;
    std::string all_traces;
    for (std::string const& one : mains) {
      right_texts.push_back(uncached.run(book, "main"_in = one).get<"text">());
      traces.push_back(trace);
      all_traces += trace + '|';
    }
    std::uint64_t new_elements = 0;
    if (note(known_maps, all_traces))
      for (std::size_t i = 0; i < mains.size(); ++i)
        new_elements += note(known_elements[i], traces[i]) ? 1 : 0;
    auto const made = elements.runner.run(books, "mains"_in = mains);
    REQUIRE(made.get<"texts">() == right_texts);
    CHECK(made.report()["texts"].elements_ran == new_elements);
  }
  CHECK(hits > 100);
}
