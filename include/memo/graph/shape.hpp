/// The shape of a pipeline: which slot each step reads, the order of the steps, their levels, and what is wrong.
///
/// All of it is computed once per pipeline by ordinary constexpr code on arrays of name ids, in O(n log n) steps, so
/// that the compiler's work grows with the number of steps and not with the depth of templates.
#pragma once

#include <memo/graph/input.hpp>
#include <memo/graph/step.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace memo::detail {

/// Names declared by one node: what it gives, what it reads and what it comes after.
template <class Node>
struct node_names {
  static constexpr bool is_step = true;
  using outputs = typename Node::outputs;
  using reads = typename Node::reads;
  using after = typename Node::after_names;
};
template <name_id Id, class T, class Default, class Added>
struct node_names<input_node<Id, T, Default, Added>> {
  static constexpr bool is_step = false;
  using outputs = ids<Id>;
  using reads = ids<>;
  using after = ids<>;
};

using index = std::uint16_t;
inline constexpr index no_index = 0xffff;

enum class shape_error : std::uint8_t { none, same_name, unknown_name, cycle };

/// The counts that `analyse` starts from, node by node.
struct node_counts {
  bool is_step = false;
  index outputs = 0;
  index reads = 0;
  index after = 0;
};

/// (id, slot) pairs sorted by id, for look-ups by name.
template <std::size_t Slots>
struct name_table {
  std::array<name_id, Slots> id{};
  std::array<index, Slots> slot{};

  constexpr index find(name_id wanted) const {
    std::size_t low = 0, high = Slots;
    while (low < high) {
      std::size_t const middle = (low + high) / 2;
      if (id[middle] < wanted)
        low = middle + 1;
      else
        high = middle;
    }
    return low < Slots && id[low] == wanted ? slot[low] : no_index;
  }
};

// Shell's sort with the gaps of Ciura (2001): one loop without calls, which compilers evaluate with little memory.
template <std::size_t Slots>
constexpr name_table<Slots> sort_names(std::array<name_id, Slots> const& unsorted) {
  constexpr std::size_t gaps[] = {9973, 4441, 1968, 701, 301, 132, 57, 23, 10, 4, 1};
  name_table<Slots> t{unsorted, {}};
  for (std::size_t i = 0; i < Slots; ++i) t.slot[i] = static_cast<index>(i);
  for (std::size_t const gap : gaps)
    for (std::size_t i = gap; i < Slots; ++i) {
      name_id const id = t.id[i];
      index const slot = t.slot[i];
      std::size_t to = i;
      for (; to >= gap && t.id[to - gap] > id; to -= gap) {
        t.id[to] = t.id[to - gap];
        t.slot[to] = t.slot[to - gap];
      }
      t.id[to] = id;
      t.slot[to] = slot;
    }
  return t;
}

/// A slot is a place for one value: an input, or an output of a step; slots are numbered in declaration order.
template <std::size_t Nodes, std::size_t Slots, std::size_t Reads, std::size_t Afters>
struct shape {
  std::array<node_counts, Nodes> counts{};
  std::array<index, Nodes + 1> first_slot{};
  std::array<index, Nodes + 1> first_read{};
  std::array<index, Nodes + 1> first_after{};
  std::array<name_id, Slots> slot_id{};
  name_table<Slots> names{};
  std::array<index, Slots> slot_node{};
  std::array<index, Reads> read_slot{};    ///< of every read of every node, in order
  std::array<index, Afters> after_slot{};  ///< of every `.after` of every node
  std::array<index, Nodes> order{};        ///< nodes, what is read before what reads it
  std::array<index, Nodes> step_place{};   ///< of a step among the steps, in that order
  std::array<index, Nodes> level{};
  std::array<index, Nodes + 1> cycle{};  ///< where `error` is cycle: its nodes, each reading the next
  index cycle_length = 0;
  index levels = 0;
  shape_error error = shape_error::none;
  index error_node = no_index;
  name_id error_name = 0;
};

/// Depth first over what each node needs: gives the order and the levels, or the cycle.
template <std::size_t Nodes, std::size_t Slots, std::size_t Reads, std::size_t Afters>
constexpr void put_in_order(shape<Nodes, Slots, Reads, Afters>& s) {
  std::array<index, Nodes + 1> stack{}, next{};
  std::array<char, Nodes> visited{};  // 0 not yet, 1 on the stack, 2 done
  std::size_t placed = 0;
  for (std::size_t start = 0; start < Nodes; ++start) {
    if (visited[start] != 0) continue;
    std::size_t depth = 0;
    stack[0] = static_cast<index>(start);
    next[0] = 0;
    visited[start] = 1;
    for (;;) {
      index const node = stack[depth];
      std::size_t const reads = s.counts[node].reads, needs = reads + s.counts[node].after;
      if (next[depth] == needs) {
        visited[node] = 2;
        s.order[placed++] = node;
        if (depth == 0) break;
        --depth;
        continue;
      }
      std::size_t const k = next[depth]++;
      index const need = k < reads ? s.slot_node[s.read_slot[s.first_read[node] + k]]
                                   : s.slot_node[s.after_slot[s.first_after[node] + k - reads]];
      if (visited[need] == 1) {
        std::size_t from = depth;
        while (stack[from] != need) --from;
        for (std::size_t i = from; i <= depth; ++i) s.cycle[s.cycle_length++] = stack[i];
        s.error = shape_error::cycle;
        s.error_node = need;
        return;
      }
      if (visited[need] == 0) {
        visited[need] = 1;
        stack[++depth] = need;
        next[depth] = 0;
      }
    }
  }
  index place = 0;
  for (index const node : s.order) {
    if (!s.counts[node].is_step) continue;
    s.step_place[node] = place++;
    index level = 0;
    for (std::size_t r = s.first_read[node]; r < s.first_read[node + 1u]; ++r) {
      index const below = s.level[s.slot_node[s.read_slot[r]]];
      level = below > level ? below : level;
    }
    for (std::size_t a = s.first_after[node]; a < s.first_after[node + 1u]; ++a) {
      index const below = s.level[s.slot_node[s.after_slot[a]]];
      level = below > level ? below : level;
    }
    s.level[node] = static_cast<index>(level + 1);
    s.levels = s.level[node] > s.levels ? s.level[node] : s.levels;
  }
  ++s.levels;
}

/// Resolves names to slots and nodes, and puts the nodes in order. Stops at the first error.
template <std::size_t Nodes, std::size_t Slots, std::size_t Reads, std::size_t Afters>
constexpr auto analyse(std::array<node_counts, Nodes> const& counts,
                       std::array<name_id, Slots> const& outputs, std::array<name_id, Reads> const& reads,
                       std::array<name_id, Afters> const& afters) {
  shape<Nodes, Slots, Reads, Afters> s;
  s.counts = counts;
  s.slot_id = outputs;
  for (std::size_t n = 0; n < Nodes; ++n) {
    s.first_slot[n + 1] = static_cast<index>(s.first_slot[n] + counts[n].outputs);
    s.first_read[n + 1] = static_cast<index>(s.first_read[n] + counts[n].reads);
    s.first_after[n + 1] = static_cast<index>(s.first_after[n] + counts[n].after);
    for (std::size_t i = s.first_slot[n]; i < s.first_slot[n + 1]; ++i)
      s.slot_node[i] = static_cast<index>(n);
  }
  s.names = sort_names(outputs);
  auto const& table = s.names;
  for (std::size_t i = 1; i < Slots; ++i)
    if (table.id[i] == table.id[i - 1]) {
      s.error = shape_error::same_name;
      s.error_node = s.slot_node[table.slot[i]];
      s.error_name = table.id[i];
      return s;
    }
  for (std::size_t n = 0; n < Nodes; ++n) {
    for (std::size_t r = s.first_read[n]; r < s.first_read[n + 1]; ++r) {
      s.read_slot[r] = table.find(reads[r]);
      if (s.read_slot[r] == no_index) s.error_name = reads[r];
    }
    for (std::size_t a = s.first_after[n]; a < s.first_after[n + 1]; ++a) {
      s.after_slot[a] = table.find(afters[a]);
      if (s.after_slot[a] == no_index) s.error_name = afters[a];
    }
    if (s.error_name != 0) {
      s.error = shape_error::unknown_name;
      s.error_node = static_cast<index>(n);
      return s;
    }
  }
  put_in_order(s);
  return s;
}

template <name_id... Ids>
constexpr void append_ids(name_id*& to, ids<Ids...>) {
  ((*to++ = Ids), ...);
}

/// The shape of a pipeline of these nodes.
template <class... Nodes>
struct shape_of {
  static constexpr std::size_t slot_count = (0 + ... + node_names<Nodes>::outputs::size);
  static constexpr std::size_t read_count = (0 + ... + node_names<Nodes>::reads::size);
  static constexpr std::size_t after_count = (0 + ... + node_names<Nodes>::after::size);

  static constexpr auto compute() {
    std::array<node_counts, sizeof...(Nodes)> counts{
        node_counts{node_names<Nodes>::is_step, static_cast<index>(node_names<Nodes>::outputs::size),
                    static_cast<index>(node_names<Nodes>::reads::size),
                    static_cast<index>(node_names<Nodes>::after::size)}...};
    std::array<name_id, slot_count> outputs{};
    std::array<name_id, read_count> reads{};
    std::array<name_id, after_count> afters{};
    [[maybe_unused]] name_id *o = outputs.data(), *r = reads.data(), *a = afters.data();
    (append_ids(o, typename node_names<Nodes>::outputs{}), ...);
    (append_ids(r, typename node_names<Nodes>::reads{}), ...);
    (append_ids(a, typename node_names<Nodes>::after{}), ...);
    return analyse(counts, outputs, reads, afters);
  }
  static constexpr auto value = compute();

  /// The slot of a name, or no_index.
  static constexpr index slot_named(name_id name) { return value.names.find(name); }
};

}  // namespace memo::detail
