// SPDX-License-Identifier: Apache-2.0
// Files of the program and of a folder.
#include "http_fix.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

static const char page[] = "<p>page</p>";
static char packed[200];

static struct ps_http_asset assets[] = {
    {.path = "", .type = "text/html", .data = page, .len = sizeof page - 1},
    {.path = "lib/app.js", .data = page, .len = sizeof page - 1, .immutable = true},
    {.path = "p.css", .data = packed, .gzip = true},
    {.path = "bad.css", .data = page, .len = sizeof page - 1, .gzip = true},
};

static void pack(void)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)page, .avail_in = sizeof page - 1};

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = (Bytef *)packed;
    z.avail_out = sizeof packed;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assets[2].len = z.total_out;
    deflateEnd(&z);
}

static void with_assets(struct fix *f)
{
    pack();
    assert_int_equal(ps_httpd_assets(f->httpd, "/page", assets, 4), 0);
}

static void assets_are_served_below_their_prefix(void **state)
{
    struct fix *f = *state;

    with_assets(f);
    check_answer(f, "GET /page HTTP/1.1\r\n" HOST LAST, 200, "<p>page</p>");
    check_answer(f, "GET /page/ HTTP/1.1\r\n" HOST LAST, 200, "Content-Type: text/html\r\n");
    check_answer(f, "GET /page/lib/app.js HTTP/1.1\r\n" HOST LAST, 200, "Content-Type: text/javascript");
    check_answer(f, "GET /page/lib/app.js HTTP/1.1\r\n" HOST LAST, 200, "immutable\r\n");
    check_answer(f, "GET /page HTTP/1.1\r\n" HOST LAST, 200, "Cache-Control: no-cache\r\n");
    check_answer(f, "GET /page/x HTTP/1.1\r\n" HOST LAST, 404, NULL);
}

static void what_the_client_has_is_not_sent_again(void **state)
{
    struct fix *f = *state;
    char *answer, *etag, request[300];

    with_assets(f);
    answer = ask(f, "GET /page HTTP/1.1\r\n" HOST LAST);
    etag = strstr(answer, "ETag: ") + 6;
    *strchr(etag, '\r') = '\0';
    snprintf(request, sizeof request, "GET /page HTTP/1.1\r\n" HOST "If-None-Match: \"x\", W/%s\r\n" LAST,
             etag);
    check_answer(f, request, 304, "ETag: ");
    free(answer);
    answer = ask(f, request);
    assert_null(strstr(answer, "page"));
    free(answer);
    check_answer(f, "GET /page HTTP/1.1\r\n" HOST "If-None-Match: *\r\n" LAST, 304, NULL);
    check_answer(f, "GET /page HTTP/1.1\r\n" HOST "If-None-Match: \"x\"\r\n" LAST, 200, NULL);
}

static void what_is_stored_compressed_is_sent_so_to_those_who_accept_it(void **state)
{
    struct fix *f = *state;

    with_assets(f);
    check_answer(f, "GET /page/p.css HTTP/1.1\r\n" HOST "Accept-Encoding: gzip\r\n" LAST, 200,
                 "Content-Encoding: gzip\r\n");
    check_answer(f, "GET /page/p.css HTTP/1.1\r\n" HOST LAST, 200, "\r\n\r\n<p>page</p>");
    check_answer(f, "GET /page/bad.css HTTP/1.1\r\n" HOST LAST, 500, "{\"detail\":");
}

static void put(const char *dir, const char *name, const char *text)
{
    char path[100];
    int fd;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void a_folder_is_served(void **state)
{
    struct fix *f = *state;
    char dir[] = "/tmp/ps_files.XXXXXX", path[100];
    struct ps_fault fault;

    assert_non_null(mkdtemp(dir));
    put(dir, "a b.txt", "blank");
    put(dir, ".secret", "secret");
    snprintf(path, sizeof path, "%s/v1.0", dir);
    assert_int_equal(mkdir(path, 0755), 0);
    put(path, "index.html", "<p>index</p>");
    snprintf(path, sizeof path, "%s/fifo", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ps_httpd_files(f->httpd, "/files", dir, &fault), 0);

    check_answer(f, "GET /files/a%20b.txt HTTP/1.1\r\n" HOST LAST, 200, "\r\n\r\nblank");
    check_answer(f, "GET /files/a%20b.txt HTTP/1.1\r\n" HOST LAST, 200, "Content-Length: 5\r\n");
    check_answer(f, "HEAD /files/a%20b.txt HTTP/1.1\r\n" HOST LAST, 200, "Content-Length: 5\r\n");
    check_answer(f, "GET /files/a%20b.txt HTTP/1.1\r\n" HOST "If-None-Match: *\r\n" LAST, 304, "ETag: ");
    check_answer(f, "GET /files/v1.0/ HTTP/1.1\r\n" HOST LAST, 200,
                 "Content-Type: text/html; charset=utf-8\r\n");
    check_answer(f, "GET /files/v1.0/index.html HTTP/1.1\r\n" HOST LAST, 200, "<p>index</p>");
    check_answer(f, "GET /files HTTP/1.1\r\n" HOST LAST, 404, NULL);
    check_answer(f, "GET /files/.secret HTTP/1.1\r\n" HOST LAST, 404, NULL);
    check_answer(f, "GET /files/v1.0/%2e%2e%2f.secret HTTP/1.1\r\n" HOST LAST, 404, NULL);
    check_answer(f, "GET /files/%2fetc%2fpasswd HTTP/1.1\r\n" HOST LAST, 404, NULL);
    check_answer(f, "GET /files//etc/passwd HTTP/1.1\r\n" HOST LAST, 404, NULL);
    check_answer(f, "GET /files/../x HTTP/1.1\r\n" HOST LAST, 400, NULL);
    check_answer(f, "GET /files/fifo HTTP/1.1\r\n" HOST LAST, 404, NULL);
    snprintf(path, sizeof path, "rm -r %s", dir);
    assert_int_equal(system(path), 0);
}

static void a_folder_that_is_not_there_is_refused(void **state)
{
    struct fix *f = *state;
    struct ps_fault fault;

    assert_int_equal(ps_httpd_files(f->httpd, "/files", "/nonexistent/x", &fault), -ENOENT);
    assert_string_equal(fault.text, "/nonexistent/x: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(assets_are_served_below_their_prefix),
        TEST(what_the_client_has_is_not_sent_again),
        TEST(what_is_stored_compressed_is_sent_so_to_those_who_accept_it),
        TEST(a_folder_is_served),
        TEST(a_folder_that_is_not_there_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
