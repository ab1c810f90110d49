/// A hash table by digest, of which little is a template: the tables of the stores differ in their values only.
#pragma once

#include <memo/core/digest.hpp>

#include <cstddef>
#include <vector>

namespace memo::detail {

struct digest_node {
  digest key;
  digest_node* next = nullptr;
};

/// Chains of nodes that somebody else owns. A digest is a hash already: its low bits choose the chain.
class digest_chains {
 public:
  digest_node* find(digest const& key) const {
    if (chains_.empty()) return nullptr;
    digest_node* node = chains_[index_of(key)];
    while (node != nullptr && node->key != key) node = node->next;
    return node;
  }

  /// Adds a node whose key is not there.
  void link(digest_node* node) {
    if (size_ == chains_.size()) grow();
    push(node);
    ++size_;
  }

  /// Takes a node out; null where there is none.
  digest_node* unlink(digest const& key) {
    if (chains_.empty()) return nullptr;
    digest_node** at = &chains_[index_of(key)];
    while (*at != nullptr && (*at)->key != key) at = &(*at)->next;
    digest_node* const node = *at;
    if (node == nullptr) return nullptr;
    *at = node->next;
    --size_;
    return node;
  }

  /// The node after `node`, or the first one for null, in no order; null at the end.
  digest_node* after(digest_node const* node) const {
    if (node != nullptr && node->next != nullptr) return node->next;
    std::size_t at = node == nullptr ? 0 : index_of(node->key) + 1;
    while (at < chains_.size() && chains_[at] == nullptr) ++at;
    return at < chains_.size() ? chains_[at] : nullptr;
  }

  std::size_t size() const { return size_; }

  /// Leaves no node, and calls `destroy` for each.
  void clear(void (*destroy)(digest_node*)) {
    digest_chains gone;
    swap(gone);
    for (digest_node* node = gone.after(nullptr); node != nullptr;) {
      digest_node* const next = gone.after(node);
      destroy(node);
      node = next;
    }
  }

  void swap(digest_chains& other) {
    chains_.swap(other.chains_);
    std::size_t const size = size_;
    size_ = other.size_;
    other.size_ = size;
  }

 private:
  std::size_t index_of(digest const& key) const { return key.low & (chains_.size() - 1); }

  void push(digest_node* node) {
    digest_node*& chain = chains_[index_of(node->key)];
    node->next = chain;
    chain = node;
  }

  void grow() {
    // A power of two, of which `index_of` makes a mask.
    std::vector<digest_node*> old(chains_.empty() ? 16 : 2 * chains_.size());
    old.swap(chains_);
    for (digest_node* node : old)
      while (node != nullptr) {
        digest_node* const next = node->next;
        push(node);
        node = next;
      }
  }

  std::vector<digest_node*> chains_;
  std::size_t size_ = 0;
};

/// Values by digest. A value stays where it is until it is erased.
template <class Value>
class digest_map {
 public:
  digest_map() = default;
  digest_map(digest_map const&) = delete;
  digest_map& operator=(digest_map const&) = delete;
  ~digest_map() { clear(); }

  std::size_t size() const { return chains_.size(); }

  /// Null where there is none.
  Value* find(digest const& key) const {
    digest_node* const found = chains_.find(key);
    return found == nullptr ? nullptr : value_of(found);
  }

  /// Made where there is none.
  Value& operator[](digest const& key) {
    if (Value* const there = find(key)) return *there;
    auto* const made = new item;
    made->key = key;
    try {
      chains_.link(made);
    } catch (...) {
      delete made;
      throw;
    }
    return made->value;
  }

  bool erase(digest const& key) {
    digest_node* const gone = chains_.unlink(key);
    if (gone != nullptr) destroy(gone);
    return gone != nullptr;
  }

  /// Calls `seen(key, value)` for each, in no order.
  template <class Seen>
  void each(Seen seen) const {
    for (digest_node* node = chains_.after(nullptr); node != nullptr; node = chains_.after(node))
      seen(node->key, *value_of(node));
  }

  /// Moves those of which `goes(key, value)` is true to `to`, which has none of their keys.
  template <class Goes>
  void move_if(digest_map& to, Goes goes) {
    for (digest_node* node = chains_.after(nullptr); node != nullptr;) {
      digest_node* const next = chains_.after(node);
      if (goes(node->key, *value_of(node))) to.chains_.link(chains_.unlink(node->key));
      node = next;
    }
  }

  void swap(digest_map& other) { chains_.swap(other.chains_); }

  void clear() { chains_.clear(&destroy); }

 private:
  struct item : digest_node {
    Value value{};
  };
  static Value* value_of(digest_node* node) { return &static_cast<item*>(node)->value; }
  static void destroy(digest_node* node) { delete static_cast<item*>(node); }

  digest_chains chains_;
};

}  // namespace memo::detail
