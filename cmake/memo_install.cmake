# Headers, find_package(memo) and pkg-config, all in folders that are shared by architectures; and memo-cache, where it was
# built.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(memo_config_folder ${CMAKE_INSTALL_DATADIR}/cmake/memo)
install(DIRECTORY include/memo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(TARGETS memo EXPORT memoTargets)
install(EXPORT memoTargets NAMESPACE memo:: DESTINATION ${memo_config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/memoConfigVersion.cmake COMPATIBILITY SameMajorVersion
                                 ARCH_INDEPENDENT)
install(FILES cmake/memoConfig.cmake cmake/memo_code_version.cmake cmake/memo_dependencies.cmake
              cmake/memo_cli.cmake ${PROJECT_BINARY_DIR}/memoConfigVersion.cmake
        DESTINATION ${memo_config_folder})
install(FILES tool/code_version.cpp DESTINATION ${CMAKE_INSTALL_DATADIR}/memo)

set(memo_pc_flags "-pthread")
foreach(folder IN LISTS memo_folders)
  if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
    string(APPEND memo_pc_flags " -isystem ${folder}")
  endif()
endforeach()
configure_file(cmake/memo.pc.in memo.pc @ONLY)
set(memo_pc_files ${PROJECT_BINARY_DIR}/memo.pc)
if(TARGET memo::cli)
  set(memo_cli_pc_flags "")
  foreach(folder IN LISTS memo_cli_folders)
    if(NOT folder IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)
      string(APPEND memo_cli_pc_flags " -isystem ${folder}")
    endif()
  endforeach()
  configure_file(cmake/memo-cli.pc.in memo-cli.pc @ONLY)
  list(APPEND memo_pc_files ${PROJECT_BINARY_DIR}/memo-cli.pc)
endif()
if(TARGET memo_cache)
  install(TARGETS memo_cache RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} OPTIONAL)
endif()
install(FILES ${memo_pc_files} DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)
