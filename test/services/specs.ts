// Reference services: what each image holds besides its program: the names by which the catalogue starts it, its directories.
import { join } from "node:path";
import type { ImageFile, ImageSpec } from "../../toolchain/images";
import { routerFiles } from "./router-config";

/** Repositories of the images, as the catalogue names them, and the one of the peers that only tests have. */
export const referenceRepositories = [
  "sanctum/backend",
  "sanctum/ai-core",
  "scriptpulse/api",
  "iss/module",
  "router/poller",
  "content-pipeline/editorbot",
  "content-pipeline/renderer",
  "test/peers",
] as const;
export type ReferenceRepository = (typeof referenceRepositories)[number];

interface Reference {
  /** Main package below `cmd/`. */
  program: string;
  entrypoint: string[];
  ports?: number[];
  files?: ImageFile[];
}

const owned = { uid: 1000, gid: 1000 };
const bin = "/usr/local/bin";

const references: Record<ReferenceRepository, Reference> = {
  "sanctum/backend": { program: "sanctum-backend", entrypoint: [`${bin}/sanctum-backend`], ports: [8443] },
  "sanctum/ai-core": { program: "sanctum-ai-core", entrypoint: [`${bin}/sanctum-ai-core`], ports: [8444] },
  "scriptpulse/api": {
    program: "scriptpulse-api",
    entrypoint: ["gunicorn", "scriptpulse.api:app"],
    ports: [8443],
    files: [{ path: `${bin}/gunicorn`, link: "scriptpulse-api" }],
  },
  "iss/module": {
    program: "iss-api",
    entrypoint: ["./startup.sh"],
    ports: [8000],
    files: [
      { path: "/app/startup.sh", link: `${bin}/iss-api` },
      ...["forensic_logs", "spice_layer", "memory_matrix"].map(name => ({
        path: `/app/${name}`,
        directory: true,
        ...owned,
      })),
    ],
  },
  "router/poller": {
    program: "router-poller",
    entrypoint: ["uv", "run", "bots/telegram_router.py"],
    ports: [8080],
    files: [
      { path: `${bin}/uv`, link: "router-poller" },
      { path: "/app/bots/telegram_router.py", content: "# A stand-in of the tests: the program is uv itself.\n" },
      ...Object.entries(routerFiles).map(([path, content]) => ({ path: `/app/${path}`, content })),
    ],
  },
  "content-pipeline/editorbot": { program: "content-editorbot", entrypoint: [`${bin}/content-editorbot`] },
  "content-pipeline/renderer": { program: "content-renderer", entrypoint: [`${bin}/content-renderer`] },
  "test/peers": { program: "peers", entrypoint: [`${bin}/peers`], ports: [8443, 9090, 6514, 7777] },
};

/**
 * One layer that all share: a shell, a client for health checks, a user, a place for authorities; one with the program.
 * @param binaries directory of the built programs
 * @param authority certificates in PEM that it trusts in place of the world's
 */
export function referenceSpec(repository: ReferenceRepository, binaries: string, authority?: string): ImageSpec {
  const { program, entrypoint, ports, files = [] } = references[repository];
  return {
    layers: [
      { files: common(binaries) },
      { files: [{ path: `${bin}/${program}`, source: join(binaries, program), mode: 0o755 }, ...files] },
      ...(authority === undefined
        ? []
        : [{ files: [{ path: "/etc/ssl/certs/ca-certificates.crt", content: authority }] }]),
    ],
    entrypoint,
    ports,
    user: "1000:1000",
    workingDirectory: "/app",
    environment: { PATH: `${bin}:/usr/bin:/bin` },
    labels: {
      "org.opencontainers.image.title": repository,
      "org.opencontainers.image.description": "Stand-in of the tests; not the real service.",
    },
  };
}

function common(binaries: string): ImageFile[] {
  return [
    { path: `${bin}/toolbox`, source: join(binaries, "toolbox"), mode: 0o755 },
    { path: "/bin/sh", link: `${bin}/toolbox` },
    ...["sleep", "curl", "prlimit"].map(name => ({ path: `/usr/bin/${name}`, link: `${bin}/toolbox` })),
    { path: "/etc/passwd", content: "app:x:1000:1000::/app:/bin/sh\n" },
    { path: "/etc/group", content: "app:x:1000:\n" },
    // Where authorities are mounted; programs that call the world carry Mozilla's for when none are.
    { path: "/etc/ssl/certs", directory: true },
    { path: "/tmp", directory: true, mode: 0o1777 },
    { path: "/app", directory: true },
  ];
}
