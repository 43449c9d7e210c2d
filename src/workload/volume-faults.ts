// Workload model: what is wrong with volumes and the log files on them. Pure.
import { placeOf, trimmed } from "./log-files";
import type { Workload } from "./workload";

type Parts = Pick<Workload, "services" | "state">;

interface Fault {
  path: (string | number)[];
  message: string;
}

/** Name the platform gives its own service, and the volume of it, where log files are followed (IS-6). */
export const logShipperName = "log-shipper";

export function volumeFaults(w: Parts): Fault[] {
  return [...mountFaults(w), ...logFaults(w), ...nameFaults(w)];
}

/** One path shows one thing. */
function mountFaults({ services, state }: Parts): Fault[] {
  const faults: Fault[] = [];
  const taken = new Map<string, string>();
  for (const [service, { tmpfs }] of Object.entries(services))
    for (const [i, { path }] of tmpfs.entries()) {
      const key = `${service} ${trimmed(path)}`;
      const other = taken.get(key);
      if (other) faults.push({ path: ["services", service, "tmpfs", i, "path"], message: twice(service, path, other) });
      taken.set(key, "a tmpfs");
    }
  for (const [volume, { mounts }] of Object.entries(state.volumes))
    for (const [i, { service, path }] of mounts.entries()) {
      const at = ["state", "volumes", volume, "mounts", i, "path"];
      const key = `${service} ${trimmed(path)}`;
      const other = taken.get(key);
      if (trimmed(path) === "") faults.push({ path: at, message: "is the root of the container, which the image has" });
      else if (other) faults.push({ path: at, message: twice(service, path, other) });
      taken.set(key, `volume \`${volume}\``);
    }
  return faults;
}

function twice(service: string, path: string, other: string): string {
  return `\`${path}\` of service \`${service}\` is already the path of ${other}`;
}

/** A log file must be where its service can write it, and whoever follows it can read it; it is followed once. */
function logFaults(w: Parts): Fault[] {
  const followed = new Map<string, string>();
  return Object.entries(w.services).flatMap(([service, { logs, machine }]) =>
    logs.flatMap(({ file }, i): Fault[] => {
      // Of a machine it is refused whatever its path (machine-faults).
      if (file === undefined || machine) return [];
      const at = ["services", service, "logs", i, "file"];
      const place = placeOf(w, service, file);
      if (!place)
        return [
          {
            path: at,
            message:
              "lies on the root file system, which is read-only; allowed is a path below a mount or a tmpfs (RT-12)",
          },
        ];
      if ("tmpfs" in place) return [];
      if (place.readOnly)
        return [
          {
            path: at,
            message: `\`${service}\` mounts volume \`${place.volume}\` read-only, so it writes no log there`,
          },
        ];
      const key = `${place.volume}/${place.within}`;
      const other = followed.get(key);
      followed.set(key, service);
      return other === undefined
        ? []
        : [{ path: at, message: `is a log of \`${other}\` already; each record reaches the log sink once (IS-6)` }];
    }),
  );
}

function nameFaults({ services, state }: Parts): Fault[] {
  const follows = Object.values(services).some(({ logs }) => logs.some(log => log.file));
  const message = `\`${logShipperName}\` is the platform's own name where logs are files (IS-6)`;
  return [
    ...(follows && services[logShipperName] ? [{ path: ["services", logShipperName], message }] : []),
    ...(follows && state.volumes[logShipperName] ? [{ path: ["state", "volumes", logShipperName], message }] : []),
  ];
}
