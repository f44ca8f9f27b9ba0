# SPDX-License-Identifier: Apache-2.0
# Durations and times of ISO 8601.

# Seconds of a duration: weeks, days, hours, minutes and seconds, these with a fraction if they have one. Years
# and months are refused, for they have no certain length.
def duration_as_seconds(value):
    value as $duration
    | if ($duration | type) != "string" then null
      else
          [$duration | ascii_upcase
           | capture("\\AP(?=[0-9T])((?<w>[0-9]+)W)?((?<d>[0-9]+)D)?(T(?=[0-9])((?<h>[0-9]+)H)?((?<m>[0-9]+)M)?((?<s>[0-9]+([.,][0-9]+)?)S)?)?\\z")][0]
      end
    | if . == null then error("Invalid ISO 8601 duration '\($duration)'")
      else
          (.w // "0" | tonumber) * 604800 + (.d // "0" | tonumber) * 86400
          + (.h // "0" | tonumber) * 3600 + (.m // "0" | tonumber) * 60
          + (.s // "0" | split(",") | join(".") | tonumber)
      end;

# The parts of a time as they are written: year, month, day, hour, minute, second, offset_hr, offset_min, those
# that it has. Of UTC ("Z") both offsets are "0".
def timestamp_parsed(timestamp):
    timestamp as $time
    | if ($time | type) != "string" then null
      else
          [$time
           | capture("\\A(?<year>[0-9]{4,})-(?<month>[0-9]{1,2})-(?<day>[0-9]{1,2})(T(?<hour>[0-9]{1,2}):(?<minute>[0-9]{1,2})(:(?<second>[0-9]{1,2}([.][0-9]+)?))?((?<z>Z)|(?<offset_hr>[-+][0-9]{2})(:?(?<offset_min>[0-9]{2}))?)?)?\\z")][0]
      end
    | if . == null then error("Invalid timestamp '\($time)'")
      elif .z != null then . + {offset_hr: "0", offset_min: "0"}
      else .
      end
    | del(.z)
    | with_entries(select(.value != null));
