/// Runs a map: looks its elements up, calls the step's function for those that miss, each different one once, and puts the
/// step's value together. No templates: elements and results are addresses and bytes.
#pragma once

#include <memo/run/context.hpp>
#include <memo/run/map_elements.hpp>
#include <memo/run/map_entries.hpp>
#include <memo/run/map_packs.hpp>
#include <memo/run/map_reasons.hpp>
#include <memo/run/retry.hpp>
#include <memo/run/running_step.hpp>

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// One run of a map.
class map_run {
 public:
  explicit map_run(map_request const& request)
      : request_(request), row_(request.row), map_(*request.row.map), elements_(request) {}
  map_run(map_run const&) = delete;
  map_run& operator=(map_run const&) = delete;

  map_outcome run() {
    made_.elements = elements_.count();
    if (made_.elements > map_elements::most) {
      made_.message = "it has more than 4294967294 elements";
      return std::move(made_);
    }
    made_.oldest_ms = time().wall_ms();
    if (elements_.number(notes_)) open_packs();
    made_.distinct = elements_.distinct();
    states_.resize(elements_.distinct());
    if (!request_.only_looks) results_ = map_.begin(elements_.distinct());
    if (packs_ && request_.looks_up) load_found();
    for (std::uint32_t place = 0; place < states_.size(); ++place)
      if (states_[place] == state::missing) missing_.push_back(place);
    describe_missing();
    if (request_.only_looks) {
      notes_.tell(made_);
      return std::move(made_);
    }
    if (!missing_.empty() && !notes_.is_broken()) run_missing();
    if (request_.verifies && made_.found != 0 && !is_over()) verify_found();
    finish();
    return std::move(made_);
  }

 private:
  enum class state : std::uint8_t { missing, filled, failed };

  void open_packs() {
    bool const is_kept = row_.policy == cache_policy::stored || row_.policy == cache_policy::inputs_only;
    if (request_.store == nullptr || !is_kept || !map_.result->is_storable() ||
        !(request_.looks_up || request_.writes))
      return;
    pack_group group{.key = elements_.group(),
                     .codec = codec_of(*map_.result),
                     .project = request_.options.project,
                     .pipeline = row_.pipeline,
                     .step = joined_names(row_.names),
                     .ttl_ms = request_.ignores_age ? -1 : row_.options.ttl_ms,
                     .seed = request_.seed,
                     .how = request_.writes ? access::normal : access::read_only,
                     .replaces = request_.writes && !request_.looks_up,
                     .time = time()};
    group.codec.low += pack_format_version;
    packs_.emplace(*request_.store, std::move(group));
    made_.group = elements_.group();
    made_.pin = request_.store->pin({&elements_.group(), 1});
    if (row_.takes_context) entries_.open(elements_.group());
    if (request_.writes)
      packs_->drop_if(
          [](void const* self) { return static_cast<map_elements const*>(self)->has_rest_changed(); },
          &elements_);
  }

  void load_found() {
    stored_ = packs_->look_up(elements_.keys());
    for (std::uint32_t place = 0; place < stored_.size(); ++place)
      if (stored_[place].is_found)
        hits_.push_back(place);
      else if (stored_[place].is_out_of_time)
        reasons_.add(place, row_.options.ttl_ms >= 0 ? "its result is older than its ttl"
                                                     : "its result comes from the future");
    spread(request_, hits_.size(), [this](std::size_t first, std::size_t last) { decode_hits(first, last); });
    for (std::uint32_t const place : hits_) {
      if (states_[place] != state::filled) continue;
      ++made_.found;
      made_.cost_ns += stored_[place].cost_ns;
      made_.oldest_ms = std::min(made_.oldest_ms, stored_[place].created_ms);
    }
    if (entries_.has_any()) load_entries();
    stored_ = {};
    packs_->forget_found();
  }

  /// Elements that no pack has.
  void load_entries() {
    for (std::uint32_t place = 0; place < states_.size(); ++place) {
      if (stored_[place].is_found) continue;
      map_entries::found_element found;
      std::string why;
      try {
        if (entries_.look_up(place, elements_.keys().key(place), found, why)) {
          if (!found.problem.empty()) {
            notes_.warn("the stored result of an element cannot be had: " + found.problem);
            why = "its stored result is lost";
          } else if (!request_.only_looks) {
            map_.decode(results_.get(), place, found.bytes.view);
          }
        } else if (why.empty()) {
          continue;
        }
      } catch (decode_error const&) {
        notes_.warn("the stored result of an element is damaged");
        why = "its stored result is damaged";
      } catch (...) {
        return notes_.broke();
      }
      if (!why.empty()) {
        reasons_.add(place, std::move(why));
        continue;
      }
      states_[place] = state::filled;
      hits_.push_back(place);
      ++made_.found;
      made_.cost_ns += found.cost_ns;
      made_.oldest_ms = std::min(made_.oldest_ms, found.created_ms);
    }
  }

  void decode_hits(std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      std::uint32_t const place = hits_[i];
      try {
        if (request_.only_looks) {
          states_[place] = state::filled;
          continue;
        }
        std::string problem;
        shared_bytes const bytes = packs_->bytes_of(stored_[place], problem);
        if (!problem.empty()) {
          notes_.warn("the stored result of an element cannot be had: " + problem);
          reasons_.add(place, "its stored result is lost");
          continue;
        }
        map_.decode(results_.get(), place, bytes.view);
        states_[place] = state::filled;
      } catch (decode_error const&) {
        notes_.warn("the stored result of an element is damaged");
        reasons_.add(place, "its stored result is damaged");
      } catch (...) {
        return notes_.broke();
      }
    }
  }

  void describe_missing() {
    if (!packs_ || !request_.looks_up) return;
    element_words said = words_for(
        missing_, elements_.distinct(), made_.elements, reasons_, elements_.is_new(packs_->has_lost()),
        [this](std::uint32_t place) { return elements_.label_of(elements_.first_index(place)); });
    made_.reason = std::move(said.clause);
    made_.element_reasons = std::move(said.named);
  }

  void run_missing() {
    done_.store(made_.found);
    tell_elements();
    parallel(missing_.size(), [this](std::size_t first, std::size_t last) { run_range(first, last); });
    if (!is_over()) tell_elements();
    if (packs_ && request_.writes) packs_->flush();
    made_.ran = ran_.load();
    made_.cost_ns += cost_ns_.load();
  }

  void run_range(std::size_t first, std::size_t last) {
    running_step::scope const inside(inside_);
    section_writer small;
    std::vector<large_result> large;
    std::vector<work_folder> work;
    clock const& steady = clock::system();
    std::int64_t started = steady.steady_ns();
    std::uint64_t ran = 0, told = 0;
    auto const hand_over = [&](std::int64_t now) {
      if (request_.work != nullptr && ran != told)
        request_.work->add(request_.step, started, now, ran - std::exchange(told, ran));
      if (small.count() != 0 || !large.empty()) packs_->add(small, std::move(large), now - started);
      cost_ns_.fetch_add(now - started, std::memory_order_relaxed);
      small.clear();
      large.clear();
      started = now;
    };
    try {
      for (std::size_t i = first; i < last && !is_over(); ++i) {
        if (!run_element(missing_[i], small, large, work)) continue;
        ++ran;
        done_.fetch_add(1, std::memory_order_relaxed);
        std::int64_t const now = steady.steady_ns();
        // Not much waits here for the end of an element that takes long.
        if (now - started > 5'000'000 || small.size() > map_packs::largest_packed || !large.empty() ||
            !work.empty())
          hand_over(now);
        if (!work.empty()) {
          if (packs_->write_now()) work.front().remove();
          work.clear();
        }
        tell_progress(now);
      }
      hand_over(steady.steady_ns());
    } catch (...) {
      notes_.broke();
    }
    ran_.fetch_add(ran, std::memory_order_relaxed);
  }

  /// Gives false where the element failed. Throws std::bad_alloc, and what an observer throws.
  bool run_element(std::uint32_t place, section_writer& small, std::vector<large_result>& large,
                   std::vector<work_folder>& work) {
    std::optional<context> ctx = context_for(place);
    std::int64_t const start = ctx ? clock::system().steady_ns() : 0;
    if (ctx && packs_) ctx->set_work_key(elements_.keys().key(place));
    try {
      if (!call(place, ctx ? &*ctx : nullptr, results_.get(), place)) return false;
      if (map_.result->settle != nullptr)
        map_.result->settle(map_.at(results_.get(), place), ctx ? ctx->work().place() : std::string_view());
    } catch (...) {
      states_[place] = state::failed;
      notes_.failed(elements_.first_index(place), std::current_exception(), request_.options.keep_going);
      return false;
    }
    states_[place] = state::filled;
    if (!may_keep(place, ctx ? &*ctx : nullptr)) {
      if (ctx) ctx->work().remove();
      return true;
    }
    try {
      encoding form = map_.result->encode(map_.at(results_.get(), place), request_.seed);
      if (ctx && !ctx->dependencies().empty()) {
        put_result const put = entries_.put(elements_.keys().key(place), form, ctx->dependencies(),
                                            clock::system().steady_ns() - start);
        if (!put.warning.empty()) notes_.warn(put.warning);
        if (!put.stored) has_unstored_.store(true);
        if (put.stored) ctx->work().remove();
        if (!request_.looks_up) packs_->remove_later(elements_.keys().key(place));
        return true;
      }
      if (ctx && ctx->work().is_made()) work.push_back(std::move(ctx->work()));
      if (form.size() > map_packs::largest_packed) {
        large.push_back({elements_.keys().key(place), std::move(form)});
        return true;
      }
      std::byte* to = small.add(elements_.keys().key(place), static_cast<std::size_t>(form.size()));
      for (byte_view const piece : form.pieces()) {
        std::memcpy(to, piece.data(), piece.size());
        to += piece.size();
      }
    } catch (std::bad_alloc const&) {
      throw;
    } catch (...) {
      has_unstored_.store(true);
      notes_.warn("the results of elements could not be stored: " + message_of(std::current_exception()));
    }
    return true;
  }

  /// Notes what the element read. False where its result must not be kept.
  bool may_keep(std::uint32_t place, context* ctx) {
    bool const writes = packs_ && request_.writes;
    std::uint32_t const number = elements_.first_index(place);
    if (ctx != nullptr && !ctx->notes().is_off()) {
      file_scope const files(request_.files);
      dependency_notes& read = ctx->notes();
      std::string const changed = request_.writes ? read.find_change() : read.problem();
      if (!changed.empty()) {
        notes_.uncacheable(number, "element " + std::to_string(number) + ": " + changed);
        return false;
      }
      if (!read.all().empty()) {
        entries_.note(place, read.all());
        if (writes && elements_.has_rest_changed()) {
          notes_.uncacheable(map_notes::no_element, "a file that it reads changed while it ran");
          return false;
        }
      }
    }
    if (!writes) return false;
    if (!elements_.has_changed(place)) return true;
    notes_.uncacheable(number, "a file of element " + std::to_string(number) + " changed while it ran");
    return false;
  }

  std::optional<context> context_for(std::uint32_t place) const {
    if (!row_.takes_context) return std::nullopt;
    return std::optional<context>(std::in_place, row_.names.front(), elements_.seed_of(elements_.at(place)),
                                  ending_.get_token(), request_.options.observer, &request_.executor,
                                  request_.store != nullptr ? std::optional(request_.seed) : std::nullopt);
  }

  /// Calls the function, again after an exception as often as `.retry` allows, for a place in `results`. False where the
  /// element heard that it should end: then there is no result. Throws what the last attempt threw.
  bool call(std::uint32_t place, context* ctx, void* results, std::uint32_t into) const {
    for (unsigned tries = 0;; ++tries) {
      try {
        map_.call(row_.function, elements_.at(place), elements_.rest(), ctx, results, into);
        return ctx == nullptr || !ctx->saw_stop();
      } catch (...) {
        if (ctx != nullptr && ctx->saw_stop()) return false;
        if (tries == row_.options.retries || !pause_before(tries, row_.options, ending_.get_token())) throw;
      }
    }
  }

  void tell_progress(std::int64_t now) {
    if (request_.options.observer == nullptr) return;
    constexpr std::int64_t every_ns = 50'000'000;
    std::int64_t last = told_at_ns_.load(std::memory_order_relaxed);
    if (last == 0) {
      told_at_ns_.compare_exchange_strong(last, now);
      return;
    }
    if (now - last < every_ns || !told_at_ns_.compare_exchange_strong(last, now)) return;
    tell_elements();
  }
  void tell_elements() {
    if (request_.options.observer == nullptr) return;
    request_.options.observer->notice(
        {event_kind::did_progress, row_.names.front(), "elements", done_.load(), elements_.distinct()});
  }

  // map_verify.hpp
  void verify_found();
  void verify_range(std::size_t first, std::size_t last);
  std::string difference_of(std::uint32_t place) const;
  std::shared_ptr<void> value_of_second_results() const;
  void compare_whole(std::shared_ptr<void> const& again);

  void finish() {
    if (packs_) {
      if (packs_->has_dropped())
        notes_.uncacheable(map_notes::no_element, "a file that it reads changed while it ran");
      for (std::string const& text : packs_->warnings()) notes_.warn(text);
    }
    std::string_view const range = request_.graph.slots[row_.reads.front()].name;
    if (request_.writes && elements_.has_range_changed())
      notes_.uncacheable(map_notes::no_element,
                         "a file in `" + std::string(range) + "` changed while it ran");
    if (!entries_.empty()) tell_read();
    made_.packed = packs_ && (made_.ran == 0 || request_.writes) && !packs_->has_failed() &&
                   !notes_.is_uncacheable() && !has_unstored_.load() && entries_.empty();
    notes_.tell(made_);
    if (!notes_.failures().empty()) describe_failures();
    if (made_.broken || !made_.message.empty()) return;
    for (state const one : states_)
      if (one != state::filled) return;
    std::shared_ptr<void> const again = made_.difference.empty() ? value_of_second_results() : nullptr;
    made_.value = map_.finish(results_.get(), elements_.places());
    if (again != nullptr) compare_whole(again);
  }

  void tell_read() {
    std::string problem;
    made_.dependencies = entries_.all(problem);
    if (packs_)
      for (std::uint32_t const place : entries_.places())
        made_.entries.push_back(elements_.keys().key(place));
    if (!problem.empty()) notes_.uncacheable(map_notes::no_element, problem);
  }

  void describe_failures() {
    for (std::size_t i = 0; i < elements_.count(); ++i)
      if (states_[elements_.places()[i]] == state::failed) made_.failed.push_back(i);
    std::size_t different = 0;
    for (state const one : states_) different += one == state::failed ? 1 : 0;
    map_notes::failure const& first = notes_.failures().front();
    made_.error = first.thrown;
    if (made_.failed.size() > 1)
      made_.message.append(std::to_string(made_.failed.size())).append(" elements, the first is ");
    made_.message.append("element ").append(std::to_string(first.index)).append(": ").append(first.message);
    for (map_notes::failure const& one : notes_.failures()) {
      std::string text = std::to_string(one.index);
      text.append(" of ").append(std::to_string(made_.elements)).append(elements_.text_of(one.index));
      made_.facts.push_back({"element", std::move(text.append(": ").append(one.message))});
    }
    if (different > made_.facts.size())
      made_.facts.push_back({"and", std::to_string(different - made_.facts.size()).append(" more")});
  }

  clock const& time() const { return request_.options.clock ? *request_.options.clock : clock::system(); }

  bool is_over() const { return ending_.stop_requested(); }

  /// Calls of the user's function, on all threads that the step may have.
  template <class Body>
  void parallel(std::size_t count, Body body) {
    // The task that runs here holds the step's names already, and others of this map must not run beside it.
    if (!row_.options.exclusions.empty()) return body(0, count);
    parallel_for(request_.executor, count, body_of(body),
                 {.priority = request_.priority, .weight = row_.options.threads});
  }

  struct ender {
    void operator()() const { ending.request_stop(); }
    std::stop_source& ending;
  };

  map_request const& request_;
  step_row const& row_;
  map_row const& map_;
  map_elements elements_;
  std::shared_ptr<void> results_;
  std::shared_ptr<void> again_;  // second results, of `verified_`
  running_step const* const inside_ = running_step::innermost();
  std::vector<state> states_;  // by place; different places belong to different threads
  std::optional<map_packs> packs_;
  std::vector<stored_element> stored_;
  std::vector<std::uint32_t> hits_, missing_, verified_;  // places
  map_entries entries_{request_, time()};
  map_reasons reasons_;
  std::atomic<std::uint64_t> ran_{0};
  std::atomic<std::int64_t> cost_ns_{0};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<bool> has_unstored_{false};  // a result that has no stored form
  std::atomic<std::int64_t> told_at_ns_{0};
  std::stop_source ending_;  // what ends the run, or a failure here
  std::stop_callback<ender> const on_stop_{request_.stop, ender{ending_}};
  map_notes notes_{ending_};
  map_outcome made_;
};

}  // namespace memo::detail
