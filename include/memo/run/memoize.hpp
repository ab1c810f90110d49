#pragma once

#include <memo/graph/check.hpp>
#include <memo/key/key_value.hpp>
#include <memo/key/packed_key.hpp>
#include <memo/run/chance.hpp>
#include <memo/run/context.hpp>
#include <memo/run/memoize_core.hpp>
#include <memo/run/value_difference.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace memo {
namespace detail {

template <fixed_string Name, class F, class Parameters>
class memoized;

/// A function whose results are kept. Copies share the statistics. Calls may come from any thread, and then call the
/// function from any thread.
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

  /// The value for these arguments: stored, or computed by another thread or process at this moment, or computed and
  /// stored now. Throws what the function throws, and usage_error where the function asks for its own result.
  value operator()(std::remove_cvref_t<P> const&... arguments) const {
    if constexpr (is_plain) {
      if (core_.is_off()) return *call(arguments...).made;
      digest key;
      if (!try_key(key, arguments...)) return *call(arguments...).made;
      std::array<std::byte, sizeof(value)> bytes;
      if (core_.recall(key, value_type_of<value>, declared_.ttl_ms, bytes.data(), nullptr)) {
        counters_->count_hit();
        return std::bit_cast<value>(bytes);
      }
      return *find_or_call(key, arguments...);
    } else {
      return *shared(arguments...);
    }
  }

  /// The same without a copy.
  std::shared_ptr<value const> shared(std::remove_cvref_t<P> const&... arguments) const {
    if (core_.is_off()) return call(arguments...).made;
    digest key;
    if (!try_key(key, arguments...)) return call(arguments...).made;
    std::shared_ptr<void const> handle;
    if (core_.recall(key, value_type_of<value>, declared_.ttl_ms, nullptr, &handle)) {
      counters_->count_hit();
      return std::static_pointer_cast<value const>(std::move(handle));
    }
    return find_or_call(key, arguments...);
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
  memoize_stats stats() const { return counters_->sum(); }

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
  /// Whether a value is copied out of a store by its bytes.
  static constexpr bool is_plain = std::is_trivially_copyable_v<value> && sizeof(value) <= 64;

  /// As value_type has it.
  template <class Argument>
  static constexpr bool may_hold_file = hashable<Argument> && !storable<Argument>;

  struct called {
    std::shared_ptr<value const> made;
    bool saw_stop = false;                   ///< the call may have ended early
    std::vector<dependency> dependencies{};  ///< what it read through its context
    std::string changed{};                   ///< a clause where that is not what it was any more
    work_folder work{};
  };

  called call(std::remove_cvref_t<P> const&... arguments) const { return call_for({}, arguments...); }

  /// Without a key its work folder is gone with the call.
  called call_for([[maybe_unused]] digest const& key, std::remove_cvref_t<P> const&... arguments) const {
    auto const settle = [](called const& done, std::string_view going) {
      if constexpr (value_type_of<value>.settle != nullptr)
        value_type_of<value>.settle(done.made.get(), going);
    };
    if constexpr (signature<F>::takes_context) {
      context ctx(core_.name(), seed_for(arguments...), core_.options().stop, core_.options().observer,
                  nullptr, core_.is_off() ? std::nullopt : std::optional(core_.seed()));
      ctx.set_work_key(key);
      called done{std::make_shared<value const>(function_(ctx, arguments...))};
      done.saw_stop = ctx.saw_stop();
      if (done.saw_stop) return done;
      done.changed = ctx.notes().find_change();
      done.dependencies = ctx.notes().take();
      settle(done, ctx.work().place());
      done.work = std::move(ctx.work());
      return done;
    } else {
      called done{std::make_shared<value const>(function_(arguments...))};
      settle(done, {});
      return done;
    }
  }

  /// What follows where the value is not at hand.
  std::shared_ptr<value const> find_or_call(digest const& key,
                                            std::remove_cvref_t<P> const&... arguments) const {
    value_type const& type = value_type_of<value>;
    memoize_core::answer found = core_.find(key, type, declared_.ttl_ms);
    if (found.value != nullptr) {
      counters_->count_hit();
      if (core_.verifies() && by_chance(counters_->random(), core_.options().verify))
        verify(found, arguments...);
      return std::static_pointer_cast<value const>(std::move(found.value));
    }
    running_key const running(counters_.get(), core_.name(), key);
    std::shared_ptr<void> const claim = core_.take_turn(key, type, declared_.ttl_ms, found);
    if (found.value != nullptr) {
      counters_->count_hit();
      return std::static_pointer_cast<value const>(std::move(found.value));
    }
    counters_->count_miss();
    std::optional<offered_call> offered;  // gone before the claim is: who is woken finds how the call ended
    if (claim != nullptr) offered.emplace(key, type.tag);
    std::int64_t const start = core_.time().steady_ns();
    called done = call_for(key, arguments...);
    std::int64_t const took = core_.time().steady_ns() - start;
    if (done.saw_stop) return std::move(done.made);
    bool const has_changed = !done.changed.empty();
    if (has_changed || a_file_changed(key, arguments...)) {
      core_.tell_uncached(has_changed ? done.changed : "a file among its arguments changed while it ran");
      if (offered) offered->keep_to_itself();
    } else {
      bool const is_independent = done.dependencies.empty();
      core_.publish(found.call, done.made, type, took, std::move(done.dependencies));
      // Who waits may have begun after an edit: then it looks at what the result depends on itself.
      if (offered && is_independent) offered->give(done.made);
    }
    done.work.remove();
    return std::move(done.made);
  }

  template <class Change>
  memoized with(Change change) const {
    step_options changed = declared_;
    change(changed);
    return memoized(function_, core_.store(), core_.options(), changed);
  }

  static constexpr std::string_view name() { return define_name<Name>::text.view(); }

  /// Computes a hit again; what is stored is used and kept, whatever comes of it.
  void verify(memoize_core::answer const& hit, std::remove_cvref_t<P> const&... arguments) const {
    std::string difference;
    try {
      difference = value_difference(value_type_of<value>, hit.value.get(), call(arguments...).made.get(),
                                    core_.seed());
    } catch (...) {
      difference = "it failed: " + message_of(std::current_exception());
    }
    if (difference.empty()) return;
    // What changed since the look-up explains it.
    present_things present(core_.seed());
    if (present.find_difference(hit.call.found().dependencies) != nullptr) return;
    counters_->count_difference();
    core_.tell_difference(difference);
  }

  /// Whether a file among the arguments is no longer what it was when its key was derived.
  bool a_file_changed([[maybe_unused]] digest const& key, std::remove_cvref_t<P> const&... arguments) const {
    if constexpr ((false || ... || may_hold_file<std::remove_cvref_t<P>>)) {
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

  /// A function that may look around is known by where its files lie, too.
  template <class Argument>
  void add_place(key_parts& parts, Argument const& argument) const {
    if constexpr (may_hold_file<Argument>)
      parts.add(part::path, {}, place_of(value_type_of<Argument>, &argument, core_.seed()));
  }

  digest key_of(std::remove_cvref_t<P> const&... arguments) const {
    if constexpr ((true && ... && packed_in_key<std::remove_cvref_t<P>>)) {
      if (!has_environment_) return packed_key(core_.prefix(), core_.seed(), arguments...);
    }
    key_parts parts;
    (add_value(parts, part::input, {}, arguments, core_.seed()), ...);
    if constexpr (signature<F>::takes_context) (add_place(parts, arguments), ...);
    return core_.key_of(parts, declared_);
  }

  /// False where an argument cannot be hashed now, such as a file that cannot be read; the observer is told.
  bool try_key(digest& key, std::remove_cvref_t<P> const&... arguments) const {
    try {
      key = key_of(arguments...);
      return true;
    } catch (unhashable const& e) {
      core_.tell_uncached(e.headline());
      return false;
    }
  }

  F function_;
  memoize_core core_;
  step_options declared_;
  bool has_environment_ = core_.has_environment(declared_);
  std::shared_ptr<memoize_counters> counters_ = std::make_shared<memoize_counters>();
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
/// computes again. Of `options`, mode, strict, verify, project, env, secret, stop, wait, observer and clock count. Threads
/// and processes that miss one key at the same time compute it once: the others wait, as `options::wait` says. A function
/// object's state must be hashable. What a function reads through a context counts, as for a step.
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
