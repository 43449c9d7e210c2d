// Kubernetes components: the settings of a bundled PostgreSQL: who may connect, what they may do, how it runs (SA-6, SA-9, PF-7). Pure.
import type { StoreKind } from "../../workload/hops";
import { tlsPaths } from "./certificates";

export interface DatabaseSettings {
  kind: StoreKind;
  databaseName: string;
  /** Services that may connect, each as the user of its name. */
  clients: readonly string[];
  cpuMillicores: number;
  memoryMiB: number;
}

/** What a bundled database may use unless told (SA-4, SA-5). */
export const standardResources: Record<StoreKind, Pick<DatabaseSettings, "cpuMillicores" | "memoryMiB">> = {
  postgres: { cpuMillicores: 500, memoryMiB: 1024 },
  vectors: { cpuMillicores: 1000, memoryMiB: 2048 },
};

/** Directory of the settings in the container. */
export const settingsDirectory = "/etc/palisade/postgres";

/** What the server is started with. Values bound to a query never reach a log. */
export function serverArguments({ kind, cpuMillicores, memoryMiB }: DatabaseSettings): string[] {
  const settings: Record<string, string> = {
    hba_file: `${settingsDirectory}/pg_hba.conf`,
    listen_addresses: "*",
    ssl: "on",
    ssl_cert_file: tlsPaths.certificate,
    ssl_key_file: tlsPaths.key,
    ssl_ca_file: tlsPaths.authority,
    ssl_min_protocol_version: "TLSv1.2",
    password_encryption: "scram-sha-256",
    // To standard error, which the node's collector reads.
    logging_collector: "off",
    log_connections: "on",
    log_disconnections: "on",
    log_statement: "ddl",
    log_parameter_max_length: "0",
    log_parameter_max_length_on_error: "0",
    // The statement of an error may hold what users said.
    log_min_error_statement: "panic",
    shared_buffers: `${Math.floor(memoryMiB / 4)}MB`,
    ...(kind === "vectors" && indexBuildSettings(cpuMillicores, memoryMiB)),
  };
  return ["postgres", ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

/** pgvector builds an index in memory and in parallel: one build shares a quarter of the memory among its workers. */
function indexBuildSettings(cpuMillicores: number, memoryMiB: number): Record<string, string> {
  return {
    maintenance_work_mem: `${Math.floor(memoryMiB / 4)}MB`,
    // Each of three autovacuum workers would otherwise take a quarter too.
    autovacuum_work_mem: `${Math.max(64, Math.floor(memoryMiB / 32))}MB`,
    max_parallel_maintenance_workers: String(Math.min(Math.max(Math.floor(cpuMillicores / 2000), 1), 7)),
  };
}

/**
 * Who may connect: each client to the one database, as the user of its name, with a certificate of that name by the
 * workload's authority. No line takes a password, and nobody but the server's own user comes over the socket.
 */
export function clientAuthentication({ databaseName, clients }: DatabaseSettings): string {
  return [
    "# type database user address method",
    "local all postgres peer",
    ...clients.map(client => `hostssl "${databaseName}" "${client}" all cert`),
    "host all all all reject",
    "",
  ].join("\n");
}

/**
 * Users and rights, each time anew and always with the same end: run at the first start and after every other. Tables belong
 * to one role that all clients act as, so that each can use what another has made.
 */
export function rolesSql({ kind, databaseName, clients }: DatabaseSettings): string {
  const owner = quoted(`${databaseName}_owner`);
  const database = quoted(databaseName);
  const logins = clients.map(literal).join(", ");
  return [
    ...[`${databaseName}_owner`, ...clients].map(makeRole),
    `revoke all on database ${database} from public;`,
    "revoke all on schema public from public;",
    `grant connect, temporary, create on database ${database} to ${owner};`,
    `grant usage, create on schema public to ${owner};`,
    ...clients.flatMap(client => [
      `alter role ${quoted(client)} login;`,
      `grant ${owner} to ${quoted(client)};`,
      `alter role ${quoted(client)} in database ${database} set role = ${literal(`${databaseName}_owner`)};`,
    ]),
    // A service that is no client any more keeps no way in.
    "do $$ declare former name; begin",
    "  for former in select rolname from pg_roles where rolcanlogin and not rolsuper",
    `    and rolname not in (${logins}) loop`,
    "    execute format('alter role %I nologin', former);",
    "  end loop;",
    "end $$;",
    ...(kind === "vectors" ? ["create extension if not exists vector;"] : []),
    "",
  ].join("\n");
}

function makeRole(name: string): string {
  return `do $$ begin create role ${quoted(name)} nologin; exception when duplicate_object then null; end $$;`;
}

/** Names are DNS labels and lower-case identifiers: there is nothing to escape. */
function quoted(name: string): string {
  return `"${name}"`;
}

function literal(name: string): string {
  return `'${name}'`;
}
