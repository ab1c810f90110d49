#include <memo/report/key_text.hpp>

#include <memo/key/encoding.hpp>

#include <catch2/catch.hpp>
#include <string>

using memo::part;

namespace {

memo::step_report sample() {
  memo::key_parts parts;
  parts.add(part::format, {}, std::uint64_t{1});
  parts.add(part::step, "mean", std::string_view());
  parts.add(part::read, "xs", "f64");
  parts.add(part::input, "xs", memo::fingerprint::of_digest({1, 2}));
  parts.add(part::environment, "EMPTY", std::string_view("\0", 1));
  parts.add(part::environment, "TOKEN", std::string_view("\0s3cret", 7));
  parts.add(part::environment, "UNSET", std::string_view());
  parts.add(part::version, {}, std::uint64_t{4});
  memo::step_report made;
  made.parts = memo::as_text(parts.bytes());
  return made;
}

}  // namespace

TEST_CASE("the parts of a key are text, one line each, without the values of environment variables") {
  CHECK(memo::key_text(sample()) ==
        "key format 1\nstep \"mean\"\nreads xs: f64\n"
        "input xs = digest 00000000000000010000000000000002\n"
        "environment EMPTY is set\nenvironment TOKEN is set\nenvironment UNSET is not set\nversion 4\n");
  CHECK(memo::key_text(memo::step_report{}).empty());
}

TEST_CASE("parts to pass on hold no value of an environment variable, and read the same otherwise") {
  memo::step_report step = sample();
  std::string const shared = memo::detail::parts_to_share(step.parts);
  CHECK(shared.find("s3cret") == std::string::npos);
  CHECK(memo::detail::parts_to_share(shared) == shared);
  std::string const before = memo::key_text(step);
  step.parts = shared;
  CHECK(memo::key_text(step) == before);
}

TEST_CASE("parts that are cut anywhere, or made of anything, are read as far as they go") {
  std::string const parts = sample().parts;
  for (std::size_t size = 0; size <= parts.size(); ++size) {
    memo::step_report cut;
    cut.parts = parts.substr(0, size);
    std::string const text = memo::key_text(cut);
    CHECK(memo::key_text(sample()).starts_with(text));
    std::string const shared = memo::detail::parts_to_share(cut.parts);
    CHECK(shared.size() <= size);
    CHECK(memo::detail::key_lines(shared) == memo::detail::key_lines(cut.parts));
  }
  for (unsigned tag = 0; tag < 256; ++tag)
    for (std::size_t size = 0; size < 20; ++size) {
      memo::key_parts any;
      any.add(static_cast<part>(tag), "i64", std::string(size, '\x01'));
      CHECK(memo::detail::key_lines(memo::as_text(any.bytes())).size() == 1);
    }
}
