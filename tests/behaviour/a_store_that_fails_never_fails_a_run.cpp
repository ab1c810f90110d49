// A store whose reads and writes fail at will, and what a run makes of it.
#include "../support/behaviour.hpp"

#include <atomic>
#include <memory>

using namespace memo::literals;
using memo::event_kind;
using test::all_hit;
using test::all_ran;
using test::contains;
using test::names;

namespace {

/// A memory store that fails where it is told to.
class failing_store {
 public:
  struct faults {
    std::atomic<bool> find{false}, read{false}, put{false}, last{false};
  };
  failing_store() = default;

  faults& fail() { return *faults_; }

  memo::capabilities capabilities() const {
    memo::capabilities able = store_.capabilities();
    able.live = false;
    able.inline_limit = 0;
    return able;
  }
  memo::found_entries find(memo::digest const& key, memo::access how = memo::access::normal) {
    if (faults_->find) return {memo::lookup::error, nullptr, "entry unreadable"};
    return store_.find(key, how);
  }
  void find(std::span<memo::digest const> keys, std::span<memo::found_entries> answers,
            memo::access how = memo::access::normal) {
    for (std::size_t i = 0; i < keys.size(); ++i) answers[i] = find(keys[i], how);
  }
  memo::found_object read(memo::digest const& object, void const* tag, memo::access how) {
    if (faults_->read) return {memo::lookup::error, {}, {}, "value unreadable"};
    return store_.read(object, tag, how);
  }
  memo::found_object view(memo::digest const& object, void const* tag, memo::access how) {
    return read(object, tag, how);
  }
  memo::put_result put(std::span<memo::put_request const> requests) {
    if (faults_->put) return {false, "the disk is full"};
    return store_.put(requests);
  }
  std::optional<std::string> read_last(memo::digest const& id) {
    if (faults_->last) return std::nullopt;
    return store_.read_last(id);
  }
  memo::put_result write_last(memo::digest const& id, memo::byte_view bytes) {
    if (faults_->last) return {false, "the disk is full"};
    return store_.write_last(id, bytes);
  }
  memo::claim_result claim(memo::claim_request const& request) { return store_.claim(request); }
  std::shared_ptr<void> pin(std::span<memo::digest const> keys) { return store_.pin(keys); }
  bool erase(memo::digest const& key) { return store_.erase(key); }
  void discard(memo::digest const& object) { store_.discard(object); }
  void visit(void (*seen)(void*, memo::entry_info const&), void* state) { store_.visit(seen, state); }
  std::vector<memo::entry_info> list() { return store_.list(); }
  memo::entries show(memo::digest const& key) { return store_.show(key); }
  memo::store_stats stats() { return store_.stats(); }
  memo::verify_result verify() { return store_.verify(); }
  memo::collect_result collect(memo::store_limits limits) { return store_.collect(limits); }
  memo::collect_result collect() { return store_.collect(); }
  void clear() { store_.clear(); }
  void clear_step(std::string_view pipeline, std::string_view step) { store_.clear_step(pipeline, step); }

 private:
  memo::memory_store store_;
  std::shared_ptr<faults> faults_ = std::make_shared<faults>();
};
static_assert(memo::store<failing_store>);

std::vector<int> make(int n) { return std::vector<int>(1000, n); }
std::vector<int> doubled(std::vector<int> v) {
  for (int& x : v) x *= 2;
  return v;
}
int first(std::vector<int> const& v, int k) { return v.front() + k; }

constexpr auto chain = memo::pipeline<"failing">(
    memo::input<"n", int>, memo::input<"k", int>.defaults_to(0), memo::step<"made">(make).from<"n">(),
    memo::step<"doubled">(doubled).from<"made">(), memo::step<"first">(first).from<"doubled", "k">());

struct fixture {
  failing_store store;
  test::recorder events;
  memo::runner runner{store, {.observer = &events}};
  memo::runner strict{store, {.strict = true}};
};

}  // namespace

TEST_CASE_METHOD(fixture, "entries that cannot be read are misses with a reason and a warning") {
  runner.run(chain, "n"_in = 1);
  store.fail().find = true;
  auto const run = runner.run(chain, "n"_in = 1);
  CHECK(run.get<"first">() == 2);
  CHECK(all_ran(run.report()));
  CHECK(contains(run.report()["made"].reason, "entry unreadable"));
  CHECK_FALSE(run.report().warnings.empty());
  CHECK(events.count(event_kind::did_warn) == run.report().warnings.size());
  CHECK_THROWS_AS(strict.run(chain, "n"_in = 1), memo::store_error);
  store.fail().find = false;
  CHECK(all_hit(runner.run(chain, "n"_in = 1).report()));
}

TEST_CASE_METHOD(fixture, "values that cannot be read are computed") {
  runner.run(chain, "n"_in = 1);
  store.fail().read = true;
  auto const run = runner.run(chain, "n"_in = 1, "k"_in = 5);
  CHECK(run.get<"first">() == 7);
  CHECK(run.get<"made">()[999] == 1);
  CHECK(run.get<"doubled">()[999] == 2);
  CHECK(all_ran(run.report()));
  auto const warm = runner.run(chain, "n"_in = 1, "k"_in = 5);
  CHECK(all_hit(warm.report()));
  CHECK(warm.get<"doubled">()[0] == 2);
  CHECK(warm.get<"doubled">()[0] == 2);
  CHECK(warm.get<"first">() == 7);
}

TEST_CASE_METHOD(fixture, "results that cannot be written are used, and the report warns") {
  store.fail().put = true;
  auto const run = runner.run(chain, "n"_in = 1);
  CHECK(run.get<"first">() == 2);
  CHECK(run.get<"made">()[0] == 1);
  CHECK(run.get<"doubled">()[0] == 2);
  CHECK(all_ran(run.report()));
  REQUIRE(run.report().warnings.size() == 1);
  CHECK(contains(run.report().warnings[0], "the disk is full"));
  CHECK(contains(memo::to_text(run.report()), "warning: "));
  CHECK_THROWS_AS(strict.run(chain, "n"_in = 1), memo::store_error);
  store.fail().put = false;
  CHECK(all_ran(runner.run(chain, "n"_in = 1).report()));
  CHECK(all_hit(runner.run(chain, "n"_in = 1).report()));
}

TEST_CASE_METHOD(fixture, "a lost record of the last run costs only the wording of reasons") {
  runner.run(chain, "n"_in = 1);
  store.fail().last = true;
  auto const run = runner.run(chain, "n"_in = 2);
  CHECK(run.get<"first">() == 4);
  CHECK(run.report()["made"].reason == "first time");
  store.fail().last = false;
  CHECK(all_hit(runner.run(chain, "n"_in = 2).report()));
}

TEST_CASE_METHOD(fixture, "everything may fail at once") {
  store.fail().find = store.fail().read = store.fail().put = store.fail().last = true;
  auto const run = runner.run(chain, "n"_in = 1);
  CHECK(run.get<"first">() == 2);
  CHECK(run.get<"doubled">()[5] == 2);
  CHECK(run.ok());
}

TEST_CASE_METHOD(fixture, "an observer that throws while a value is loaded spoils no later value") {
  struct thrower final : memo::observer {
    void notice(memo::event const& e) override {
      if (e.kind == event_kind::did_load && std::exchange(armed, false)) throw std::logic_error("observer");
    }
    bool armed = false;
  } thrower;
  runner.run(chain, "n"_in = 1);
  runner.options().observer = &thrower;
  auto const run = runner.run(chain, "n"_in = 1);
  thrower.armed = true;
  CHECK_THROWS_AS(run.get<"made">(), std::logic_error);
  CHECK(run.get<"made">()[0] == 1);
  CHECK(run.get<"doubled">()[0] == 2);
}
