# Makes the target memo::cli, memo with what <memo/cli.hpp> needs, where the headers of CLI11 and nlohmann/json are found;
# memo_cli_missing tells what is not. Used by memo's own build and, installed beside memoConfig.cmake, by
# find_package(memo). Nothing is downloaded.

if(TARGET memo::cli)
  return()
endif()

set(memo_cli_folders "")
set(memo_cli_missing "")
foreach(entry IN ITEMS "CLI11 CLI/CLI.hpp libcli11-dev" "NLOHMANN_JSON nlohmann/json.hpp nlohmann-json3-dev")
  separate_arguments(entry)
  list(GET entry 0 name)
  list(GET entry 1 header)
  list(GET entry 2 package)
  find_path(MEMO_${name}_FOLDER ${header} HINTS ${MEMO_DEPENDENCIES} PATH_SUFFIXES include)
  mark_as_advanced(MEMO_${name}_FOLDER)
  if(MEMO_${name}_FOLDER)
    list(APPEND memo_cli_folders ${MEMO_${name}_FOLDER})
  else()
    list(APPEND memo_cli_missing "<${header}> (Debian package ${package})")
  endif()
endforeach()
if(memo_cli_missing)
  return()
endif()
list(REMOVE_DUPLICATES memo_cli_folders)

# An imported target, so that its folders are system folders.
add_library(memo::cli INTERFACE IMPORTED GLOBAL)
set_target_properties(memo::cli PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "${memo_cli_folders}"
                                           INTERFACE_LINK_LIBRARIES memo::memo)
