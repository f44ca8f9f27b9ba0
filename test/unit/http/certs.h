// SPDX-License-Identifier: Apache-2.0
// Two certificates that signed themselves, for localhost and 127.0.0.1, until 2126, with their keys. For tests.
#pragma once

static const char cert_one[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIBnzCCAUWgAwIBAgIUH6t4NFAEXMoprcgGngEoeTMyKd4wCgYIKoZIzj0EAwIw\n"
                               "FjEUMBIGA1UEAwwLb25lLmV4YW1wbGUwIBcNMjYxMTI1MjI0NzQ3WhgPMjEyNjEx\n"
                               "MDEyMjQ3NDdaMBYxFDASBgNVBAMMC29uZS5leGFtcGxlMFkwEwYHKoZIzj0CAQYI\n"
                               "KoZIzj0DAQcDQgAEFrOhSX7Q+JSyrBy8JVNmz4Lruk1LG+Wv8C+Kql4OrtiSratn\n"
                               "BeXbXq62izPZp0FwUUWMTMrWBqNkOxoSx5H8G6NvMG0wHQYDVR0OBBYEFNjAeirn\n"
                               "6LbqsnY12LlJVSxKjtBiMB8GA1UdIwQYMBaAFNjAeirn6LbqsnY12LlJVSxKjtBi\n"
                               "MA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAoG\n"
                               "CCqGSM49BAMCA0gAMEUCIQDBNCKGTuixta/SehjEzcRXtuhP0qv57xGE4SyQW4rg\n"
                               "KAIgVPSbIuheoQLKA4bTt4L7F/QNBZ1w2Y8TVuAOwQRFw/w=\n"
                               "-----END CERTIFICATE-----\n";

static const char key_one[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgFdAPDqHMhZEhBNtn\n"
                              "AMcZBKJy5t2vTrQhTdHGcaZSbLahRANCAAQWs6FJftD4lLKsHLwlU2bPguu6TUsb\n"
                              "5a/wL4qqXg6u2JKtq2cF5dterraLM9mnQXBRRYxMytYGo2Q7GhLHkfwb\n"
                              "-----END PRIVATE KEY-----\n";

static const char cert_two[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIBnjCCAUWgAwIBAgIUH+QZojfQJetGN14eA0P2IRacjKcwCgYIKoZIzj0EAwIw\n"
                               "FjEUMBIGA1UEAwwLdHdvLmV4YW1wbGUwIBcNMjYxMTI1MjI0NzQ4WhgPMjEyNjEx\n"
                               "MDEyMjQ3NDhaMBYxFDASBgNVBAMMC3R3by5leGFtcGxlMFkwEwYHKoZIzj0CAQYI\n"
                               "KoZIzj0DAQcDQgAE0E8dPWq9THXwmcOmk9xxPdBlRTsDW23cO3HyMsgxvE+CNxm7\n"
                               "FZkfJDYurYFnNQZOPv+M9dw18XXV7ywign3s56NvMG0wHQYDVR0OBBYEFNXDm1XB\n"
                               "TNBv2CzBNXHObx+hSzydMB8GA1UdIwQYMBaAFNXDm1XBTNBv2CzBNXHObx+hSzyd\n"
                               "MA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAoG\n"
                               "CCqGSM49BAMCA0cAMEQCIC5la838c14UkIQWDN6A/YWidYENzX5XoZzqWLtl0n3i\n"
                               "AiB/jlh6ElsCqinGX+OXGIIA1anAcuLSIdHGEuSnPXll2A==\n"
                               "-----END CERTIFICATE-----\n";

static const char key_two[] = "-----BEGIN PRIVATE KEY-----\n"
                              "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiK1iXbpc+LA9vzmv\n"
                              "Stk+FYvbq45lXpxH8adS95f6cfyhRANCAATQTx09ar1MdfCZw6aT3HE90GVFOwNb\n"
                              "bdw7cfIyyDG8T4I3GbsVmR8kNi6tgWc1Bk4+/4z13DXxddXvLCKCfezn\n"
                              "-----END PRIVATE KEY-----\n";
