#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The archive's page: it is served, it is whole, and its figures are right.
. "$(dirname "$0")/tool.sh"
# shellcheck source=archive.sh
. "${top_srcdir:?is set by make check}/test/tool/archive.sh"
command -v curl >/dev/null || skip_all "curl is not installed"
page=$top_srcdir/psarchive/page

mkdir a
echo "restrict-reading yes" >a/conf
archive a || bail_out "$line"
check "the page" "$(curl -s "$site/" | cmp - "$page/index.html" 2>&1)" ""
check "it lets in nothing of others" "$(curl -s -o /dev/null -D - "$site/" | tr -d '\r' | sed -n 's/^Content-Security-Policy: //p')" \
    "default-src 'self'"
for file in style.css app.js; do
    check "$file" "$(curl -s "$site/page/$file" | cmp - "$page/$file" 2>&1)" ""
done
check "a script is told as one" "$(curl -s -o /dev/null -w '%{content_type}' "$site/page/app.js")" "text/javascript; charset=utf-8"
check "what it names is there" \
    "$(curl -s "$site/" | grep -oE '(href|src)="page/[^"]*"' | cut -d'"' -f2 | while read -r f; do curl -s -o /dev/null -w '%{http_code} ' "$site/$f"; done)" \
    "200 200 "
check "it asks no other host" "$(grep -oE '(href|src)="(https?:)?//[^"]*"|url\(|@import' "$page"/*)" ""
match "and shows nothing to those who may not read" "$(get "$url/")" ' 401$'
end_archive TERM

if command -v node >/dev/null; then
    check "its figures" "$(node "$top_srcdir/test/tool/page.js" "$page/app.js")" \
        'delay /statistics/0 /statistics/300 /statistics/3600 /statistics/86400
bare /base
none undefined
figures [{"ts":1,"low":0.5,"value":1,"high":1.5},{"ts":3,"low":2.5,"value":2.5,"high":2.5}]
readable 9.35 Gbit/s, 0 bit/s, 1 bit/s 340 µs 12.3 %
ticks 0 2 4 6 8 0 0.0005 0.001
stretches 3 2'
else
    skip "its figures" "node is not installed"
fi
plan
