#pragma once

#include <memo/core/bytes.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

namespace memo {

/// A read-only view of contiguous elements that keeps alive what it looks at: a value in memory, or the stored
/// bytes themselves. Copies share the owner; any thread may read.
template <class T>
class view {
 public:
  using element_type = T const;
  using value_type = T;

  view() = default;
  view(std::shared_ptr<void const> owner, std::span<T const> elements)
      : owner_(std::move(owner)), elements_(elements) {}

  T const* data() const { return elements_.data(); }
  std::size_t size() const { return elements_.size(); }
  bool empty() const { return elements_.empty(); }
  T const& operator[](std::size_t i) const { return elements_[i]; }
  T const& front() const { return elements_.front(); }
  T const& back() const { return elements_.back(); }
  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.end(); }

  std::span<T const> span() const { return elements_; }
  operator std::span<T const>() const { return elements_; }  // NOLINT: a view is a span that owns

 private:
  std::shared_ptr<void const> owner_;
  std::span<T const> elements_;
};

}  // namespace memo
