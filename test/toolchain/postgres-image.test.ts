// The PostgreSQL image, run as a cluster runs it: no root, no capability, nothing writable but its volumes (RT-27, SA-9).
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { run } from "../../toolchain/run";
import { freePort } from "../../toolchain/sandbox";
import { thirdPartyImages } from "../images/third-party";
import { type Contained, type UnpackedImage, unpackImage } from "./contained";

let image: UnpackedImage;
beforeAll(async () => {
  image = await unpackImage((await thirdPartyImages(["postgres"])).postgres.layout);
}, 600_000);
afterAll(() => image.remove());

const started: Contained[] = [];
const directories: string[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.kill();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

const uid = 999;
const password = "of the tests only, it's odd";

/** Volumes as the platform mounts them: data, the password, scripts and a certificate. */
async function home() {
  const directory = mkdtempSync(join(tmpdir(), "palisade-postgres-"));
  directories.push(directory);
  chmodSync(directory, 0o755);
  for (const name of ["data", "scripts", "secrets"]) mkdirSync(join(directory, name), { mode: 0o755 });
  chownSync(join(directory, "data"), uid, uid);
  writeFileSync(join(directory, "secrets", "password"), password);
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", join(directory, "secrets", "key.pem"), "-out", join(directory, "secrets", "cert.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "2", "-nodes"];
  expect((await run("openssl", ["req", "-x509", ...kind, ...files, ...subject])).code).toBe(0);
  for (const file of ["password", "key.pem", "cert.pem"]) {
    chownSync(join(directory, "secrets", file), uid, uid);
    chmodSync(join(directory, "secrets", file), 0o600);
  }
  writeFileSync(
    join(directory, "secrets", "hba"),
    "local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n",
  );
  writeFileSync(
    join(directory, "scripts", "1.sql"),
    "CREATE EXTENSION vector; CREATE TABLE notes (id int, at vector(3)); INSERT INTO notes VALUES (1, '[1,0,0]'), (2, '[0,1,0]');",
  );
  writeFileSync(
    join(directory, "scripts", "2.sh"),
    'psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" -c "INSERT INTO notes VALUES (3, \'[0,0,1]\')"\n',
  );
  return directory;
}

async function postgres(directory: string) {
  const port = await freePort();
  const mnt = "/mnt";
  const server = image.start({
    environment: {
      POSTGRES_DB: "sanctum",
      POSTGRES_USER: "owner",
      POSTGRES_PASSWORD_FILE: `${mnt}/password`,
      PGDATA: "/var/lib/postgresql/data/pgdata",
    },
    memory: ["/tmp", "/run/postgresql"],
    volumes: {
      "/var/lib/postgresql/data": join(directory, "data"),
      "/docker-entrypoint-initdb.d": join(directory, "scripts"),
      [mnt]: join(directory, "secrets"),
    },
    args: [
      ...["-c", `port=${port}`, "-c", "listen_addresses=127.0.0.1", "-c", "ssl=on", "-c", `hba_file=${mnt}/hba`],
      ...["-c", `ssl_cert_file=${mnt}/cert.pem`, "-c", `ssl_key_file=${mnt}/key.pem`],
    ],
  });
  started.push(server);
  const client = (sql: string, sslmode = "verify-full", secret = password) => {
    const { ended, output } = image.start({
      command: [
        "psql",
        "-AtX",
        "-c",
        sql,
        `host=localhost hostaddr=127.0.0.1 port=${port} dbname=sanctum user=owner sslmode=${sslmode} sslrootcert=${mnt}/cert.pem`,
      ],
      environment: { PGPASSWORD: secret },
      volumes: { [mnt]: join(directory, "secrets") },
    });
    return ended.then(code => ({ code, output: output().trim() }));
  };
  const word = async () => {
    const { output } = await client("SELECT 1");
    return output === "1" ? output : `${output}\n${server.output()}`;
  };
  await expect.poll(word, { timeout: 60_000, interval: 300 }).toBe("1");
  return { server, client };
}

test("it makes its database once, answers under TLS alone, and knows vectors", async () => {
  const directory = await home();
  const first = await postgres(directory);
  const nearest = "SELECT id FROM notes ORDER BY at <-> '[0,0.9,0.1]' LIMIT 1";
  expect(await first.client(nearest)).toEqual({ code: 0, output: "2" });
  expect(await first.client("SELECT count(*) FROM notes")).toEqual({ code: 0, output: "3" });
  expect(await first.client("SELECT current_setting('server_version_num')::int / 10000")).toEqual({
    code: 0,
    output: "17",
  });
  expect((await first.client("SELECT 1", "disable")).output).toContain("no encryption");
  expect((await first.client("SELECT 1", "verify-full", "wrong")).output).toContain("password authentication failed");

  // A client that stays does not hold up the end: sessions are ended, and what was committed is on disk.
  const staying = first.client("SELECT pg_sleep(60)");
  await expect
    .poll(
      async () => (await first.client("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)'")).output,
    )
    .toBe("1");
  await first.client("INSERT INTO notes VALUES (4, '[1,1,1]')");
  first.server.signal(image.config.StopSignal as NodeJS.Signals);
  expect(await first.server.ended).toBe(0);
  expect((await staying).code).not.toBe(0);
  expect(first.server.output()).toContain("database system is shut down");

  const second = await postgres(directory);
  expect(await second.client("SELECT count(*) FROM notes")).toEqual({ code: 0, output: "4" });
  expect(second.server.output()).not.toContain("running /docker-entrypoint-initdb.d");
  expect(first.server.output() + second.server.output()).not.toContain(password);
});

test("it does not start without a password, or when the file of one cannot be read", async () => {
  const directory = await home();
  const volumes = { "/var/lib/postgresql/data": join(directory, "data") };
  const tried = async (environment: Record<string, string>) => {
    const { ended, output } = image.start({ environment, volumes, memory: ["/tmp", "/run/postgresql"] });
    return { code: await ended, output: output() };
  };
  expect(await tried({})).toEqual({ code: 1, output: expect.stringContaining("set POSTGRES_PASSWORD_FILE") });
  const unread = await tried({ POSTGRES_PASSWORD_FILE: "/mnt/none" });
  expect(unread).toEqual({ code: 1, output: expect.stringContaining("/mnt/none, which cannot be read") });
});
