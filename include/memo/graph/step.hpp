#pragma once

#include <memo/graph/name.hpp>
#include <memo/graph/options.hpp>
#include <memo/key/source_text.hpp>

#include <chrono>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace memo {
namespace detail {

struct no_function {};

/// The checks of a step's outputs, the earlier ones nested inside.
struct no_checks {
  static constexpr std::size_t size = 0;
};
template <class Earlier, class Predicate>
struct checks {
  static constexpr std::size_t size = Earlier::size + 1;
  [[no_unique_address]] Earlier earlier;
  [[no_unique_address]] Predicate predicate;
  std::string_view why;
};

/// What a step is made of besides its names: typed parts that options as plain values cannot hold.
template <class Function, class Key = no_function, class Identity = no_function, class Checks = no_checks>
struct step_parts {
  using function_type = Function;
  using key_type = Key;
  using identity_type = Identity;
  using checks_type = Checks;

  [[no_unique_address]] Function function;
  [[no_unique_address]] Key key{};
  [[no_unique_address]] Identity identity{};
  [[no_unique_address]] Checks checks{};
};

/// What a map reads: the range `Over`, then what its function is called with beside an element.
template <name_id Over, name_id... Rest>
struct map_ids : ids<Over, Rest...> {};

template <class Reads>
inline constexpr bool is_map = false;
template <name_id Over, name_id... Rest>
inline constexpr bool is_map<map_ids<Over, Rest...>> = true;

template <name_id Over, name_id... Rest>
map_ids<Over, Rest...> with_rest(map_ids<Over>, ids<Rest...>);
template <name_id Over, name_id... Rest>
map_ids<Over, Rest...> with_range(ids<Over>, ids<Rest...>);

/// The part of a step that has no types.
struct step_base {
  std::span<std::string_view const> names;  ///< of the outputs
  step_options options{};
  std::string_view pipeline{};  ///< that declared it
  float_flags flags{};          ///< seen there
};

/// A step: names of its outputs, names that it reads, names that it comes after, and its parts. Every member function
/// gives a changed copy.
template <class Outputs, class Parts, class Reads = ids<>, class After = ids<>,
          cache_policy Policy = cache_policy::stored>
struct step_node : step_base {
  using outputs = Outputs;
  using reads = Reads;
  using after_names = After;
  using parts_type = Parts;
  static constexpr cache_policy policy = Policy;

  Parts parts;

  /// Names what the parameters of the function read, in order; for a map, what they read behind the element.
  template <fixed_string... Names>
  constexpr auto from() const {
    static_assert(Reads::size == (is_map<Reads> ? 1 : 0),
                  "memo: .from<...>() names all that the step reads; call it once");
    using rest = ids<id_of<Names>...>;
    if constexpr (is_map<Reads>)
      return step_node<Outputs, Parts, decltype(with_rest(Reads{}, rest{})), After, Policy>{base(), parts};
    else
      return step_node<Outputs, Parts, rest, After, Policy>{base(), parts};
  }

  /// Makes the step a map: its function is called for each element of the range `Name`, with the element and what
  /// `.from` names, and the step's value is the `std::vector` of the results, in the order of the range. Each element is
  /// cached by its own value, whatever its position; of equal elements one runs.
  /// Only the whole map is waited for where somebody else computes it: of two maps whose ranges overlap and that run at the
  /// same time, each computes what it lacks.
  template <fixed_string Name, fixed_string... More>
  constexpr auto over() const {
    static_assert(!is_map<Reads> && sizeof...(More) == 0,
                  "memo: .over<\"range\">() names the one range of a map; call it once, with one name");
    if constexpr (is_map<Reads>)
      return *this;
    else
      return step_node<Outputs, Parts, decltype(with_range(ids<id_of<Name>>{}, Reads{})), After, Policy>{
          base(), parts};
  }

  /// Runs later than these, and needs them to have run, but reads nothing of them.
  template <fixed_string... Names>
  constexpr auto after() const {
    using all = decltype(joined(After{}, ids<id_of<Names>...>{}));
    return step_node<Outputs, Parts, Reads, all, Policy>{base(), parts};
  }

  /// Sets the code version: only a new number means new code.
  template <std::int64_t Version>
  constexpr auto version() const {
    return with([](step_options& o) {
      o.code = code_identity::version;
      o.version = Version;
    });
  }

  /// Says how results are kept: `memo::never`, `inputs_only`, `digest_only` or `in_memory`.
  template <cache_policy Chosen>
  constexpr auto cache(policy_constant<Chosen>) const {
    return step_node<Outputs, Parts, Reads, After, Chosen>{base(), parts};
  }

  /// `g(arguments...)` gives what stands for the inputs in the key; for a map, in the key of each element.
  template <class G>
  constexpr auto key(G g) const {
    using parts_t = step_parts<typename Parts::function_type, G, typename Parts::identity_type,
                               typename Parts::checks_type>;
    return with_parts(parts_t{parts.function, std::move(g), parts.identity, parts.checks});
  }

  /// The value's digest becomes that of `g(value)`: a value that differs only elsewhere does not make its readers run
  /// again. For a step with one output.
  template <class G>
  constexpr auto identity(G g) const {
    using parts_t =
        step_parts<typename Parts::function_type, typename Parts::key_type, G, typename Parts::checks_type>;
    return with_parts(parts_t{parts.function, parts.key, std::move(g), parts.checks});
  }

  /// An output for which `predicate(outputs...)` is false is an error that says `why`, and is never cached.
  template <class Predicate>
  constexpr auto check(Predicate predicate, std::string_view why) const {
    using checks_t = checks<typename Parts::checks_type, Predicate>;
    using parts_t = step_parts<typename Parts::function_type, typename Parts::key_type,
                               typename Parts::identity_type, checks_t>;
    return with_parts(parts_t{parts.function, parts.key, parts.identity,
                              checks_t{parts.checks, std::move(predicate), why}});
  }

  /// A result older than this, by its creation time, is a miss.
  template <class Rep, class Period>
  constexpr auto ttl(std::chrono::duration<Rep, Period> age) const {
    return with([age](step_options& o) { o.ttl_ms = milliseconds_of(age); });
  }

  /// Environment variables that count as inputs; a `*` at the end of a name stands for any ending.
  template <fixed_string... Names>
  constexpr auto env() const {
    return with([](step_options& o) { o.environment.add(name_list<Names...>::views); });
  }

  /// Attempts `count` times more after an exception: the first time after `pause`, then each time after twice the
  /// pause before. A map attempts its elements again, each by itself.
  template <class Rep = std::int64_t, class Period = std::milli>
  constexpr auto retry(unsigned count, std::chrono::duration<Rep, Period> pause =
                                           std::chrono::duration<Rep, Period>::zero()) const {
    return with([count, pause](step_options& o) {
      o.retries = count;
      o.retry_pause_ms = milliseconds_of(pause);
    });
  }

  /// Steps, and elements of maps, that share a name here never run at the same time.
  template <fixed_string... Names>
  constexpr auto uses() const {
    return with([](step_options& o) { o.exclusions.add(name_list<Names...>::views); });
  }

  /// The step, or each element of a map, runs `count` threads of its own: it takes as many of the runner's jobs.
  constexpr auto threads(unsigned count) const {
    return with([count](step_options& o) { o.threads = count; });
  }

  /// Which of the runner's named stores holds the results.
  template <fixed_string Name>
  constexpr auto in() const {
    return with([](step_options& o) { o.store = define_name<Name>::text.view(); });
  }

 private:
  constexpr step_base const& base() const { return *this; }

  template <class Change>
  constexpr step_node with(Change change) const {
    step_node changed = *this;
    change(changed.options);
    return changed;
  }
  template <class P>
  constexpr auto with_parts(P changed) const {
    return step_node<Outputs, P, Reads, After, Policy>{base(), std::move(changed)};
  }
};

template <class F>
inline constexpr bool is_sourced = false;
template <class F>
inline constexpr bool is_sourced<sourced<F>> = true;

template <class Node>
inline constexpr bool is_map_node = false;
template <class Node>
  requires requires { typename Node::reads; }
inline constexpr bool is_map_node<Node> = is_map<typename Node::reads>;

}  // namespace detail

/// Declares a step by the names of its outputs and its function: `memo::step<"mean">(mean)`. With several names the
/// function returns a tuple, pair or array of as many values.
template <fixed_string... Names, class F>
constexpr auto step(F function) {
  static_assert(sizeof...(Names) > 0, "memo: a step needs a name for each of its outputs: step<\"name\">(f)");
  using outputs = detail::ids<id_of<Names>...>;
  detail::step_base base{detail::name_list<Names...>::views};
  if constexpr (detail::is_sourced<F>) {
    base.options.code = code_identity::source;
    base.options.source = function.source;
    using parts = detail::step_parts<decltype(function.function)>;
    return detail::step_node<outputs, parts>{base, parts{std::move(function.function)}};
  } else {
    using parts = detail::step_parts<F>;
    return detail::step_node<outputs, parts>{base, parts{std::move(function)}};
  }
}

}  // namespace memo
