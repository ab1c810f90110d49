#pragma once

#include <memo/graph/check.hpp>
#include <memo/key/key_value.hpp>
#include <memo/run/cached.hpp>
#include <memo/run/chance.hpp>
#include <memo/run/context.hpp>
#include <memo/run/errors.hpp>
#include <memo/run/options.hpp>
#include <memo/run/step_key.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {

/// How often a memoized function was answered from the store, and how often it had to be called.
struct memoize_stats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t differences = 0;  ///< mode verify: hits that a second computation did not confirm
};

namespace detail {

/// A key that a thread computes right now, for as long as this object lives on its stack.
class running_key {
 public:
  /// `function` tells apart functions of one key: one memory of a function may stand behind another.
  running_key(void const* function, std::string_view name, digest const& key)
      : function_(function), name_(name), key_(key), outer_(innermost()) {
    for (running_key const* k = outer_; k != nullptr; k = k->outer_)
      if (k->key_ == key && k->function_ == function) throw_recursion();
    innermost() = this;
  }
  running_key(running_key const&) = delete;
  running_key& operator=(running_key const&) = delete;
  ~running_key() { innermost() = outer_; }

 private:
  static running_key*& innermost() {
    static thread_local running_key* key = nullptr;
    return key;
  }

  [[noreturn]] void throw_recursion() const {
    std::string chain(name_);
    for (running_key const* k = outer_; k != nullptr; k = k->outer_) {
      chain = std::string(k->name_) + " \u2192 " + chain;
      if (k->key_ == key_ && k->function_ == function_) break;
    }
    throw usage_error(
        "a memoized call asks for its own result",
        {{"function", std::string(name_)}, {"chain", chain}, {"key", to_hex(key_)}},
        "the arguments are the same as those of the call that is running: the recursion has no end");
  }

  void const* function_;
  std::string_view name_;
  digest key_;
  running_key* outer_;
};

/// The part of a memoized function that needs no types.
class memoize_core {
 public:
  memoize_core(any_store store, memo::options const& chosen, std::string_view name)
      : store_(std::move(store)), options_(effective(chosen)), seed_(seed_of(options_.secret)), name_(name) {}

  struct answer {
    std::shared_ptr<void const> value;
    cached_call call;
  };

  std::uint64_t seed() const { return seed_; }
  memo::options const& options() const { return options_; }
  void set_prefix(digest const& prefix) { prefix_ = prefix; }

  digest key_of(key_parts& parts, step_options const& declared) const {
    std::vector<std::string_view> variables = declared.environment.all();
    variables.insert(variables.end(), options_.env.begin(), options_.env.end());
    if (!variables.empty()) add_environment(parts, std::move(variables));
    return parts.key(prefix_, seed_);
  }

  /// The stored value of a key, or null with a call that is ready to be published.
  answer find(digest const& key, value_type const& type, std::int64_t ttl_ms) const {
    answer found;
    mode_rules const& rules = rules_of(options_.mode);
    if (!rules.looks_up) {
      found.call.skip_look_up(key, {}, rules.replaces);
      return found;
    }
    access const how = rules.writes ? access::normal : access::read_only;
    found.call.look_up(store_, key, {.now_ms = time().wall_ms(), .ttl_ms = ttl_ms, .outputs = 1, .how = how});
    if (found.call.where() != cached_call::state::hit) {
      if (found.call.failed_to_read()) warn("a result could not be read", found.call.reason());
      return found;
    }
    loaded value = found.call.load(store_, 0, type, false, how);
    if (value.object == nullptr) {
      warn("a result could not be read", value.problem);
      found.call.reopen(std::move(value.problem), true);
      return found;
    }
    found.value = std::move(value.object);
    return found;
  }

  void publish(cached_call& call, std::shared_ptr<void const> const& value, value_type const& type,
               std::int64_t took) const {
    if (!rules_of(options_.mode).writes) return;
    put_result put;
    try {
      put = put_value(call, value, type, took);
    } catch (std::bad_alloc const&) {
      throw;
    } catch (...) {
      put.warning = message_of(std::current_exception());
    }
    if (!put.warning.empty()) warn("a result could not be stored", put.warning);
  }

  void tell_uncached(std::string const& why) const {
    if (options_.observer == nullptr) return;
    std::string const text = "not cached: " + why;
    options_.observer->notice({event_kind::did_warn, name_, text, 0, 0});
  }

  bool verifies() const { return rules_of(options_.mode).verifies; }

  any_store& store() const { return store_; }
  clock const& time() const { return options_.clock ? *options_.clock : clock::system(); }
  std::string_view name() const { return name_; }
  bool is_off() const { return options_.mode == mode::off; }

  /// Tells the observer that a second computation did not confirm what is stored.
  void tell_difference(std::string const& what) const {
    if (options_.observer != nullptr) options_.observer->notice({event_kind::did_differ, name_, what, 0, 0});
  }

 private:
  put_result put_value(cached_call& call, std::shared_ptr<void const> const& value, value_type const& type,
                       std::int64_t took) const {
    encoding const encoded = type.encode(value.get(), seed_);
    stored_output out = describe(encoded, type, store_.capabilities().inline_limit);
    object_source const source = object_of(encoded, type, value);
    bool const is_inline = out.is_inline;
    entry made;
    made.project = options_.project;
    made.pipeline = "memoize";
    made.step = name_;
    made.created_ms = time().wall_ms();
    made.cost_ns = took;
    made.outputs.push_back(std::move(out));
    return call.publish(store_, std::move(made), {&source, is_inline ? 0u : 1u});
  }

  void warn(std::string_view headline, std::string const& problem) const {
    if (options_.observer != nullptr) options_.observer->notice({event_kind::did_warn, name_, problem, 0, 0});
    if (options_.strict)
      throw store_error(std::string(headline) + ", and options.strict is set",
                        {{"function", std::string(name_)}, {"problem", problem}},
                        "without options.strict the result is used, and computed again next time");
  }

  mutable any_store store_;
  memo::options options_;
  std::uint64_t seed_;
  digest prefix_;
  std::string_view name_;
};

template <fixed_string Name, class F, class Parameters>
class memoized;

/// A function whose results are kept. Copies share the statistics; calls may come from any thread.
template <fixed_string Name, class F, class... P>
class memoized<Name, F, types<P...>> {
  using result = typename signature<F>::result;
  using value = std::remove_cv_t<result>;

 public:
  memoized(F function, any_store store, memo::options const& chosen, step_options const& declared)
      : function_(std::move(function)), core_(std::move(store), chosen, name()), declared_(declared) {
    key_parts prefix;
    prefix.add(part::format, "memoize", std::uint64_t{key_format_version});
    prefix.add(part::project, {}, core_.options().project);
    prefix.add(part::step, name(), std::string_view());
    prefix.add(part::result, {}, schema_of<value>());
    (prefix.add(part::read, {}, schema_of<std::remove_cvref_t<P>>()), ...);
    add_code(prefix, declared_, detail::current_float_flags);
    if constexpr (!std::is_empty_v<F> && !std::is_pointer_v<F>)
      prefix.add(part::state, schema_of<F>(), fingerprint_of(function_, core_.seed()));
    core_.set_prefix(prefix.prefix(core_.seed()));
  }

  /// The value for these arguments: stored, or computed and stored now. Throws what the function throws.
  value operator()(std::remove_cvref_t<P> const&... arguments) const { return *shared(arguments...); }

  /// The same without a copy.
  std::shared_ptr<value const> shared(std::remove_cvref_t<P> const&... arguments) const {
    context ctx(core_.name(), seed_for(arguments...), core_.options().stop, core_.options().observer);
    if (core_.is_off()) return call(ctx, arguments...);
    digest key;
    try {
      key = key_of(arguments...);
    } catch (unhashable const& e) {
      core_.tell_uncached(e.headline());
      return call(ctx, arguments...);
    }
    memoize_core::answer found = core_.find(key, value_type_of<value>, declared_.ttl_ms);
    if (found.value != nullptr) {
      counters_->hits.fetch_add(1, std::memory_order_relaxed);
      if (core_.verifies() && by_chance(counters_->random, core_.options().verify))
        verify(found.call, ctx, arguments...);
      return std::static_pointer_cast<value const>(std::move(found.value));
    }
    running_key const running(counters_.get(), core_.name(), key);
    counters_->misses.fetch_add(1, std::memory_order_relaxed);
    std::int64_t const start = core_.time().steady_ns();
    std::shared_ptr<value const> made = call(ctx, arguments...);
    std::int64_t const took = core_.time().steady_ns() - start;
    if (!ctx.dependencies().empty())
      core_.tell_uncached("it read `" + ctx.dependencies().front().name + "` while it ran");
    else if (a_file_changed(key, arguments...))
      core_.tell_uncached("a file among its arguments changed while it ran");
    else
      core_.publish(found.call, made, value_type_of<value>, took);
    return made;
  }

  /// Whether a call with these arguments would be answered from the store. Reads and decodes the value; counts nothing.
  bool contains(std::remove_cvref_t<P> const&... arguments) const {
    try {
      return core_.find(key_of(arguments...), value_type_of<value>, declared_.ttl_ms).value != nullptr;
    } catch (unhashable const&) {
      return false;  // without a key nothing was stored
    }
  }

  /// Removes the result for these arguments; gives whether there was one.
  bool erase(std::remove_cvref_t<P> const&... arguments) const {
    try {
      return core_.store().erase(key_of(arguments...));
    } catch (unhashable const&) {
      return false;
    }
  }

  /// Hits and misses of this object and its copies.
  memoize_stats stats() const {
    return {counters_->hits.load(), counters_->misses.load(), counters_->differences.load()};
  }

  /// The same function at another code version, with statistics of its own.
  template <std::int64_t Version>
  memoized version() const {
    return with([](step_options& o) {
      o.code = code_identity::version;
      o.version = Version;
    });
  }

  /// The same function whose results are misses when they are older than `age`, with statistics of its own.
  template <class Rep, class Period>
  memoized ttl(std::chrono::duration<Rep, Period> age) const {
    return with([age](step_options& o) { o.ttl_ms = milliseconds_of(age); });
  }

  /// The same function with environment variables that count as arguments, with statistics of its own.
  template <fixed_string... Names>
  memoized env() const {
    return with([](step_options& o) { o.environment.add(name_list<Names...>::views); });
  }

 private:
  struct counters {
    std::atomic<std::uint64_t> hits{0}, misses{0}, differences{0}, random{0};
  };

  std::shared_ptr<value const> call(context& ctx, std::remove_cvref_t<P> const&... arguments) const {
    if constexpr (signature<F>::takes_context)
      return std::make_shared<value const>(function_(ctx, arguments...));
    else
      return std::make_shared<value const>(function_(arguments...));
  }

  template <class Change>
  memoized with(Change change) const {
    step_options changed = declared_;
    change(changed);
    return memoized(function_, core_.store(), core_.options(), changed);
  }

  static constexpr std::string_view name() { return define_name<Name>::text.view(); }

  /// Computes a hit again; what is stored is used and kept, whatever comes of it.
  void verify(cached_call const& hit, context& ctx, std::remove_cvref_t<P> const&... arguments) const {
    digest const& before = hit.found().outputs.front().value.value;
    std::string difference;
    try {
      digest const now = fingerprint_of(*call(ctx, arguments...), core_.seed()).value;
      if (now != before) difference = "stored " + to_hex(before) + ", now " + to_hex(now);
    } catch (...) {
      difference = "it failed: " + message_of(std::current_exception());
    }
    if (difference.empty()) return;
    counters_->differences.fetch_add(1, std::memory_order_relaxed);
    core_.tell_difference(difference);
  }

  /// Whether a file among the arguments is no longer what it was when its key was derived.
  bool a_file_changed([[maybe_unused]] digest const& key, std::remove_cvref_t<P> const&... arguments) const {
    if constexpr ((false || ... || std::is_same_v<std::remove_cvref_t<P>, file>)) {
      try {
        return key_of(arguments...) != key;
      } catch (unhashable const&) {
        return true;
      }
    } else {
      return false;
    }
  }

  /// As a step's: from project, name and arguments, and not from the version.
  std::uint64_t seed_for([[maybe_unused]] std::remove_cvref_t<P> const&... arguments) const {
    if constexpr (signature<F>::takes_context) {
      key_parts parts;
      parts.add(part::project, {}, core_.options().project);
      parts.add(part::step, name(), std::string_view());
      try {
        (add_value(parts, part::input, {}, arguments, core_.seed()), ...);
      } catch (unhashable const&) {
        // The call is not cached, and what comes behind that argument is not drawn from.
      }
      return parts.prefix(0).low;
    } else {
      return 0;
    }
  }

  digest key_of(std::remove_cvref_t<P> const&... arguments) const {
    key_parts parts;
    (add_value(parts, part::input, {}, arguments, core_.seed()), ...);
    return core_.key_of(parts, declared_);
  }

  F function_;
  memoize_core core_;
  step_options declared_;
  std::shared_ptr<counters> counters_ = std::make_shared<counters>();
};

}  // namespace detail

namespace rule {

template <class Name>
struct nothing_to_memoize {
  static_assert(broken<Name>,
                "memo: a memoized function must return a value; one that returns void has none to keep");
};
template <class Name, class Arguments>
struct argument_not_hashable {
  static_assert(
      broken<Name>,
      "memo: an argument of the memoized function can be neither hashed nor serialized; give its type a "
      "cereal serialize function, a memo::codec or a memo::hash_of");
};

}  // namespace rule

namespace detail {

template <class Name, class R, class... P>
consteval auto check_memoized(types<P...>) {
  using value = std::remove_cv_t<R>;
  if constexpr ((false || ... || is_mutable_reference<P>))
    return sizeof(rule::mutable_parameter<Name>) != 0;
  else if constexpr (std::is_void_v<R>)
    return sizeof(rule::nothing_to_memoize<Name>) != 0;
  else if constexpr (is_borrowed<R>)
    return sizeof(rule::borrowed_output<Name, type<R>>) != 0;
  else if constexpr (!storable<value>)
    return sizeof(rule::output_not_serializable<Name, type<value>>) != 0;
  else if constexpr (!(true && ... && hashable<std::remove_cvref_t<P>>))
    return sizeof(rule::argument_not_hashable<Name, types<P...>>) != 0;
  else
    return true;
}

template <fixed_string Name, class F>
auto make_memoized(F function, any_store store, memo::options const& chosen, step_options const& declared) {
  static_assert(signature<F>::known,
                "memo: memoize needs a function whose parameters are spelled out, not a generic lambda");
  using parameters = typename signature<F>::parameters;
  static_assert(check_memoized<name_witness<id_of<Name>>, typename signature<F>::result>(parameters{}));
  if constexpr (has_hidden_state<F>)
    static_assert(sizeof(rule::hidden_state<name_witness<id_of<Name>>, F>) != 0);
  return memoized<Name, F, parameters>(std::move(function), std::move(store), chosen, declared);
}

}  // namespace detail

/// Gives a function a memory: `auto sim = memo::memoize<"simulate">(simulate, store);`. The name, the types, the
/// version and the arguments are the key, as those of a step are. Without `.version<N>()` any rebuild of the program
/// computes again. Of `options`, mode, strict, verify, project, env, secret, stop, observer and clock count. Two threads
/// that miss one key at the same time both compute it. A function object's state must be hashable. A function that reads
/// something through a context is called every time.
template <fixed_string Name, class F>
auto memoize(F function, any_store store, memo::options const& chosen = {}) {
  step_options declared;
  if constexpr (detail::is_sourced<F>) {
    declared.code = code_identity::source;
    declared.source = function.source;
    return detail::make_memoized<Name>(std::move(function.function), std::move(store), chosen, declared);
  } else {
    return detail::make_memoized<Name>(std::move(function), std::move(store), chosen, declared);
  }
}

}  // namespace memo
