// Workload model: what holds across the services of one workload, whatever home it runs in.
import { looksSecretByName, looksSecretByValue } from "./plain-secrets";
import type { Workload } from "./workload";

interface Fault {
  path: (string | number)[];
  message: string;
}

export function wholeFaults(workload: Pick<Workload, "services">): Fault[] {
  return [...sharedPorts(workload), ...severalEntrances(workload), ...unwatched(workload), ...plainSecrets(workload)];
}

/** One host can run the whole workload (IS-10), so a port belongs to one service. */
function sharedPorts({ services }: Pick<Workload, "services">): Fault[] {
  const takenBy = new Map<number, string>();
  return Object.entries(services).flatMap(([name, { ports }]) =>
    ports.flatMap(({ number }, i): Fault[] => {
      const other = takenBy.get(number);
      if (other === undefined || other === name) {
        takenBy.set(number, name);
        return [];
      }
      const path = ["services", name, "ports", i, "number"];
      return [
        { path, message: `found ${number}, which is a port of \`${other}\` too; allowed: a port of its own (IS-10)` },
      ];
    }),
  );
}

/** A workload has one host name at the edge, and one service behind it. */
function severalEntrances({ services }: Pick<Workload, "services">): Fault[] {
  const [first, ...others] = Object.entries(services).filter(([, { network }]) => network.exposure === "public");
  return others.map(([name]) => ({
    path: ["services", name, "network", "exposure"],
    message: `found \`public\`, as \`${first?.[0]}\` is already; allowed: one public service, and \`internal\` or \`none\` for the others`,
  }));
}

/** A process with a port can be asked how it is, so it is (RT-2, SA-12). */
function unwatched({ services }: Pick<Workload, "services">): Fault[] {
  return Object.entries(services)
    .filter(([, { ports, health, network }]) => ports.length > 0 && !health && network.exposure === "none")
    .map(([name]) => ({
      path: ["services", name, "health"],
      message: "found nothing; allowed: the path and port that say whether it is well, since it has a port (RT-2)",
    }));
}

/** A secret is named under `secrets` and valued by the home (SA-8, PF-7). */
function plainSecrets({ services }: Pick<Workload, "services">): Fault[] {
  return Object.entries(services).flatMap(([name, { environment }]) =>
    Object.entries(environment)
      .filter(
        ([key, value]) => typeof value === "string" && (looksSecretByName(key, value) || looksSecretByValue(value)),
      )
      .map(([key]) => ({
        path: ["services", name, "environment", key],
        message: "found a secret in plain text; allowed: its name under `secrets`, with this service as reader (PF-7)",
      })),
  );
}
