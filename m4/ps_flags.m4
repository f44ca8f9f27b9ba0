# SPDX-License-Identifier: Apache-2.0

# PS_TRY_CFLAGS(FLAGS): adds to PS_CFLAGS each of the flags that the compiler takes.
AC_DEFUN([PS_TRY_CFLAGS], [
m4_foreach_w([ps_flag], [$1], [
    AC_MSG_CHECKING([whether $CC takes ps_flag])
    ps_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror ps_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
        [AC_MSG_RESULT([yes])
         PS_CFLAGS="$PS_CFLAGS ps_flag"],
        [AC_MSG_RESULT([no])])
    CFLAGS=$ps_saved_CFLAGS
])])

# PS_TRY_LDFLAGS(FLAGS): adds to PS_LDFLAGS each of the flags that the linker takes.
AC_DEFUN([PS_TRY_LDFLAGS], [
m4_foreach_w([ps_flag], [$1], [
    AC_MSG_CHECKING([whether $CC links with ps_flag])
    ps_saved_CFLAGS=$CFLAGS
    ps_saved_LDFLAGS=$LDFLAGS
    CFLAGS="$CFLAGS $PS_CFLAGS"
    LDFLAGS="$LDFLAGS -Werror ps_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
        [AC_MSG_RESULT([yes])
         PS_LDFLAGS="$PS_LDFLAGS ps_flag"],
        [AC_MSG_RESULT([no])])
    CFLAGS=$ps_saved_CFLAGS
    LDFLAGS=$ps_saved_LDFLAGS
])])

# PS_TRY_FORTIFY: checked functions of the C library, which need an optimising compiler.
AC_DEFUN([PS_TRY_FORTIFY], [
AC_MSG_CHECKING([whether _FORTIFY_SOURCE can be used])
ps_saved_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
AC_COMPILE_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]], [])],
    [AC_MSG_RESULT([yes])
     PS_CPPFLAGS="$PS_CPPFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"],
    [AC_MSG_RESULT([no])])
CFLAGS=$ps_saved_CFLAGS
])

# PS_SANITIZER(LIST): instruments everything, or stops.
AC_DEFUN([PS_SANITIZER], [
AC_MSG_CHECKING([whether $CC takes -fsanitize=$1])
ps_saved_CFLAGS=$CFLAGS
ps_sanitize="-fsanitize=$1 -fno-sanitize-recover=all -fno-omit-frame-pointer"
CFLAGS="$CFLAGS $ps_sanitize"
AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes])],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([$CC cannot build with -fsanitize=$1])])
CFLAGS=$ps_saved_CFLAGS
PS_CFLAGS="$PS_CFLAGS $ps_sanitize"
PS_LDFLAGS="$PS_LDFLAGS $ps_sanitize"
])

# PS_ARCHIVER(VARIABLE, NAME, MODULES): an archiver that is built where its library is, or has to be (--with-NAME), or
# is not wanted. Sets VARIABLE_CFLAGS, VARIABLE_LIBS and the conditional VARIABLE.
AC_DEFUN([PS_ARCHIVER], [
AC_ARG_WITH([$2],
    [AS_HELP_STRING([--without-$2], [leave the archiver $2 out, though its library is there])],
    [], [with_$2=check])
ps_archiver=no
AS_IF([test "x$with_$2" != xno],
    [PKG_CHECK_MODULES([$1], [$3], [ps_archiver=yes],
        [AS_IF([test "x$with_$2" != xcheck], [AC_MSG_ERROR([the library of the archiver $2 is missing: $3])])])])
AM_CONDITIONAL([$1], [test "x$ps_archiver" = xyes])
])
