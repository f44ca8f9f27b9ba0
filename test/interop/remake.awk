# SPDX-License-Identifier: Apache-2.0
# Remakes a session file: octets in decimal, one a line, come in; octets for printf's %b go out. All
# stamps become multiples of 2^-21 s, which is what a double can tell apart: then programs that compute
# in doubles and those that do not must agree in each digit. With vary=1 records are lost (7), swapped
# (3 and 4), doubled (5) too. For files of version 3 with one slot and at least 10 records.
function number(at, n, v, i) {
    for (i = 0; i < n; i++)
        v = v * 256 + octet[at + i]
    return v
}
function set(at, n, v, i) {
    for (i = n - 1; i >= 0; i--) {
        octet[at + i] = v % 256
        v = int(v / 256)
    }
}
function put(from, to, i) {
    for (i = from; i < to; i++)
        printf "\\0%03o", octet[i]
}
function record(i, at) {
    at = data + 25 * i
    octet[at + 15] = octet[at + 23] = 0
    octet[at + 14] -= octet[at + 14] % 8
    octet[at + 22] -= octet[at + 22] % 8
    if (vary && i == 7) {
        set(at + 4, 2, 1)
        set(at + 16, 8, 0)
        octet[at + 24] = 255
    }
    put(at, at + 25)
}
{ octet[NR - 1] = $1 }
END {
    data = number(32, 8)
    n = number(20, 4)
    set(20, 4, n + (vary != 0))
    set(24, 8, data + 25 * (n + (vary != 0)))
    put(0, data)
    for (i = 0; i < n; i++) {
        record(vary && i == 3 ? 4 : vary && i == 4 ? 3 : i)
        if (vary && i == 5)
            record(i)
    }
    put(data + 25 * n, NR)
}
