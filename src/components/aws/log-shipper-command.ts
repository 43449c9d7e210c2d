// AWS components: what the log shipper is told on its command line. Pure; the words are Fluent Bit's (IS-6).
import type { LogFile } from "../../workload/log-files";

/** A log file, and the log group its lines go to. */
export interface ShippedFile extends LogFile {
  logGroupName: string;
}

/** Where the shipper sees the volumes it follows, each under its own name. */
export const followedPath = "/followed";
/** Where it keeps what must outlive its task: how far it has read, and what it has read but not delivered. */
export const positionsPath = "/positions";

export const shipperEntryPoint = ["/fluent-bit/bin/fluent-bit"];

/** One input and one output for each file: the lines as they are, a log stream of the file's own name. */
export function shipperCommand(files: readonly ShippedFile[], region: string): string[] {
  return [
    `--storage_path=${positionsPath}/buffer`,
    ...files.flatMap(file => [
      ...["-i", "tail", ...properties(input(file))],
      ...["-o", "cloudwatch_logs", ...properties(output(file, region))],
    ]),
  ];
}

function input(file: LogFile): Record<string, string> {
  const place = `${file.volume}/${file.within}`;
  return {
    tag: tag(file),
    path: `${followedPath}/${place}`,
    // A file that is new to the shipper may hold records already.
    read_from_head: "true",
    refresh_interval: "10",
    // Who writes is on another machine: NFS tells nobody of changes, so the shipper looks.
    inotify_watcher: "false",
    db: `${positionsPath}/${encodeURIComponent(place)}.db`,
    "db.locking": "true",
    // SQLite's default, a write-ahead log, needs memory shared between processes, which NFS does not have.
    "db.journal_mode": "TRUNCATE",
    // What was read is on disk before its position is, so a killed task delivers it after its restart.
    "storage.type": "filesystem",
    buffer_chunk_size: "64k",
    // CloudWatch takes events of up to 1 MiB. A longer line is passed over; without this, the whole file would be given up.
    buffer_max_size: "1M",
    skip_long_lines: "true",
  };
}

function output(file: ShippedFile, region: string): Record<string, string> {
  return {
    match: tag(file),
    region,
    log_group_name: file.logGroupName,
    log_stream_name: file.path.replace(/^\/+/, ""),
    // The line itself, not a record around it: what is in the sink can be compared with the file.
    log_key: "log",
    retry_limit: "no_limits",
  };
}

/** The same after any change of the other files: what is still to be delivered goes by it. */
function tag({ service, kind, volume, within }: LogFile): string {
  return [service, kind, volume, within].join("/");
}

function properties(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ["-p", `${name}=${value}`]);
}
