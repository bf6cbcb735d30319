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
 * One reading of one GPU of a host, in a shape of stashwatch's own: what nvidia-smi, rocm-smi or DCGM say, under these names. Ratios go from 0 to 1. A value that the card does not know may be null, empty, "-" or "[N/A]".
 */
export type GPUEvent = (BaseEvent & {
gpu?: {
/**
 * Number of the GPU in its host.
 */
index?: unknown
/**
 * What names the GPU everywhere.
 */
uuid?: unknown
/**
 * The model.
 */
name?: unknown
utilization?: {
/**
 * Share of time in which the GPU computed, 0 to 1.
 */
pct?: Reading
[k: string]: unknown
}
memory?: {
used?: {
/**
 * Share of its memory in use, 0 to 1.
 */
pct?: Reading
/**
 * Bytes of its memory in use.
 */
bytes?: Reading
[k: string]: unknown
}
total?: {
/**
 * Bytes of its memory.
 */
bytes?: Reading
[k: string]: unknown
}
[k: string]: unknown
}
temperature?: {
/**
 * Temperature of the GPU.
 */
celsius?: Reading
memory?: {
/**
 * Temperature of its memory.
 */
celsius?: Reading
[k: string]: unknown
}
[k: string]: unknown
}
power?: {
/**
 * Power that it draws.
 */
watts?: Reading
limit?: {
/**
 * Power that it may draw.
 */
watts?: Reading
[k: string]: unknown
}
[k: string]: unknown
}
fan?: {
/**
 * Speed of its fan, 0 to 1.
 */
pct?: Reading
[k: string]: unknown
}
ecc?: {
/**
 * Memory errors that could not be corrected, since the driver started.
 */
uncorrected?: Reading
[k: string]: unknown
}
/**
 * Number of the last error that the driver logged (XID); 0 or absent if none.
 */
xid?: Reading
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * A number, its decimal text, or what a tool writes where it knows none: null, "", "-", "N/A", "[N/A]", "[Not Supported]". Such an event counts and yields no number.
 */
export type Reading = (number | string | null)
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
 * How busy one disk of a host is, as Metricbeat's linux module reports it.
 */
export type LinuxIostatEvent = (BaseEvent & {
linux?: {
iostat?: {
/**
 * Name of the device.
 */
name?: unknown
/**
 * Share of time in which the device was busy, 0 to 100.
 */
busy?: Numeric
/**
 * How long a request took on average.
 */
"await"?: Numeric
read?: {
/**
 * How long a read took on average.
 */
"await"?: Numeric
per_sec?: {
/**
 * Bytes read a second.
 */
bytes?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
write?: {
/**
 * How long a write took on average.
 */
"await"?: Numeric
per_sec?: {
/**
 * Bytes written a second.
 */
bytes?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
queue?: {
/**
 * Requests that waited, on average.
 */
avg_size?: Numeric
[k: string]: unknown
}
request?: {
/**
 * Size of a request on average.
 */
avg_size?: Numeric
[k: string]: unknown
}
/**
 * Time that the device itself took for a request.
 */
service_time?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * Swap, huge pages and paging of a host, as Metricbeat's linux module reports them.
 */
export type LinuxMemoryEvent = (BaseEvent & {
linux?: {
memory?: {
swap?: {
/**
 * Bytes of swap.
 */
total?: Numeric
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
in?: {
/**
 * Pages read from swap since the start.
 */
pages?: Numeric
[k: string]: unknown
}
out?: {
/**
 * Pages written to swap since the start.
 */
pages?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
hugepages?: {
used?: {
/**
 * Share of huge pages in use, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
/**
 * Number of huge pages.
 */
total?: Numeric
/**
 * Number of free huge pages.
 */
free?: Numeric
[k: string]: unknown
}
page_stats?: {
direct_efficiency?: {
/**
 * Share of pages that a process in need could reclaim, 0 to 1; low means distress.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
vmstat?: {
/**
 * Processes that the kernel killed for want of memory since the start.
 */
oom_kill?: Numeric
/**
 * Pages that had to be read from disk since the start.
 */
pgmajfault?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * How long the tasks of a host waited for CPU, memory or disks (PSI), as Metricbeat's linux module reports it: one event a resource.
 */
export type LinuxPressureEvent = (BaseEvent & {
linux?: {
pressure?: {
cpu?: {
some?: {
/**
 * Share of the last 10 seconds in which some task waited for a CPU, 0 to 100.
 */
"10"?: Numeric
/**
 * The same over a minute.
 */
"60"?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
memory?: {
some?: {
/**
 * Share of the last 10 seconds in which some task waited for memory, 0 to 100.
 */
"10"?: Numeric
[k: string]: unknown
}
full?: {
/**
 * Share of the last 10 seconds in which all tasks waited for memory, 0 to 100.
 */
"10"?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
io?: {
some?: {
/**
 * Share of the last 10 seconds in which some task waited for a disk, 0 to 100.
 */
"10"?: Numeric
[k: string]: unknown
}
full?: {
/**
 * Share of the last 10 seconds in which all tasks waited for a disk, 0 to 100.
 */
"10"?: Numeric
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
 * What Slurm's controller says of one node, in a shape of stashwatch's own: the fields of `scontrol show node` or `sinfo -N` under these names. The event is about the node in slurm.node.name, not about the host that asked. A value that Slurm does not know may be null, empty, "-" or "N/A".
 */
export type SlurmNodeEvent = (BaseEvent & {
slurm: {
node: {
/**
 * The node's name: whom the event is about.
 */
name: string
/**
 * idle, alloc, mixed, down, drained, idle*, IDLE+DRAIN, ..., or a list of such words.
 */
state?: (string | unknown[])
/**
 * Why the node is down or drained.
 */
reason?: unknown
/**
 * The partition, or a list of them.
 */
partition?: unknown
cpus?: {
/**
 * CPUs that jobs hold.
 */
alloc?: Reading
/**
 * CPUs that are free.
 */
idle?: Reading
/**
 * CPUs of the node.
 */
total?: Reading
/**
 * Load of the node as Slurm sees it.
 */
load?: Reading
[k: string]: unknown
}
memory?: {
alloc?: {
/**
 * Memory that jobs have reserved.
 */
bytes?: Reading
[k: string]: unknown
}
free?: {
/**
 * Memory that is free.
 */
bytes?: Reading
[k: string]: unknown
}
total?: {
/**
 * Memory of the node.
 */
bytes?: Reading
[k: string]: unknown
}
[k: string]: unknown
}
gpus?: {
/**
 * GPUs that jobs hold.
 */
alloc?: Reading
/**
 * GPUs of the node.
 */
total?: Reading
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
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
 * CPU time of one core of a host, as Metricbeat's system module reports it.
 */
export type SystemCoreEvent = (BaseEvent & {
system?: {
core?: {
/**
 * Number of the core.
 */
id?: unknown
total?: {
/**
 * Share of time not idle, 0 to 1 (Beats from 7.13 on).
 */
pct?: Numeric
[k: string]: unknown
}
user?: {
/**
 * Share of time in user space, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
system?: {
/**
 * Share of time in the kernel, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
idle?: {
/**
 * Share of time idle, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
iowait?: {
/**
 * Share of time waiting for disks, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
softirq?: {
/**
 * Share of time in software interrupts, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
irq?: {
/**
 * Share of time in hardware interrupts, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
nice?: {
/**
 * Share of time with processes of low priority, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
steal?: {
/**
 * Share of time that the hypervisor gave to others, 0 to 1.
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
 * What one disk of a host has read and written since the host started, as Metricbeat's system module reports it; its old form has the rates as well.
 */
export type SystemDiskIOEvent = (BaseEvent & {
system?: {
diskio?: {
/**
 * Name of the device.
 */
name?: unknown
/**
 * Serial number of the device.
 */
serial_number?: unknown
read?: {
/**
 * Bytes read since the start.
 */
bytes?: Numeric
/**
 * Reads completed since the start.
 */
count?: Numeric
/**
 * Milliseconds spent with reads since the start.
 */
time?: Numeric
[k: string]: unknown
}
write?: {
/**
 * Bytes written since the start.
 */
bytes?: Numeric
/**
 * Writes completed since the start.
 */
count?: Numeric
/**
 * Milliseconds spent with writes since the start.
 */
time?: Numeric
[k: string]: unknown
}
io?: {
/**
 * Milliseconds in which the device was busy since the start. It grows by 1000 a second at most.
 */
time?: Numeric
/**
 * Operations under way.
 */
ops?: Numeric
[k: string]: unknown
}
iostat?: {
/**
 * Share of time in which the device was busy, in per cent (Beats before 8; now in linux.iostat).
 */
busy?: Numeric
/**
 * Milliseconds that a request took on average (Beats before 8; now in linux.iostat).
 */
"await"?: Numeric
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
 * All file systems of a host added up, as Metricbeat's system module reports them.
 */
export type SystemFileSystemSummaryEvent = (BaseEvent & {
system?: {
fsstat?: {
/**
 * Number of file systems.
 */
count?: Numeric
/**
 * Number of files.
 */
total_files?: Numeric
total_size?: {
/**
 * Bytes in use.
 */
used?: Numeric
/**
 * Bytes free.
 */
free?: Numeric
/**
 * Bytes in all.
 */
total?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * Load averages of one host, as Metricbeat's system module reports them.
 */
export type SystemLoadEvent = (BaseEvent & {
system?: {
load?: {
/**
 * Processes that run or wait to run, averaged over 1 minute.
 */
"1"?: Numeric
/**
 * The same over 5 minutes.
 */
"5"?: Numeric
/**
 * The same over 15 minutes.
 */
"15"?: Numeric
norm?: {
/**
 * Load over 1 minute, divided by the number of cores.
 */
"1"?: Numeric
/**
 * The same over 5 minutes.
 */
"5"?: Numeric
/**
 * The same over 15 minutes.
 */
"15"?: Numeric
[k: string]: unknown
}
/**
 * Number of cores.
 */
cores?: Numeric
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
 * One process of a host, as Metricbeat's system module reports it. By default Metricbeat reports those that use the most CPU and memory only.
 */
export type SystemProcessEvent = (BaseEvent & {
process?: ({
/**
 * Name of the program (before Beats 7: system.process.name).
 */
name?: unknown
/**
 * Number of the process.
 */
pid?: unknown
[k: string]: unknown
} | string | unknown[] | null)
user?: ({
/**
 * Whose process it is.
 */
name?: unknown
[k: string]: unknown
} | string | unknown[] | null)
system?: {
process?: {
/**
 * running, sleeping, zombie, ...
 */
state?: unknown
/**
 * Name of the program (Beats before 7).
 */
name?: unknown
cpu?: {
total?: {
/**
 * CPU in use, summed over cores: 0 to the number of cores.
 */
pct?: Numeric
norm?: {
/**
 * CPU in use, 0 to 1 of the whole host.
 */
pct?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
memory?: {
rss?: {
/**
 * Memory that is resident.
 */
bytes?: Numeric
/**
 * Share of the host's memory that is resident, 0 to 1.
 */
pct?: Numeric
[k: string]: unknown
}
/**
 * Virtual memory.
 */
size?: Numeric
[k: string]: unknown
}
fd?: {
/**
 * Open file descriptors.
 */
open?: Numeric
limit?: {
/**
 * Most open file descriptors.
 */
soft?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
/**
 * Threads.
 */
num_threads?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * How many processes of a host are in which state, as Metricbeat's system module reports it.
 */
export type SystemProcessSummaryEvent = (BaseEvent & {
system?: {
process?: {
summary?: {
/**
 * All processes.
 */
total?: Numeric
/**
 * Processes that run.
 */
running?: Numeric
/**
 * Processes that sleep.
 */
sleeping?: Numeric
/**
 * Idle processes.
 */
idle?: Numeric
/**
 * Stopped processes.
 */
stopped?: Numeric
/**
 * Processes that have ended and were not collected by their parent.
 */
zombie?: Numeric
/**
 * Dead processes.
 */
dead?: Numeric
/**
 * Processes whose state could not be read.
 */
unknown?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * The state of one systemd service of a host, as Metricbeat's system module reports it.
 */
export type SystemServiceEvent = (BaseEvent & {
system?: {
service?: {
/**
 * Name of the unit, such as sshd.service.
 */
name?: unknown
/**
 * active, inactive, failed, activating, ...
 */
state?: unknown
/**
 * running, exited, dead, failed, ...
 */
sub_state?: unknown
/**
 * loaded, not-found, masked, ...
 */
load_state?: unknown
/**
 * When it came into this state.
 */
state_since?: unknown
/**
 * How its main process ended.
 */
exec_code?: unknown
resources?: {
cpu?: {
usage?: {
/**
 * Nanoseconds of CPU used since its start.
 */
ns?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
memory?: {
usage?: {
/**
 * Memory in use; 18446744073709551615 where systemd does not count it.
 */
bytes?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
tasks?: {
/**
 * Tasks of the service.
 */
count?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
process?: ({
/**
 * With which code its main process ended.
 */
exit_code?: unknown
[k: string]: unknown
} | string | unknown[] | null)
[k: string]: unknown
})
/**
 * One TCP socket of a host that was opened, as Metricbeat's system module reports it.
 */
export type SystemSocketEvent = (BaseEvent & {
network?: ({
/**
 * listening, inbound, outbound (new: ingress, egress).
 */
direction?: unknown
[k: string]: unknown
} | string | unknown[] | null)
source?: ({
/**
 * Address at this end of an outgoing connection.
 */
ip?: unknown
[k: string]: unknown
} | string | unknown[] | null)
destination?: ({
/**
 * Address at the other end of an outgoing connection.
 */
ip?: unknown
/**
 * Port at the other end of an outgoing connection.
 */
port?: Reading
[k: string]: unknown
} | string | unknown[] | null)
process?: ({
/**
 * Whose socket it is.
 */
name?: unknown
[k: string]: unknown
} | string | unknown[] | null)
system?: {
socket?: {
local?: {
/**
 * Own address.
 */
ip?: unknown
/**
 * Own port.
 */
port?: Numeric
[k: string]: unknown
}
remote?: {
/**
 * Address at the other end.
 */
ip?: unknown
/**
 * Port at the other end.
 */
port?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * How many sockets of a host are in which state, as Metricbeat's system module reports it.
 */
export type SystemSocketSummaryEvent = (BaseEvent & {
system?: {
socket?: {
summary?: {
all?: {
/**
 * All open sockets.
 */
count?: Numeric
/**
 * Sockets that listen.
 */
listening?: Numeric
[k: string]: unknown
}
tcp?: {
/**
 * Memory of TCP sockets.
 */
memory?: Numeric
all?: {
/**
 * TCP sockets.
 */
count?: Numeric
/**
 * TCP sockets that listen.
 */
listening?: Numeric
/**
 * TCP connections.
 */
established?: Numeric
/**
 * TCP connections that the other side has closed and this one has not.
 */
close_wait?: Numeric
/**
 * TCP connections that were closed a moment ago.
 */
time_wait?: Numeric
/**
 * TCP sockets that no process holds.
 */
orphan?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
udp?: {
all?: {
/**
 * UDP sockets.
 */
count?: Numeric
[k: string]: unknown
}
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
 * How long a host has been up, as Metricbeat's system module reports it.
 */
export type SystemUptimeEvent = (BaseEvent & {
system?: {
uptime?: {
duration?: {
/**
 * Milliseconds since the host started.
 */
ms?: Numeric
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
})
/**
 * One line of the access log of nginx, Apache, HAProxy, IIS or Traefik, taken apart by Filebeat's modules (or by Logstash's HTTPD patterns under the same names). Values that the log writes as "-" may stay so; HAProxy's status -1 is a request that was never answered.
 */
export type WebAccessEvent = (BaseEvent & {
http?: ({
response?: {
/**
 * Status of the answer.
 */
status_code?: Reading
body?: {
/**
 * Size of the answer without its head.
 */
bytes?: Reading
[k: string]: unknown
}
/**
 * Size of the whole answer (HAProxy).
 */
bytes?: Reading
[k: string]: unknown
}
request?: {
/**
 * GET, POST, ...
 */
method?: unknown
[k: string]: unknown
}
[k: string]: unknown
} | string | unknown[] | null)
event?: ({
/**
 * How long the answer took, where the log says so (Traefik, HAProxy, IIS).
 */
duration?: Reading
[k: string]: unknown
} | string | unknown[] | null)
url?: ({
/**
 * What was asked for.
 */
path?: unknown
/**
 * The same as it was sent.
 */
original?: unknown
[k: string]: unknown
} | string | unknown[] | null)
source?: ({
/**
 * Who asked.
 */
address?: unknown
[k: string]: unknown
} | string | unknown[] | null)
user_agent?: ({
/**
 * With which program.
 */
original?: unknown
[k: string]: unknown
} | string | unknown[] | null)
haproxy?: {
/**
 * HAProxy's backend.
 */
backend_name?: unknown
http?: {
response?: {
/**
 * Status of the answer (Filebeat before 7).
 */
status_code?: Reading
[k: string]: unknown
}
[k: string]: unknown
}
[k: string]: unknown
}
nginx?: {
access?: {
/**
 * Status of the answer (Filebeat before 7).
 */
response_code?: Reading
[k: string]: unknown
}
[k: string]: unknown
}
apache2?: {
access?: {
/**
 * Status of the answer (Filebeat before 7).
 */
response_code?: Reading
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
gpu: GPUEvent
heartbeat: HeartbeatEvent
"linux.iostat": LinuxIostatEvent
"linux.memory": LinuxMemoryEvent
"linux.pressure": LinuxPressureEvent
machine: MachineEvent
"slurm.node": SlurmNodeEvent
syslog: SyslogLineEvent
"system.core": SystemCoreEvent
"system.cpu": SystemCPUEvent
"system.diskio": SystemDiskIOEvent
"system.filesystem": SystemFilesystemEvent
"system.fsstat": SystemFileSystemSummaryEvent
"system.load": SystemLoadEvent
"system.memory": SystemMemoryEvent
"system.network": SystemNetworkEvent
"system.process": SystemProcessEvent
"system.process.summary": SystemProcessSummaryEvent
"system.service": SystemServiceEvent
"system.socket": SystemSocketEvent
"system.socket.summary": SystemSocketSummaryEvent
"system.uptime": SystemUptimeEvent
"web.access": WebAccessEvent
}
/**
 * What holds for every event. An event of a kind that no other schema here describes is judged by this one alone. A schema names its kind by its file's name and its events by `x-stashwatch-match`: a list of alternatives, each a map from a dotted path to the value it must have (in an array: one element), to a list of such values, or to true for "is there and not null". An alternative that names event.dataset goes before those that do not; among equals your own schemas go before the built-in ones, and otherwise the order of file names decides.
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
