// Workload model: where the log files of services lie: on which volume, and where on it (IS-6). Pure.
import type { Workload } from "./workload";

type Parts = Pick<Workload, "services" | "state">;

export interface LogFile {
  service: string;
  kind: Workload["services"][string]["logs"][number]["kind"];
  /** As the service's process knows it. */
  path: string;
  volume: string;
  /** Path below the root of the volume, without a leading slash. */
  within: string;
}

/** What a path of a service's process leads to; nothing: the root file system, which is read-only. */
export type Place = { volume: string; within: string; readOnly: boolean } | { tmpfs: string } | undefined;

/** The mount or tmpfs that holds a path: the innermost, as mounts may lie within each other. */
export function placeOf({ services, state }: Parts, service: string, path: string): Place {
  const scratch = (services[service]?.tmpfs ?? []).map(mount => ({ at: trimmed(mount.path), tmpfs: mount.path }));
  const mounted = Object.entries(state.volumes).flatMap(([volume, { mounts }]) =>
    mounts
      .filter(mount => mount.service === service)
      .map(mount => ({ at: trimmed(mount.path), volume, readOnly: mount.readOnly })),
  );
  const [innermost] = [...scratch, ...mounted]
    .filter(({ at }) => trimmed(path).startsWith(`${at}/`))
    .sort((a, b) => b.at.length - a.at.length);
  if (!innermost) return undefined;
  if ("tmpfs" in innermost) return { tmpfs: innermost.tmpfs };
  const { at, volume, readOnly } = innermost;
  return { volume, readOnly, within: trimmed(path).slice(at.length + 1) };
}

/** Every log file on a volume, in the order of the specification. */
export function logFiles(workload: Parts): LogFile[] {
  return Object.entries(workload.services).flatMap(([service, { logs }]) =>
    logs.flatMap(({ kind, file }): LogFile[] => {
      const place = file === undefined ? undefined : placeOf(workload, service, file);
      if (file === undefined || !place || "tmpfs" in place) return [];
      return [{ service, kind, path: file, volume: place.volume, within: place.within }];
    }),
  );
}

/** One spelling for one path: no double slash, none at the end. */
export function trimmed(path: string): string {
  return path.replace(/\/+/g, "/").replace(/\/$/, "");
}
