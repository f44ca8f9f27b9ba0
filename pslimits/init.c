// SPDX-License-Identifier: Apache-2.0
#include "pslimits/init.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "pslimits/exits.h"

// The same as conf/limits.conf, line by line.
// clang-format off
static const char *const lines[] = {
    "{",
    "    \"#\": \"Who may run which tests on this host. See limits.conf(5).\",",
    "    \"#check\": \"After each change: pslimits check FILE.\",",
    "    \"#why\": \"Why somebody was refused: pslimits explain.\",",
    "    \"schema\": 4,",
    "",
    "    \"identifiers\": [",
    "        {",
    "            \"name\": \"everybody\",",
    "            \"description\": \"All requesters\",",
    "            \"type\": \"always\",",
    "            \"data\": { }",
    "        },",
    "        {",
    "            \"name\": \"this-host\",",
    "            \"description\": \"Requests from an address of this host\",",
    "            \"type\": \"localif\",",
    "            \"data\": { }",
    "        },",
    "        {",
    "            \"name\": \"friends\",",
    "            \"#\": \"Put your own networks and those of your partners here.\",",
    "            \"description\": \"Networks we know\",",
    "            \"type\": \"ip-cidr-list\",",
    "            \"data\": { \"cidrs\": [ \"192.0.2.0/24\", \"2001:db8::/32\" ] }",
    "        },",
    "        {",
    "            \"name\": \"unwanted\",",
    "            \"#\": \"Networks that are never served.\",",
    "            \"description\": \"Networks we do not want\",",
    "            \"type\": \"ip-cidr-list\",",
    "            \"data\": { \"cidrs\": [ \"198.51.100.0/24\" ] }",
    "        }",
    "    ],",
    "",
    "    \"classifiers\": [",
    "        {",
    "            \"name\": \"hostile\",",
    "            \"description\": \"Whom we refuse\",",
    "            \"identifiers\": [ \"unwanted\" ]",
    "        },",
    "        {",
    "            \"name\": \"local\",",
    "            \"description\": \"This host itself\",",
    "            \"identifiers\": [ \"this-host\" ]",
    "        },",
    "        {",
    "            \"name\": \"friendly\",",
    "            \"description\": \"Whom we know\",",
    "            \"identifiers\": [ \"friends\" ]",
    "        },",
    "        {",
    "            \"name\": \"guests\",",
    "            \"description\": \"Everybody\",",
    "            \"identifiers\": [ \"everybody\" ]",
    "        }",
    "    ],",
    "",
    "    \"limits\": [",
    "        {",
    "            \"name\": \"always\",",
    "            \"description\": \"Always passes\",",
    "            \"type\": \"pass-fail\",",
    "            \"data\": { \"pass\": true }",
    "        },",
    "        {",
    "            \"name\": \"never\",",
    "            \"description\": \"Never passes\",",
    "            \"clone\": \"always\",",
    "            \"data\": { \"pass\": false }",
    "        },",
    "        {",
    "            \"name\": \"harmless-tests\",",
    "            \"description\": \"Tests that cost next to nothing when they are small\",",
    "            \"type\": \"test-type\",",
    "            \"data\": {",
    "                \"types\": [",
    "                    \"clock\", \"dns\", \"idle\", \"latency\",",
    "                    \"latencybg\", \"rtt\", \"simplestream\", \"trace\"",
    "                ]",
    "            }",
    "        },",
    "        {",
    "            \"name\": \"small-tests\",",
    "            \"#\": \"What is not said is what the tools do by themselves. Of latencybg: packets for a day.\",",
    "            \"description\": \"At most 20 packets a second, of 1500 octets, for 10 minutes\",",
    "            \"type\": \"jq\",",
    "            \"data\": {",
    "                \"script\": [",
    "                    \"import \\\"pscheduler/iso8601\\\" as iso;\",",
    "                    \"def seconds(d): if (d | type) == \\\"number\\\" then d else iso::duration_as_seconds(d) end;\",",
    "                    \"def is(v; $low; $high): (v | type) == \\\"number\\\" and v >= $low and v <= $high;\",",
    "                    \"def within(v; $low; $high; $what):\",",
    "                    \"    if is(v; $low; $high) then empty\",",
    "                    \"    else \\\"\\\\($what) has to be from \\\\($low) to \\\\($high)\\\" end;\",",
    "                    \".test.type as $type | .test.spec\",",
    "                    \"| [ if $type == \\\"rtt\\\" then\",",
    "                    \"        within(.count // 5; 1; 600; \\\"the count\\\"),\",",
    "                    \"        within(seconds(.interval // 1); 0.2; 60; \\\"the interval in seconds\\\"),\",",
    "                    \"        within((.count // 5) * seconds(.interval // 1); 0; 600; \\\"all of it in seconds\\\"),\",",
    "                    \"        within(.length // 56; 0; 1500; \\\"the length\\\")\",",
    "                    \"    elif $type == \\\"latency\\\" then\",",
    "                    \"        within(.\\\"packet-count\\\" // 100; 1; 6000; \\\"the number of packets\\\"),\",",
    "                    \"        within(.\\\"packet-interval\\\" // 0.1; 0.05; 60; \\\"the interval in seconds\\\"),\",",
    "                    \"        within((.\\\"packet-count\\\" // 100) * (.\\\"packet-interval\\\" // 0.1); 0; 600;\",",
    "                    \"            \\\"all of it in seconds\\\"),\",",
    "                    \"        within(.\\\"packet-padding\\\" // 0; 0; 1400; \\\"the padding\\\")\",",
    "                    \"    elif $type == \\\"latencybg\\\" then\",",
    "                    \"        within(.\\\"packet-interval\\\" // 0.1; 0.1; 60; \\\"the interval in seconds\\\"),\",",
    "                    \"        within(.\\\"packet-padding\\\" // 0; 0; 100; \\\"the padding\\\"),\",",
    "                    \"        within(seconds(.duration // 86400); 1; 86400; \\\"the duration in seconds\\\")\",",
    "                    \"    elif $type == \\\"idle\\\" then\",",
    "                    \"        within(seconds(.duration // 1); 0; 600; \\\"the duration in seconds\\\")\",",
    "                    \"    elif $type == \\\"trace\\\" then\",",
    "                    \"        ((.hops // 30) * (.queries // 1)) as $packets\",",
    "                    \"        | within($packets; 1; 600; \\\"the number of packets\\\"),\",",
    "                    \"        within($packets * (seconds(.wait // 5) + seconds(.sendwait // 0)); 0; 600;\",",
    "                    \"            \\\"all of it in seconds\\\"),\",",
    "                    \"        within(.length // 60; 0; 1500; \\\"the length\\\")\",",
    "                    \"    elif $type == \\\"simplestream\\\" then\",",
    "                    \"        within(seconds(.dawdle // 0); 0; 60; \\\"the dawdle in seconds\\\"),\",",
    "                    \"        within(.\\\"test-material\\\" // \\\"\\\" | length; 0; 1500; \\\"the length of the material\\\")\",",
    "                    \"    else empty end,\",",
    "                    \"    within(seconds(.timeout // 0); 0; 60; \\\"the timeout in seconds\\\"),\",",
    "                    \"    within(.\\\"packet-timeout\\\" // 0; 0; 60; \\\"the timeout in seconds\\\"),\",",
    "                    \"    within(seconds(.deadline // 0); 0; 600; \\\"the deadline in seconds\\\") ]\",",
    "                    \"| .[0] // true\"",
    "                ]",
    "            }",
    "        },",
    "        {",
    "            \"name\": \"throughput\",",
    "            \"description\": \"Throughput tests\",",
    "            \"type\": \"test-type\",",
    "            \"data\": { \"types\": [ \"throughput\" ] }",
    "        },",
    "        {",
    "            \"name\": \"short-throughput\",",
    "            \"#\": \"A bandwidth is that of each stream, and 0 of either stands for no end of it.\",",
    "            \"description\": \"At most a minute and 8 streams; 50 Mb/s of UDP in all, TCP as much as there is\",",
    "            \"type\": \"jq\",",
    "            \"data\": {",
    "                \"script\": [",
    "                    \"import \\\"pscheduler/iso8601\\\" as iso;\",",
    "                    \"import \\\"pscheduler/si\\\" as si;\",",
    "                    \"def seconds(d): iso::duration_as_seconds(d // \\\"PT0S\\\");\",",
    "                    \"if .test.type != \\\"throughput\\\" then true\",",
    "                    \"else .test.spec\",",
    "                    \"| seconds(.duration // \\\"PT10S\\\") as $seconds\",",
    "                    \"| (if .parallel == null then 1 else .parallel end) as $streams\",",
    "                    \"| (if .udp == null then false else .udp end) as $udp\",",
    "                    \"| if $seconds <= 0 or $seconds + seconds(.omit) > 60\",",
    "                    \"  then \\\"throughput may last 60 seconds, what is omitted included\\\"\",",
    "                    \"  elif ($streams | type) != \\\"number\\\" or $streams < 1 or $streams > 8\",",
    "                    \"  then \\\"throughput may have 1 to 8 streams\\\"\",",
    "                    \"  elif $udp == false then true\",",
    "                    \"  elif $udp != true then \\\"udp has to be true or false\\\"\",",
    "                    \"  elif .bandwidth == null then \\\"UDP throughput needs a bandwidth\\\"\",",
    "                    \"  else (si::as_integer(.bandwidth) * $streams) as $rate\",",
    "                    \"  | if $rate > 0 and $rate <= 50000000 then true\",",
    "                    \"    else \\\"UDP throughput may have 50 Mb/s, all streams together\\\" end\",",
    "                    \"  end\",",
    "                    \"end\"",
    "                ]",
    "            }",
    "        }",
    "    ],",
    "",
    "    \"applications\": [",
    "        {",
    "            \"description\": \"Unwanted requesters may do nothing\",",
    "            \"classifier\": \"hostile\",",
    "            \"apply\": [ { \"require\": \"all\", \"limits\": [ \"never\" ] } ],",
    "            \"stop-on-failure\": true",
    "        },",
    "        {",
    "            \"description\": \"This host may do anything\",",
    "            \"classifier\": \"local\",",
    "            \"apply\": [ { \"require\": \"all\", \"limits\": [ \"always\" ] } ]",
    "        },",
    "        {",
    "            \"description\": \"Friends may measure throughput, within limits\",",
    "            \"classifier\": \"friendly\",",
    "            \"apply\": [",
    "                { \"require\": \"all\", \"limits\": [ \"throughput\", \"short-throughput\" ] }",
    "            ]",
    "        },",
    "        {",
    "            \"description\": \"Everybody may run small, harmless tests\",",
    "            \"classifier\": \"guests\",",
    "            \"apply\": [ { \"require\": \"all\", \"limits\": [ \"harmless-tests\", \"small-tests\" ] } ]",
    "        }",
    "    ]",
    "}",
};
// clang-format on

static int write_lines(FILE *f)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        fprintf(f, "%s\n", lines[i]);
    return fflush(f) == 0 && !ferror(f) ? 0 : -EIO;
}

static int write_file(const char *path)
{
    // Never over what is there.
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f) {
        fprintf(stderr, "pslimits: %s: %s\n", path,
                errno == EEXIST ? "is there already, and stays" : strerror(errno));
        if (fd >= 0)
            close(fd);
        return EXIT_SYSTEM;
    }
    int err = write_lines(f);
    if (fclose(f) != 0)
        err = -EIO;
    if (err) {
        fprintf(stderr, "pslimits: %s: could not be written\n", path);
        unlink(path);
    }
    return err ? EXIT_SYSTEM : EXIT_YES;
}

int init_run(const struct options *o)
{
    if (o->file)
        return write_file(o->file);
    if (write_lines(stdout) == 0)
        return EXIT_YES;
    fprintf(stderr, "pslimits: standard output did not take the text\n");
    return EXIT_SYSTEM;
}
