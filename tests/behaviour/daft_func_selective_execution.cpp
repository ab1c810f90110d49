// daft-func's selective re-execution and its cache keys.
#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

using namespace memo::literals;
using test::all_hit;
using test::all_ran;
using test::names;
using texts = std::vector<std::string>;

namespace {

/// As pydantic models are there: structs of structs.
struct document {
  std::string id, text;
  std::map<std::string, int> metadata;
};
struct settings {
  int width = 1;
  std::string mode;
};

texts load_corpus(std::string const& path) { return {path + "/1", path + "/2"}; }
std::vector<double> encode(texts const& corpus, std::string const& model) {
  std::vector<double> numbers;
  for (auto const& text : corpus) numbers.push_back(static_cast<double>(text.size() + model.size()));
  return numbers;
}
std::string build_index(std::vector<double> const& embeddings, std::string const& type) {
  return type + std::to_string(embeddings.size());
}

constexpr auto retrieval_of(auto embeddings) {
  return memo::pipeline<"retrieval">(
      memo::input<"corpus_path", std::string>, memo::input<"model", std::string>,
      memo::input<"index_type", std::string>,
      memo::step<"corpus">(load_corpus).from<"corpus_path">().version<1>(), embeddings,
      memo::step<"index">(build_index).from<"embeddings", "index_type">().version<1>());
}
constexpr auto encode_2 = memo::step<"embeddings">(encode).from<"corpus", "model">().version<2>();
constexpr auto encode_3 = memo::step<"embeddings">(encode).from<"corpus", "model">().version<3>();
constexpr auto retrieval = retrieval_of(encode_2);

struct fixture {
  auto run(auto const& pipeline, std::string const& path, std::string const& model,
           std::string const& type) const {
    return memo::runner{store}.run(pipeline, "corpus_path"_in = path, "model"_in = model,
                                   "index_type"_in = type);
  }
  memo::any_store store{memo::memory_store{}};
};

}  // namespace

TEST_CASE_METHOD(fixture, "daft-func: a change downstream runs only what is downstream") {
  auto const first = run(retrieval, "data", "mini", "faiss");
  CHECK(first.get<"index">() == "faiss2");
  CHECK(all_ran(first.report()));
  auto const index = run(retrieval, "data", "mini", "annoy");
  CHECK(index.get<"index">() == "annoy2");
  CHECK(test::ran(index.report()) == names{"index"});
  CHECK(index.report()["index"].reason == "input `index_type` changed");
  CHECK(index.report()["index"].change == "\"faiss\" \u2192 \"annoy\"");
}

TEST_CASE_METHOD(fixture,
                 "daft-func: a change upstream runs all behind it, and in the middle only from there") {
  run(retrieval, "data", "mini", "faiss");
  auto const model = run(retrieval, "data", "large", "faiss");
  CHECK(model.get<"embeddings">() == std::vector<double>{11, 11});
  CHECK(test::hits(model.report()) == names{"corpus"});
  CHECK(model.report()["embeddings"].reason == "input `model` changed");
  CHECK(model.report()["embeddings"].change == "\"mini\" \u2192 \"large\"");
  auto const corpus = run(retrieval, "other", "large", "faiss");
  CHECK(corpus.get<"embeddings">() == std::vector<double>{12, 12});
  CHECK(all_ran(corpus.report()));
}

TEST_CASE_METHOD(fixture, "daft-func: a step that gives the same value as before stops the wave there") {
  run(retrieval, "data", "mini", "faiss");
  auto const same_length = run(retrieval, "data", "tiny", "faiss");
  CHECK(same_length.get<"index">() == "faiss2");
  CHECK(test::ran(same_length.report()) == names{"embeddings"});
}

TEST_CASE_METHOD(fixture, "daft-func: going back to an input of before is a hit") {
  auto const five = run(retrieval, "5", "mini", "faiss"), ten = run(retrieval, "10", "mini", "faiss");
  CHECK(all_ran(five.report()));
  CHECK(ten.get<"corpus">() == texts{"10/1", "10/2"});
  auto const back = run(retrieval, "5", "mini", "faiss");
  CHECK(back.get<"corpus">() == texts{"5/1", "5/2"});
  CHECK(all_hit(back.report()));
}

TEST_CASE_METHOD(fixture, "daft-func: another cache key, which is a version here, runs the step again") {
  run(retrieval, "data", "mini", "faiss");
  auto const next = run(retrieval_of(encode_3), "data", "mini", "faiss");
  CHECK(next.get<"index">() == "faiss2");
  CHECK(test::ran(next.report()) == names{"embeddings"});  // it gives the same: the index is a hit
  CHECK(next.report()["embeddings"].reason == "version 2 \u2192 3");
  CHECK(all_hit(run(retrieval, "data", "mini", "faiss").report()));
}

TEST_CASE("daft-func: complex types are inputs, and a field that changed is named") {
  constexpr auto p =
      memo::pipeline<"documents">(memo::input<"document", document>, memo::input<"settings", settings>,
                                  memo::step<"processed">([](document const& d, settings const& s) {
                                    return d.text + std::to_string(s.width) + s.mode;
                                  })
                                      .from<"document", "settings">()
                                      .version<1>());
  memo::runner const runner{memo::memory_store{}};
  document const doc{"7", "text", {{"a", 1}}};
  CHECK(all_ran(runner.run(p, "document"_in = doc, "settings"_in = settings{1, "x"}).report()));
  CHECK(all_hit(runner.run(p, "document"_in = doc, "settings"_in = settings{1, "x"}).report()));
  auto const wider = runner.run(p, "document"_in = doc, "settings"_in = settings{2, "x"});
  CHECK(wider.get<"processed">() == "text2x");
  CHECK(wider.report()["processed"].reason == "input `settings` changed");
  CHECK(wider.report()["processed"].change == "width 1 \u2192 2");
  auto const other =
      runner.run(p, "document"_in = document{"7", "text", {{"a", 2}}}, "settings"_in = settings{2, "x"});
  CHECK(all_ran(other.report()));
  CHECK(other.report()["processed"].reason == "input `document` changed");
  CHECK(other.report()["processed"].change == "metadata[\"a\"] 1 \u2192 2");
}

TEST_CASE("daft-func: cached and uncached steps in one pipeline, and separate caches for experiments") {
  constexpr auto p = memo::pipeline<"mixed">(
      memo::input<"path", std::string>, memo::input<"threshold", double>,
      memo::step<"data">([](std::string const& s) { return std::vector<double>(s.size(), 0.5); })
          .from<"path">()
          .version<1>(),
      memo::step<"filtered">(
          [](std::vector<double> const& d, double t) { return d.front() > t ? d : std::vector<double>(); })
          .from<"data", "threshold">()
          .cache(memo::never),
      memo::step<"result">([](std::vector<double> const& d) { return d.size(); })
          .from<"filtered">()
          .version<1>());
  scratch_folder const folder;
  auto const run = [&](std::string const& experiment, double threshold) {
    return memo::runner{memo::directory_store{folder / experiment}}.run(p, "path"_in = "abc",
                                                                        "threshold"_in = threshold);
  };
  CHECK(all_ran(run("one", 0.1).report()));
  auto const moved = run("one", 0.2);  // the filter runs, and gives the same
  CHECK(moved.get<"result">() == 3);
  CHECK(test::ran(moved.report()) == names{"filtered"});
  auto const none = run("one", 0.9);
  CHECK(none.get<"result">() == 0);
  CHECK(test::ran(none.report()) == names{"filtered", "result"});
  CHECK(all_ran(run("two", 0.9).report()));
}
