// Render: a workload as systemd units, one for each service, for a host without containers (IS-10, RT-3). Pure.
import type { Service, Workload } from "../workload/workload";
import { type HostContext, hostVariables } from "./host-environment";

export type SystemdInputs = Omit<HostContext, "hostOf">;

/** Text of each unit by its file name. @throws Error naming every service that does not say how its process is started. */
export function systemdUnits(workload: Workload, inputs: SystemdInputs): Record<string, string> {
  const without = Object.entries(workload.services).filter(([, { image }]) => !image.command);
  if (without.length > 0)
    throw new Error(
      without
        .map(
          ([name]) => `services.${name}.image.command: found nothing; allowed: how the process starts without an image`,
        )
        .join("\n"),
    );
  return Object.fromEntries(
    Object.entries(workload.services).map(([name, service]) => [
      `${workload.name}-${name}.service`,
      unit(workload, name, service, inputs),
    ]),
  );
}

function unit(workload: Workload, name: string, service: Service, inputs: SystemdInputs): string {
  const home = `/opt/${workload.name}/${name}`;
  const id = `${workload.name}-${name}`;
  const { lifecycle, image, resources } = service;
  const { literal, supplied } = hostVariables(workload, name, { ...inputs, hostOf: () => "127.0.0.1" });
  const start = [...(image.command ?? []), ...(image.arguments ?? [])];
  const check = lifecycle.checkCommand && [...(image.command ?? []), ...lifecycle.checkCommand];
  const { restarts, windowMinutes } = lifecycle.restartBudget;
  const mounts = mountsOf(workload, name);
  const sections: [string, [string, string][]][] = [
    [
      "Unit",
      [
        ["Description", `${workload.title}: ${service.description}`],
        ["Wants", "network-online.target"],
        ["After", "network-online.target"],
        // More restarts than this stop it until somebody looks (RT-5).
        ["StartLimitIntervalSec", `${windowMinutes * 60}`],
        ["StartLimitBurst", `${restarts}`],
      ],
    ],
    [
      "Service",
      [
        ["Type", "exec"],
        ["User", `${image.user}`],
        ["Group", `${image.user}`],
        ["WorkingDirectory", home],
        ...Object.entries(literal).map(([key, value]): [string, string] => ["Environment", quoted(`${key}=${value}`)]),
        // On tmpfs: secrets never lie on a disk (RT-14).
        ...(Object.keys(supplied).length > 0
          ? [["EnvironmentFile", `/run/palisade/${id}.env`] as [string, string]]
          : []),
        ...(check ? [["ExecStartPre", commandLine(home, check)] as [string, string]] : []),
        ["ExecStart", commandLine(home, start)],
        ["KillSignal", "SIGTERM"],
        ["TimeoutStopSec", `${lifecycle.stopTimeoutSeconds}`],
        ["Restart", "on-failure"],
        ["RestartSec", "5"],
        ["CPUQuota", `${Math.ceil(resources.cpuMillicores / 10)}%`],
        ["MemoryMax", `${resources.memoryMiB}M`],
        ["MemorySwapMax", "0"],
        ["TasksMax", "512"],
        ["LimitCORE", "0"],
        ...mounts.map(({ path, readOnly }): [string, string] => [readOnly ? "ReadOnlyPaths" : "ReadWritePaths", path]),
        ...service.tmpfs
          .filter(({ path }) => path !== "/tmp")
          .map(({ path, sizeMiB }): [string, string] => [
            "TemporaryFileSystem",
            `${path}:rw,noexec,nosuid,nodev,size=${sizeMiB}M,uid=${image.user},gid=${image.user}`,
          ]),
        ...hardening,
      ],
    ],
    ["Install", [["WantedBy", "multi-user.target"]]],
  ];
  const notes = [
    `made by \`palisade render ${workload.name} --format systemd\`; change the specification, not this file.`,
    `The release is unpacked in ${home}; the commands are relative to it.`,
    ...(Object.keys(supplied).length > 0 ? [`/run/palisade/${id}.env, mode 0600, holds:`] : []),
    ...Object.entries(supplied).map(([key, what]) => `  ${key}: ${what}`),
    ...(service.network.egress.length > 0 ? ["Not held by systemd: the host names it may call (RT-27)."] : []),
  ];
  return [
    ...notes.map(note => `# ${note}`),
    ...sections.flatMap(([title, entries]) => ["", `[${title}]`, ...entries.map(([key, value]) => `${key}=${value}`)]),
    "",
  ].join("\n");
}

/** What a service that only serves needs nothing of (RT-12, RT-27); judged by `systemd-analyze security`. */
const hardening: [string, string][] = [
  ["UMask", "0077"],
  ["NoNewPrivileges", "yes"],
  ["CapabilityBoundingSet", ""],
  ["AmbientCapabilities", ""],
  ["ProtectSystem", "strict"],
  ["ProtectHome", "yes"],
  ["ProtectProc", "invisible"],
  ["ProcSubset", "pid"],
  ["ProtectClock", "yes"],
  ["ProtectControlGroups", "yes"],
  ["ProtectHostname", "yes"],
  ["ProtectKernelLogs", "yes"],
  ["ProtectKernelModules", "yes"],
  ["ProtectKernelTunables", "yes"],
  ["PrivateTmp", "yes"],
  ["PrivateDevices", "yes"],
  ["PrivateUsers", "yes"],
  ["RemoveIPC", "yes"],
  ["LockPersonality", "yes"],
  ["RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"],
  ["RestrictNamespaces", "yes"],
  ["RestrictRealtime", "yes"],
  ["RestrictSUIDSGID", "yes"],
  ["SystemCallArchitectures", "native"],
  ["SystemCallFilter", "@system-service"],
  ["SystemCallFilter", "~@privileged @resources"],
];

function mountsOf({ state }: Workload, service: string) {
  return Object.values(state.volumes).flatMap(({ mounts }) => mounts.filter(mount => mount.service === service));
}

/** systemd wants an absolute program; one without a slash is looked up below the release's own `bin`. */
function commandLine(home: string, [program = "", ...rest]: readonly string[]): string {
  const path = program.startsWith("/")
    ? program
    : `${home}/${program.includes("/") ? program.replace(/^\.\//, "") : `bin/${program}`}`;
  return [path, ...rest].map(quoted).join(" ");
}

/** Quotes a word for a unit file: `%` is a specifier there and `$` a variable. */
function quoted(word: string): string {
  const escaped = word
    .replaceAll("\\", "\\\\")
    .replaceAll('"', '\\"')
    .replaceAll("\n", "\\n")
    .replaceAll("%", "%%")
    .replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
