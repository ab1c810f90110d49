/// The promises that every store keeps, so that the engine needs to know none of them by name.
#pragma once

#include <memo/store/entry.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace memo {

/// A place where results live. A store is a handle: cheap to copy, copies share one state, and every function
/// may be called from any thread.
///
/// A child that is forked while other threads use a store must not use that store: their locks are not its own. Claims are
/// given up in the child, whatever it does.
///
/// Promises that the syntax cannot state:
/// - What was put under a key is what is found, or nothing is: records are verified by checksum before they are
///   handed out. Damage and I/O failures are `lookup::error` with a reason, or a `put_result` with a warning; only
///   construction, `list`, `stats`, `clear`, `verify` and `collect` may throw `store_error`, and anything may throw
///   std::bad_alloc. A store's own trouble never makes a wrong value.
/// - `find` and `read` write nothing but what `access::normal` allows.
/// - An entry becomes visible after its objects, whole or not at all.
/// - `put` of many is one operation for the store: it may pack them. `put` of none applies the store's own limits now, and
///   warns where they cannot be kept, as what is pinned is more.
/// - `pin`ned keys, and the objects that their entries name, survive limits and `collect` until the returned
///   handle is destroyed. Limits are enforced on put or by `collect`, least valuable first: by age and bytes
///   against cost.
/// - `last` records are small texts by identifier, replaced whole; losing one loses only the wording of a reason.
/// - `erase(key)` removes all variants; objects that nothing names any more go with the next `collect`, or at once
///   with `discard(object)` by somebody who knows.
/// - A store with live values may have `recall(key, recall_request)`, which gives when the value was created, in milliseconds
///   since 1970, or -1 for what `find` and `read` have to answer. It is as true as they are at that moment.
/// - A store in a directory may have `location()`, which gives the canonical path of that directory.
template <class S>
concept store =
    requires(S const cs) {
      {
        cs.capabilities()
      } -> std::same_as<capabilities>;  // first: it keeps the rest from being asked of any type
    } && std::copyable<S> &&
    requires(S s, digest id, std::span<digest const> ids, std::span<found_entries> answers, void const* tag,
             std::span<put_request const> requests, byte_view bytes, std::string_view name,
             void (*seen)(void*, entry_info const&), void* state, store_limits limits, access how,
             claim_request const& request) {
      // Entries. The batch form answers ids[i] in answers[i].
      { s.find(id, how) } -> std::same_as<found_entries>;
      s.find(ids, answers, how);
      // Objects. `tag` is the wanted live type, or null for bytes.
      { s.read(id, tag, how) } -> std::same_as<found_object>;
      // The live value of the wanted type, as `read` gives it; else the bytes where they are: mapped, where the store is
      // `mappable`, and as `read` gives them where not.
      { s.view(id, tag, how) } -> std::same_as<found_object>;
      { s.put(requests) } -> std::same_as<put_result>;
      // The text of the last run, by an identifier of the engine's making.
      { s.read_last(id) } -> std::same_as<std::optional<std::string>>;
      { s.write_last(id, bytes) } -> std::same_as<put_result>;
      { s.claim(request) } -> std::same_as<claim_result>;
      { s.pin(ids) } -> std::same_as<std::shared_ptr<void>>;
      { s.erase(id) } -> std::same_as<bool>;
      s.discard(id);
      // Whole-store operations.
      s.visit(seen, state);
      { s.list() } -> std::same_as<std::vector<entry_info>>;
      { s.show(id) } -> std::same_as<entries>;
      { s.stats() } -> std::same_as<store_stats>;
      { s.verify() } -> std::same_as<verify_result>;
      { s.collect(limits) } -> std::same_as<collect_result>;
      { s.collect() } -> std::same_as<collect_result>;  // by the store's own limits
      s.clear();
      s.clear_step(name, name);  // pipeline, step (any of its output names)
    };

}  // namespace memo
