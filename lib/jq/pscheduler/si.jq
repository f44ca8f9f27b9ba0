# SPDX-License-Identifier: Apache-2.0
# Numbers with prefixes: 10G, 1.5k, 64Ki.

# A whole number, rounded down. Prefixes are k, m, g, t, p, e, z and y in any case, powers of 1000, or with an i
# behind them of 1024. A number is itself.
def as_integer(value):
    value as $number
    | if ($number | type) == "number" then $number
      else
          if ($number | type) != "string" then null
          else
              [$number | ascii_downcase
               | capture("\\A(?<digits>[0-9]+([.][0-9]+)?)((?<prefix>[kmgtpezy])(?<binary>i)?)?\\z")][0]
          end
          | if . == null then error("Invalid SI number '\($number)'")
            else
                (if .binary != null then 1024 else 1000 end) as $base
                | ({k: 1, m: 2, g: 3, t: 4, p: 5, e: 6, z: 7, y: 8}[.prefix // "-"] // 0) as $times
                | reduce range($times) as $i (.digits | tonumber; . * $base)
                | floor
            end
      end;
