// Written by `npm run generate` from the JSON schemas in schemas/. Change those, not this file.

/**
 * A line of an authentication log, from Filebeat's system module: log-ins, sudo, changes of users. The host is the one that the line names.
 */
export type AuthenticationLineEvent = (BaseEvent & {
/**
 * The line of text; an array when a filter kept the original beside its own.
 */
message?: (string | unknown[] | null)
/**
 * The program that wrote the line: its name, and its pid as a number or as text.
 */
process?: unknown
/**
 * Whom it is about: name, group, effective user.
 */
user?: unknown
/**
 * Where the attempt came from: ip, port.
 */
source?: unknown
[k: string]: unknown
})
/**
 * Proof that a Logstash lives: what its heartbeat input sends, marked by the shipped pipeline with event.dataset. It is about no host: the name in it is Logstash's own.
 */
export type HeartbeatEvent = (BaseEvent & {
event?: ({
/**
 * Counts up, or seconds since 1970, if the input is set to number its events.
 */
sequence?: Numeric
[k: string]: unknown
} | string)
/**
 * The same with ECS compatibility disabled.
 */
clock?: Numeric
[k: string]: unknown
})
/**
 * A finite number, or its decimal text as grok and mutate leave it: 0.93, "0.93", "1e3", "-5".
 */
export type Numeric = (number | string)
/**
 * What the founding script writes for one machine, taken apart by grok: its id, CPU and memory in per cent, and its own time.
 */
export type MachineEvent = (BaseEvent & {
/**
 * The values of one reading.
 */
machine: {
/**
 * The machine's UUID.
 */
id: string
/**
 * CPU in use, in per cent.
 */
cpu_usage?: Percent
/**
 * Memory in use, in per cent.
 */
memory_usage?: Percent
/**
 * The script's own time; @timestamp is what counts.
 */
time_stamp?: (string | number)
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * Per cent, 0 to 100, as a number or its decimal text.
 */
export type Percent = (number | string)
/**
 * A line of syslog, from Filebeat's system module or Logstash's syslog input (ECS on and off). The host is the one that the line names, since a central shipper's own name stands in host.name.
 */
export type SyslogLineEvent = (BaseEvent & {
/**
 * The line of text; an array when a filter kept the original beside its own.
 */
message?: (string | unknown[] | null)
/**
 * The program that wrote the line: its name, and its pid as a number or as text.
 */
process?: unknown
log?: ({
syslog?: {
/**
 * The host that the line names.
 */
hostname?: unknown
/**
 * Facility times eight plus severity.
 */
priority?: Numeric
severity?: {
/**
 * 0 emergency to 7 debug.
 */
code?: Numeric
/**
 * The severity in a word.
 */
name?: unknown
[k: string]: unknown
}
facility?: {
/**
 * Number of the facility.
 */
code?: Numeric
/**
 * The facility in a word.
 */
name?: unknown
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
} | string | unknown[])
/**
 * The host that the line names (ECS compatibility disabled).
 */
logsource?: unknown
/**
 * The program that wrote the line (ECS compatibility disabled).
 */
program?: unknown
[k: string]: unknown
})
/**
 * CPU time of one host, as Metricbeat's system module reports it.
 */
export type SystemCPUEvent = (BaseEvent & {
host?: ({
cpu?: {
/**
 * CPU in use, 0 to 1, averaged over cores.
 */
usage?: Numeric
[k: string]: unknown
}
[k: string]: unknown
} | string | unknown[] | null)
system?: {
cpu?: {
/**
 * Number of cores.
 */
cores?: Numeric
total?: {
/**
 * Share of time not idle, summed over cores: 0 to the number of cores.
 */
pct?: Numeric
norm?: {
/**
 * Share of time not idle, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
user?: {
/**
 * Share of time in user space, summed over cores: 0 to the number of cores.
 */
pct?: Numeric
norm?: {
/**
 * Share of time in user space, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
system?: {
/**
 * Share of time in the kernel, summed over cores: 0 to the number of cores.
 */
pct?: Numeric
norm?: {
/**
 * Share of time in the kernel, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
idle?: {
/**
 * Share of time idle, summed over cores: 0 to the number of cores.
 */
pct?: Numeric
norm?: {
/**
 * Share of time idle, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
iowait?: {
/**
 * Share of time waiting for disks, summed over cores: 0 to the number of cores.
 */
pct?: Numeric
norm?: {
/**
 * Share of time waiting for disks, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
steal?: {
/**
 * Share of time taken by the hypervisor, summed over cores: 0 to the number of cores.
 */
pct?: Numeric
norm?: {
/**
 * Share of time taken by the hypervisor, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * One mounted file system of one host, as Metricbeat's system module reports it.
 */
export type SystemFilesystemEvent = (BaseEvent & {
system?: {
filesystem?: {
/**
 * Where it is mounted: / or C:\.
 */
mount_point?: (string | number)
/**
 * The disk or volume.
 */
device_name?: unknown
/**
 * Bytes in all.
 */
total?: Numeric
/**
 * Bytes that users may still take.
 */
available?: Numeric
/**
 * Bytes that are free.
 */
free?: Numeric
/**
 * Number of inodes.
 */
files?: Numeric
/**
 * Number of free inodes.
 */
free_files?: Numeric
used?: {
/**
 * Bytes in use.
 */
bytes?: Numeric
/**
 * Share in use, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * Memory and swap of one host, as Metricbeat's system module reports them.
 */
export type SystemMemoryEvent = (BaseEvent & {
system?: {
memory?: {
/**
 * Bytes of memory.
 */
total?: Numeric
/**
 * Bytes that nothing uses, caches included among the used.
 */
free?: Numeric
used?: {
/**
 * Bytes in use, caches included.
 */
bytes?: Numeric
/**
 * Share in use, caches included, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
actual?: {
/**
 * Bytes that could be given out, caches included.
 */
free?: Numeric
used?: {
/**
 * Bytes in use without caches.
 */
bytes?: Numeric
/**
 * Share in use without caches, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
swap?: {
/**
 * Bytes of swap.
 */
total?: Numeric
/**
 * Bytes of free swap.
 */
free?: Numeric
used?: {
/**
 * Bytes of swap in use.
 */
bytes?: Numeric
/**
 * Share of swap in use, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * Counters of one network interface of one host, as Metricbeat's system module reports them.
 */
export type SystemNetworkEvent = (BaseEvent & {
system?: {
network?: {
/**
 * The interface: eth0.
 */
name?: (string | number)
in?: {
/**
 * Bytes received since the interface came up.
 */
bytes?: Numeric
/**
 * Packets received since then.
 */
packets?: Numeric
/**
 * Packets that failed.
 */
errors?: Numeric
/**
 * Packets that were dropped.
 */
dropped?: Numeric
[k: string]: unknown
}
out?: {
/**
 * Bytes sent since the interface came up.
 */
bytes?: Numeric
/**
 * Packets sent since then.
 */
packets?: Numeric
/**
 * Packets that failed.
 */
errors?: Numeric
/**
 * Packets that were dropped.
 */
dropped?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})

/**
 * The events of each kind that has a schema in schemas/events.
 */
export interface EventsByKind {
auth: AuthenticationLineEvent
base: BaseEvent
heartbeat: HeartbeatEvent
machine: MachineEvent
syslog: SyslogLineEvent
"system.cpu": SystemCPUEvent
"system.filesystem": SystemFilesystemEvent
"system.memory": SystemMemoryEvent
"system.network": SystemNetworkEvent
}
/**
 * What holds for every event. An event of a kind that no other schema here describes is judged by this one alone. A schema names its kind by its file's name and its events by `x-stashwatch-match`: a list of alternatives, each a map from a dotted path to the value it must have (in an array: one element), to a list of such values, or to true for "is there and not null". The first schema that matches, in the order of file names, judges.
 */
export interface BaseEvent {
/**
 * When it happened: ISO 8601 with 0 to 9 decimals and Z or an offset, checked once when samples are taken. Without it the arrival time counts.
 */
"@timestamp"?: string
/**
 * Logstash's version of the event format, "1".
 */
"@version"?: unknown
/**
 * Whom the event is about: an object with name, hostname or ip (ECS), or a plain name (ECS compatibility disabled).
 */
host?: ({
/**
 * The host's name.
 */
name?: unknown
/**
 * The host's own name for itself; in an array the last one counts.
 */
hostname?: unknown
/**
 * One address or an array of them; the first counts.
 */
ip?: unknown
[k: string]: unknown
} | string | unknown[] | null)
/**
 * The line of text, if there was one.
 */
message?: unknown
/**
 * Words that inputs and filters left on the event: an array, or one string.
 */
tags?: unknown
[k: string]: unknown
}
