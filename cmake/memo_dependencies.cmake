# Finds the headers that memo includes and makes the target memo::dependencies. Used by memo's own build and, installed
# beside memoConfig.cmake, by find_package(memo). Nothing is downloaded.

if(TARGET memo::dependencies)
  return()
endif()

set(MEMO_DEPENDENCIES "" CACHE PATH
    "A folder that holds the headers of Boost.Hana, xxHash, cereal and range-v3, itself or in include/; looked in first")

set(memo_folders "")
set(memo_missing "")
foreach(entry IN ITEMS "HANA boost/hana.hpp libboost-dev" "XXHASH xxhash.h libxxhash-dev"
                       "CEREAL cereal/cereal.hpp libcereal-dev" "RANGES range/v3/version.hpp librange-v3-dev")
  separate_arguments(entry)
  list(GET entry 0 name)
  list(GET entry 1 header)
  list(GET entry 2 package)
  find_path(MEMO_${name}_FOLDER ${header} HINTS ${MEMO_DEPENDENCIES} PATH_SUFFIXES include)
  mark_as_advanced(MEMO_${name}_FOLDER)
  if(MEMO_${name}_FOLDER)
    list(APPEND memo_folders ${MEMO_${name}_FOLDER})
  else()
    string(APPEND memo_missing "\n  <${header}>  Debian package ${package}")
  endif()
endforeach()
if(memo_missing)
  message(FATAL_ERROR
    "memo: headers are missing${memo_missing}\n"
    "Install the packages, or name a folder that holds the headers: -DMEMO_DEPENDENCIES=FOLDER")
endif()
list(REMOVE_DUPLICATES memo_folders)

include(CMakeFindDependencyMacro)
find_dependency(Threads)

# An imported target, so that its folders are system folders: no warning of theirs reaches the user.
add_library(memo::dependencies INTERFACE IMPORTED GLOBAL)
set_target_properties(memo::dependencies PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${memo_folders}"
                                                    INTERFACE_LINK_LIBRARIES Threads::Threads)
