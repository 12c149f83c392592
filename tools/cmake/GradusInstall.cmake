# cmake --install: headers, library, program, and two ways to find them (find_package and pkg-config).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Gradus)
set(templates ${PROJECT_SOURCE_DIR}/tools/cmake)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/gradus DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.hpp)
install(TARGETS gradus EXPORT GradusTargets)
install(EXPORT GradusTargets NAMESPACE gradus:: DESTINATION ${package_dir})
if(TARGET gradus_tool)
  file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
  set_target_properties(gradus_tool PROPERTIES INSTALL_RPATH "\$ORIGIN/${bin_to_lib}")
  install(TARGETS gradus_tool)
endif()

# A static library leaves its dependencies for the user's program to link; a shared one has done so itself.
set(package_dependencies "")
set(package_libs "")
get_target_property(library_type gradus TYPE)
if(library_type STREQUAL "STATIC_LIBRARY")
  string(APPEND package_dependencies "find_dependency(Threads)\n")
  if(GRADUS_HAVE_CBLAS)
    string(APPEND package_dependencies "if(NOT BLA_VENDOR)\n  set(BLA_VENDOR ${BLA_VENDOR})\n  set(gradus_vendor ON)\nendif()\n"
                                       "find_dependency(BLAS)\nif(gradus_vendor)\n  unset(BLA_VENDOR)\n  unset(gradus_vendor)\nendif()\n")
    foreach(library IN LISTS BLAS_LIBRARIES)
      get_filename_component(name ${library} NAME_WE)
      string(REGEX REPLACE "^(lib|-l)" " -l" name ${name})
      string(APPEND package_libs ${name})
    endforeach()
  endif()
  if(GRADUS_HAVE_ZLIB)
    string(APPEND package_dependencies "find_dependency(ZLIB)\n")
    string(APPEND package_libs " -lz")
  endif()
  if(GRADUS_HAVE_PNG)
    string(APPEND package_dependencies "find_dependency(PNG)\n")
    string(APPEND package_libs " -lpng")
  endif()
  string(APPEND package_libs " -pthread")
endif()

configure_package_config_file(${templates}/GradusConfig.cmake.in GradusConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(GradusConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/GradusConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/GradusConfigVersion.cmake
        DESTINATION ${package_dir})

# Relative to the file's own place, so that the prefix may be chosen at install time and moved afterwards.
file(RELATIVE_PATH package_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH package_libdir ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH package_includedir ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(${templates}/gradus.pc.in gradus.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/gradus.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
