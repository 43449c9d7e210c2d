// AWS components: the systemd units of a machine: the service's, and those of the platform beside it. Pure.
import { credentialsAddress } from "./machine-container";
import { type MachinePaths, type MachineSettings, unitsOf } from "./machine-settings";

/** Units the platform switches on when the machine comes up; the service's own wait for a delivery. */
export const platformUnits = [
  "palisade-credentials.timer",
  "palisade-credentials-server.service",
  "palisade-watch.timer",
];

/** What any of these services may do to the machine: nothing but what its own lines add. */
const hardening = `NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=tmpfs
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
PrivateDevices=yes
PrivateTmp=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0077`;

/** Text of every unit and drop-in, by its path below systemd's directory. */
export function machineUnits(settings: MachineSettings, paths: MachinePaths): Record<string, string> {
  const own = unitsOf(settings.serviceName, settings.service).map(unit => [unit, serviceUnit(settings, paths)]);
  return { ...Object.fromEntries(own), ...platform(paths) };
}

/**
 * The unit is only Docker's client: the container's bounds are those of `docker run`. A unit that has used up its restarts
 * stays down, and the alarm on running units rings (RT-5).
 */
function serviceUnit({ service }: MachineSettings, { library, releases, memory }: MachinePaths): string {
  const { restarts, windowMinutes } = service.lifecycle.restartBudget;
  const stop = service.lifecycle.stopTimeoutSeconds;
  return `[Unit]
Description=${oneLine(service.description)}
Requires=docker.service
Wants=network-online.target palisade-credentials-server.service
After=docker.service network-online.target palisade-credentials-server.service
# Nothing runs before something was delivered (CP-9).
ConditionPathExists=${releases}/release
StartLimitIntervalSec=${windowMinutes * 60}
StartLimitBurst=${restarts + 1}

[Service]
Environment=DOCKER_CONFIG=${memory}/docker
ExecStartPre=${library}/environment
ExecStart=${library}/run %n
ExecStop=${library}/stop %n ${stop}
Restart=always
RestartSec=5
TimeoutStopSec=${stop + 15}
${hardening}
ReadWritePaths=${memory}
CapabilityBoundingSet=
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6

[Install]
WantedBy=multi-user.target
`;
}

function platform({ library, memory }: MachinePaths): Record<string, string> {
  return {
    // Holds for every unit below whose name begins so; written once, since user data is short.
    "palisade-.service.d/hardening.conf": `[Service]\n${hardening}\n`,
    "palisade-credentials.service": `[Unit]
Description=Credentials of the process's role (CP-3)
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=${library}/credentials
ReadWritePaths=${memory}/credentials
CapabilityBoundingSet=CAP_CHOWN
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
`,
    // Three times within the hour that credentials last.
    "palisade-credentials.timer": timer("Renews the credentials of the process's role", "20min"),
    "palisade-credentials-server.service": `[Unit]
Description=Answers the process with its credentials
Requires=palisade-credentials.service
After=palisade-credentials.service

[Service]
ExecStartPre=+/usr/sbin/ip address replace ${credentialsAddress}/32 dev lo
ExecStart=/usr/bin/python3 -m http.server 80 --bind ${credentialsAddress} --directory ${memory}/credentials
User=palisade
AmbientCapabilities=CAP_NET_BIND_SERVICE
Restart=always
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
RestrictAddressFamilies=AF_UNIX AF_INET

[Install]
WantedBy=multi-user.target
`,
    "palisade-watch.service": `[Unit]
Description=Restarts unhealthy units and reports how many run (RT-2)
After=docker.service

[Service]
Type=oneshot
ExecStart=${library}/watch
CapabilityBoundingSet=
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
`,
    "palisade-watch.timer": timer("Watches the units of the service", "1min"),
  };
}

function timer(description: string, every: string): string {
  return `[Unit]
Description=${description}

[Timer]
OnActiveSec=${every}
OnUnitActiveSec=${every}
AccuracySec=1s

[Install]
WantedBy=timers.target
`;
}

/** systemd reads `%` and line ends. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").replaceAll("%", "%%");
}
