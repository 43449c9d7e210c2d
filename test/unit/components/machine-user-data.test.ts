// Unit tests: what a fresh machine is told: no secret, no release, no SSH, hardened units (CP-1, CP-5, CP-6, PF-7).
import { expect, test } from "vitest";
import { parse } from "yaml";
import { machineScripts, settingsFile } from "../../../src/components/aws/machine-scripts";
import { type MachineSettings, shellWord, unitsOf } from "../../../src/components/aws/machine-settings";
import { userData } from "../../../src/components/aws/machine-user-data";
import { machineService, machineSettings } from "./machine-samples";

interface CloudConfig {
  users: { name: string; shell: string }[];
  ssh_pwauth: boolean;
  apt: Record<"primary" | "security", { uri: string }[]>;
  packages: string[];
  write_files: { path: string; permissions: string; content: string }[];
  runcmd: string[][];
}
const render = (changes: Partial<MachineSettings> = {}) => userData(machineSettings(changes));
const config = (changes: Partial<MachineSettings> = {}) => parse(render(changes)) as CloudConfig;
function file(path: string, changes: Partial<MachineSettings> = {}) {
  const found = config(changes).write_files.filter(f => f.path === path);
  if (!found[0] || found.length > 1) throw new Error(`expected one \`${path}\`, found ${found.length}`);
  return found[0];
}

test("it is a cloud-config that EC2 takes", () => {
  expect(render().split("\n")[0]).toBe("#cloud-config");
  expect(Buffer.byteLength(render())).toBeLessThan(16_384);
});

test("every script arrives as it was written, and may be run", () => {
  const settings = machineSettings();
  for (const [name, content] of Object.entries(machineScripts(settings)))
    expect(file(`/usr/local/lib/palisade/${name}`)).toMatchObject({ content, permissions: "0755" });
  expect(file("/etc/palisade/machine").content).toBe(settingsFile(settings));
});

test("packages come from Canonical's own archive, and are Docker and the client of AWS", () => {
  const { apt, packages } = config();
  expect(packages).toEqual(["awscli", "docker.io"]);
  expect(apt.primary[0]?.uri).toBe("http://archive.ubuntu.com/ubuntu");
  expect(apt.security[0]?.uri).toBe("http://security.ubuntu.com/ubuntu");
});

test("nobody can log in, and SSH is off (CP-6)", () => {
  const { users, ssh_pwauth, runcmd } = config();
  expect(users).toMatchObject([{ name: "palisade", shell: "/usr/sbin/nologin" }]);
  expect(ssh_pwauth).toBe(false);
  expect(runcmd).toContainEqual(["systemctl", "disable", "--now", "ssh.service", "ssh.socket"]);
});

test("neither a secret nor a release changes a machine (CP-5, CP-9)", () => {
  expect(render()).not.toContain("sha256:");
  expect(file("/etc/palisade/environment").content).toBe("LOG_LEVEL=info\n");
  expect(file("/etc/palisade/environment").permissions).toBe("0600");
  expect(file("/etc/palisade/machine").content).toContain("SECRETS=BOT_TOKEN\n");
});

test("units wait for a delivery, render their secrets at each start, and give up after the restart budget (RT-5)", () => {
  const service = machineService({
    lifecycle: { stopTimeoutSeconds: 45, restartBudget: { restarts: 5, windowMinutes: 15 } },
  });
  for (const unit of ["bot.service", "worker@1.service"]) {
    const { content } = file(`/etc/systemd/system/${unit}`, { service });
    for (const line of [
      "ConditionPathExists=/var/lib/palisade/release",
      "ExecStartPre=/usr/local/lib/palisade/environment",
      "ExecStart=/usr/local/lib/palisade/run %n",
      "ExecStop=/usr/local/lib/palisade/stop %n 45",
      "StartLimitIntervalSec=900",
      "StartLimitBurst=6",
    ])
      expect(content.split("\n")).toContain(line);
  }
});

test("every service unit is hardened, and none may write but to memory", () => {
  const units = config().write_files.filter(
    f => f.path.startsWith("/etc/systemd/system/") && f.path.endsWith(".service"),
  );
  expect(units.length).toBeGreaterThanOrEqual(5);
  const shared = file("/etc/systemd/system/palisade-.service.d/hardening.conf").content;
  for (const { path, content } of units) {
    for (const line of ["NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=tmpfs", "PrivateDevices=yes"])
      expect((path.includes("/palisade-") ? shared : content).split("\n"), path).toContain(line);
    for (const [, writable] of content.matchAll(/^ReadWritePaths=(.*)$/gm))
      expect(writable).toMatch(/^\/run\/palisade/);
    expect(content, path).toMatch(/^CapabilityBoundingSet=(CAP_CHOWN|CAP_NET_BIND_SERVICE)?$/m);
  }
});

test("only memory holds secrets: the directories are made at each boot (CP-5)", () => {
  expect(file("/etc/tmpfiles.d/palisade.conf").content).toContain("d /run/palisade/credentials 0750 root palisade\n");
});

test("containers have IPv6 where the service calls it", () => {
  expect(JSON.parse(file("/etc/docker/daemon.json").content)).toMatchObject({ ipv6: true, ip6tables: true });
  expect(JSON.parse(file("/etc/docker/daemon.json", { ipv6: false }).content)).not.toHaveProperty("ipv6");
});

test("a description cannot add a line to a unit, nor a specifier", () => {
  const service = machineService({ description: "Bot\nExecStartPost=/bin/evil %n" });
  expect(file("/etc/systemd/system/bot.service", { service }).content).toContain(
    "Description=Bot ExecStartPost=/bin/evil %%n\n",
  );
});

test("what is too long for EC2 is refused by name", () => {
  expect(() => render({ environment: { LONG: "x".repeat(16_384) } })).toThrow(
    /`bot` has \d+ bytes and EC2 takes 16384/,
  );
});

test("without units there is one of the service's name", () => {
  expect(unitsOf("bot", machineService({ machine: { operatingSystem: "ubuntu-22.04" } }))).toEqual(["bot.service"]);
});

test.each([
  ["a-b/c:1", "a-b/c:1"],
  ["", "''"],
  ["a b", "'a b'"],
  ["it's", "'it'\\''s'"],
  ["$(x)", "'$(x)'"],
])("as one word of a shell, %j is %s", (text, word) => expect(shellWord(text)).toBe(word));
