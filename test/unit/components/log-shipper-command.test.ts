import { expect, test } from "vitest";
import { type ShippedFile, shipperCommand } from "../../../src/components/aws/log-shipper-command";

const audit: ShippedFile = {
  service: "api",
  kind: "audit",
  path: "/app/forensic_logs/forensic_audit.log",
  volume: "forensic-logs",
  within: "forensic_audit.log",
  logGroupName: "/palisade/dev/iss/api/audit",
};
const nested: ShippedFile = { ...audit, path: "/app/forensic_logs/a/b.log", within: "a/b.log" };

interface Plugin {
  kind: string;
  name: string;
  properties: Record<string, string>;
}

/** As Fluent Bit reads its arguments: a property belongs to the plugin before it. */
function plugins(command: string[]): Plugin[] {
  const read: Plugin[] = [];
  const words = command.filter(word => !word.startsWith("--"));
  for (let i = 0; i < words.length; i += 2) {
    const [option, value = ""] = words.slice(i, i + 2);
    if (option === "-i" || option === "-o") read.push({ kind: option, name: value, properties: {} });
    else if (option === "-p") {
      const [name = "", ...rest] = value.split("=");
      Object.assign(read.at(-1)?.properties ?? {}, { [name]: rest.join("=") });
    } else throw new Error(`option ${option}`);
  }
  return read;
}

const [tail, cloudwatch] = plugins(shipperCommand([audit], "eu-central-1"));

test("a file is followed from its head, without inotify, which NFS does not have", () => {
  expect(tail).toMatchObject({
    kind: "-i",
    name: "tail",
    properties: {
      path: "/followed/forensic-logs/forensic_audit.log",
      read_from_head: "true",
      inotify_watcher: "false",
      skip_long_lines: "true",
    },
  });
});

test("position and undelivered lines outlive the task, in what works on NFS", () => {
  expect(shipperCommand([audit], "eu-central-1")[0]).toBe("--storage_path=/positions/buffer");
  expect(tail?.properties).toMatchObject({
    db: "/positions/forensic-logs%2Fforensic_audit.log.db",
    "db.locking": "true",
    "db.journal_mode": "TRUNCATE",
    "storage.type": "filesystem",
  });
  expect(cloudwatch?.properties.retry_limit).toBe("no_limits");
});

test("its lines arrive as they are, in the group of their kind, in a stream named after the file (IS-6)", () => {
  expect(cloudwatch).toMatchObject({
    kind: "-o",
    name: "cloudwatch_logs",
    properties: {
      match: tail?.properties.tag,
      region: "eu-central-1",
      log_group_name: "/palisade/dev/iss/api/audit",
      log_stream_name: "app/forensic_logs/forensic_audit.log",
      log_key: "log",
    },
  });
  expect(cloudwatch?.properties).not.toHaveProperty("auto_create_group");
});

test("each file has a tag, a position and an output of its own, whichever other files there are", () => {
  const both = plugins(shipperCommand([nested, audit], "eu-central-1"));
  expect(both.slice(2)).toEqual([tail, cloudwatch]);
  for (const name of ["tag", "db", "path"])
    expect(new Set(both.filter(p => p.kind === "-i").map(p => p.properties[name])).size).toBe(2);
});
