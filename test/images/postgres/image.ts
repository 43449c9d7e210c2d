// Images for tests: PostgreSQL with pgvector, from Debian's packages. Stands in for pgvector/pgvector:pg17 (SA-9).
import { join } from "node:path";
import type { DebianPackages } from "../../../toolchain/debian";
import type { ImageSpec } from "../../../toolchain/images";

/** User and group of the original. */
const POSTGRES_UID = 999;

/** Debian 12 has neither this PostgreSQL nor pgvector; Debian 13 has both. */
export const postgresPackages: DebianPackages = {
  release: "trixie",
  packages: ["base-files", "bash", "coreutils", "dash", "postgresql-17", "postgresql-17-pgvector"],
  // Perl and its like serve maintainer scripts; LLVM would triple the image for compiled queries, which stay off.
  without: [
    ...["adduser", "debconf", "init-system-helpers", "login.defs", "passwd", "postgresql-client-common"],
    ...[
      "libllvm19",
      "libz3-4",
      "libxslt1.1",
      "locales",
      "libc-l10n",
      "mawk",
      "procps",
      "libproc2-0",
      "ssl-cert",
      "ucf",
    ],
    ...["perl", "perl-base", "perl-modules-5.40", "libperl5.40", "libdb5.3t64", "libgdbm6t64", "libgdbm-compat4t64"],
    ...["libio-pty-perl", "libipc-run-perl", "libjson-perl", "libtext-charwidth-perl", "libtext-wrapi18n-perl"],
    ...[
      "postgresql-common",
      "postgresql-common-dev",
      "libsemanage-common",
      "libsemanage2",
      "libsepol2",
      "sensible-utils",
    ],
  ],
};

/** @param root directory with the packages' files */
export function postgresImage(root: string): ImageSpec {
  const owner = { uid: POSTGRES_UID, gid: POSTGRES_UID };
  return {
    layers: [
      {
        tree: {
          source: root,
          exclude: ["var/run", "usr/share/doc", "usr/share/man", "usr/share/locale", "bitcode", "llvmjit*", "pgxs"],
        },
      },
      {
        files: [
          {
            path: "etc/passwd",
            content: `postgres:x:${POSTGRES_UID}:${POSTGRES_UID}::/var/lib/postgresql:/bin/bash\n`,
          },
          { path: "etc/group", content: `postgres:x:${POSTGRES_UID}:\n` },
          {
            path: "usr/local/bin/docker-entrypoint.sh",
            source: join(__dirname, "docker-entrypoint.sh"),
            mode: 0o755,
          },
          { path: "docker-entrypoint-initdb.d", directory: true },
          { path: "var/lib/postgresql/data", directory: true, mode: 0o700, ...owner },
          { path: "var/run", link: "/run" },
          { path: "run/postgresql", directory: true, mode: 0o755, ...owner },
          { path: "tmp", directory: true, mode: 0o1777 },
        ],
      },
    ],
    entrypoint: ["docker-entrypoint.sh"],
    command: ["postgres"],
    environment: {
      PATH: "/usr/local/bin:/usr/lib/postgresql/17/bin:/usr/bin",
      LANG: "C.utf8",
      PGDATA: "/var/lib/postgresql/data",
      PG_MAJOR: "17",
    },
    user: `${POSTGRES_UID}:${POSTGRES_UID}`,
    // Fast: sessions end, nothing is lost. SIGTERM would wait for every client to go.
    stopSignal: "SIGINT",
    ports: [5432],
  };
}
