// AWS components: what cloud-init makes of a fresh Ubuntu: Docker, the platform's scripts, and units that wait for a delivery (CP-1). Pure.
import { machineBases } from "./machine-base";
import { environmentFile, machineScripts, settingsFile } from "./machine-scripts";
import { type MachinePaths, type MachineSettings, machinePaths, unitsOf } from "./machine-settings";
import { machineUnits, platformUnits } from "./machine-units";

/** Most bytes of user data that EC2 takes. */
const mostBytes = 16_384;

interface WrittenFile {
  path: string;
  /** Octal. */
  mode: string;
  text: string;
}

/**
 * User data of the machine, as a cloud-config. It holds no secret, and no release: neither changes a machine's template.
 * @throws Error if it is longer than EC2 takes, or a variable has more than one line.
 */
export function userData(settings: MachineSettings, paths: MachinePaths = machinePaths): string {
  const { archives, packages } = machineBases[settings.service.machine?.operatingSystem ?? "ubuntu-22.04"];
  const text = [
    "#cloud-config",
    // No account but the agent's: in place of Ubuntu's own, whose SSH keys nobody has (CP-6).
    "users:",
    "  - { name: palisade, system: true, no_create_home: true, shell: /usr/sbin/nologin, lock_passwd: true }",
    "ssh_pwauth: false",
    "disable_root: true",
    "apt:",
    `  primary: [{ arches: [default], uri: "${archives.primary}" }]`,
    `  security: [{ arches: [default], uri: "${archives.security}" }]`,
    "package_update: true",
    `packages: [${packages.join(", ")}]`,
    "write_files:",
    ...files(settings, paths).flatMap(yamlFile),
    "runcmd:",
    ...commands(settings).map(words => `  - [${words.join(", ")}]`),
  ]
    .map(line => `${line}\n`)
    .join("");
  const bytes = Buffer.byteLength(text);
  if (bytes > mostBytes)
    throw new Error(
      `the user data of \`${settings.serviceName}\` has ${bytes} bytes and EC2 takes ${mostBytes}; shorten \`environment\` or \`machine.units\``,
    );
  return text;
}

function files(settings: MachineSettings, paths: MachinePaths): WrittenFile[] {
  const entries = <T>(record: Record<string, T>) => Object.entries(record);
  return [
    { path: paths.settings, mode: "0644", text: settingsFile(settings) },
    { path: paths.environment, mode: "0600", text: environmentFile(settings) },
    ...entries(machineScripts(settings, paths)).map(([name, text]) => ({
      path: `${paths.library}/${name}`,
      mode: "0755",
      text,
    })),
    ...entries(machineUnits(settings, paths)).map(([name, text]) => ({
      path: `/etc/systemd/system/${name}`,
      mode: "0644",
      text,
    })),
    { path: "/etc/docker/daemon.json", mode: "0644", text: `${JSON.stringify(daemon(settings))}\n` },
    { path: "/etc/tmpfiles.d/palisade.conf", mode: "0644", text: directories(paths) },
  ];
}

function daemon({ ipv6 }: MachineSettings) {
  return {
    "no-new-privileges": true,
    icc: false,
    "userland-proxy": false,
    // Containers have addresses of their own and leave by the machine's; Docker before 27 does so in IPv6 when asked.
    ...(ipv6 && { ipv6: true, "fixed-cidr-v6": "fd00:9a11:5ade::/64", ip6tables: true, experimental: true }),
  };
}

function directories({ memory, releases }: MachinePaths): string {
  return [
    `d ${memory} 0711 root root`,
    `d ${memory}/credentials 0750 root palisade`,
    `d ${memory}/docker 0700 root root`,
    `d ${releases} 0755 root root`,
  ]
    .map(line => `${line}\n`)
    .join("");
}

function commands({ serviceName, service }: MachineSettings): string[][] {
  return [
    ["systemctl", "disable", "--now", "ssh.service", "ssh.socket"],
    ["systemd-tmpfiles", "--create", "/etc/tmpfiles.d/palisade.conf"],
    ["systemctl", "daemon-reload"],
    ["systemctl", "enable", ...unitsOf(serviceName, service)],
    ["systemctl", "enable", "--now", ...platformUnits],
  ];
}

/** One entry of `write_files`; the text as a block, so that whoever looks at a machine can read it. */
function yamlFile({ path, mode, text }: WrittenFile): string[] {
  // A block scalar must hold something; Docker and shells skip the comment.
  const block = (text || "# Nothing.\n").replace(/\n$/, "").split("\n");
  return [
    `  - path: ${path}`,
    `    permissions: "${mode}"`,
    "    content: |",
    ...block.map(line => (line === "" ? "" : `      ${line}`)),
  ];
}
