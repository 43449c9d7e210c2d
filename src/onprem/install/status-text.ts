// Installer: what is installed, as a table for people. Pure.
import { table } from "../../cli/table";
import { plain } from "../../kubernetes/await/findings";
import type { Status } from "./status";

export function statusText(status: Status): string {
  const { installed, version, stack, environment, since, registry, namespace, operation } = status;
  const head = installed
    ? [`Release ${version} of ${stack} (${environment}), since ${since}, images from ${registry}`]
    : [namespace ? `No release runs in namespace ${namespace}.` : "Nothing is installed in this cluster."];
  if (operation && operation.state !== "done")
    head.push(
      `${operation.state === "failed" ? "Failed" : "Under way"}: ${operation.command} ${operation.version}, step \`${operation.step}\`${operation.stepIsDone ? " done" : ""}, begun ${operation.startedAt}`,
    );
  if (status.partly !== undefined)
    head.push(
      `It may no longer stand as it ran: a step that led to ${status.partly} failed, and objects of that stand. Type one of: palisade rollback --to ${status.partly}, or palisade rollback --to ${version}`,
    );
  const rows = status.workloads.map(({ namespace: at, kind, name, ready, wanted, missing }) => [
    at,
    `${kind.toLowerCase()}/${name}`,
    `${ready}/${wanted}`,
    missing === "" ? "ready" : plain(missing),
  ]);
  const certificates = status.certificates.map(({ namespace: at, secret, key, ends, daysLeft }) => [
    at,
    `${secret}/${key}`,
    ends.slice(0, 10),
    daysLeft < 0 ? "HAS ENDED" : `${daysLeft} days left`,
  ]);
  return [
    `${head.join("\n")}\n`,
    rows.length > 0 ? table([["NAMESPACE", "WORKLOAD", "READY", "STATE"], ...rows]) : "",
    certificates.length > 0 ? table([["NAMESPACE", "CERTIFICATE", "ENDS", ""], ...certificates]) : "",
    installed ? `Can go back to: ${status.kept.join(", ") || "nothing"}\n` : "",
    ...status.unseen.map(line => `Not seen: ${line}\n`),
  ]
    .filter(Boolean)
    .join("\n");
}
