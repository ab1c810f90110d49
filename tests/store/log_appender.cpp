#include <memo/store/log_appender.hpp>

#include "../laws/scratch.hpp"
#include "../laws/store_samples.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <string>
#include <utility>
#include <vector>

using namespace memo::detail;
using samples::key_of;
using samples::value_of;

namespace {

/// A file that records are appended to from the offset 4096 on.
struct target {
  int add(int number, std::vector<std::string> pieces) {
    std::vector<memo::byte_view> views;
    std::string whole;
    kept.push_back(std::move(pieces));
    for (auto const& piece : kept.back()) {
      views.push_back(memo::as_byte_view(piece));
      whole += piece;
    }
    expected += record(number, whole);
    return to.add(header_of(number, whole), views);
  }
  /// What a record of an object is written as, behind what is expected so far.
  std::string record(int number, std::string const& payload) const {
    std::uint64_t const at = log_page_size + expected.size();
    std::string made(memo::as_text(encode_header(header_of(number, payload), record_seed(uuid, at))));
    made += payload;
    made.resize(log_record_size(payload.size()));
    return made;
  }
  static record_header header_of(int number, std::string const& payload) {
    return {record_kind::object, key_of(number), payload.size(),
            memo::hash_bytes(memo::as_byte_view(payload))};
  }
  std::string written() const { return content_of(folder / "log").substr(log_page_size); }

  scratch_folder folder;
  os::unique_fd fd = std::move(os::create_new(os::here, (folder / "log").c_str()).value);
  memo::digest uuid = samples::id_of("a log");
  log_appender to{fd.get(), uuid, log_page_size};
  std::string expected;
  std::deque<std::vector<std::string>> kept;  // pieces are used until the next flush
};

}  // namespace

TEST_CASE("records lie one behind the other, their pieces together") {
  target log;
  CHECK(log.add(0, {}) == 0);
  CHECK(log.add(1, {"a", "", "bc"}) == 0);
  CHECK(log.add(2, {value_of(2, 64)}) == 0);
  std::vector<std::string> const many(500, "piece");
  CHECK(log.add(3, many) == 0);
  CHECK(log.to.flush() == 0);
  CHECK((log.written() == log.expected));
  CHECK(log.to.end() == log_page_size + log.expected.size());
  REQUIRE(log.to.records().size() == 4);
  std::uint64_t at = log_page_size;
  for (auto const& one : log.to.records()) {
    CHECK(one.offset == at);
    at += log_record_size(one.header.size);
  }
}

TEST_CASE("payloads that are kept, many records and long ones are written in their order") {
  target log;
  for (int i = 0; i < 200; ++i) {
    byte_writer payload;
    payload.bytes(memo::as_byte_view(value_of(i, static_cast<std::size_t>(i))));
    std::string const bytes(memo::as_text(payload.view()));
    log.expected += log.record(i, bytes);
    CHECK(log.to.add(target::header_of(i, bytes), std::move(payload)) == 0);
  }
  std::string const long_one = value_of(200, 5'000'000);
  CHECK(log.add(200, {long_one}) == 0);
  // Beyond some megabytes it does not wait to be told.
  CHECK(log.written().size() == log.expected.size());
  CHECK(log.add(201, {long_one}) == 0);
  CHECK(log.to.flush() == 0);
  CHECK((log.written() == log.expected));
}

TEST_CASE("a user's file becomes a record where it is what was said, with its header last") {
  target log;
  auto const path = (log.folder / "user's file").string();
  CHECK(log.add(0, {"first"}) == 0);
  for (std::size_t const size : {0u, 1u, 64u, 5000u, 1u << 20, (1u << 20) + 1, 3u << 20}) {
    std::string const content = value_of(1, size);
    write_content(path, content);
    log.expected += log.record(1, content);
    CHECK(log.to.add_file(target::header_of(1, content), path) == 0);
    CHECK((log.written() == log.expected));
  }
  std::string const content = value_of(1, 5000);
  for (std::string const& wrong : {value_of(2, 5000), content + "x", content.substr(1), std::string()}) {
    write_content(path, wrong);
    CHECK(log.to.add_file(target::header_of(1, content), path) == EIO);
    // No header: it is no record for anybody.
    std::string const there = log.written();
    CHECK((there.substr(0, log.expected.size()) == log.expected));
    CHECK(there.substr(log.expected.size(), 64).find_first_not_of('\0') == std::string::npos);
  }
  CHECK(log.to.add_file(target::header_of(1, content), path + " that is not there") == ENOENT);
}

TEST_CASE("an appender that begins anew has forgotten what it had") {
  target log;
  CHECK(log.add(0, {"never written"}) == 0);
  log.to.restart(log.fd.get(), log.uuid, log_page_size);
  log.expected.clear();
  CHECK(log.to.records().empty());
  CHECK(log.add(1, {"written"}) == 0);
  CHECK(log.to.flush() == 0);
  CHECK((log.written() == log.expected));
}

TEST_CASE("an appender says why it cannot write") {
  target log;
  auto const real = os::table;
  os::table.pwritev = [](int, iovec const*, int, off_t) {
    errno = ENOSPC;
    return ssize_t{-1};
  };
  CHECK(log.add(0, {"short"}) == 0);
  CHECK(log.to.flush() == ENOSPC);
  log.to.restart(log.fd.get(), log.uuid, log_page_size);
  CHECK(log.add(1, {value_of(1, 5'000'000)}) == ENOSPC);
  os::table = real;
}
